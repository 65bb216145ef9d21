//! What each member adds to the others.

use score::{Options, Rows, Value, daily_ics, mean_over_days};
use statistics::minus;

use crate::offline::combined;
use crate::{EnsembleOptions, FoldWeights, fold_weights};

/// What a member is worth, by IC a day.
#[derive(Debug, Clone, Copy)]
pub struct Gain {
    /// Of the member alone.
    pub alone: Value,
    /// Of the ensemble of the other members, with weights of its own.
    pub others: Value,
    /// Of the whole ensemble, minus that of the others.
    pub gain: Value,
}

/// The gain of each member; `forecasts` is `[members][rows]`, `folds` the whole ensemble's
/// weights.
///
/// # Errors
/// As [`fold_weights`].
pub fn gains(
    rows: &Rows,
    forecasts: &[&[f64]],
    folds: &[FoldWeights],
    options: &EnsembleOptions,
    embargo_bars: usize,
) -> anyhow::Result<Vec<Gain>> {
    let days = |forecast: &[f64]| daily_ics(rows, forecast);
    let mean = |days: &[Option<f64>]| mean_over_days(rows, days, &Options::default());
    let whole = days(&combined(rows, forecasts, folds, options.method)?);
    let of_member = |member: usize| {
        let mut others = forecasts.to_vec();
        let alone = days(others.remove(member));
        let folds = fold_weights(rows, &others, options, embargo_bars)?;
        let others = days(&combined(rows, &others, &folds, options.method)?);
        Ok(Gain {
            alone: mean(&alone),
            others: mean(&others),
            gain: mean(&minus(&whole, &others)),
        })
    };
    (0..forecasts.len()).map(of_member).collect()
}
