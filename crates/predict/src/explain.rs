//! Why the forecasts of a time are what they are.

use market::Symbol;
use run::Explanation;

use crate::forecast::panel;
use crate::{Checkpoint, History};

/// Each coin with what pushed its forecast, where that is known.
pub type CoinExplanations = Vec<(Symbol, Option<Explanation>)>;

/// What pushed the forecast of each coin at the last candle of `history`, in the order of the universe;
/// None for a coin without one. None as a whole where the model has no way to tell.
///
/// # Errors
/// As [`crate::forecast_at`].
pub fn explain_at(
    checkpoint: &Checkpoint,
    history: &History,
) -> anyhow::Result<Option<CoinExplanations>> {
    let panel = panel(checkpoint, history)?;
    let explained = checkpoint.forecaster.explain(&panel, panel.rows() - 1)?;
    let symbols = panel.symbols().iter().cloned();
    Ok(explained.map(|all| symbols.zip(all).collect()))
}
