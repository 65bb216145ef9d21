//! What metrics of volatility have in common.

use crate::levels::Quantity;
use crate::metrics::metric::{Metric, ReportSection};

/// What metrics of volatility are, for the rest of a literal.
pub(super) const VOLATILITY: Metric = Metric {
    quantity: Quantity::LogVolatility,
    ..Metric::FURTHER
};

/// What metrics of classes of volatility are.
pub(super) const REGIME: Metric = Metric {
    section: ReportSection::Regimes,
    ..VOLATILITY
};
