//! What is said of prediction intervals: plain values that become JSON or tables of text.

use serde::Serialize;
use statistics::ConfidenceInterval;

/// Scores of all intervals of one nominal coverage, on the rows where each forecaster has one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IntervalReport {
    /// Share of what is realized that the intervals should hold.
    pub nominal: f64,
    /// Number of rows.
    pub rows: usize,
    /// The folds that have no such row: the first one, as intervals are fitted on earlier folds.
    pub folds_without: Vec<u32>,
    /// Mean block length of the bootstrap, in bars.
    pub block_bars: usize,
    /// One a forecaster, in the order given, then the control.
    pub forecasters: Vec<IntervalScores>,
}

/// Scores of one forecaster's intervals.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IntervalScores {
    /// The forecaster.
    pub name: String,
    /// Its run; none for a control.
    pub run: Option<String>,
    /// In the order of [`INTERVAL_METRICS`](crate::INTERVAL_METRICS).
    pub metrics: Vec<IntervalValue>,
}

/// What a metric is of one forecaster's intervals.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IntervalValue {
    /// [`IntervalMetric::name`](crate::IntervalMetric).
    pub metric: &'static str,
    /// The mean over all rows.
    pub value: f64,
    /// Its bootstrap interval.
    pub interval: Option<ConfidenceInterval>,
    /// The value minus that of the control; None for the control.
    pub minus_control: Option<f64>,
    /// The bootstrap interval of that difference, from paired draws.
    pub minus_control_interval: Option<ConfidenceInterval>,
    /// The mean over the rows of each fold, in the order of [`Report::fold_numbers`](crate::Report);
    /// None where there are none.
    pub folds: Vec<Option<f64>>,
    /// The mean over the third of the rows with the lowest trailing volatility, the middle third
    /// and the highest. Rows without one are in none.
    pub terciles: [Option<f64>; 3],
}
