//! What targets are measured in.

use std::ops::Range;

use dataset::{Panel, Targets, trailing_volatility};

/// No target is further from 0.
const CLIP: f64 = 5.0;

/// The volatility of the horizon's return, as the last four hours have it, of every coin at
/// `rows`, `[rows, coins]`; NaN where unknown.
pub(crate) fn units(panel: &Panel, rows: Range<usize>, horizon_bars: usize) -> Vec<f64> {
    let mut units = trailing_volatility(panel, rows);
    let root = (horizon_bars as f64).sqrt();
    units.iter_mut().for_each(|unit| *unit *= root);
    units
}

/// Targets of a row, entered a bar later and in the coins' units.
pub(crate) struct RowTargets {
    /// Of each coin, less their mean; NaN where unknown.
    pub own: Vec<f64>,
    /// Mean over the coins; NaN without any.
    pub market: f64,
}

impl RowTargets {
    /// Those at `row`, in `units` (`[coins]`).
    pub fn at(targets: &Targets, row: usize, units: &[f64]) -> Self {
        let whole: Vec<f64> = units
            .iter()
            .enumerate()
            .map(|(coin, unit)| targets.value(row + 1, coin) / unit)
            .map(|value| if value.is_finite() { value } else { f64::NAN })
            .collect();
        let mean = mean_of_known(&whole);
        Self {
            own: whole
                .iter()
                .map(|value| (value - mean).clamp(-CLIP, CLIP))
                .collect(),
            market: mean_of_known(
                &whole
                    .iter()
                    .map(|v| v.clamp(-CLIP, CLIP))
                    .collect::<Vec<_>>(),
            ),
        }
    }
}

/// The mean of the values that are known; NaN without any.
pub(crate) fn mean_of_known(values: &[f64]) -> f64 {
    let known = values.iter().filter(|value| !value.is_nan());
    let (sum, count) = known.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}
