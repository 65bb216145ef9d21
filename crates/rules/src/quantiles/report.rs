//! What was realized in each bin: plain values that become a table, CSV, JSON or a chart.

use serde::Serialize;
use statistics::ConfidenceInterval;

use super::scope::Scope;

/// What was realized in each bin of one forecaster.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuantileReport {
    /// Whose forecasts.
    pub forecaster: String,
    /// Its run.
    pub run: Option<String>,
    /// What a forecast was ranked against.
    pub scope: Scope,
    /// Whether ranks used forecasts that came later.
    pub looks_ahead: bool,
    /// Number of bins.
    pub bins: usize,
    /// Scope `trailing`: forecasts that one was ranked among.
    pub trailing_bars: Option<usize>,
    /// All rows.
    pub rows: usize,
    /// Rows that had too little to be ranked against.
    pub left_out: usize,
    /// Bins that no row came into.
    pub empty_bins: usize,
    /// Number of coins.
    pub coins: usize,
    /// First and last time of a row, UTC milliseconds.
    pub span_ms: [i64; 2],
    /// Length of a bar in milliseconds.
    pub bar_ms: i64,
    /// Bars that a realized value reaches over.
    pub reach_bars: usize,
    /// Confidence of the intervals.
    pub confidence: f64,
    /// Slices of time that count as one event in an interval, in milliseconds: an hour or a day, and
    /// more where the target reaches over more than half of it.
    pub slice_ms: i64,
    /// Spearman correlation of forecast and realized over all rows together.
    pub rank_correlation: Option<f64>,
    /// Spearman correlation across the coins of each time.
    pub rank_ic: RankIc,
    /// Mean of the highest bin minus mean of the lowest.
    pub spread: Option<f64>,
    /// Its interval.
    pub spread_interval: Option<ConfidenceInterval>,
    /// Scope `date`: how much of the spread is looking ahead.
    pub look_ahead: Option<LookAhead>,
    /// Lowest forecasts first.
    pub quantiles: Vec<Quantile>,
}

/// Spearman correlation across the coins of each time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RankIc {
    /// Mean over times.
    pub mean: Option<f64>,
    /// Median over times.
    pub median: Option<f64>,
    /// Times at which it is defined.
    pub timestamps: usize,
}

/// One bin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quantile {
    /// From 1, lowest forecasts first.
    pub bin: usize,
    /// Rows in it.
    pub count: usize,
    /// Mean realized; none where the bin is empty.
    pub mean: Option<f64>,
    /// Its interval; none where fewer than five slices of time have a row in the bin.
    pub interval: Option<ConfidenceInterval>,
    /// The bin's mean realized of every time, added up over time and divided by the bars that a
    /// realized value reaches over: what a capital in as many parts would have earned before
    /// fees, not compounded.
    pub cumulative: f64,
}

/// The spread with later forecasts of the day known, and without, on the rows that have a bin in
/// both.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LookAhead {
    /// Rows that have a bin in both.
    pub rows: usize,
    /// Highest bin minus lowest at scope `date`.
    pub date: Option<f64>,
    /// The same at scope `trailing`.
    pub trailing: Option<f64>,
}
