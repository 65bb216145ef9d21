//! A finished run's forecasts of rows that another data set scores.

use std::path::Path;

use dataset::{Dataset, Fold, FoldForecasts, ForecastTable, target_std};

use crate::{Forecaster, forecast_piece};

/// Forecasts the scored rows of a fold with a model that was fitted elsewhere, at the data set's first
/// horizon, so that both can be compared there. Rows that it refuses are left out.
///
/// The forecaster is handed stretches of the panel, as when a run is scored.
///
/// # Errors
/// A device or library that fails; a table that cannot be made, for which `origin` stands.
pub fn forecast_span(
    forecaster: &dyn Forecaster,
    dataset: &Dataset,
    fold: &Fold,
    origin: &Path,
) -> anyhow::Result<ForecastTable> {
    let dataset = &dataset.by_horizon()[0]; // there is one horizon at least
    let stds = target_std(&dataset.targets, fold.train.clone());
    let windows = dataset.scored_windows(fold.score.clone(), &stds);
    let coins = dataset.panel.coins();
    let mut forecasts = FoldForecasts::new(dataset, fold);
    let mut start = 0;
    let at_once = forecast_piece::rows_at_once(forecaster.history_bars());
    for ends in windows.ends.chunks(at_once) {
        let (stretch, places) =
            forecast_piece::stretch(&dataset.panel, ends, forecaster.history_bars());
        let answers = forecaster.forecast(&stretch, &places)?;
        let counted = answers.into_iter().zip(&windows.counts[start * coins..]);
        for (place, (answer, counts)) in counted.enumerate() {
            let (row, coin) = (ends[place / coins], place % coins);
            if let (true, Ok(forecast)) = (*counts, answer)
                && forecast.is_finite()
            {
                forecasts.push((row, coin), stds[coin], forecast);
            }
        }
        start += ends.len();
    }
    Ok(forecasts.table(origin)?)
}
