//! Realized variance: what a volatility, as a target and as a control, is computed from.

use std::ops::Range;

use market::Interval;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Panel;
use crate::features::trailing_mean;
use crate::log_returns::log_returns;

const DAY_MS: i64 = 86_400_000;

/// A variance below this share of the mean square is what rounding leaves of a drift that is all
/// there is: no volatility.
const ROUNDING: f64 = 1e-13;

/// How a volatility is computed from the returns of the horizon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Estimator {
    /// Root mean square. Its square times the number of days is the realized variance, which adds
    /// up over days and is what GARCH and HAR forecast.
    #[default]
    Rms,
    /// Sample standard deviation (n - 1), as an earlier pipeline had it: it subtracts a drift that
    /// is estimated from the same few returns.
    Std,
}

impl Estimator {
    /// Returns true for the default, which old files do not name.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    pub(crate) fn is_rms(&self) -> bool {
        *self == Self::Rms
    }
}

/// How many bars a day has; less than 1 where a bar is longer.
pub(super) fn bars_per_day(interval: Interval) -> f64 {
    DAY_MS as f64 / interval.ms() as f64
}

/// Variance per day of a coin's last `bars` log returns, at some rows of a panel; NaN unless all of
/// them are known.
pub(super) fn trailing_variance(
    panel: &Panel,
    (coin, rows): (usize, Range<usize>),
    bars: usize,
    estimator: Estimator,
) -> Vec<f64> {
    let from = rows.start.saturating_sub(bars - 1);
    let returns = log_returns(panel, coin, from..rows.end);
    let mean = |value: fn(f64) -> f64| {
        let values: Vec<f64> = returns.iter().map(|value_of| value(*value_of)).collect();
        trailing_mean(&values, bars, panel.bar_number(from))
    };
    let per_day = bars_per_day(panel.interval());
    let mut variances = mean(|value| value * value);
    if estimator == Estimator::Std {
        let sample = bars as f64 / (bars as f64 - 1.0);
        for (variance, mean) in variances.iter_mut().zip(mean(|value| value)) {
            let centred = *variance - mean * mean;
            let is_known = centred > ROUNDING * *variance;
            *variance = if is_known { centred * sample } else { 0.0 };
        }
    }
    let mut known = 0;
    for (variance, value) in variances.iter_mut().zip(&returns) {
        known = if value.is_nan() { 0 } else { known + 1 };
        *variance = if known < bars {
            f64::NAN
        } else {
            *variance * per_day
        };
    }
    variances.split_off(rows.start - from)
}
