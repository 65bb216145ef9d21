//! The indicator rule that answers where no model loads.

use dataset::{CandleTable, Column, Config, Panel};
use market::Symbol;
use run::{ForecastResult, Forecaster};

/// What stands beside the indicator rule's forecasts.
pub(crate) const RULE: &str = "indicator rule, no model";

/// Bars of the relative strength index.
const RSI_BARS: usize = 14;

/// Bars of the volatility that scales the answer.
const VOLATILITY_BARS: usize = 60;

/// The share of the horizon's volatility that the strongest signal forecasts: a correlation of
/// 0.05, of which a rule this simple can only dream.
const SHARE: f64 = 0.05;

/// How many bars up to t the rule looks at.
const HISTORY_BARS: usize = VOLATILITY_BARS + 1;

/// The rule for the coins and the target of a run.
#[derive(Debug)]
pub(crate) struct IndicatorRule {
    config: Config,
}

impl IndicatorRule {
    /// For a run with this config.
    pub fn new(config: Config) -> Self {
        Self { config }
    }
}

impl Forecaster for IndicatorRule {
    fn history_bars(&self) -> usize {
        let own = HISTORY_BARS + self.config.data.fill_limit_bars();
        self.config.history_bars().max(own)
    }

    fn columns(&self) -> Vec<Column> {
        self.config.columns()
    }

    fn check_columns(&self, coins: &[(Symbol, CandleTable)]) -> anyhow::Result<()> {
        Ok(dataset::check_columns(&self.config, coins)?)
    }

    fn fold(&self) -> Option<usize> {
        None
    }

    fn sha256(&self) -> &str {
        ""
    }

    fn forecast(&self, panel: &Panel, rows: &[usize]) -> anyhow::Result<Vec<ForecastResult>> {
        let horizon_bars = self.config.horizon_bars();
        let answer = |row: usize, coin: usize| match panel.is_observed(row, coin) {
            true => rule(panel, row, coin, horizon_bars),
            false => Err("no closed candle at this time".to_owned()),
        };
        let coins = 0..panel.coins();
        let of_row = |&row: &usize| coins.clone().map(move |coin| answer(row, coin));
        Ok(rows.iter().flat_map(of_row).collect())
    }
}

/// Against the last move where the relative strength index is below 30 or above 70, else 0; in the
/// target's unit.
///
/// The index is J. Welles Wilder's (*New Concepts in Technical Trading Systems*, 1978) with a plain
/// mean over 14 bars.
fn rule(panel: &Panel, row: usize, coin: usize, horizon_bars: usize) -> ForecastResult {
    let closes: Vec<f64> = (row.saturating_sub(VOLATILITY_BARS)..=row)
        .map(|row| panel.value(Column::Close, row, coin))
        .collect();
    if closes.len() < HISTORY_BARS || closes.iter().any(|close| close.is_nan()) {
        return Err(format!(
            "the indicator rule needs {HISTORY_BARS} closes in a row"
        ));
    }
    let returns: Vec<f64> = closes
        .windows(2)
        .map(|pair| pair[1] / pair[0] - 1.0)
        .collect();
    let last = &returns[returns.len() - RSI_BARS..];
    let gains: f64 = last.iter().filter(|change| **change > 0.0).sum();
    let moves: f64 = last.iter().map(|change| change.abs()).sum();
    let strength = if moves > 0.0 {
        100.0 * gains / moves
    } else {
        50.0
    };
    let volatility =
        (returns.iter().map(|change| change * change).sum::<f64>() / returns.len() as f64).sqrt();
    let size = SHARE * volatility * (horizon_bars as f64).sqrt();
    Ok(match strength {
        strength if strength < 30.0 => size,
        strength if strength > 70.0 => -size,
        _ => 0.0,
    })
}
