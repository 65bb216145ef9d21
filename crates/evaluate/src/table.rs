//! The report as text for a terminal, at most 120 columns wide.

use std::collections::BTreeMap;

use crate::format::{correlation, counted, grouped, interval, magnitude, percent, ratio};
use crate::grid::Grid;
use crate::report::Report;

/// Longest label of a forecaster; a longer name is cut.
const LONGEST_LABEL: usize = 23;

impl Report {
    /// Everything a reader of the score needs: scores with intervals, folds, differences, further scores and notes.
    pub fn table(&self) -> String {
        let labels = self.labels();
        let mut sections = vec![self.scores_section(&labels), self.legend(), self.folds_section(&labels)];
        sections.extend(self.difference_sections(&labels));
        sections.push(self.further_section(&labels));
        sections.push(self.blocks_section(&labels));
        sections.push(self.notes(&labels));
        sections.retain(|section| !section.is_empty());
        sections.join("\n")
    }

    /// Each coin's correlation over time, mean over folds: one row a coin, one column a forecaster.
    pub fn coins_table(&self) -> String {
        let mut grid = Grid::new(std::iter::once("coin".to_owned()).chain(self.labels()));
        let symbols: Vec<&String> =
            self.forecasters.first().map(|score| score.coins.keys().collect()).unwrap_or_default();
        for symbol in symbols {
            let cells = self.forecasters.iter().map(|score| correlation(score.coins.get(symbol).copied().flatten()));
            grid.push(symbol, cells);
        }
        let heading = "Pearson of each coin over time, mean over folds (a single coin's score is mostly noise)";
        format!("{heading}\n\n{}", grid.render())
    }

    /// A name for each forecaster that is short and belongs to it alone: repeated names are numbered.
    pub(crate) fn labels(&self) -> Vec<String> {
        let mut shortened: Vec<String> = Vec::new();
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for score in &self.forecasters {
            let seen = times.entry(&score.name).or_default();
            *seen += 1;
            let repeated = self.forecasters.iter().filter(|other| other.name == score.name).count() > 1;
            let number = if repeated { format!(" {seen}") } else { String::new() };
            let name: String = score.name.chars().take(LONGEST_LABEL - number.len()).collect();
            shortened.push(format!("{name}{number}"));
        }
        shortened
    }

    pub(crate) fn label_of<'a>(&self, labels: &'a [String], name: &str, run: Option<&str>) -> &'a str {
        let place = self.forecasters.iter().position(|score| score.name == name && score.run.as_deref() == run);
        place.and_then(|place| labels.get(place)).map(String::as_str).unwrap_or_default()
    }

    fn scores_section(&self, labels: &[String]) -> String {
        let interval_title = self.interval_title();
        let mut grid = Grid::new([
            "forecaster",
            "Pearson",
            &interval_title,
            "+1 bar",
            "scaled",
            "neutral",
            &interval_title,
            "rank IC",
            "direction",
        ]);
        for (label, score) in labels.iter().zip(&self.forecasters) {
            grid.push(
                label,
                [
                    correlation(score.pearson),
                    interval(score.interval),
                    correlation(score.delayed),
                    correlation(score.scaled),
                    correlation(score.neutral),
                    interval(score.neutral_interval),
                    correlation(score.rank_ic),
                    percent(score.directional_accuracy),
                ],
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
            "  Pearson    all (time, coin) pairs of a fold together; the mean over folds",
            "  +1 bar     the same against the realized return with entry one bar later: free of price bounce",
            "  scaled     the same with both sides divided by the coin's training volatility",
            "  neutral    the same with both sides minus their mean over coins at that time",
            "  rank IC    Spearman across coins at one time; the mean over times",
            "  direction  share of rows whose sign was right, where neither side is 0",
            "  -          undefined: a constant side, too few rows, or nothing to compare with\n",
        ]
        .join("\n")
    }

    fn folds_section(&self, labels: &[String]) -> String {
        let header = self.fold_numbers.iter().map(|number| format!("fold {number}"));
        let mut grid = Grid::new(std::iter::once("Pearson of each fold".to_owned()).chain(header));
        for (label, score) in labels.iter().zip(&self.forecasters) {
            grid.push(label, score.folds.iter().map(|fold| correlation(*fold)));
        }
        grid.render()
    }

    /// One section for every forecaster that others are subtracted from.
    fn difference_sections(&self, labels: &[String]) -> Vec<String> {
        let label = |name: &str, run: &Option<String>| self.label_of(labels, name, run.as_deref());
        let same =
            |left: &&crate::Difference, right: &&crate::Difference| (&left.a, &left.a_run) == (&right.a, &right.a_run);
        let differences: Vec<&crate::Difference> = self.differences.iter().collect();
        let mut sections = Vec::new();
        for group in differences.chunk_by(|left, right| same(left, right)) {
            let Some(first) = group.first() else { continue };
            let interval_title = self.interval_title();
            let mut grid = Grid::new([
                format!("{} minus", label(&first.a, &first.a_run)),
                "Pearson".to_owned(),
                interval_title.clone(),
                "+1 bar".to_owned(),
                interval_title.clone(),
                "neutral".to_owned(),
                interval_title,
            ]);
            for difference in group {
                grid.push(
                    &format!("  {}", label(&difference.b, &difference.b_run)),
                    [
                        correlation(difference.pearson),
                        interval(difference.interval),
                        correlation(difference.delayed),
                        interval(difference.delayed_interval),
                        correlation(difference.neutral),
                        interval(difference.neutral_interval),
                    ],
                );
            }
            sections.push(grid.render());
        }
        sections
    }

    fn further_section(&self, labels: &[String]) -> String {
        let mut grid = Grid::new([
            "Further scores",
            "neutral +1 bar",
            "weighted",
            "rank corr",
            "IC",
            "ICIR",
            "rank ICIR",
            "MAE",
            "RMSE",
        ]);
        for (label, score) in labels.iter().zip(&self.forecasters) {
            grid.push(
                label,
                [
                    correlation(score.delayed_neutral),
                    correlation(score.weighted),
                    correlation(score.rank_correlation),
                    correlation(score.ic.mean),
                    ratio(score.ic.icir),
                    ratio(score.rank_icir),
                    magnitude(score.mae),
                    magnitude(score.rmse),
                ],
            );
        }
        grid.render()
    }

    fn blocks_section(&self, labels: &[String]) -> String {
        let interval_title = self.interval_title();
        let mut grid = Grid::new(["Pearson by block length", "bars", &interval_title, "one day", &interval_title]);
        let scored = labels.iter().zip(&self.forecasters).filter(|(_, score)| score.pearson.is_some());
        for (label, score) in scored.clone() {
            let (block, day) = (grouped(score.block_bars), grouped(score.block_bars_day));
            grid.push(label, [block, interval(score.interval), day, interval(score.interval_day)]);
        }
        if scored.count() == 0 { String::new() } else { grid.render() }
    }

    fn interval_title(&self) -> String {
        let percent = format!("{:.1}", self.confidence * 100.0);
        format!("{} % interval", percent.trim_end_matches(".0"))
    }
}
