//! What metrics of volatility have in common.

use crate::levels::Quantity;
use crate::metrics::metric::{Better, Metric, ReportSection, Unit};

/// What metrics of volatility are, for the rest of a literal.
pub(super) const VOLATILITY: Metric = Metric {
    quantity: Quantity::LogVolatility,
    ..Metric::FURTHER
};

/// What metrics of the probabilities of volatilities above a level are.
pub(super) const ABOVE: Metric = Metric {
    section: ReportSection::Levels,
    unit: Unit::Loss,
    better: Better::Lower,
    ..VOLATILITY
};

/// What metrics of classes of volatility are.
pub(super) const REGIME: Metric = Metric {
    section: ReportSection::Regimes,
    ..VOLATILITY
};
