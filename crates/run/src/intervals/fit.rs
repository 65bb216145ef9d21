//! From the errors of earlier folds to the widths of intervals.

use std::collections::VecDeque;
use std::ops::Range;

use dataset::{IntervalMethod, IntervalsConfig, TablePart};
use market::Interval;
use statistics::{AdaptiveCoverage, conformal_quantile};

use super::{FittedIntervals, WidthStep};

const DAY_MS: i64 = 86_400_000;

/// The widths of the intervals of one horizon.
///
/// Those of a fold are quantiles of the errors of earlier folds, of forecasts whose targets and
/// embargo end before the fold begins. The last step, which is for live forecasts alone, begins
/// when the last target of the table is known, and has all errors.
pub(super) fn fit(
    part: &TablePart,
    config: &IntervalsConfig,
    bar: Interval,
    embargo_bars: usize,
) -> FittedIntervals {
    let gap_bars = part.key.reach.bars(bar) + embargo_bars;
    let mut fitting = Fitting {
        part,
        config,
        gap_ms: gap_bars as i64 * bar.ms(),
        piece_ms: DAY_MS.max(bar.ms()),
        errors: (0..part.len()).map(|row| error(part, row)).collect(),
        asked: (config.coverage.iter())
            .map(|coverage| AdaptiveCoverage::new(*coverage, config.step))
            .collect(),
        open: VecDeque::new(),
        steps: Vec::new(),
    };
    let mut start = 0;
    for fold in part.fold.chunk_by(|one, next| one == next) {
        fitting.fold(start..start + fold.len());
        start += fold.len();
    }
    if let Some(last_ms) = part.time_ms.iter().max() {
        let from_ms = last_ms + fitting.gap_ms + bar.ms();
        let errors = fitting.sorted_errors(from_ms, part.len());
        fitting.step(from_ms, &errors);
    }
    FittedIntervals {
        horizon: part.key.horizon,
        coverage: config.coverage.clone(),
        steps: fitting.steps,
    }
}

/// The size of a forecast's error in units of the trailing volatility; NaN where that is unknown.
fn error(part: &TablePart, row: usize) -> f64 {
    (part.realized[row] - part.forecast[row]).abs() / part.trailing_volatility[row]
}

/// Walks through the folds in the order of time.
struct Fitting<'a> {
    part: &'a TablePart,
    config: &'a IntervalsConfig,
    /// Time from a forecast until its target is known, with the embargo.
    gap_ms: i64,
    /// How long an adaptive width is used.
    piece_ms: i64,
    /// Of each row.
    errors: Vec<f64>,
    /// Of each coverage, what is asked for now.
    asked: Vec<AdaptiveCoverage>,
    /// Pieces whose targets are not known yet.
    open: VecDeque<OpenPiece>,
    steps: Vec<WidthStep>,
}

/// A piece of time with intervals that wait for their targets.
struct OpenPiece {
    last_ms: i64,
    /// The share that missed, of each coverage.
    missed: Vec<f64>,
}

impl Fitting<'_> {
    /// Adds the steps of a fold.
    fn fold(&mut self, rows: Range<usize>) {
        let errors = self.sorted_errors(self.part.time_ms[rows.start], rows.start);
        if errors.is_empty() {
            return;
        }
        let times = &self.part.time_ms[rows.clone()];
        let piece_ms = match self.config.method {
            IntervalMethod::Adaptive => self.piece_ms,
            IntervalMethod::Split | IntervalMethod::Off => i64::MAX,
        };
        let mut start = rows.start;
        for piece in
            times.chunk_by(|one, next| one.div_euclid(piece_ms) == next.div_euclid(piece_ms))
        {
            let piece = start..start + piece.len();
            start = piece.end;
            let half_widths = self.step(self.part.time_ms[piece.start], &errors);
            self.wait_for(piece, &half_widths);
        }
    }

    /// The errors of the rows before `end` whose targets are known before `from_ms`, sorted.
    fn sorted_errors(&self, from_ms: i64, end: usize) -> Vec<f64> {
        let is_known = |row: &usize| self.part.time_ms[*row] + self.gap_ms < from_ms;
        let known = (0..end).filter(is_known).map(|row| self.errors[row]);
        let mut errors: Vec<f64> = known.filter(|error| error.is_finite()).collect();
        errors.sort_unstable_by(f64::total_cmp);
        errors
    }

    /// Adds the step that begins at `from_ms`, and returns its widths.
    fn step(&mut self, from_ms: i64, errors: &[f64]) -> Vec<Option<f64>> {
        while let Some(piece) =
            (self.open).pop_front_if(|piece| piece.last_ms + self.gap_ms < from_ms)
        {
            for (asked, missed) in self.asked.iter_mut().zip(piece.missed) {
                asked.update(missed);
            }
        }
        let half_widths: Vec<Option<f64>> = match self.config.method {
            IntervalMethod::Adaptive => {
                let width = |asked: &AdaptiveCoverage| asked.half_width(errors);
                self.asked.iter().map(width).collect()
            }
            IntervalMethod::Split | IntervalMethod::Off => {
                let width = |coverage: &f64| conformal_quantile(errors, *coverage);
                self.config.coverage.iter().map(width).collect()
            }
        };
        self.steps.push(WidthStep {
            from_ms,
            errors: errors.len(),
            half_widths: half_widths.clone(),
        });
        half_widths
    }

    /// Counts what misses the widths of a piece, for when its targets are known.
    fn wait_for(&mut self, rows: Range<usize>, half_widths: &[Option<f64>]) {
        let errors = self.errors[rows.clone()]
            .iter()
            .filter(|error| error.is_finite());
        let count = errors.clone().count();
        if count == 0 {
            return;
        }
        let share = |half: &Option<f64>| {
            let is_missed = |error: &&f64| half.is_none_or(|half| **error > half);
            errors.clone().filter(is_missed).count() as f64 / count as f64
        };
        self.open.push_back(OpenPiece {
            last_ms: self.part.time_ms[rows.end - 1],
            missed: half_widths.iter().map(share).collect(),
        });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use dataset::{PartKey, TimeSpan};
    use golden::{assert_exact, floats, integers, list, read, whole};
    use market::{Market, Symbol};
    use serde_json::Value as Json;

    use super::*;

    /// Made by scripts/golden-intervals.py: MAPIE's split widths, and the adaptive ones in numpy.
    fn golden() -> Json {
        read(include_str!("../../../score/tests/golden/intervals.json"))
    }

    fn part(golden: &Json) -> TablePart {
        let bar: Interval = "6h".parse().unwrap();
        let columns = &golden["rows"];
        let reach = TimeSpan::of_bars(whole(golden, "reach_bars"), bar);
        let key = PartKey {
            panel: "spot".to_owned(),
            horizon: reach,
            reach,
            market: Market::Spot,
        };
        TablePart {
            symbols: ["A", "B", "C"]
                .map(|name| Symbol::new(name).unwrap())
                .to_vec(),
            symbol: integers(&columns["symbol"]),
            fold: integers(&columns["fold"]),
            time_ms: integers(&columns["time_ms"]),
            forecast: floats(&columns["forecast"]),
            realized: floats(&columns["realized"]),
            trailing_volatility: floats(&columns["volatility"]),
            ..TablePart::empty(key)
        }
    }

    fn fitted(golden: &Json, part: &TablePart, method: IntervalMethod) -> FittedIntervals {
        let config = IntervalsConfig {
            method,
            coverage: floats(&golden["coverage"]),
            step: golden["step"].as_f64().unwrap(),
        };
        let bar = "6h".parse().unwrap();
        fit(part, &config, bar, whole(golden, "embargo_bars"))
    }

    #[test]
    fn widths_equal_those_of_mapie_and_numpy() {
        let golden = golden();
        let part = part(&golden);
        for (method, name) in [
            (IntervalMethod::Split, "split"),
            (IntervalMethod::Adaptive, "adaptive"),
        ] {
            let found = fitted(&golden, &part, method);
            let expected = list(&golden["steps"][name]);
            assert_eq!(found.steps.len(), expected.len(), "{name}");
            for (step, expected) in found.steps.iter().zip(expected) {
                assert_eq!(step.from_ms, expected["from_ms"].as_i64().unwrap());
                assert_eq!(step.errors, whole(expected, "errors"));
                for (half, expected) in step
                    .half_widths
                    .iter()
                    .zip(floats(&expected["half_widths"]))
                {
                    assert_exact(name, *half, expected);
                }
            }
        }
    }

    #[test]
    fn bounds_equal_those_of_mapie() {
        let golden = golden();
        let mut part = part(&golden);
        fitted(&golden, &part, IntervalMethod::Split).add_bounds(&mut part);
        let names: Vec<&String> = part.outputs.keys().collect();
        assert_eq!(names, ["lower_80", "lower_95", "upper_80", "upper_95"]);
        for (report, percent) in list(&golden["reports"]).iter().zip([80, 95]) {
            for bound in ["lower", "upper"] {
                let found = &part.outputs[&format!("{bound}_{percent}")];
                for (found, expected) in found.iter().zip(floats(&report[bound])) {
                    let same = (found - expected).abs() < 1e-12;
                    assert!(
                        same || (found.is_nan() && expected.is_nan()),
                        "{found} {expected}"
                    );
                }
            }
        }
        assert!(part.outputs["lower_80"][0].is_nan(), "fold 1 has none");
    }

    /// Whatever is realized from a time on, or reaches into it, changes no width before.
    #[test]
    fn widths_know_nothing_that_comes_later() {
        let golden = golden();
        let before = part(&golden);
        let gap_ms = 3 * 6 * 3_600_000; // reach and embargo
        for method in [IntervalMethod::Split, IntervalMethod::Adaptive] {
            let expected = fitted(&golden, &before, method);
            for &cut_ms in before.time_ms.iter().step_by(29) {
                let mut after = before.clone();
                for row in 0..after.len() {
                    if after.time_ms[row] + gap_ms >= cut_ms {
                        after.realized[row] = 9.0;
                    }
                }
                let found = fitted(&golden, &after, method);
                for (found, expected) in found.steps.iter().zip(&expected.steps) {
                    if found.from_ms <= cut_ms {
                        assert_eq!(found, expected, "{method:?}");
                    }
                }
                assert_ne!(found.steps.last(), expected.steps.last(), "{method:?}");
            }
        }
    }

    /// One fold has no earlier one: only what comes after the table has intervals.
    #[test]
    fn one_fold_has_no_interval() {
        let golden = golden();
        let mut one = part(&golden);
        one.fold.fill(1);
        let found = fitted(&golden, &one, IntervalMethod::Adaptive);
        assert_eq!(found.steps.len(), 1);
        let last_ms = *one.time_ms.last().unwrap();
        assert_eq!(found.around(last_ms, 0.0, 1.0), []);
        assert_eq!(found.around(found.steps[0].from_ms, 0.0, 1.0).len(), 2);
        assert_eq!(found.around(found.steps[0].from_ms, 0.0, f64::NAN), []);
    }
}
