//! The root mean squared error of prices.

use statistics::{mean, root_mean_squared_error};

use crate::metrics::estimate::Estimate;
use crate::metrics::metric::{Better, Metric, ReportSection, Unit};
use crate::price_errors::of_coins;

/// Root mean squared error of a coin's price, the mean over coins.
pub const METRIC: Metric = Metric {
    name: "price_rmse",
    title: "price RMSE",
    legend: "root mean squared error of a coin's price, the mean over coins: the dearest coins are \
        most of it",
    formula: "mean over coins of the root of the mean over its rows of (close (1 + forecast) - \
        close (1 + realized))^2",
    unit: Unit::Price,
    better: Better::Lower,
    section: ReportSection::Prices,
    of: |sample| {
        Estimate::point(of_coins(sample, root_mean_squared_error).map(|coins| mean(&coins)))
    },
    ..Metric::FURTHER
};
