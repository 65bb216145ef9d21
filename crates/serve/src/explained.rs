//! What pushed the forecasts of a bar.

use std::path::Path;

use predict::{Checkpoint, Forecasts, explain_at, forecast_at};
use run::Explanation;
use trading::Ledger;

use crate::run_facts::RunFacts;
use crate::snapshot::{Bar, CoinLine, history};

/// How far a forecast may be from the ledger's, as a part of it, and still be the same: another
/// processor rounds otherwise.
const SAME: f64 = 1e-4;

/// A coin, and what pushed its forecast or why that is not known.
type CoinAnswer = (String, Result<Explanation, String>);

/// What pushed the forecasts of a bar.
#[derive(Debug)]
pub struct ExplainedBar {
    /// Open time of the bar, UTC ms.
    pub time: i64,
    /// The label of what forecast it.
    label: String,
    /// Of each coin, or why it is not known; as a whole, why it is not known of any.
    coins: Result<Vec<CoinAnswer>, String>,
}

impl ExplainedBar {
    /// Returns true where it is of this bar.
    pub fn is_of(&self, bar: &Bar) -> bool {
        self.time == bar.time && self.label == bar.label
    }

    /// What pushed the forecast of a coin, or why that is not known.
    ///
    /// # Errors
    /// The reason.
    pub fn coin(&self, symbol: &str) -> Result<&Explanation, &str> {
        let coins = self.coins.as_ref().map_err(String::as_str)?;
        let found = coins.iter().find(|(own, _)| own == symbol);
        let found = found.map(|(_, found)| found.as_ref().map_err(String::as_str));
        found.unwrap_or(Err("the coin is not in the universe"))
    }
}

/// Makes a bar's forecasts again, by the model in `folder` and the ledger's candles, and asks the model
/// what pushed them.
///
/// # Errors
/// A model that does not load, a ledger that cannot be read.
pub fn explain_bar(
    run: &RunFacts,
    folder: &Path,
    ledger: &Path,
    bar: &Bar,
) -> anyhow::Result<ExplainedBar> {
    let explained = |coins| ExplainedBar {
        time: bar.time,
        label: bar.label.clone(),
        coins,
    };
    let load = |fold| Checkpoint::load(folder, fold, &run.overrides, run.device);
    let mut checkpoint = load(None)?;
    if !checkpoint.has_label(&bar.label) && bar.fold > 0 {
        checkpoint = load(Some(bar.fold))?;
    }
    if !checkpoint.has_label(&bar.label) {
        return Ok(explained(Err(format!(
            "the bar was forecast by {}, which is not the model that is served",
            bar.forecaster
        ))));
    }
    let ledger = Ledger::read_only(ledger)?;
    let history = history(&ledger, run, checkpoint.history_bars(), bar.time)?;
    drop(ledger);
    let made = forecast_at(&checkpoint, &history)?;
    let Some(explanations) = explain_at(&checkpoint, &history)? else {
        return Ok(explained(Err(format!(
            "{} has no way to tell what pushes its forecasts",
            bar.forecaster
        ))));
    };
    let of_coin = |coin: &CoinLine| {
        let mut own = explanations.iter();
        let own = own.find(|(symbol, _)| symbol.as_str() == coin.symbol);
        let explanation = own.and_then(|(_, explanation)| explanation.clone());
        let found = match (&coin.refused, explanation) {
            (Some(reason), _) => Err(format!("the coin was not forecast: {reason}")),
            (None, Some(explanation)) if is_same(coin, &made) => Ok(explanation.ranked()),
            (None, _) => Err(
                "the ledger's candles give another forecast now, as some came after it".to_owned(),
            ),
        };
        (coin.symbol.clone(), found)
    };
    Ok(explained(Ok(bar.coins.iter().map(of_coin).collect())))
}

/// Whether the forecast of a coin is made again.
fn is_same(coin: &CoinLine, made: &Forecasts) -> bool {
    let again = made.coins.iter().find(|own| own.symbol == coin.symbol);
    let again = again.and_then(|own| own.forecast);
    again.zip(coin.forecast).is_some_and(|(again, forecast)| {
        (again - forecast).abs() <= SAME * forecast.abs() + f64::EPSILON
    })
}
