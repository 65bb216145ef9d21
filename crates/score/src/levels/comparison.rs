//! Forecasters of volatility beside each other, by the loss of each day.

use statistics::{model_confidence_set, newey_west_t, qlike, stationary_block_indices};

use super::day_draws::DayDraws;
use crate::common_rows::CommonRows;
use crate::rows::ForecastColumn;

/// Lags of Diebold and Mariano's test by the losses of days: four weeks.
const LAGS: usize = 28;

/// Name of forecasters that know what comes, and so are no candidates.
const ORACLE: &str = "oracle";

/// Mean QLIKE over the rows of each day.
pub(super) fn daily_losses(
    common: &CommonRows<'_>,
    days: &DayDraws,
    forecaster: &ForecastColumn,
) -> Vec<f64> {
    let Some(level) = &forecaster.level else {
        return Vec::new();
    };
    let loss = |row: usize| {
        let realized = common.rows.realized[row].exp();
        qlike(realized * realized, level.variance[row])
    };
    days.day_means(&common.spans, loss)
}

/// Diebold and Mariano's t of the losses of one forecaster minus those of another.
pub(super) fn diebold_mariano_t(a: &[f64], b: &[f64]) -> Option<f64> {
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    newey_west_t(&differences, LAGS)
}

/// The Model Confidence Set's p of each forecaster (Hansen, Lunde and Nason, Econometrica 79, 2011),
/// by a stationary bootstrap of days with blocks of the options' mean length. None of an oracle, and
/// of all where the days hold too few blocks.
pub(super) fn confidence_set(
    common: &CommonRows<'_>,
    days: &DayDraws,
    forecasters: &[&ForecastColumn],
    losses: &[Vec<f64>],
) -> Vec<Option<f64>> {
    let is_candidate = |place: &usize| forecasters[*place].name != ORACLE;
    let candidates: Vec<usize> = (0..forecasters.len()).filter(is_candidate).collect();
    let mut all = vec![None; forecasters.len()];
    if days.has_draws() {
        let options = common.options;
        let own: Vec<Vec<f64>> = candidates
            .iter()
            .map(|&place| losses[place].clone())
            .collect();
        let (length, block) = (days.days, options.block_days);
        let indices = stationary_block_indices(length, block, options.draws, options.seed);
        let values = model_confidence_set(&own, &indices).unwrap_or_default();
        for (&place, p) in candidates.iter().zip(values) {
            all[place] = Some(p);
        }
    }
    all
}
