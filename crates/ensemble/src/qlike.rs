//! Weights by the QLIKE that members had of late.

use std::ops::Range;

use anyhow::anyhow;
use cli::WithHint;
use score::{Quantity, Rows};

use crate::evidence::Evidence;
use crate::{EnsembleOptions, Weights};

const DAY_MS: f64 = 86_400_000.0;

/// Members' errors at each time of the folds before.
///
/// A member's loss over the last days is its QLIKE at its best level,
/// `ln mean(exp 2e) - mean(2e)`, e being what came less what was forecast: that is the least over c of
/// the mean of `exp(2(e - c)) - 2(e - c) - 1` (Patton 2011). Its level counts for nothing, as what the
/// ensemble publishes is brought to its level by its own residuals.
pub(crate) struct QlikeEvidence<'a> {
    rows: &'a Rows,
    forecasts: &'a [&'a [f64]],
    /// `ensemble.recent_days`
    recent_days: f64,
    times: Vec<TimeErrors>,
}

/// Means over the coins of one time, one entry a member.
struct TimeErrors {
    time_ms: i64,
    /// Of exp(2e).
    ratios: Vec<f64>,
    /// Of 2e.
    logs: Vec<f64>,
}

impl<'a> QlikeEvidence<'a> {
    /// Of no time yet; `forecasts` is `[members][rows]`.
    ///
    /// # Errors
    /// Rows whose forecasts are not of a volatility.
    pub fn new(
        rows: &'a Rows,
        forecasts: &'a [&'a [f64]],
        options: &EnsembleOptions,
    ) -> anyhow::Result<Self> {
        if rows.quantity != Quantity::LogVolatility {
            return Err(anyhow!(
                "ensemble.method = \"qlike\" of runs that forecast no volatility: expected \
                 target.kind = \"volatility\", as QLIKE compares variances"
            )
            .hint("--set ensemble.method=average"));
        }
        Ok(Self {
            rows,
            forecasts,
            recent_days: options.recent_days,
            times: Vec::new(),
        })
    }

    /// The last days that are known.
    fn recent(&self) -> &[TimeErrors] {
        let Some(last) = self.times.last() else {
            return &[];
        };
        let since_ms = last.time_ms as f64 - self.recent_days * DAY_MS;
        let known = |errors: &TimeErrors| (errors.time_ms as f64) <= since_ms;
        &self.times[self.times.partition_point(known)..]
    }
}

impl Evidence for QlikeEvidence<'_> {
    fn entry_bars(&self) -> usize {
        0
    }

    fn add(&mut self, rows: Range<usize>) {
        let (count, realized) = (rows.len() as f64, &self.rows.realized[rows.clone()]);
        let mean = |forecasts: &[f64], of: fn(f64) -> f64| -> f64 {
            let pairs = realized.iter().zip(&forecasts[rows.clone()]);
            pairs
                .map(|(came, said)| of(2.0 * (came - said)))
                .sum::<f64>()
                / count
        };
        let of_members = |of: fn(f64) -> f64| {
            let forecasts = self.forecasts.iter();
            forecasts.map(|forecasts| mean(forecasts, of)).collect()
        };
        self.times.push(TimeErrors {
            time_ms: self.rows.time_ms[rows.start],
            ratios: of_members(f64::exp),
            logs: of_members(|twice| twice),
        });
    }

    /// Targets that overlap are one.
    fn events(&self) -> f64 {
        let recent = self.recent();
        let (Some(first), Some(last)) = (recent.first(), recent.last()) else {
            return 0.0;
        };
        let reach_ms = self.rows.reach_bars as f64 * self.rows.bar_ms as f64;
        (last.time_ms - first.time_ms) as f64 / reach_ms + 1.0
    }

    /// In proportion to `exp(-events x loss / 2)`: half the QLIKE is what a normal likelihood of returns
    /// of that variance has as its negative logarithm, so that these are posterior probabilities of
    /// the members. The same say for all where nothing is known.
    fn weights(&self) -> Weights {
        let recent = self.recent();
        let count = recent.len() as f64;
        let loss = |member: usize| {
            let mean = |of: fn(&TimeErrors) -> &Vec<f64>| {
                recent.iter().map(|errors| of(errors)[member]).sum::<f64>() / count
            };
            mean(|errors| &errors.ratios).ln() - mean(|errors| &errors.logs)
        };
        let members = self.forecasts.len();
        let losses: Vec<f64> = (0..members).map(loss).collect();
        let least = losses.iter().copied().fold(f64::INFINITY, f64::min);
        let events = self.events();
        let say = |loss: &f64| (-events * (loss - least) / 2.0).exp();
        let says: Vec<f64> = losses.iter().map(say).collect();
        let sum: f64 = says.iter().sum();
        if recent.is_empty() || !sum.is_finite() {
            return Weights::equal(members);
        }
        let weights: Vec<f64> = says.iter().map(|say| say / sum).collect();
        Weights {
            market: weights.clone(),
            own: weights,
        }
    }
}
