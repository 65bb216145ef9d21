//! Walk-forward folds by time, purged at every boundary.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::{Column, Error, Panel, Targets};

/// The `[split]` section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SplitConfig {
    /// Whether training time grows from fold to fold or has a fixed length.
    pub scheme: Scheme,
    /// How many folds are scored; the usable time is cut into one part more, the first of which only trains.
    pub folds: usize,
    /// `rolling`: length of the training time in bars; 0 stands for one part.
    pub train_bars: usize,
    /// Bars left out before every boundary on top of the purge (which is the target's reach).
    pub embargo_bars: usize,
    /// Share of the training time, at its end, that decides early stopping and is never trained on.
    pub early_stopping_share: f64,
    /// A time counts as usable, for cutting it into parts, when some coin has a target there and closes for this many
    /// bars before; it does not depend on the forecaster, so that all forecasters share the folds.
    pub history_bars: usize,
}

impl Default for SplitConfig {
    fn default() -> Self {
        Self {
            scheme: Scheme::Expanding,
            folds: 7,
            train_bars: 0,
            embargo_bars: 0,
            early_stopping_share: 0.15,
            history_bars: 60,
        }
    }
}

/// How the training time moves from fold to fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// From the beginning to the fold.
    Expanding,
    /// The last `train_bars` before the fold.
    Rolling,
}

/// One fold: rows of the panel, each range half-open.
///
/// No target of `train` reaches into `stop`, none of `stop` into `score`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// 1-based number.
    pub number: usize,
    /// What weights and statistics are fitted on.
    pub train: Range<usize>,
    /// What early stopping is decided on.
    pub stop: Range<usize>,
    /// What is scored.
    pub score: Range<usize>,
}

/// The folds of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitPlan {
    /// In order of time.
    pub folds: Vec<Fold>,
}

impl SplitConfig {
    pub(crate) fn validate(&self) -> Result<(), Error> {
        if self.folds == 0 {
            return Err(Error::config("split.folds", 0, "at least 1 fold"));
        }
        if !(0.0..=0.9).contains(&self.early_stopping_share) {
            return Err(Error::config(
                "split.early_stopping_share",
                self.early_stopping_share,
                "a share from 0 to 0.9",
            ));
        }
        Ok(())
    }

    /// Cuts the usable times of the panel into `folds + 1` parts of equal count.
    ///
    /// # Errors
    /// Fewer usable times than parts, or a part shorter than the purge.
    pub fn plan(&self, panel: &Panel, targets: &Targets, reach_bars: usize) -> Result<SplitPlan, Error> {
        let usable = usable_rows(panel, targets, self.history_bars);
        let parts = self.folds + 1;
        let gap = reach_bars + self.embargo_bars;
        let too_few = |found, expected| Error::TooFewRows {
            what: format!("{} folds", self.folds),
            found,
            expected,
            hint: "fewer folds (--set split.folds=N), a shorter horizon, or more candles \
                   (`cargo run -p download --release -- audit` shows what there is)"
                .to_owned(),
        };
        if usable.len() < parts * (gap + 2) {
            return Err(too_few(usable.len(), parts * (gap + 2)));
        }
        // What does not divide evenly goes to the last fold.
        let boundary = |part: usize| usable[usable.len() / parts * part];
        let mut folds = Vec::with_capacity(self.folds);
        for number in 1..=self.folds {
            let start = boundary(number);
            let end = if number == self.folds { usable[usable.len() - 1] + 1 } else { boundary(number + 1) };
            let train_end = start.saturating_sub(gap);
            let train_start = match (self.scheme, self.train_bars) {
                (Scheme::Expanding, _) => 0,
                (Scheme::Rolling, 0) => boundary(number - 1),
                (Scheme::Rolling, bars) => train_end.saturating_sub(bars),
            };
            let times: Vec<usize> =
                usable.iter().copied().filter(|row| (train_start..train_end).contains(row)).collect();
            let held_out = (times.len() as f64 * self.early_stopping_share) as usize;
            let stop_start = if held_out == 0 { train_end } else { times[times.len() - held_out] };
            let fitted_end = if held_out == 0 { train_end } else { stop_start.saturating_sub(gap) };
            if times.first().is_none_or(|&first| first >= fitted_end) {
                return Err(too_few(times.len(), gap + 2));
            }
            folds.push(Fold { number, train: train_start..fitted_end, stop: stop_start..train_end, score: start..end });
        }
        Ok(SplitPlan { folds })
    }
}

/// Rows where some coin has a target and closes, filled ones included, for `history_bars` bars back.
fn usable_rows(panel: &Panel, targets: &Targets, history_bars: usize) -> Vec<usize> {
    let mut run = vec![0usize; panel.coins()];
    let mut usable = Vec::new();
    for row in 0..panel.rows() {
        let mut any = false;
        for (coin, run) in run.iter_mut().enumerate() {
            *run = if panel.value(Column::Close, row, coin).is_nan() { 0 } else { *run + 1 };
            any |= *run > history_bars && !targets.value(row, coin).is_nan();
        }
        if any {
            usable.push(row);
        }
    }
    usable
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CandleTable, TargetConfig};
    use market::Symbol;
    use proptest::prelude::*;

    fn panel(rows: usize, hole: Range<usize>) -> Panel {
        let mut candles = CandleTable::default();
        for row in (0..rows).filter(|row| !hole.contains(row)) {
            let mut values = [f64::NAN; Column::ALL.len()];
            values[Column::Close as usize] = 1.0 + (row % 7) as f64;
            candles.push_row(row as i64 * 60_000, values);
        }
        let coins = [(Symbol::new("AUSDT").unwrap(), candles)];
        Panel::build(&coins, "1m".parse().unwrap(), (0, rows as i64 * 60_000), 60, &[])
    }

    proptest! {
        #[test]
        fn no_target_crosses_a_boundary(
            rows in 400usize..900, folds in 1usize..6, horizon in 1usize..10, embargo in 0usize..5,
            share in 0.0..0.5f64, rolling: bool, hole in 100usize..300,
        ) {
            let panel = panel(rows, hole..hole + 70);
            let target = TargetConfig { horizon_bars: horizon, ..Default::default() };
            let config = SplitConfig {
                scheme: if rolling { Scheme::Rolling } else { Scheme::Expanding },
                folds, embargo_bars: embargo, early_stopping_share: share, history_bars: 5, ..Default::default()
            };
            let Ok(plan) = config.plan(&panel, &target.compute(&panel), horizon) else { return Ok(()) };
            prop_assert_eq!(plan.folds.len(), folds);
            for (index, fold) in plan.folds.iter().enumerate() {
                prop_assert!(!fold.train.is_empty() && !fold.score.is_empty());
                prop_assert!(fold.train.end + horizon + embargo <= fold.score.start);
                if !fold.stop.is_empty() {
                    prop_assert!(fold.train.end + horizon + embargo <= fold.stop.start);
                    prop_assert!(fold.stop.end + horizon + embargo <= fold.score.start);
                }
                if index > 0 {
                    prop_assert_eq!(plan.folds[index - 1].score.end, fold.score.start);
                }
            }
        }
    }

    #[test]
    fn too_little_time_is_an_error() {
        let panel = panel(80, 0..0);
        let target = TargetConfig::default();
        let error = SplitConfig::default().plan(&panel, &target.compute(&panel), 15).unwrap_err();
        assert!(error.to_string().contains("7 folds: found"), "{error}");
    }
}
