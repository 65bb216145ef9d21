//! From candles to forecasts, by the same functions that training and scoring use.

use dataset::{Column, Config, Panel, Payoff, SymbolEvents, Task, TimeSpan, TrailingVolatility};
use market::Symbol;
use run::{Drift, ForecastResult, PredictionInterval};
use serde::{Deserialize, Serialize};

use crate::recent_calibration::{RecentCalibration, recent_calibration};
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
    /// How far ahead the target looks, such as `15m` or `7d`.
    #[serde(default)]
    pub horizon: String,
    /// What forecasts are written in for people; in JSON they are in the target's own unit.
    #[serde(default)]
    pub unit: ForecastUnit,
    /// Of a run that forecasts volatilities: whether its forecasts of the last four weeks were right;
    /// None where none of these is out of sample with a known outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<RecentCalibration>,
    /// One entry a coin, in the order of the universe.
    pub coins: Vec<CoinForecast>,
}

/// What a forecast is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForecastUnit {
    /// Basis points, as returns of less than a day are.
    #[default]
    BasisPoints,
    /// Percent, as returns of a day and more are.
    Percent,
    /// The target's own unit: it is no return between two prices.
    Plain,
}

impl ForecastUnit {
    /// Of what a config forecasts.
    pub fn of(config: &Config) -> Self {
        let target = config.target.init(config.data.interval);
        let reach = TimeSpan::of_bars(config.reach_bars(), config.data.interval);
        match target.task() {
            Task::Return if target.earned() == Payoff::Unknown => Self::Plain,
            Task::Return if reach.ms() >= DAY_MS => Self::Percent,
            Task::Return => Self::BasisPoints,
            _ => Self::Plain,
        }
    }

    /// The unit behind a column's title; empty where it is plain.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::BasisPoints => " (bp)",
            Self::Percent => " (%)",
            Self::Plain => "",
        }
    }

    /// A forecast in this unit, with its sign and so many digits after the point.
    pub(crate) fn text(self, value: f64, digits: usize) -> String {
        match self {
            Self::BasisPoints => format!("{:+.digits$}", value * 1e4),
            Self::Percent => format!("{:+.digits$}", value * 100.0),
            Self::Plain => format!("{value:+.5}"),
        }
    }
}

const DAY_MS: i64 = 86_400_000;

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
    let panel = panel(checkpoint, history)?;
    let row = panel.rows() - 1;
    let answers: Vec<ForecastResult> = (forecaster.forecast(&panel, &[row])?.into_iter())
        .map(finite)
        .collect();
    let mut volatilities = volatilities(checkpoint, &panel, history.at_ms, &answers)?;
    let drifts = drifts(checkpoint, &panel, history.at_ms, &answers);
    let calibration = match &checkpoint.publication {
        Some(publication) => recent_calibration(checkpoint, &panel, publication)?,
        None => None,
    };
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
        horizon: config.target.horizon.to_string(),
        unit: ForecastUnit::of(config),
        calibration,
        coins: (answers.into_iter().enumerate().zip(drifts))
            .map(of_coin)
            .collect(),
    })
}

/// How far each coin's features are from those of training; of a model that has no statistics of
/// them, how far its forecast is from the run's earlier ones of the coin.
fn drifts(
    checkpoint: &Checkpoint,
    panel: &Panel,
    at_ms: i64,
    answers: &[ForecastResult],
) -> Vec<Option<Drift>> {
    let of_features = checkpoint.forecaster.drift(panel, panel.rows() - 1);
    let coins = of_features.into_iter().zip(panel.symbols()).zip(answers);
    let of_coin = |((drift, symbol), answer): ((Option<Drift>, &Symbol), &ForecastResult)| {
        let record = checkpoint.record.as_ref();
        let of_forecast = || record?.drift(symbol.as_str(), at_ms, *answer.as_ref().ok()?);
        drift.or_else(of_forecast)
    };
    coins.map(of_coin).collect()
}

/// The candles of a history on one grid, the last row of which is the one to forecast at.
///
/// # Errors
/// A `data.symbols_file` that is refused.
pub(crate) fn panel(checkpoint: &Checkpoint, history: &History) -> anyhow::Result<Panel> {
    let interval = checkpoint.config.data.interval;
    let from_ms = history.at_ms - (checkpoint.history_bars() as i64 - 1) * interval.ms();
    let data = &checkpoint.config.data;
    let panel = Panel::build(
        &history.coins,
        interval,
        (from_ms, history.at_ms + interval.ms()),
        data.filling(),
        &checkpoint.forecaster.columns(),
    );
    let events = SymbolEvents::of(data)?;
    Ok(panel.with_jump_ratio(data.jump_ratio).with_events(&events))
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
