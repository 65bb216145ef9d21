//! From candles to forecasts, by the same functions that training and scoring use.

use std::sync::Arc;

use dataset::{Column, Eligibility, Panel};
use model::{Device, Windows, forecast};
use serde::Serialize;

use crate::{Checkpoint, History};

/// Forecasts of all coins at one time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forecasts {
    /// Open time of the last candle used, UTC ms.
    pub time: i64,
    /// When that candle closed, and the forecast was known: UTC ms.
    pub closed_at: i64,
    /// How many bars ahead.
    pub horizon_bars: usize,
    /// The fold whose weights forecast.
    pub fold: usize,
    /// One entry a coin, in the order of the universe.
    pub coins: Vec<CoinForecast>,
}

/// The forecast of one coin.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CoinForecast {
    /// The coin.
    pub symbol: String,
    /// Close of the last candle; None where it was not observed.
    pub close: Option<f64>,
    /// The forecast of the target, None where refused.
    pub forecast: Option<f64>,
    /// Why there is no forecast.
    pub refused: Option<String>,
}

/// Forecasts at the last candle of `history`: the same bits as the offline table has for that time.
///
/// # Errors
/// A device that fails.
pub fn forecast_at(checkpoint: &Checkpoint, history: &History, device: &Device) -> anyhow::Result<Forecasts> {
    let (config, normalizer) = (&checkpoint.config, &checkpoint.normalizer);
    let interval = config.data.interval;
    let from_ms = history.at_ms - (config.history_bars() as i64 - 1) * interval.ms();
    let grid = (from_ms, history.at_ms + interval.ms());
    let panel = Panel::build(&history.coins, interval, grid, config.data.fill_limit_bars, &config.columns());
    let features = config.features.set.compute(&panel, 0..panel.rows());
    let eligibility = Eligibility::of(&panel, &config.features);
    let row = panel.rows() - 1;

    let matrix = Arc::new(normalizer.apply(&features));
    let windows = Windows::new(matrix, features.channels(), config.features.lookback_bars, device);
    let mut sums = vec![0.0; panel.coins()];
    for network in &checkpoint.networks {
        let outputs = forecast(network, &windows, &[row], &mut |_| {})?;
        for (coin, (sum, output)) in sums.iter_mut().zip(outputs).enumerate() {
            *sum += normalizer.unscaled(coin, output);
        }
    }
    let coins = panel
        .symbols()
        .iter()
        .enumerate()
        .map(|(coin, symbol)| {
            let unknown = (!normalizer.knows(coin)).then(|| "the coin had no training rows".to_owned());
            let refused = unknown.or_else(|| eligibility.refusal(row, coin));
            CoinForecast {
                symbol: symbol.to_string(),
                close: panel.is_observed(row, coin).then(|| panel.value(Column::Close, row, coin)),
                forecast: refused.is_none().then(|| sums[coin] / checkpoint.networks.len() as f64),
                refused,
            }
        })
        .collect();
    Ok(Forecasts {
        time: history.at_ms,
        closed_at: history.at_ms + interval.ms(),
        horizon_bars: config.target.horizon_bars,
        fold: normalizer.fold,
        coins,
    })
}
