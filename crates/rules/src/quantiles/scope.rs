//! What a forecast is ranked against.

use rayon::prelude::*;
use score::Rows;
use serde::{Deserialize, Serialize};
use statistics::{are_equal, quantile_bins, timestamp_groups, trailing_bins};

use super::order::RowsByCoin;
use crate::error::{Error, setting};

/// Most bins.
pub(crate) const MOST_BINS: usize = 5_000;

/// Forecasts that a rank over time needs at least to say anything: an hour of minutes.
const LEAST_HISTORY: usize = 60;

/// A day in milliseconds.
pub(crate) const DAY_MS: i64 = 86_400_000;

/// What a forecast is ranked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The other coins' forecasts of the same time.
    Timestamp,
    /// The coin's forecasts of the same UTC day, later ones included: it looks ahead within the
    /// day.
    Date,
    /// The coin's own last forecasts, itself included: what was known then.
    Trailing,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Timestamp, Self::Date, Self::Trailing];

    /// `timestamp`, `date` or `trailing`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Timestamp => "timestamp",
            Self::Date => "date",
            Self::Trailing => "trailing",
        }
    }

    /// The scope of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    /// Across the coins where there are several, against the past where there is one.
    pub fn usual(coins: usize) -> Self {
        if coins > 1 {
            Self::Timestamp
        } else {
            Self::Trailing
        }
    }
}

/// How forecasts are put into bins.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantileOptions {
    /// Number of bins, 2 to 5,000.
    pub bins: usize,
    /// What a forecast is ranked against.
    pub scope: Scope,
    /// Scope `trailing`: forecasts of the coin that one is ranked among, itself included, at least
    /// 60.
    pub trailing_bars: usize,
    /// Confidence of the intervals, between 0 and 1.
    pub confidence: f64,
}

impl QuantileOptions {
    /// Ten bins, a day of bars as the past, 95 % intervals.
    pub fn usual(rows: &Rows) -> Self {
        Self {
            bins: 10,
            scope: Scope::usual(rows.symbols.len()),
            trailing_bars: Self::day_of_bars(rows.bar_ms),
            confidence: 0.95,
        }
    }

    /// The window that `trailing` has if none is named: the bars of a day, at least 60.
    pub fn day_of_bars(bar_ms: i64) -> usize {
        usize::try_from(DAY_MS / bar_ms.max(1))
            .unwrap_or(0)
            .max(LEAST_HISTORY)
    }

    /// Refuses what no bins can be made with.
    ///
    /// # Errors
    /// Names the setting that is out of its range; more bins than coins at scope `timestamp`.
    pub fn validate(&self, rows: &Rows) -> Result<(), Error> {
        if !(2..=MOST_BINS).contains(&self.bins) {
            return Err(setting("bins", self.bins, "2 to 5000"));
        }
        if self.trailing_bars < LEAST_HISTORY {
            let expected = "at least 60 bars: a rank among fewer says little";
            return Err(setting("trailing_bars", self.trailing_bars, expected));
        }
        if !(self.confidence > 0.0 && self.confidence < 1.0) {
            return Err(setting(
                "confidence",
                self.confidence,
                "a share between 0 and 1, such as 0.95",
            ));
        }
        if self.scope == Scope::Timestamp && self.bins > rows.symbols.len() {
            return Err(Error::MoreBinsThanCoins {
                bins: self.bins,
                coins: rows.symbols.len(),
            });
        }
        Ok(())
    }
}

/// The bin of every row, from 0; `None` where there is too little to rank against.
///
/// At scope `timestamp` that is a time with fewer coins than bins, at `date` a day of a coin with
/// fewer forecasts than bins (60 are always enough), at `trailing` a coin's first 59 forecasts; at
/// each of them forecasts that are all equal.
///
/// # Errors
/// As [`QuantileOptions::validate`]; no row with a bin, for lack of forecasts or of differences
/// between them.
pub(crate) fn bins_of(
    rows: &Rows,
    forecast: &[f64],
    options: &QuantileOptions,
) -> Result<Vec<Option<u16>>, Error> {
    options.validate(rows)?;
    let bins = ranked(rows, forecast, options);
    if bins.iter().all(Option::is_none) {
        // Where other forecasts would have bins, what is in the way is that these are equal.
        let different: Vec<f64> = (0..rows.len()).map(|row| row as f64).collect();
        let has_enough = ranked(rows, &different, options)
            .iter()
            .any(Option::is_some);
        let (scope, rows) = (options.scope.name(), rows.len());
        return Err(match has_enough {
            true => Error::EqualForecasts { scope, rows },
            false => Error::NoBins {
                scope,
                bins: options.bins,
                rows,
            },
        });
    }
    Ok(bins)
}

fn ranked(rows: &Rows, forecast: &[f64], options: &QuantileOptions) -> Vec<Option<u16>> {
    match options.scope {
        Scope::Timestamp => by_timestamp(rows, forecast, options.bins),
        Scope::Date => by_coin(rows, forecast, |times, values| {
            by_date(times, values, options.bins)
        }),
        Scope::Trailing => by_coin(rows, forecast, |_, values| {
            trailing_bins(values, options.bins, options.trailing_bars, LEAST_HISTORY)
        }),
    }
}

fn by_timestamp(rows: &Rows, forecast: &[f64], bins: usize) -> Vec<Option<u16>> {
    let of_group = |group: &std::ops::Range<usize>| -> Vec<Option<u16>> {
        // An order of equal forecasts is that of the coins' names.
        if group.len() < bins || are_equal(&forecast[group.clone()]) {
            return vec![None; group.len()];
        }
        quantile_bins(&forecast[group.clone()], bins)
            .into_iter()
            .map(Some)
            .collect()
    };
    // Many timestamps a task: one alone is less work than handing it over.
    let groups = timestamp_groups(&rows.time_ms);
    let tasks: Vec<Vec<Option<u16>>> = groups
        .par_chunks(4096)
        .map(|groups| groups.iter().flat_map(of_group).collect())
        .collect();
    tasks.concat()
}

fn by_coin(
    rows: &Rows,
    forecast: &[f64],
    of_coin: impl Fn(&[i64], &[f64]) -> Vec<Option<u16>> + Sync,
) -> Vec<Option<u16>> {
    let coins = RowsByCoin::new(rows);
    let of_places = |places: &Vec<u32>| {
        let times: Vec<i64> = places
            .iter()
            .map(|&row| rows.time_ms[row as usize])
            .collect();
        of_coin(&times, &RowsByCoin::values(places, forecast))
    };
    let found: Vec<Vec<Option<u16>>> = coins.places.par_iter().map(of_places).collect();
    let mut bins = vec![None; rows.len()];
    for (row, bin) in coins.places.iter().flatten().zip(found.iter().flatten()) {
        bins[*row as usize] = *bin;
    }
    bins
}

fn by_date(times: &[i64], values: &[f64], bins: usize) -> Vec<Option<u16>> {
    let least = bins.min(LEAST_HISTORY);
    let mut start = 0;
    let days = times
        .chunk_by(|a, b| a.div_euclid(DAY_MS) == b.div_euclid(DAY_MS))
        .map(|day| {
            start += day.len();
            &values[start - day.len()..start]
        });
    let days: Vec<&[f64]> = days.collect();
    let of_day = |day: &&[f64]| -> Vec<Option<u16>> {
        if day.len() < least || are_equal(day) {
            return vec![None; day.len()];
        }
        quantile_bins(day, bins).into_iter().map(Some).collect()
    };
    days.par_iter().map(of_day).collect::<Vec<_>>().concat()
}
