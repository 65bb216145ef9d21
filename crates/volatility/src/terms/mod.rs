//! What linear models multiply with coefficients: functions of a coin's candles up to a row.

mod coin_history;
mod days;
mod list;

use dataset::{FeatureSet, garch_warm_up_bars};
use market::Interval;

pub(crate) use coin_history::CoinHistory;
pub(crate) use list::*;

/// Days of the level that is over all of them, at most, as a row's history has to be there live.
const LONG_LEVEL_DAYS: usize = 730;
/// Days that it needs.
const LEAST_LEVEL_DAYS: usize = 22;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// A term of a linear model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Term {
    /// Its name in `volatility.terms`, in files and in tables.
    pub name: &'static str,
    pub source: Source,
}

/// What a term is computed from; a term is NaN where it is unknown.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source {
    /// A feature by its place in the set `har_range`.
    HarRange(usize),
    /// A feature by its place in the set `har_intraday`.
    HarIntraday(usize),
    /// The volatility per day of the last so many days.
    Volatility(usize),
    /// The logarithm of the mean size of the returns of the last so many days, per day as a
    /// volatility is.
    Size(usize),
    /// The logarithm of the root of the mean squared return of the last so many days, rising prices
    /// counted as 0, per day.
    Falling(usize),
    /// The logarithm of the mean fourth power of the returns of the last so many days over the square
    /// of their variance: large where few returns make the variance, which tells little then.
    Kurtosis(usize),
    /// The logarithm of the root of a mean variance of the last so many candles of a day.
    Days(DayVariance, usize),
    /// The mean over all days so far of the logarithm of the day's volatility.
    LongLevel,
    /// The share of the last day's squared returns that are of falling prices.
    Downside,
    /// The logarithm of the root of the last day's quarticity over its variance.
    Quarticity,
    /// The logarithm of the volatility per day that a GARCH model of the coin's last year expects of the
    /// next 7 days, fitted weekly.
    Garch,
    /// The mean, over so many earlier days or weeks, of the logarithm of the volatility in the hours of the
    /// day that are to be forecast.
    SameHours(Rhythm, usize),
    /// The mean over the coins of another term.
    Market(&'static Term),
}

/// What comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rhythm {
    Day,
    Week,
}

impl Rhythm {
    fn days(self) -> usize {
        match self {
            Self::Day => 1,
            Self::Week => 7,
        }
    }

    /// How many periods back the span that is to be forecast has ended.
    fn first(self, interval: Interval, horizon_bars: usize) -> usize {
        horizon_bars.div_ceil(bars_of_days(self.days(), interval))
    }
}

/// Variance of one candle of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DayVariance {
    /// The squared log return of its close.
    Return,
    Parkinson,
    GarmanKlass,
    RogersSatchell,
}

impl Source {
    /// How many bars up to t a value at t looks at, where the bars after it that are to be forecast are
    /// `horizon_bars`.
    pub fn history_bars(self, interval: Interval, horizon_bars: usize) -> usize {
        // The oldest return needs the close before it.
        let days = |days: usize| bars_of_days(days, interval) + 1;
        match self {
            Self::HarRange(_) => FeatureSet::HAR_RANGE.formulas().warm_up_bars(interval),
            Self::HarIntraday(_) => FeatureSet::HAR_INTRADAY.formulas().warm_up_bars(interval),
            Self::Volatility(count)
            | Self::Size(count)
            | Self::Falling(count)
            | Self::Kurtosis(count)
            | Self::Days(_, count) => days(count),
            Self::SameHours(rhythm, count) => {
                days(rhythm.days() * (rhythm.first(interval, horizon_bars) + count - 1))
            }
            Self::LongLevel => days(LONG_LEVEL_DAYS),
            Self::Downside | Self::Quarticity => days(1),
            Self::Garch => garch_warm_up_bars(interval) + 1,
            Self::Market(term) => term.source.history_bars(interval, horizon_bars),
        }
    }
}

/// How many bars so many days have: at least one.
fn bars_of_days(days: usize, interval: Interval) -> usize {
    (days as i64 * DAY_MS / interval.ms()).max(1) as usize
}

/// The logarithm of a volatility that counts as a hundredth of a percent at least; NaN stays NaN.
fn floored_ln(volatility: f64) -> f64 {
    match volatility.is_nan() {
        true => f64::NAN,
        false => volatility.max(1e-4).ln(),
    }
}
