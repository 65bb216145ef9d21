//! The fee that forecasts could bear, as a report holds it.

use std::collections::BTreeMap;

use serde::Serialize;
use statistics::ConfidenceInterval;

/// What forecasts could pay.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct BreakEven {
    /// The fee of a fill (a one-way trade), in basis points, at which the sum of profits is 0;
    /// negative where it is below 0 without fees, None without trades.
    pub fee_bps: Option<f64>,
    /// Its block-bootstrap interval.
    pub interval: Option<ConfidenceInterval>,
    /// Positions, of two fills each.
    pub trades: usize,
}

/// What one forecaster's forecasts could pay.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BreakEvenFees {
    /// By symbol.
    pub coins: BTreeMap<String, BreakEven>,
    /// All coins' positions together.
    pub all: BreakEven,
}
