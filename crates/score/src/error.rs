//! What can be wrong with the rows, forecasts and options handed to this crate.

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
            Self::OtherForecasters { .. } => {
                "list each panel's runs in one order, `--panel A=A/network,A/lightgbm --panel \
                 B=B/network,B/lightgbm`"
            }
        };
        Some(hint.to_owned())
    }
}

/// The error for a setting out of its range.
pub(crate) fn setting(key: &'static str, found: impl ToString, expected: &'static str) -> Error {
    Error::Setting {
        key,
        found: found.to_string(),
        expected,
    }
}
