//! The report as text for a terminal, at most 150 columns wide.

use crate::controls::is_control;
use crate::format::{
    HEADLINE, correlation, counted, grouped, headline_cells, headline_header, interval,
    interval_title, magnitude, narrow_warning, percent, ratio, shares, wrapped,
};
use crate::grid::Grid;
use crate::report::{Interval, Report};

/// Longest label of a forecaster; a longer name is cut.
const LONGEST_LABEL: usize = 22;

impl Report {
    /// Everything a reader of the score needs: scores with intervals, folds, differences, further
    /// scores and notes.
    pub fn table(&self) -> String {
        let labels = self.labels();
        let mut sections = vec![
            self.scores_section(&labels),
            self.legend(),
            self.folds_section(&labels),
        ];
        sections.push(self.ranks_section(&labels));
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
        let mut grid = Grid::wide(
            headline_header("forecaster", &self.interval_title()).chain(["rank IC".to_owned()]),
        );
        for (label, score) in labels.iter().zip(&self.forecasters) {
            grid.push(
                label,
                headline_cells(score.headline()).chain([correlation(score.rank_ic)]),
            );
        }
        if let Some(shuffled) = &self.shuffled {
            let rank_ic = correlation(shuffled.rank_ic.map(|spread| spread.mean));
            grid.push(
                &shuffled.label(),
                headline_cells(shuffled.headline()).chain([rank_ic]),
            );
        }
        let heading = format!(
            "Correlation of forecast and realized: {}, {}, {}, {}",
            counted(self.rows, "row"),
            counted(self.times, "time"),
            counted(self.coins, "coin"),
            counted(self.folds, "fold"),
        );
        format!("{heading}\n\n{}", grid.render())
    }

    fn legend(&self) -> String {
        [
            "  Pearson     all (time, coin) pairs of a fold together; the mean over folds",
            "  +1 bar      the same against the realized return with entry one bar later: free of price bounce",
            "  neutral     the same with both sides minus their mean over coins at that time",
            "  neutral +1  both: entry one bar later, and minus the mean over coins",
            "  rank IC     Spearman across coins at one time; the mean over times",
            "  negated_deviation_60m  minus (ln close - its mean over the last 60 minutes), as it is: nothing is fitted",
            "  shuffled    the first forecaster's days in other orders: the mean, and the lowest to the highest order; the size of",
            "              a score of nothing",
            "  -           undefined: a constant side, too few rows, or nothing to compare with\n",
        ]
        .join("\n")
    }

    fn ranks_section(&self, labels: &[String]) -> String {
        let ends = self.interval_title();
        let mut grid = Grid::new(["Rank IC", "+1 bar", &ends, "rank IC", &ends]);
        let ranks_cells = |ranks: [(Option<f64>, Option<Interval>); 2]| {
            ranks
                .into_iter()
                .flat_map(|(value, ends)| [correlation(value), interval(ends)])
        };
        for (label, score) in labels.iter().zip(&self.forecasters) {
            grid.push(label, ranks_cells(score.ranks()));
        }
        for difference in &self.differences {
            let [a, b] = [
                (&difference.a, &difference.a_run),
                (&difference.b, &difference.b_run),
            ]
            .map(|(name, run)| self.label_of(labels, name, run.as_deref()));
            grid.push(&format!("  {a} minus {b}"), ranks_cells(difference.ranks()));
        }
        grid.render()
    }

    /// How much of each score lies in how little time, and a warning where it is much.
    fn concentration_section(&self, labels: &[String]) -> String {
        let title = "Share of the covariance in the best day | best 1 % of hours";
        let mut grid = Grid::new(std::iter::once("").chain(HEADLINE));
        for (label, score) in labels.iter().zip(&self.forecasters) {
            grid.push(label, score.concentration.versions().map(shares));
        }
        let mut text = format!("{title}\n\n{}", grid.render());
        for (label, score) in labels.iter().zip(&self.forecasters) {
            if !is_control(&score.name, score.run.as_deref()) {
                text.extend(
                    narrow_warning(label, &score.concentration).map(|warning| wrapped(&warning)),
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
        let mut grid = Grid::new(std::iter::once("Pearson of each fold".to_owned()).chain(header));
        for (label, score) in labels.iter().zip(&self.forecasters) {
            grid.push(label, score.folds.iter().map(|fold| correlation(*fold)));
        }
        grid.render()
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
            let mut grid = Grid::wide(headline_header(&name, &self.interval_title()));
            for difference in group {
                let name = format!("  {}", label(&difference.b, &difference.b_run));
                grid.push(&name, headline_cells(difference.headline()));
            }
            sections.push(grid.render());
        }
        sections
    }

    fn further_section(&self, labels: &[String]) -> String {
        let mut grid = Grid::new([
            "Further scores",
            "scaled",
            "weighted",
            "rank corr",
            "IC",
            "ICIR",
            "rank ICIR",
            "direction",
            "MAE",
            "RMSE",
        ]);
        for (label, score) in labels.iter().zip(&self.forecasters) {
            grid.push(
                label,
                [
                    correlation(score.scaled),
                    correlation(score.weighted),
                    correlation(score.rank_correlation),
                    correlation(score.ic.mean),
                    ratio(score.ic.icir),
                    ratio(score.rank_icir),
                    percent(score.directional_accuracy),
                    magnitude(score.mae),
                    magnitude(score.rmse),
                ],
            );
        }
        let legend = "  scaled: both sides divided by the coin's training volatility; direction: share of rows whose sign was right\n";
        format!("{}{legend}", grid.render())
    }

    fn blocks_section(&self, labels: &[String]) -> String {
        let interval_title = self.interval_title();
        let mut grid = Grid::new([
            "Pearson by block length",
            "bars",
            &interval_title,
            "one day",
            &interval_title,
        ]);
        let scored = labels
            .iter()
            .zip(&self.forecasters)
            .filter(|(_, score)| score.pearson.is_some());
        for (label, score) in scored.clone() {
            let (block, day) = (grouped(score.block_bars), grouped(score.block_bars_day));
            grid.push(
                label,
                [
                    block,
                    interval(score.interval),
                    day,
                    interval(score.interval_day),
                ],
            );
        }
        if scored.count() == 0 {
            String::new()
        } else {
            grid.render()
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
