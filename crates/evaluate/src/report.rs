//! The result of scoring: plain values that become one JSON object or tables of text.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::break_even::BreakEvenFees;
use crate::concentration::Concentration;
use crate::cross_section::InformationCoefficient;
use crate::ic_a_day::IcADay;
use crate::shuffled::Shuffled;

/// Lower and upper end of an interval.
pub type Interval = [f64; 2];

/// What a claim rests on, each with its interval: entry one bar later, the same market-neutral,
/// plain, market-neutral.
pub(crate) type Headline = [(Option<f64>, Option<Interval>); 4];

/// Scores of all forecasters on the rows they share; what is undefined is `None` (`null` in JSON,
/// `-` in tables).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Scored (time, symbol) pairs.
    pub rows: usize,
    /// Scored timestamps.
    pub times: usize,
    /// Number of folds.
    pub folds: usize,
    /// The folds' numbers, in the order of [`Score::folds`].
    pub fold_numbers: Vec<u32>,
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
    /// One score a forecaster, in the order they were given.
    pub forecasters: Vec<Score>,
    /// Paired differences between forecasters.
    pub differences: Vec<Difference>,
    /// The first forecaster that is no control (else the last return) in other orders of days: how
    /// large a score of nothing is.
    pub shuffled: Option<Shuffled>,
}

/// One forecaster's scores. Correlations are means over folds unless their line says otherwise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    /// The forecaster.
    pub name: String,
    /// Its run; none for a control.
    pub run: Option<String>,
    /// IC a day, market-neutral, entry one bar later: the score to decide on.
    pub ic_a_day: IcADay,
    /// The same of forecasts and returns as they are.
    pub ic_a_day_raw: IcADay,
    /// Mean over folds of the Pearson correlation of forecast and realized, pooled over all (time,
    /// coin) pairs.
    pub pearson: Option<f64>,
    /// Its bootstrap interval.
    pub interval: Option<Interval>,
    /// The pooled correlation of each fold.
    pub folds: Vec<Option<f64>>,
    /// The interval of each fold.
    pub fold_intervals: Vec<Option<Interval>>,
    /// The interval with blocks of one day instead (or half a fold, if that is shorter).
    pub interval_day: Option<Interval>,
    /// Mean block length of `interval`, in bars.
    pub block_bars: usize,
    /// Mean block length of `interval_day`, in bars: a day, or half the longest fold where that is
    /// shorter.
    pub block_bars_day: usize,
    /// Weighted by the rows' weights.
    pub weighted: Option<f64>,
    /// Both sides divided by the coin's training volatility.
    pub scaled: Option<f64>,
    /// Its bootstrap interval.
    pub scaled_interval: Option<Interval>,
    /// Market-neutral: both sides minus their mean over coins at the timestamp.
    pub neutral: Option<f64>,
    /// Its bootstrap interval.
    pub neutral_interval: Option<Interval>,
    /// Against what is realized with entry one bar later.
    pub delayed: Option<f64>,
    /// Its bootstrap interval.
    pub delayed_interval: Option<Interval>,
    /// Entry one bar later, market-neutral.
    pub delayed_neutral: Option<f64>,
    /// Its bootstrap interval.
    pub delayed_neutral_interval: Option<Interval>,
    /// Spearman's rank correlation, pooled within a fold.
    pub rank_correlation: Option<f64>,
    /// Pearson across coins at each timestamp, over all timestamps.
    pub ic: InformationCoefficient,
    /// Mean over timestamps of Spearman's correlation across coins.
    pub rank_ic: Option<f64>,
    /// Its bootstrap interval.
    pub rank_ic_interval: Option<Interval>,
    /// The same against what is realized with entry one bar later.
    pub rank_ic_delayed: Option<f64>,
    /// Its bootstrap interval.
    pub rank_ic_delayed_interval: Option<Interval>,
    /// Standard deviation over timestamps of `rank_ic`.
    pub rank_ic_std: Option<f64>,
    /// `rank_ic` divided by that.
    pub rank_icir: Option<f64>,
    /// Mean absolute error over all rows.
    pub mae: Option<f64>,
    /// Root of the mean squared error over all rows.
    pub rmse: Option<f64>,
    /// Share of rows whose sign was right, where neither side is 0.
    pub directional_accuracy: Option<f64>,
    /// Each coin's correlation over time, mean over folds.
    pub coins: BTreeMap<String, Option<f64>>,
    /// Their bootstrap intervals; none for controls.
    pub coin_intervals: BTreeMap<String, Option<Interval>>,
    /// How much of the score lies in how little time.
    pub concentration: Concentrations,
    /// The fee that forecasts could bear; None until [`Report::with_break_even`], and for
    /// controls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_even: Option<BreakEvenFees>,
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
    /// In the order of the tables.
    pub(crate) fn versions(&self) -> [Option<Concentration>; 4] {
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
    /// Difference of the ICs a day, day by day.
    pub ic_a_day: IcADay,
    /// The same of forecasts and returns as they are.
    pub ic_a_day_raw: IcADay,
    /// Difference with entry one bar later.
    pub delayed: Option<f64>,
    /// Its bootstrap interval.
    pub delayed_interval: Option<Interval>,
    /// Difference with entry one bar later, market-neutral.
    pub delayed_neutral: Option<f64>,
    /// Its bootstrap interval.
    pub delayed_neutral_interval: Option<Interval>,
    /// Difference of the pooled correlations.
    pub pearson: Option<f64>,
    /// Its bootstrap interval.
    pub interval: Option<Interval>,
    /// Difference of the market-neutral correlations.
    pub neutral: Option<f64>,
    /// Its bootstrap interval.
    pub neutral_interval: Option<Interval>,
    /// Difference of the rank ICs.
    pub rank_ic: Option<f64>,
    /// Its bootstrap interval.
    pub rank_ic_interval: Option<Interval>,
    /// Difference of the rank ICs with entry one bar later.
    pub rank_ic_delayed: Option<f64>,
    /// Its bootstrap interval.
    pub rank_ic_delayed_interval: Option<Interval>,
}

impl Score {
    pub(crate) fn headline(&self) -> Headline {
        [
            (self.delayed, self.delayed_interval),
            (self.delayed_neutral, self.delayed_neutral_interval),
            (self.pearson, self.interval),
            (self.neutral, self.neutral_interval),
        ]
    }

    /// The rank IC with entry one bar later, and without.
    pub(crate) fn ranks(&self) -> [(Option<f64>, Option<Interval>); 2] {
        [
            (self.rank_ic_delayed, self.rank_ic_delayed_interval),
            (self.rank_ic, self.rank_ic_interval),
        ]
    }
}

impl Difference {
    pub(crate) fn headline(&self) -> Headline {
        [
            (self.delayed, self.delayed_interval),
            (self.delayed_neutral, self.delayed_neutral_interval),
            (self.pearson, self.interval),
            (self.neutral, self.neutral_interval),
        ]
    }

    /// The rank IC with entry one bar later, and without.
    pub(crate) fn ranks(&self) -> [(Option<f64>, Option<Interval>); 2] {
        [
            (self.rank_ic_delayed, self.rank_ic_delayed_interval),
            (self.rank_ic, self.rank_ic_interval),
        ]
    }
}
