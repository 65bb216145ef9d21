//! The result of scoring: plain values that become one JSON object or tables of text.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use statistics::ConfidenceInterval;

use crate::break_even::BreakEvenFees;
use crate::concentration::Concentration;
use crate::interval_report::IntervalReport;
use crate::levels::{LevelScore, Quantity};
use crate::metrics::{ByMetric, Metric, ReportSection, Value};
use crate::shuffled::Shuffled;

/// Scores of all forecasters on the rows they share; what is undefined is `None` (`null` in JSON,
/// `-` in tables).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What is forecast, which decides the metrics.
    #[serde(skip)]
    pub quantity: Quantity,
    /// Scored (time, symbol) pairs.
    pub rows: usize,
    /// Scored timestamps.
    pub times: usize,
    /// Number of folds.
    pub folds: usize,
    /// The folds' numbers, in the order of [`Score::folds`].
    pub fold_numbers: Vec<u32>,
    /// Times of the first and the last scored row of each fold, in UTC milliseconds.
    pub fold_spans_ms: Vec<[i64; 2]>,
    /// Number of coins among the rows.
    pub coins: usize,
    /// Length of a bar in milliseconds.
    pub bar_ms: i64,
    /// Bars from a forecast to the last price its target uses.
    pub reach_bars: usize,
    /// Bootstrap draws.
    pub draws: usize,
    /// Confidence of the intervals.
    pub confidence: f64,
    /// Seed of the draws.
    pub seed: u64,
    /// Shortest mean block length allowed, in bars.
    pub floor_bars: usize,
    /// Whether the trailing volatility is known; if not, that of the training rows is the unit of
    /// the IC a day.
    pub trailing_volatility: bool,
    /// The metrics, in the order of the tables.
    #[serde(skip)]
    pub metrics: Vec<Metric>,
    /// One score a forecaster, in the order they were given.
    pub forecasters: Vec<Score>,
    /// Paired differences between forecasters.
    pub differences: Vec<Difference>,
    /// The first forecaster that is no control (else the last return) in other orders of days: how
    /// large a score of nothing is.
    pub shuffled: Option<Shuffled>,
    /// Prediction intervals, one entry a nominal coverage, once they are scored; none where no
    /// forecaster has any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub intervals: Vec<IntervalReport>,
    /// Names of the coins of the largest turnover, largest first, once they are known; for scores
    /// of volatility.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub largest_coins: Vec<String>,
}

impl Report {
    /// The metrics that tables show in a place.
    pub fn metrics_at(&self, place: ReportSection) -> impl Iterator<Item = &Metric> {
        self.metrics
            .iter()
            .filter(move |metric| metric.section == place)
    }
}

/// One forecaster's scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// The forecaster.
    pub name: String,
    /// Its run; none for a control.
    pub run: Option<String>,
    /// The metrics.
    pub metrics: ByMetric<Value>,
    /// The pooled correlation of each fold.
    pub folds: Vec<Option<f64>>,
    /// The interval of each fold.
    pub fold_intervals: Vec<Option<ConfidenceInterval>>,
    /// The IC a day of each fold.
    pub ic_a_day_folds: Vec<Option<f64>>,
    /// The interval of each fold's IC a day: days of the fold drawn as wholes.
    pub ic_a_day_fold_intervals: Vec<Option<ConfidenceInterval>>,
    /// The interval of the pooled correlation with blocks of one day instead (or half a fold, if
    /// that is shorter).
    pub interval_day: Option<ConfidenceInterval>,
    /// Mean block length of the pooled correlation's interval, in bars.
    pub block_bars: usize,
    /// Mean block length of `interval_day`, in bars: a day, or half the longest fold where that is
    /// shorter.
    pub block_bars_day: usize,
    /// Each coin's correlation over time, mean over folds.
    pub coins: BTreeMap<String, Option<f64>>,
    /// Their bootstrap intervals; none for controls.
    pub coin_intervals: BTreeMap<String, Option<ConfidenceInterval>>,
    /// How much of the score lies in how little time.
    pub concentration: Concentrations,
    /// Volatilities and classes in detail, in the place of all of the above but the metrics; None of
    /// returns.
    pub level: Option<LevelScore>,
    /// True for a control of what the rows do not know.
    pub is_unknown: bool,
    /// The fee that forecasts could bear; None until it is asked for, and for
    /// controls.
    pub break_even: Option<BreakEvenFees>,
}

/// The keys of a score in JSON: those of returns, or those of volatilities.
#[derive(Serialize)]
struct ScoreKeys<'a> {
    name: &'a String,
    run: &'a Option<String>,
    #[serde(flatten)]
    metrics: &'a ByMetric<Value>,
    #[serde(flatten)]
    returns: Option<ReturnKeys<'a>>,
    #[serde(flatten)]
    level: &'a Option<LevelScore>,
    #[serde(skip_serializing_if = "Option::is_none")]
    break_even: &'a Option<BreakEvenFees>,
}

/// The keys that only scores of returns have.
#[derive(Serialize)]
struct ReturnKeys<'a> {
    folds: &'a Vec<Option<f64>>,
    fold_intervals: &'a Vec<Option<ConfidenceInterval>>,
    ic_a_day_folds: &'a Vec<Option<f64>>,
    ic_a_day_fold_intervals: &'a Vec<Option<ConfidenceInterval>>,
    interval_day: Option<ConfidenceInterval>,
    block_bars: usize,
    block_bars_day: usize,
    coins: &'a BTreeMap<String, Option<f64>>,
    coin_intervals: &'a BTreeMap<String, Option<ConfidenceInterval>>,
    concentration: Concentrations,
}

impl Serialize for Score {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let returns = ReturnKeys {
            folds: &self.folds,
            fold_intervals: &self.fold_intervals,
            ic_a_day_folds: &self.ic_a_day_folds,
            ic_a_day_fold_intervals: &self.ic_a_day_fold_intervals,
            interval_day: self.interval_day,
            block_bars: self.block_bars,
            block_bars_day: self.block_bars_day,
            coins: &self.coins,
            coin_intervals: &self.coin_intervals,
            concentration: self.concentration,
        };
        let keys = ScoreKeys {
            name: &self.name,
            run: &self.run,
            metrics: &self.metrics,
            returns: self.level.is_none().then_some(returns),
            level: &self.level,
            break_even: &self.break_even,
        };
        keys.serialize(serializer)
    }
}

impl Score {
    /// True for a control, which comes from no run.
    pub fn is_control(&self) -> bool {
        self.run.is_none()
    }

    /// A metric by its name, undefined where the report does not have it.
    pub fn metric(&self, name: &str) -> Value {
        self.metrics.get(name).copied().unwrap_or_default()
    }

    /// The value of a metric.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.metric(name).value
    }

    /// The bootstrap interval of a metric.
    pub fn interval(&self, name: &str) -> Option<ConfidenceInterval> {
        self.metric(name).interval
    }
}

/// How much of each version of a score lies in how little time; None where it has none or is not
/// above 0.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Concentrations {
    /// Entry one bar later.
    pub delayed: Option<Concentration>,
    /// Entry one bar later, market-neutral.
    pub delayed_neutral: Option<Concentration>,
    /// The pooled Pearson correlation.
    pub pearson: Option<Concentration>,
    /// Market-neutral.
    pub neutral: Option<Concentration>,
}

impl Concentrations {
    /// Metrics of the versions, in the order of the tables.
    pub const METRICS: [&str; 4] = ["delayed", "delayed_neutral", "pearson", "neutral"];

    /// In the order of the tables.
    pub fn versions(&self) -> [Option<Concentration>; 4] {
        [
            self.delayed,
            self.delayed_neutral,
            self.pearson,
            self.neutral,
        ]
    }
}

/// Scores of `a` minus scores of `b` over the folds in which both are defined, with intervals from
/// paired draws.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The forecaster.
    pub a: String,
    /// The one it is compared with.
    pub b: String,
    /// The forecaster's run.
    pub a_run: Option<String>,
    /// The other's run.
    pub b_run: Option<String>,
    /// The difference of each metric that forecasters are compared by.
    #[serde(flatten)]
    pub metrics: ByMetric<Value>,
    /// Diebold and Mariano's t of the daily QLIKE of forecasts of volatility, below 0 where `a` is
    /// the better one; None elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qlike_t: Option<f64>,
}

impl Difference {
    /// The difference of a metric by its name, undefined where the report does not have it.
    pub fn metric(&self, name: &str) -> Value {
        self.metrics.get(name).copied().unwrap_or_default()
    }

    /// The value of a difference.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.metric(name).value
    }

    /// The bootstrap interval of a difference.
    pub fn interval(&self, name: &str) -> Option<ConfidenceInterval> {
        self.metric(name).interval
    }
}
