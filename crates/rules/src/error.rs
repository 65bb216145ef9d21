//! What can be wrong with the rules, thresholds and rows handed to this crate.

/// Everything that can be refused; each message names the thing, what was found and what was
/// expected. [`Error::hint`] is the way out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// Rows, forecasts or bootstrap options that cannot be scored either.
    #[error(transparent)]
    Score(#[from] score::Error),
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
    /// Too few coins to compare a coin's forecast with those of the others.
    #[error(
        "forecasts of {found} coins, expected at least {expected}: timing compares a coin's forecast with those of the others at the same time"
    )]
    FewCoins {
        /// Coins of the rows.
        found: usize,
        /// Fewest that there may be.
        expected: usize,
    },
    /// A coin or time of the forecasts that the prices lack.
    #[error("no price of {symbol}{}, expected a bar of each forecast", at(.time_ms))]
    NoPrices {
        /// The coin.
        symbol: String,
        /// Open time of the bar, UTC milliseconds; None where the coin is not there at all.
        time_ms: Option<i64>,
    },
    /// No order has forecasts and closes of its whole time.
    #[error(
        "no order of {bars} bars, expected one with forecasts and closes of its whole time at least"
    )]
    NoOrders {
        /// Closes at which an order may be filled.
        bars: usize,
    },
    /// Text that is no thresholds.toml.
    #[error("thresholds: {reason}")]
    Thresholds {
        /// What is wrong, with the key and the value found.
        reason: String,
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
}

impl Error {
    /// The way out: a command to run, or what to change.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Score(error) => return error.hint(),
            Self::Setting { .. } => return None,
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
                "forecasts of every bar are needed; `train` and `baseline` write them with \
                 `last_return`"
            }
            Self::FewCoins { .. } => "take a run of more coins",
            Self::NoPrices { .. } => {
                "the run's candles must be where its run.toml says; `quarterhour audit` shows what \
                 the store holds"
            }
            Self::NoOrders { .. } => "an earlier deadline, or a run with more forecasts",
            Self::Thresholds { .. } => "`quarterhour thresholds RUN` writes RUN/thresholds.toml",
        };
        Some(hint.to_owned())
    }
}

/// Where a bar is named: its open time.
fn at(time_ms: &Option<i64>) -> String {
    time_ms.map_or_else(String::new, |time_ms| {
        format!(" in the bar that opens at {time_ms} ms")
    })
}

/// The error for a setting out of its range.
pub(crate) fn setting(key: &'static str, found: impl ToString, expected: &'static str) -> Error {
    Error::Setting {
        key,
        found: found.to_string(),
        expected,
    }
}
