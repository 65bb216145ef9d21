//! From candles to forecasts, by the same functions that training and scoring use.

use dataset::{Column, Panel, TrailingVolatility};
use run::{Drift, ForecastResult, PredictionInterval};
use serde::{Deserialize, Serialize};

use crate::volatility_forecast::{VolatilityForecast, volatilities};
use crate::{Checkpoint, History};

/// Forecasts of all coins at one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Forecasts {
    /// Open time of the last candle used, UTC ms.
    pub time: i64,
    /// When that candle closed, and the forecast was known: UTC ms.
    pub closed_at: i64,
    /// How many bars ahead.
    pub horizon_bars: usize,
    /// What made them: the run's model, or the indicator rule that stands in for it.
    pub forecaster: String,
    /// The fold whose weights forecast; 0 for the indicator rule.
    pub fold: usize,
    /// One entry a coin, in the order of the universe.
    pub coins: Vec<CoinForecast>,
}

/// The forecast of one coin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CoinForecast {
    /// The coin.
    pub symbol: String,
    /// Close of the last candle; None where it was not observed.
    pub close: Option<f64>,
    /// The forecast of the target, None where refused.
    pub forecast: Option<f64>,
    /// Prediction intervals around the forecast; empty where the run has none, or none for the
    /// time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub intervals: Vec<PredictionInterval>,
    /// Of a run that forecasts the logarithm of a volatility: what the forecast says of the
    /// volatility itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volatility: Option<VolatilityForecast>,
    /// Why there is no forecast.
    pub refused: Option<String>,
    /// Whether the model has seen this time: such a forecast says nothing of how good others are.
    #[serde(default)]
    pub in_sample: bool,
    /// How far the features are from those of training; None where there are no statistics of it.
    pub drift: Option<Drift>,
}

/// Forecasts at the last candle of `history`: the same bits as the offline table has for that time.
///
/// # Errors
/// A device that fails.
pub fn forecast_at(checkpoint: &Checkpoint, history: &History) -> anyhow::Result<Forecasts> {
    let config = &checkpoint.config;
    let interval = config.data.interval;
    let forecaster = &checkpoint.forecaster;
    let panel = panel(checkpoint, history);
    let row = panel.rows() - 1;
    let answers: Vec<ForecastResult> = (forecaster.forecast(&panel, &[row])?.into_iter())
        .map(finite)
        .collect();
    let mut volatilities = volatilities(checkpoint, &panel, history.at_ms, &answers)?;
    let drifts = forecaster.drift(&panel, row);
    let reach_bars = config.reach_bars();
    let trailing = TrailingVolatility::new(&panel, row..row + 1);
    let intervals = |coin: usize, answer: &ForecastResult| match (&checkpoint.intervals, answer) {
        (Some(fitted), Ok(forecast)) if !checkpoint.is_in_sample => {
            let volatility = trailing.at(row, coin, reach_bars);
            fitted.around(history.at_ms, *forecast, volatility)
        }
        _ => Vec::new(),
    };
    let of_coin =
        |((coin, answer), drift): ((usize, ForecastResult), Option<Drift>)| CoinForecast {
            symbol: panel.symbols()[coin].to_string(),
            close: panel
                .is_observed(row, coin)
                .then(|| panel.value(Column::Close, row, coin)),
            forecast: answer.as_ref().ok().copied(),
            intervals: match volatilities[coin].as_mut() {
                Some((_, own)) => std::mem::take(own),
                None => intervals(coin, &answer),
            },
            volatility: volatilities[coin].take().map(|(volatility, _)| volatility),
            refused: answer.err(),
            in_sample: checkpoint.is_in_sample,
            drift: drift.filter(|drift| drift.std.is_finite()),
        };
    Ok(Forecasts {
        time: history.at_ms,
        closed_at: history.at_ms + interval.ms(),
        horizon_bars: config.horizon_bars(),
        forecaster: checkpoint.name(),
        fold: forecaster.fold().unwrap_or(0),
        coins: (answers.into_iter().enumerate().zip(drifts))
            .map(of_coin)
            .collect(),
    })
}

/// The candles of a history on one grid, the last row of which is the one to forecast at.
pub(crate) fn panel(checkpoint: &Checkpoint, history: &History) -> Panel {
    let interval = checkpoint.config.data.interval;
    let from_ms = history.at_ms - (checkpoint.history_bars() as i64 - 1) * interval.ms();
    let data = &checkpoint.config.data;
    Panel::build(
        &history.coins,
        interval,
        (from_ms, history.at_ms + interval.ms()),
        data.fill_limit_bars(),
        &checkpoint.forecaster.columns(),
    )
    .with_jump_ratio(data.jump_ratio)
}

/// What is no number is an error of that coin: it is never traded, and JSON has no word for it.
fn finite(answer: ForecastResult) -> ForecastResult {
    match answer {
        Ok(value) if !value.is_finite() => Err(format!(
            "the model's forecast is {value}, expected a finite number"
        )),
        answer => answer,
    }
}

#[cfg(test)]
mod tests {
    use super::finite;

    #[test]
    fn what_is_no_number_is_a_refusal() {
        assert_eq!(finite(Ok(0.5)), Ok(0.5));
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(finite(Ok(value)).is_err_and(|reason| reason.contains(&value.to_string())));
        }
    }
}
