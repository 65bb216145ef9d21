//! What can be wrong with the rows, forecasts and options handed to this library.

/// Everything that can be refused; each message names the thing, what was found and what was
/// expected. [`Error::hint`] is the way out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// There is nothing to score.
    #[error("no rows to score: 0 rows, expected at least 1")]
    NoRows,
    /// No forecaster was given.
    #[error("no forecasters to score: found 0, expected at least 1")]
    NoForecasters,
    /// A column is longer or shorter than the column of times.
    #[error("column `{column}` has {found} values, expected {expected} (one a row)")]
    Length {
        /// The column's or forecaster's name.
        column: String,
        /// Its length.
        found: usize,
        /// The number of rows.
        expected: usize,
    },
    /// A row comes before the row above it.
    #[error(
        "row {row} (fold {fold}, time {time_ms} ms, symbol {symbol}) is out of order, expected rows sorted by fold, time, symbol"
    )]
    Unsorted {
        /// Index of the row.
        row: usize,
        /// Its fold.
        fold: u32,
        /// Its time, UTC milliseconds.
        time_ms: i64,
        /// Its symbol.
        symbol: String,
    },
    /// A (time, symbol) pair stands in the rows twice.
    #[error(
        "time {time_ms} ms of {symbol} stands in the rows twice (folds {first_fold} and {second_fold}), expected each (time, symbol) once"
    )]
    Duplicate {
        /// The time, UTC milliseconds.
        time_ms: i64,
        /// The symbol.
        symbol: String,
        /// The fold it was met in first.
        first_fold: u32,
        /// The fold it was met in again.
        second_fold: u32,
    },
    /// A row's symbol index has no name.
    #[error(
        "row {row} has symbol index {found}, expected one below {expected} (the number of symbols)"
    )]
    Symbol {
        /// Index of the row.
        row: usize,
        /// The index found.
        found: u32,
        /// The number of symbols.
        expected: usize,
    },
    /// A number is outside what its column may hold.
    #[error(
        "column `{column}`, row {row} (time {time_ms} ms, {symbol}): found {found}, expected {expected}"
    )]
    Value {
        /// The column's or forecaster's name.
        column: String,
        /// Index of the row.
        row: usize,
        /// Its time, UTC milliseconds.
        time_ms: i64,
        /// Its symbol.
        symbol: String,
        /// The value found.
        found: f64,
        /// What it may be.
        expected: &'static str,
    },
    /// A setting is out of its range.
    #[error("`{key}` is {found}, expected {expected}")]
    Setting {
        /// The setting.
        key: &'static str,
        /// Its value.
        found: String,
        /// What it may be, and why.
        expected: &'static str,
    },
    /// Two tables forecast different things.
    #[error(
        "{name}, time {time_ms} ms of {symbol}: realized is {found}, but {expected} in the first table, expected one target"
    )]
    OtherTarget {
        /// The forecaster.
        name: String,
        /// The time, UTC milliseconds.
        time_ms: i64,
        /// The symbol.
        symbol: String,
        /// What its table says.
        found: f64,
        /// What the first table says.
        expected: f64,
    },
    /// Panels that cannot be compared row by row.
    #[error(
        "panel {panel} has the forecasters {found}, expected those of panel {first} in the same order, {expected}"
    )]
    OtherForecasters {
        /// The panel.
        panel: String,
        /// Its forecasters.
        found: String,
        /// The first panel.
        first: String,
        /// Its forecasters.
        expected: String,
    },
    /// Too few times to tune on one part of them and judge on another.
    #[error(
        "{times} forecast times: {tuned} are left to tune thresholds on and {judged} to judge them on, expected at least 2 of each"
    )]
    ShortSpan {
        /// Distinct times of the rows.
        times: usize,
        /// Those left to tune on.
        tuned: usize,
        /// Those left to judge on.
        judged: usize,
        /// From a forecast to the close of its position.
        held_bars: usize,
    },
    /// More bins than coins to rank at one time.
    #[error("{bins} bins at scope timestamp, expected at most the number of coins, {coins}")]
    MoreBinsThanCoins {
        /// The bins asked for.
        bins: usize,
        /// The coins of the rows.
        coins: usize,
    },
    /// Every row has too little to be ranked against.
    #[error(
        "none of {rows} rows has enough forecasts to be ranked among at scope {scope} with {bins} bins"
    )]
    NoBins {
        /// What forecasts are ranked against.
        scope: &'static str,
        /// The bins asked for.
        bins: usize,
        /// All rows.
        rows: usize,
    },
    /// What is ranked against each other is equal everywhere.
    #[error(
        "the forecasts of {rows} rows that are ranked against each other at scope {scope} are equal, expected different ones: an order of equal forecasts says nothing, so there are no bins"
    )]
    EqualForecasts {
        /// What forecasts are ranked against.
        scope: &'static str,
        /// All rows.
        rows: usize,
    },
    /// No row tells what the bar after another one brought.
    #[error(
        "none of {rows} rows has the return of the bar that it would be held over, expected `last_return` in rows one bar apart"
    )]
    NoBarReturns {
        /// All rows.
        rows: usize,
    },
    /// Text that is no thresholds.toml.
    #[error("thresholds: {reason}")]
    Thresholds {
        /// What is wrong, with the key and the value found.
        reason: String,
    },
}

impl Error {
    /// The way out: a command to run, or what to change.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoForecasters
            | Self::Length { .. }
            | Self::Symbol { .. }
            | Self::Value { .. }
            | Self::Setting { .. } => return None,
            Self::NoRows => "check that the runs share scored times and symbols",
            Self::Unsorted { .. } => "sort the rows before they are scored",
            Self::Duplicate { .. } => "score folds whose scored spans do not overlap",
            Self::OtherTarget { .. } => "compare runs of one [target] section on the same candles",
            Self::OtherForecasters { .. } => {
                "list each panel's runs in one order, `--panel A=A/network,A/lightgbm --panel \
                 B=B/network,B/lightgbm`"
            }
            Self::ShortSpan { held_bars, .. } => {
                return Some(format!(
                    "positions of {held_bars} bars that are open where the spans meet are left \
                     out; take a run with more forecasts, or another --tune-share"
                ));
            }
            Self::MoreBinsThanCoins { coins, .. } => {
                return Some(format!(
                    "`--bins {coins}`, or `--scope trailing` ranks each forecast among the coin's \
                     last ones"
                ));
            }
            Self::NoBins { .. } => {
                "trailing needs 60 forecasts of a coin, date as many of one day, timestamp a time \
                 with as many coins as bins"
            }
            Self::EqualForecasts { .. } => {
                "scope trailing ranks a coin's forecasts over time, timestamp the coins of a time; \
                 a constant forecast has bins in none"
            }
            Self::NoBarReturns { .. } => {
                "forecasts of every bar are needed; `quarterhour train` and `quarterhour baseline` \
                 write them with `last_return`"
            }
            Self::Thresholds { .. } => "`scripts/tune-thresholds RUN` writes RUN/thresholds.toml",
        };
        Some(hint.to_owned())
    }
}
