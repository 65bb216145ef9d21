//! Where High is called: the cut on its probability, for a stated cost of misses and false alarms.

use score::{ForecastColumn, RegimeForecast, Rows};
use serde::Serialize;

use crate::error::{Error, setting};

/// What mistakes about High cost, in any unit: only their ratio decides where it is called.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AlarmCosts {
    /// Cost of a High that was not called.
    pub miss: f64,
    /// Cost of a call after which no High came.
    pub alarm: f64,
}

/// A probability of High, and what came.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Outcome {
    pub probability: f64,
    pub is_high: bool,
}

/// The least probability at which High is called.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cut {
    /// The probability; 1 where High is never called.
    pub probability: f64,
    /// Number of outcomes that it was tuned on; 0 where it is what calibrated probabilities need.
    pub outcomes: usize,
}

impl AlarmCosts {
    /// Costs that are given both, or none.
    ///
    /// # Errors
    /// One without the other, or one that is no number above 0.
    pub fn of(miss: Option<f64>, alarm: Option<f64>) -> Result<Option<Self>, Error> {
        let (miss, alarm) = match (miss, alarm) {
            (None, None) => return Ok(None),
            (Some(miss), Some(alarm)) => (miss, alarm),
            (Some(_), None) => {
                return Err(setting(
                    "alarm_cost",
                    "missing",
                    "a number above 0 beside miss_cost",
                ));
            }
            (None, Some(_)) => {
                return Err(setting(
                    "miss_cost",
                    "missing",
                    "a number above 0 beside alarm_cost",
                ));
            }
        };
        let costs = Self { miss, alarm };
        costs.validate()?;
        Ok(Some(costs))
    }

    /// Checks both.
    ///
    /// # Errors
    /// Names the one that is no number above 0.
    pub(super) fn validate(self) -> Result<(), Error> {
        for (key, found) in [("miss_cost", self.miss), ("alarm_cost", self.alarm)] {
            if !(found > 0.0 && found.is_finite()) {
                return Err(setting(key, found, "a number above 0"));
            }
        }
        Ok(())
    }

    /// The cut with the lowest cost over outcomes; the highest of several. Without outcomes it is
    /// the one of probabilities that are right: the cost of a false alarm over the sum of both.
    pub(super) fn cut(self, outcomes: &[Outcome]) -> Cut {
        if outcomes.is_empty() {
            return Cut {
                probability: self.alarm / (self.miss + self.alarm),
                outcomes: 0,
            };
        }
        let mut sorted = outcomes.to_vec();
        sorted.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        // The cost of calling more and more, less that of calling none.
        let (mut cost, mut lowest, mut probability) = (0.0, 0.0, 1.0);
        for equal in sorted.chunk_by(|a, b| a.probability == b.probability) {
            for outcome in equal {
                cost += if outcome.is_high {
                    -self.miss
                } else {
                    self.alarm
                };
            }
            if cost < lowest {
                (lowest, probability) = (cost, equal[0].probability); // chunks are never empty
            }
        }
        Cut {
            probability,
            outcomes: outcomes.len(),
        }
    }

    /// The cut at a time, by the outcomes that are known before it; None of a forecaster without
    /// classes.
    pub fn cut_at(self, rows: &Rows, forecaster: &ForecastColumn, time_ms: i64) -> Option<Cut> {
        let regimes = forecaster.level.as_ref()?.regimes.as_ref()?;
        Some(self.cut(&known_outcomes(rows, regimes, time_ms)))
    }

    /// The cut of each fold, by the outcomes that are known before its first time: of earlier folds.
    pub(super) fn fold_cuts(self, rows: &Rows, regimes: &RegimeForecast) -> Vec<(u32, Cut)> {
        let mut folds = rows.fold.clone();
        folds.sort_unstable();
        folds.dedup();
        let cut = |fold: u32| {
            let own = (0..rows.len()).filter(|row| rows.fold[*row] == fold);
            let first_ms = own.map(|row| rows.time_ms[row]).min()?;
            Some((fold, self.cut(&known_outcomes(rows, regimes, first_ms))))
        };
        folds.into_iter().filter_map(cut).collect()
    }
}

/// The outcomes of rows whose targets end before a time.
fn known_outcomes(rows: &Rows, regimes: &RegimeForecast, time_ms: i64) -> Vec<Outcome> {
    let reach_ms = rows.reach_bars as i64 * rows.bar_ms;
    let known = (0..rows.len()).filter(|row| rows.time_ms[*row] + reach_ms < time_ms);
    known
        .filter_map(|row| outcome(rows, regimes, row))
        .collect()
}

/// The outcome of a row; None where probability, edge or outcome is unknown.
pub(super) fn outcome(rows: &Rows, regimes: &RegimeForecast, row: usize) -> Option<Outcome> {
    let (probability, edge) = (regimes.probability[2][row], regimes.edges[1][row]);
    let realized = rows.realized[row];
    let is_known = probability.is_finite() && edge.is_finite() && realized.is_finite();
    is_known.then_some(Outcome {
        probability,
        is_high: realized > edge,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn outcomes(of: &[(f64, bool)]) -> Vec<Outcome> {
        let outcome = |&(probability, is_high): &(f64, bool)| Outcome {
            probability,
            is_high,
        };
        of.iter().map(outcome).collect()
    }

    /// By hand: with a miss at 5 and an alarm at 1 calling from .2 on costs 2 (two false alarms) and
    /// from .6 on 5 (one miss); with equal costs, or a miss at 1 and an alarm at 5, .6 is best.
    #[test]
    fn the_cut_has_the_lowest_cost() {
        let found = outcomes(&[
            (0.9, true),
            (0.6, true),
            (0.4, false),
            (0.3, false),
            (0.2, true),
            (0.1, false),
        ]);
        let cut = |miss, alarm| AlarmCosts { miss, alarm }.cut(&found).probability;
        assert_eq!(
            (cut(5.0, 1.0), cut(1.0, 5.0), cut(1.0, 1.0)),
            (0.2, 0.6, 0.6)
        );
        let costs = AlarmCosts {
            miss: 1.0,
            alarm: 5.0,
        };
        assert_eq!(
            costs
                .cut(&outcomes(&[(0.9, false), (0.5, true)]))
                .probability,
            1.0
        );
    }

    /// A fold without any High before it: nothing is called, and nothing fails.
    #[test]
    fn an_empty_class_calls_nothing() {
        let costs = AlarmCosts {
            miss: 5.0,
            alarm: 1.0,
        };
        assert_eq!(
            costs
                .cut(&outcomes(&[(0.9, false), (0.5, false)]))
                .probability,
            1.0
        );
        let first = costs.cut(&[]);
        assert_eq!((first.probability, first.outcomes), (1.0 / 6.0, 0));
    }

    #[test]
    fn one_cost_without_the_other_is_refused() {
        let text = |found: Result<Option<AlarmCosts>, Error>| found.unwrap_err().to_string();
        assert_eq!(AlarmCosts::of(None, None).unwrap(), None);
        assert_eq!(
            text(AlarmCosts::of(Some(5.0), None)),
            "`alarm_cost` is missing, expected a number above 0 beside miss_cost"
        );
        assert_eq!(
            text(AlarmCosts::of(Some(5.0), Some(0.0))),
            "`alarm_cost` is 0, expected a number above 0"
        );
    }
}
