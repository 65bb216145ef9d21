//! Walk-forward folds by time, purged at every boundary.

use std::ops::Range;

use market::Interval;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Column, Error, Panel, Targets, TimeSpan};

/// The `[split]` section: the walk-forward folds, each trained on what comes before it. The reach
/// of the target is always left out before every boundary, so that no target of the training time
/// looks into what is scored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SplitConfig {
    /// Whether the training time grows from fold to fold or has a fixed length.
    pub scheme: Scheme,
    /// How many folds are scored. The usable time is cut into one part more than that, the first of
    /// which only trains. With `split.test` the last so many spans are scored, and 0 scores as many
    /// as there is time for.
    pub folds: usize,
    /// With `split.scheme = "rolling"` the length of the training time; without it that is the
    /// length of one part. With `split.scheme = "expanding"` and `split.test` the least training
    /// time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train: Option<TimeSpan>,
    /// Length of a scored fold, and so how often a forecaster is trained anew. Without it the time
    /// is cut into equal parts. It needs `split.train`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<TimeSpan>,
    /// Time that is left out before every boundary on top of the target's reach.
    pub embargo: TimeSpan,
    /// Share of the training time, at its end, that decides early stopping and is never trained on,
    /// from 0 to 0.9.
    pub early_stopping_share: f64,
    /// How many bars back a coin must have closes for its time to count as usable when the time is
    /// cut into folds. It is a count, as it stands for a warm-up, and it does not depend on the
    /// forecaster, so that all forecasters share the folds.
    pub history_bars: usize,
}

impl Default for SplitConfig {
    fn default() -> Self {
        Self {
            scheme: Scheme::Expanding,
            folds: 7,
            train: None,
            test: None,
            embargo: TimeSpan::ZERO,
            early_stopping_share: 0.15,
            history_bars: 60,
        }
    }
}

/// No data is cut into more folds.
const MOST_FOLDS: usize = 10_000;

/// A hundred years of minutes: no span is longer, and none can overflow.
const MOST_BARS: usize = 52_560_000;

/// How the training time moves from fold to fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// A fold is trained on all that comes before it.
    Expanding,
    /// A fold is trained on the last `split.train` before it.
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
    pub(crate) fn validate(&self, interval: Interval) -> Result<(), Error> {
        if self.folds > MOST_FOLDS {
            return Err(Error::config(
                "split.folds",
                self.folds,
                format!("0 to {MOST_FOLDS} folds"),
            ));
        }
        for (key, span, least) in [
            ("split.train", self.train, 1),
            ("split.test", self.test, 1),
            ("split.embargo", Some(self.embargo), 0),
        ] {
            if let Some(span) = span {
                span.check_bars(key, interval, (least, MOST_BARS))?;
            }
        }
        if self.history_bars > MOST_BARS {
            return Err(Error::config(
                "split.history_bars",
                self.history_bars,
                format!("0 to {MOST_BARS} bars"),
            ));
        }
        if self.folds == 0 && self.test.is_none() {
            return Err(Error::config(
                "split.folds",
                0,
                "at least 1 fold, or split.test, the length of one",
            ));
        }
        if let (Some(test), None) = (self.test, self.train) {
            return Err(Error::config(
                "split.test",
                test,
                "split.train too, the time that is trained on before it",
            ));
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

    /// Cuts the usable times of the panel into `folds + 1` parts of equal count or, with `test`,
    /// into spans of that length, the last of which ends with them.
    ///
    /// # Errors
    /// Fewer usable times than parts, or a part shorter than the purge.
    pub fn plan(
        &self,
        panel: &Panel,
        targets: &Targets,
        reach_bars: usize,
    ) -> Result<SplitPlan, Error> {
        let usable = usable_rows(panel, targets, self.history_bars);
        let bars = |span: TimeSpan| span.bars(panel.interval());
        let gap = reach_bars + bars(self.embargo);
        let train = self.train.map(bars);
        let spans = match self.test.map(bars) {
            None => self.parts(&usable, gap, train)?,
            Some(test) => self.spans(&usable, gap, (train.unwrap_or(0), test))?,
        };
        let mut folds = Vec::with_capacity(spans.len());
        for (index, Span { train_start, score }) in spans.into_iter().enumerate() {
            let train_end = score.start.saturating_sub(gap);
            let times: Vec<usize> = usable
                .iter()
                .copied()
                .filter(|row| (train_start..train_end).contains(row))
                .collect();
            let held_out = (times.len() as f64 * self.early_stopping_share) as usize;
            let stop_start = if held_out == 0 {
                train_end
            } else {
                times[times.len() - held_out]
            };
            let fitted_end = if held_out == 0 {
                train_end
            } else {
                stop_start.saturating_sub(gap)
            };
            if times.first().is_none_or(|&first| first >= fitted_end) {
                return Err(self.too_few(times.len(), gap + 2));
            }
            folds.push(Fold {
                number: index + 1,
                train: train_start..fitted_end,
                stop: stop_start..train_end,
                score,
            });
        }
        Ok(SplitPlan { folds })
    }

    /// `folds + 1` parts of equal count, the first of which only trains.
    fn parts(
        &self,
        usable: &[usize],
        gap: usize,
        train: Option<usize>,
    ) -> Result<Vec<Span>, Error> {
        let parts = self.folds + 1;
        if usable.len() < parts * (gap + 2) {
            return Err(self.too_few(usable.len(), parts * (gap + 2)));
        }
        // What does not divide evenly goes to the last fold.
        let boundary = |part: usize| usable[usable.len() / parts * part];
        let span = |number: usize| {
            let start = boundary(number);
            let end = if number == self.folds {
                usable[usable.len() - 1] + 1
            } else {
                boundary(number + 1)
            };
            let train_start = match (self.scheme, train) {
                (Scheme::Expanding, _) => 0,
                (Scheme::Rolling, None) => boundary(number - 1),
                (Scheme::Rolling, Some(bars)) => start.saturating_sub(gap + bars),
            };
            Span {
                train_start,
                score: start..end,
            }
        };
        Ok((1..=self.folds).map(span).collect())
    }

    /// Spans of `test` rows back from the last usable one, each with `train` rows and the gap before
    /// it.
    ///
    /// They end with the time there is, not begin with it, so that the last forecaster is the
    /// freshest.
    fn spans(
        &self,
        usable: &[usize],
        gap: usize,
        (train, test): (usize, usize),
    ) -> Result<Vec<Span>, Error> {
        let (first, end) = (
            usable.first().copied().unwrap_or(0),
            usable.last().map_or(0, |last| last + 1),
        );
        let before = train + gap;
        let fitting = (end - first).saturating_sub(before) / test.max(1);
        let folds = if self.folds == 0 {
            fitting.max(1)
        } else {
            self.folds
        };
        if folds > fitting {
            return Err(self.too_few(end - first, before + folds * test));
        }
        let span = |fold: usize| {
            let start = end - (folds - fold) * test;
            let train_start = match self.scheme {
                Scheme::Expanding => 0,
                Scheme::Rolling => start - before,
            };
            Span {
                train_start,
                score: start..start + test,
            }
        };
        Ok((0..folds).map(span).collect())
    }

    fn too_few(&self, found: usize, expected: usize) -> Error {
        let (what, way_out) = match self.test {
            None => (
                format!("{} folds", self.folds),
                "fewer folds (--set split.folds=N)",
            ),
            Some(test) => (
                format!("folds of {test}"),
                "shorter or fewer ones (split.train, split.test, split.folds)",
            ),
        };
        let hint = format!(
            "{way_out}, a shorter horizon, or more candles (`quarterhour audit` shows what \
             there is)"
        );
        Error::TooFewRows {
            what,
            found,
            expected,
            hint,
        }
    }
}

/// What a fold scores, and where its training time begins; the training time ends a gap before.
struct Span {
    train_start: usize,
    score: Range<usize>,
}

/// Rows where some coin has a target and closes, filled ones included, for `history_bars` bars
/// back.
fn usable_rows(panel: &Panel, targets: &Targets, history_bars: usize) -> Vec<usize> {
    let mut run = vec![0usize; panel.coins()];
    let mut usable = Vec::new();
    for row in 0..panel.rows() {
        let mut any = false;
        for (coin, run) in run.iter_mut().enumerate() {
            *run = if panel.value(Column::Close, row, coin).is_nan() {
                0
            } else {
                *run + 1
            };
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
        Panel::build(
            &coins,
            "1m".parse().unwrap(),
            (0, rows as i64 * 60_000),
            60,
            &[],
        )
    }

    proptest! {
        #[test]
        fn no_target_crosses_a_boundary(
            rows in 400usize..900, folds in 0usize..6, test_bars in prop_oneof![Just(0usize), 20usize..120], horizon in 1usize..10, embargo in 0usize..5,
            share in 0.0..0.5f64, rolling: bool, hole in 100usize..300,
        ) {
            let panel = panel(rows, hole..hole + 70);
            let span = |bars: usize| TimeSpan::minutes(bars as i64);
            let target = TargetConfig { horizon: span(horizon), ..Default::default() };
            let test = (test_bars > 0).then(|| span(test_bars));
            let config = SplitConfig {
                train: test.map(|_| span(150)), test,
                scheme: if rolling { Scheme::Rolling } else { Scheme::Expanding },
                folds, embargo: span(embargo), early_stopping_share: share, history_bars: 5,
            };
            prop_assume!(config.validate(Interval::ONE_MINUTE).is_ok());
            let Ok(plan) = config.plan(&panel, &target.compute(&panel), horizon) else { return Ok(()) };
            prop_assert!(plan.folds.len() == folds || folds == 0 && !plan.folds.is_empty());
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
    fn folds_of_given_lengths_roll_back_from_the_end() {
        let panel = panel(1000, 0..0);
        let target = TargetConfig {
            horizon: TimeSpan::minutes(1),
            ..Default::default()
        };
        let config = SplitConfig {
            scheme: Scheme::Rolling,
            folds: 0,
            train: Some(TimeSpan::minutes(300)),
            test: Some(TimeSpan::minutes(100)),
            early_stopping_share: 0.2,
            history_bars: 5,
            ..Default::default()
        };
        let plan = |config: &SplitConfig| {
            config
                .plan(&panel, &target.compute(&panel), 1)
                .unwrap()
                .folds
        };
        // Usable are rows 5 to 998: 994 bars hold 300 + 1 before six spans of 100.
        let folds = plan(&config);
        let starts: Vec<usize> = folds.iter().map(|fold| fold.score.start).collect();
        assert_eq!(starts, [399, 499, 599, 699, 799, 899]);
        assert_eq!(
            folds[5],
            Fold {
                number: 6,
                train: 598..837,
                stop: 838..898,
                score: 899..999
            }
        );
        let last = plan(&SplitConfig {
            folds: 2,
            ..config.clone()
        });
        assert_eq!(
            last.iter()
                .map(|fold| fold.score.clone())
                .collect::<Vec<_>>(),
            [799..899, 899..999]
        );
        let expanding = plan(&SplitConfig {
            scheme: Scheme::Expanding,
            ..config.clone()
        });
        assert_eq!((expanding.len(), expanding[5].train.start), (6, 0));
        let error = SplitConfig { folds: 7, ..config }
            .plan(&panel, &target.compute(&panel), 1)
            .unwrap_err();
        assert!(
            error
                .to_string()
                .contains("folds of 100m: found 994 rows, expected at least 1001"),
            "{error}"
        );
    }

    #[test]
    fn too_little_time_is_an_error() {
        let panel = panel(80, 0..0);
        let target = TargetConfig::default();
        let error = SplitConfig::default()
            .plan(&panel, &target.compute(&panel), 15)
            .unwrap_err();
        assert!(error.to_string().contains("7 folds: found"), "{error}");
    }
}
