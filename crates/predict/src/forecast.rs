//! From candles to forecasts, by the same functions that training and scoring use.

use std::sync::Arc;

use dataset::{Column, Config, Eligibility, Normalizer, Panel, TargetScales};
use model::{Device, Network, Windows, forecast};
use serde::{Deserialize, Serialize};

use crate::checkpoint::Forecaster;
use crate::drift::drifts;
use crate::rule::rule;
use crate::{Checkpoint, Drift, History};

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
    /// Why there is no forecast.
    pub refused: Option<String>,
    /// Whether the model has seen this time: such a forecast says nothing of how good others are.
    #[serde(default)]
    pub in_sample: bool,
    /// How far the features are from those of training; None where there are no statistics of it.
    pub drift: Option<Drift>,
}

/// Over how many bars the features of a model of single rows are averaged before they are compared
/// with training: a network's window, but short of it so that nothing more need be fetched.
const DRIFT_BARS: usize = 60;

/// What a forecaster says of one coin, or why nothing.
pub(crate) type Said = Result<f64, String>;

/// Forecasts at the last candle of `history`: the same bits as the offline table has for that time.
///
/// # Errors
/// A device that fails.
pub fn forecast_at(checkpoint: &Checkpoint, history: &History) -> anyhow::Result<Forecasts> {
    let config = &checkpoint.config;
    let interval = config.data.interval;
    let fold = checkpoint.forecaster.fold();
    let from_ms = history.at_ms - (checkpoint.history_bars() as i64 - 1) * interval.ms();
    let grid = (from_ms, history.at_ms + interval.ms());
    let panel = Panel::build(
        &history.coins,
        interval,
        grid,
        config.data.fill_limit_bars(),
        &checkpoint.columns(),
    );
    let eligibility = Eligibility::of(&panel, &config.features);
    let row = panel.rows() - 1;
    let (values, mut drifts) = match &checkpoint.forecaster {
        Forecaster::Network {
            normalizer,
            networks,
            device,
        } => by_networks(config, &panel, &eligibility, normalizer, networks, device)?,
        Forecaster::LightGbm(model) => {
            let furthest = model.furthest(&panel, row, DRIFT_BARS);
            let drift = |(feature, std)| Drift { feature, std };
            (
                model.forecast(&panel, &eligibility, row)?,
                furthest.into_iter().map(|f| f.map(drift)).collect(),
            )
        }
        Forecaster::Ensemble(members) => members.forecast(history)?,
        Forecaster::Rule => (by_rule(config, &panel), Vec::new()),
    };
    drifts.resize(panel.coins(), None);
    let values = values.into_iter().map(finite);
    let of_coin = |((coin, value), drift): ((usize, Said), Option<Drift>)| CoinForecast {
        symbol: panel.symbols()[coin].to_string(),
        close: panel
            .is_observed(row, coin)
            .then(|| panel.value(Column::Close, row, coin)),
        forecast: value.as_ref().ok().copied(),
        refused: value.err(),
        in_sample: checkpoint.is_in_sample,
        drift: drift.filter(|drift| drift.std.is_finite()),
    };
    Ok(Forecasts {
        time: history.at_ms,
        closed_at: history.at_ms + interval.ms(),
        horizon_bars: config.horizon_bars(),
        forecaster: checkpoint.forecaster.name(fold),
        fold,
        coins: values.enumerate().zip(drifts).map(of_coin).collect(),
    })
}

/// What is no number is an error of that coin: it is never traded, and JSON has no word for it.
fn finite(said: Said) -> Said {
    match said {
        Ok(value) if !value.is_finite() => Err(format!(
            "the model's forecast is {value}, expected a finite number"
        )),
        said => said,
    }
}

/// The indicator rule's forecast of every coin at the panel's last row.
fn by_rule(config: &Config, panel: &Panel) -> Vec<Said> {
    let row = panel.rows() - 1;
    let of_coin = |coin| match panel.is_observed(row, coin) {
        true => rule(panel, row, coin, config.horizon_bars()),
        false => Err("no closed candle at this time".to_owned()),
    };
    (0..panel.coins()).map(of_coin).collect()
}

/// The seeds' mean forecast of every coin at the panel's last row, or why there is none, and every
/// coin's drift.
fn by_networks(
    config: &Config,
    panel: &Panel,
    eligibility: &Eligibility,
    normalizer: &Normalizer,
    networks: &[Network],
    device: &Device,
) -> anyhow::Result<(Vec<Said>, Vec<Option<Drift>>)> {
    let row = panel.rows() - 1;
    let features = config.features.chosen().compute(panel, 0..panel.rows());
    let drifts = drifts(&features, normalizer, config.features.lookback_bars);
    let channels = features.channels();
    let matrix = Arc::new(normalizer.apply(features));
    let windows = Windows::new(matrix, channels, config.features.lookback_bars, device);
    let scales = TargetScales::new(config, normalizer.target_scales(), panel);
    let mut sums = vec![0.0; panel.coins()];
    for network in networks {
        let outputs = forecast(network, &windows, &[row], &mut |_| {})?;
        for (coin, (sum, output)) in sums.iter_mut().zip(outputs).enumerate() {
            *sum += scales.in_unit_of_target(row, coin, output);
        }
    }
    let of_coin = |(coin, sum): (usize, f64)| {
        let unknown = (!normalizer.knows(coin))
            .then(|| "the coin had no training rows in which its target varies".to_owned());
        match unknown.or_else(|| eligibility.refusal(row, coin)) {
            Some(refusal) => Err(refusal),
            None => Ok(sum / networks.len() as f64),
        }
    };
    Ok((sums.into_iter().enumerate().map(of_coin).collect(), drifts))
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
