//! The loss of a day by which permutation importance is measured.

use std::collections::{BTreeMap, BTreeSet};

use dataset::{TablePart, Task};
use statistics::{qlike, spearman};

const DAY_MS: i64 = 86_400_000;

/// The least probability whose logarithm is taken.
const LEAST_PROBABILITY: f64 = 1e-4;

/// What a forecast is measured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Of a volatility: QLIKE of the variance.
    Qlike,
    /// Of so many classes: minus the logarithm of the probability of the one that came.
    Logarithmic { classes: usize },
    /// Of a return: minus the mean over times of Spearman's correlation across coins.
    NegativeRankIc,
}

/// A row that was scored, with what is said of it now.
#[derive(Debug, Clone)]
pub(crate) struct ScoredRow {
    /// Its place in the table.
    place: usize,
    time_ms: i64,
    forecast: f64,
    realized: f64,
    /// What the published variance is times that of the plain forecast.
    variance_factor: f64,
    /// Class that came, where edges are known.
    class: Option<usize>,
    probabilities: Option<Vec<f64>>,
}

impl ScoredRow {
    /// The row at a place of the table, forecast anew.
    pub fn new(
        part: &TablePart,
        place: usize,
        forecast: f64,
        probabilities: Option<Vec<f64>>,
    ) -> Self {
        let output = |name: &str| part.outputs.get(name).map(|column| column[place]);
        let plain = (2.0 * part.forecast[place]).exp();
        let factor = output("variance_mean").map(|variance| variance / plain);
        let edges = ["regime_edge_1", "regime_edge_2"].map(output);
        let known: Vec<f64> = edges.into_iter().flatten().collect();
        let is_known = !known.is_empty() && known.iter().all(|edge| !edge.is_nan());
        let above = known.iter().filter(|edge| part.realized[place] > **edge);
        Self {
            place,
            time_ms: part.time_ms[place],
            forecast,
            realized: part.realized[place],
            variance_factor: factor.filter(|factor| factor.is_finite()).unwrap_or(1.0),
            class: is_known.then(|| above.count()),
            probabilities,
        }
    }
}

impl Loss {
    /// The loss of a task; `classes` is the number of its classes.
    pub fn of(task: Task, classes: usize) -> Self {
        match task {
            Task::Regime => Self::Logarithmic { classes },
            Task::LogVolatility => Self::Qlike,
            Task::Return | Task::Level => Self::NegativeRankIc,
        }
    }

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Qlike => "qlike",
            Self::Logarithmic { .. } => "log_loss",
            Self::NegativeRankIc => "negative_rank_ic",
        }
    }

    /// The mean loss of each UTC day that has one; rows are in order of time.
    pub fn by_day(self, rows: &[ScoredRow]) -> BTreeMap<i64, f64> {
        let day = |row: &ScoredRow| row.time_ms.div_euclid(DAY_MS);
        let days = rows.chunk_by(|one, next| day(one) == day(next));
        days.filter_map(|rows| Some((day(&rows[0]), self.mean(rows)?)))
            .collect()
    }

    /// What is added to the loss of each day by other forecasts of the same rows: a row that one of both
    /// lacks counts for neither.
    pub fn added(self, rows: &[ScoredRow], others: &[ScoredRow]) -> BTreeMap<i64, f64> {
        let places = |rows: &[ScoredRow]| rows.iter().map(|row| row.place).collect::<BTreeSet<_>>();
        let (own, other) = (places(rows), places(others));
        let shared = |rows: &[ScoredRow], in_others: &BTreeSet<usize>| {
            let shared = rows.iter().filter(|row| in_others.contains(&row.place));
            self.by_day(&shared.cloned().collect::<Vec<_>>())
        };
        let (before, after) = (shared(rows, &other), shared(others, &own));
        let added = after.iter();
        added
            .filter_map(|(day, loss)| Some((*day, loss - before.get(day)?)))
            .collect()
    }

    /// The mean loss of some rows; None where none has one.
    fn mean(self, rows: &[ScoredRow]) -> Option<f64> {
        let losses: Vec<f64> = match self {
            Self::NegativeRankIc => {
                let times = rows.chunk_by(|one, next| one.time_ms == next.time_ms);
                times.filter_map(negative_rank_ic).collect()
            }
            Self::Qlike => rows.iter().map(qlike_of).collect(),
            Self::Logarithmic { classes } => {
                let losses = rows.iter().filter_map(|row| log_loss(row, classes));
                losses.collect()
            }
        };
        (!losses.is_empty()).then(|| statistics::mean(&losses))
    }
}

fn qlike_of(row: &ScoredRow) -> f64 {
    let variance = (2.0 * row.forecast).exp() * row.variance_factor;
    qlike((2.0 * row.realized).exp(), variance)
}

/// None where no class or no probability is known.
fn log_loss(row: &ScoredRow, classes: usize) -> Option<f64> {
    let probabilities = row.probabilities.as_ref()?;
    let class = row.class.filter(|class| *class < classes)?;
    Some(-probabilities.get(class)?.max(LEAST_PROBABILITY).ln())
}

fn negative_rank_ic(rows: &[ScoredRow]) -> Option<f64> {
    let (said, came): (Vec<f64>, Vec<f64>) =
        rows.iter().map(|row| (row.forecast, row.realized)).unzip();
    spearman(&said, &came).map(|ic| -ic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(time_ms: i64, forecast: f64, realized: f64) -> ScoredRow {
        ScoredRow {
            place: 0,
            time_ms,
            forecast,
            realized,
            variance_factor: 1.0,
            class: Some(1),
            probabilities: Some(vec![0.25, 0.5, 0.25]),
        }
    }

    #[test]
    fn losses_are_those_of_each_day() {
        let rows = [
            row(0, -3.0, -3.0),
            row(0, -3.0, -2.5),
            row(DAY_MS, -2.0, -2.0),
        ];
        let found = Loss::Qlike.by_day(&rows);
        // Of a ratio of e: e - 1 - 1.
        let expected = (std::f64::consts::E - 2.0) / 2.0;
        assert!(
            (found[&0] - expected).abs() < 1e-12 && found[&1].abs() < 1e-12,
            "{found:?}"
        );
        let found = Loss::Logarithmic { classes: 3 }.by_day(&rows);
        assert!(
            found
                .values()
                .all(|loss| (loss - 2.0_f64.ln()).abs() < 1e-12)
        );
        let ranked = [row(0, 1.0, 1.0), row(0, 2.0, 2.0), row(0, 3.0, 3.0)];
        assert_eq!(
            Loss::NegativeRankIc.by_day(&ranked),
            BTreeMap::from([(0, -1.0)])
        );
    }

    #[test]
    fn days_and_rows_that_one_side_lacks_count_for_neither() {
        let at = |place: usize, day: i64, forecast: f64| ScoredRow {
            place,
            ..row(day * DAY_MS, forecast, 0.0)
        };
        let before = [at(0, 0, 0.0), at(1, 1, 0.0), at(2, 1, -1.0), at(3, 2, 0.0)];
        // The first day has no row any more, and the second one less.
        let after = [at(1, 1, -0.5), at(3, 2, 0.0)];
        let added = Loss::Qlike.added(&before, &after);
        assert_eq!(added.keys().copied().collect::<Vec<_>>(), [1, 2]);
        // A variance that is too low by a factor of e: e - 1 - 1.
        assert!(
            (added[&1] - (std::f64::consts::E - 2.0)).abs() < 1e-12,
            "{added:?}"
        );
        assert!(added[&2].abs() < 1e-12, "{added:?}");
    }
}
