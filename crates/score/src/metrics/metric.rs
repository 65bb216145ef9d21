//! What a metric says of itself.

use crate::levels::Quantity;
use crate::metrics::estimate::Estimate;
use crate::metrics::sample::Sample;

/// One way to say how good forecasts are: a constant in a file of its own, and a line in
/// [`METRICS`](crate::METRICS).
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its key in JSON.
    pub name: &'static str,
    /// Heading of its column.
    pub title: &'static str,
    /// What it is, in one line.
    pub legend: &'static str,
    /// How it is computed, and the source of the formula if it has one.
    pub formula: &'static str,
    /// The forecasts that it is of.
    pub quantity: Quantity,
    /// What it is measured in.
    pub unit: Unit,
    /// Which values are the good ones.
    pub better: Better,
    /// Where tables show it.
    pub section: ReportSection,
    /// Key of its bootstrap interval in JSON; None where it has no interval.
    pub interval: Option<&'static str>,
    /// Whether it comes with its t, in units of the standard error.
    pub has_t: bool,
    /// The metric of one forecaster.
    pub of: fn(&Sample<'_>) -> Estimate,
    /// The metric of one forecaster minus that of another, with the interval from paired draws;
    /// None where forecasters are not compared by it, and of metrics of volatility, which share
    /// their draws.
    pub minus: Option<fn(&Sample<'_>, &Sample<'_>) -> Estimate>,
}

/// By name: two constants of one name are one metric.
impl PartialEq for Metric {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// What a metric is measured in, which decides how it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Between -1 and 1.
    Correlation,
    /// A mean in units of its spread.
    Ratio,
    /// A part of a whole, printed in percent.
    Share,
    /// The unit of the target.
    Target,
    /// The unit of prices.
    Price,
    /// A loss, 0 where forecasts are perfect.
    Loss,
    /// A plain number.
    Number,
    /// The probability of a difference as large by luck alone.
    Probability,
}

/// Which values are the good ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Better {
    /// High ones.
    Higher,
    /// Low ones.
    Lower,
    /// Those closer to this one.
    CloserTo(f64),
}

/// Where tables show a metric; JSON has all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportSection {
    /// Among the scores, with its interval: the metrics that forecasters are compared by.
    Scores,
    /// Among the scores of prices, where the prices are known.
    Prices,
    /// Among the scores of classes, where forecasts have classes.
    Regimes,
    /// Among the scores of probabilities above a level, where forecasts have them.
    Levels,
    /// Among the further scores, as a value alone.
    Further,
    /// In JSON alone.
    Hidden,
}

impl Metric {
    /// What most metrics are, for the rest of a literal: a further score without an interval.
    ///
    /// # Examples
    /// ```
    /// use score::{Estimate, Metric};
    ///
    /// const MEAN: Metric = Metric {
    ///     name: "mean_forecast",
    ///     of: |sample| {
    ///         let forecast = sample.forecast();
    ///         Estimate::point(Some(forecast.iter().sum::<f64>() / forecast.len() as f64))
    ///     },
    ///     ..Metric::FURTHER
    /// };
    /// assert!(MEAN.interval.is_none());
    /// ```
    pub const FURTHER: Self = Self {
        name: "",
        title: "",
        legend: "",
        formula: "",
        quantity: Quantity::Return,
        unit: Unit::Correlation,
        better: Better::Higher,
        section: ReportSection::Further,
        interval: None,
        has_t: false,
        of: |_| Estimate::point(None),
        minus: None,
    };
}
