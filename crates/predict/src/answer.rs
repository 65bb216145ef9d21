//! What `predict` answers.

use crate::{CandleSource, Forecasts};

/// What `predict` prints, with what it says beside that.
#[derive(Debug)]
pub struct Answer {
    /// The forecasts.
    pub forecasts: Forecasts,
    /// Source of the candles.
    pub source: CandleSource,
    /// Whether the forecasts are of a volatility.
    pub is_of_volatility: bool,
    /// Age of the forecasts in seconds where they are reused; None where they are new.
    pub reused_after_secs: Option<u64>,
}
