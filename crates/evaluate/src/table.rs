//! The report as text for a terminal, at most 150 columns wide.

use terminal::Table;

use crate::controls::is_control;
use crate::format::{
    concentration_titles, correlation, counted, grouped, interval, interval_title, legend_line,
    metric_cells, metric_header, metric_value, narrow_warning, shares, wrapped,
};
use crate::metrics::{Place, Value};
use crate::report::Report;

/// Longest label of a forecaster; a longer name is cut.
const LONGEST_LABEL: usize = 22;

impl Report {
    /// Everything a reader of the score needs: scores with intervals, folds, differences, further
    /// scores and notes.
    pub fn table(&self) -> String {
        let labels = self.labels();
        let mut sections = vec![
            self.scores_section(&labels),
            self.scores_legend(),
            self.folds_section(&labels),
        ];
        sections.extend(self.difference_sections(&labels));
        sections.push(
            self.verdicts(&labels)
                .iter()
                .map(|sentence| wrapped(sentence))
                .collect(),
        );
        sections.push(self.concentration_section(&labels));
        sections.push(self.further_section(&labels));
        sections.push(self.blocks_section(&labels));
        sections.push(self.notes(&labels));
        sections.retain(|section| !section.is_empty());
        sections.join("\n")
    }

    /// [`labels`] of the forecasters.
    pub(crate) fn labels(&self) -> Vec<String> {
        labels(
            &self
                .forecasters
                .iter()
                .map(|score| score.name.as_str())
                .collect::<Vec<_>>(),
        )
    }

    pub(crate) fn label_of<'a>(
        &self,
        labels: &'a [String],
        name: &str,
        run: Option<&str>,
    ) -> &'a str {
        let place = self
            .forecasters
            .iter()
            .position(|score| score.name == name && score.run.as_deref() == run);
        place
            .and_then(|place| labels.get(place))
            .map(String::as_str)
            .unwrap_or_default()
    }

    fn scores_section(&self, labels: &[String]) -> String {
        let mut table = self.scores_table("forecaster");
        for (label, score) in labels.iter().zip(&self.forecasters) {
            table.push(label, self.scores_cells(|metric| score.metric(metric)));
        }
        if let Some(shuffled) = &self.shuffled {
            table.push(
                &shuffled.label(),
                self.scores_cells(|metric| shuffled.value(metric)),
            );
        }
        let heading = format!(
            "Scores: {}, {}, {}, {}",
            counted(self.rows, "row"),
            counted(self.times, "time"),
            counted(self.coins, "coin"),
            counted(self.folds, "fold"),
        );
        format!("{heading}\n\n{}", table.render())
    }

    /// A table with the metrics that forecasters are compared by, each with its interval.
    fn scores_table(&self, label: &str) -> Table {
        let ends = self.interval_title();
        Table::grouped(
            label,
            self.metrics_at(Place::Scores)
                .map(|metric| metric_header(metric, &ends)),
        )
    }

    /// The cells of [`Report::scores_table`].
    fn scores_cells(&self, of: impl Fn(&str) -> Value) -> Vec<String> {
        self.metrics_at(Place::Scores)
            .flat_map(|metric| metric_cells(metric, of(metric.name)))
            .collect()
    }

    /// The words of a place's columns.
    fn legend(&self, place: Place) -> String {
        self.metrics_at(place)
            .map(|metric| legend_line(metric.title, metric.legend))
            .collect()
    }

    fn scores_legend(&self) -> String {
        let others = [
            (
                "t",
                "the value in units of its standard error, as if days were independent",
            ),
            (
                "shuffled",
                "the first forecaster's days in other orders: the mean, and the lowest to the highest order; the size of a score of nothing",
            ),
            (
                "negated_deviation_60m",
                "minus (ln close - its mean over the last 60 minutes), as it is: nothing is fitted",
            ),
            (
                "-",
                "undefined: a constant side, too few rows, or nothing to compare with",
            ),
        ];
        let others = others.map(|(word, meaning)| legend_line(word, meaning));
        format!("{}{}", self.legend(Place::Scores), others.concat())
    }

    /// How much of each score lies in how little time, and a warning where it is much.
    fn concentration_section(&self, labels: &[String]) -> String {
        let title = "Share of the covariance in the best day | best 1 % of hours";
        let mut table = Table::new(std::iter::once("").chain(concentration_titles(&self.metrics)));
        for (label, score) in labels.iter().zip(&self.forecasters) {
            table.push(label, score.concentration.versions().map(shares));
        }
        let mut text = format!("{title}\n\n{}", table.render());
        for (label, score) in labels.iter().zip(&self.forecasters) {
            if !is_control(&score.name, score.run.as_deref()) {
                text.extend(
                    narrow_warning(label, &score.concentration, &self.metrics)
                        .map(|warning| wrapped(&warning)),
                );
            }
        }
        text
    }

    fn folds_section(&self, labels: &[String]) -> String {
        let header = self
            .fold_numbers
            .iter()
            .map(|number| format!("fold {number}"));
        let mut table =
            Table::new(std::iter::once("Pearson of each fold".to_owned()).chain(header));
        for (label, score) in labels.iter().zip(&self.forecasters) {
            table.push(label, score.folds.iter().map(|fold| correlation(*fold)));
        }
        table.render()
    }

    /// One section for every forecaster that others are subtracted from.
    fn difference_sections(&self, labels: &[String]) -> Vec<String> {
        let label = |name: &str, run: &Option<String>| self.label_of(labels, name, run.as_deref());
        let same = |left: &&crate::Difference, right: &&crate::Difference| {
            (&left.a, &left.a_run) == (&right.a, &right.a_run)
        };
        let differences: Vec<&crate::Difference> = self.differences.iter().collect();
        let mut sections = Vec::new();
        for group in differences.chunk_by(|left, right| same(left, right)) {
            let Some(first) = group.first() else { continue };
            let name = format!("{} minus", label(&first.a, &first.a_run));
            let mut table = self.scores_table(&name);
            for difference in group {
                let name = label(&difference.b, &difference.b_run);
                table.push(name, self.scores_cells(|metric| difference.metric(metric)));
            }
            sections.push(table.render());
        }
        sections
    }

    fn further_section(&self, labels: &[String]) -> String {
        let titles = self.metrics_at(Place::Further);
        let titles = titles.map(|metric| vec![metric.title.to_owned()]);
        let mut table = Table::grouped("Further scores", titles);
        for (label, score) in labels.iter().zip(&self.forecasters) {
            let cells = self
                .metrics_at(Place::Further)
                .map(|metric| metric_value(metric, score.value(metric.name)));
            table.push(label, cells);
        }
        format!("{}\n{}", table.render(), self.legend(Place::Further))
    }

    fn blocks_section(&self, labels: &[String]) -> String {
        let interval_title = self.interval_title();
        let mut table = Table::new([
            "Pearson by block length",
            "bars",
            &interval_title,
            "one day",
            &interval_title,
        ]);
        let scored = labels
            .iter()
            .zip(&self.forecasters)
            .filter(|(_, score)| score.value("pearson").is_some());
        for (label, score) in scored.clone() {
            let (block, day) = (grouped(score.block_bars), grouped(score.block_bars_day));
            table.push(
                label,
                [
                    block,
                    interval(score.interval("pearson")),
                    day,
                    interval(score.interval_day),
                ],
            );
        }
        if scored.count() == 0 {
            String::new()
        } else {
            table.render()
        }
    }

    pub(crate) fn interval_title(&self) -> String {
        interval_title(self.confidence)
    }
}

/// A name for each forecaster that is short and belongs to it alone: repeated names are numbered.
pub(crate) fn labels(names: &[&str]) -> Vec<String> {
    let label = |(place, name): (usize, &&str)| {
        let seen = |names: &[&str]| names.iter().filter(|other| *other == name).count();
        let number = if seen(names) > 1 {
            format!(" {}", seen(&names[..=place]))
        } else {
            String::new()
        };
        let name: String = name.chars().take(LONGEST_LABEL - number.len()).collect();
        format!("{name}{number}")
    };
    names.iter().enumerate().map(label).collect()
}
