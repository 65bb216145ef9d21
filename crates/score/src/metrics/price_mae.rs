//! The mean absolute error of prices.

use statistics::{mean, mean_absolute_error};

use crate::metrics::estimate::Estimate;
use crate::metrics::metric::{Better, Metric, ReportSection, Unit};
use crate::price_errors::of_coins;

/// Mean absolute error of a coin's price, the mean over coins.
pub const METRIC: Metric = Metric {
    name: "price_mae",
    title: "price MAE",
    legend: "mean absolute error of a coin's price, the mean over coins: the dearest coins are most \
        of it",
    formula: "mean over coins of the mean over its rows of |close (1 + forecast) - close (1 + \
        realized)|",
    unit: Unit::Price,
    better: Better::Lower,
    section: ReportSection::Prices,
    of: |sample| Estimate::point(of_coins(sample, mean_absolute_error).map(|coins| mean(&coins))),
    ..Metric::FURTHER
};
