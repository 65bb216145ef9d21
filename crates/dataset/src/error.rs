//! What can go wrong between candles on disk and windows.

use std::path::{Path, PathBuf};

/// An error of this crate; [`Error::hint`] is the way out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A configuration value that makes no sense.
    #[error("{key} = {found}: expected {expected}")]
    Config {
        /// The key with its section.
        key: &'static str,
        /// The value found.
        found: String,
        /// What would be accepted.
        expected: String,
    },
    /// The store holds no candles for a symbol of the universe.
    #[error("no {interval} {market} candles of {symbol} in {}", dir.display())]
    NoCandles {
        /// The symbol without candles.
        symbol: String,
        /// Spot or futures.
        market: String,
        /// The bar length.
        interval: String,
        /// The store's folder.
        dir: PathBuf,
        /// The coin that was probably meant, where the store has one of a like name.
        hint: Option<Box<str>>,
    },
    /// The candles lack columns that the feature set needs.
    #[error("feature set `{set}` needs {needed}, but the candles of {symbol} have no {missing}")]
    MissingColumns {
        /// The feature set asked for.
        set: String,
        /// The columns it needs.
        needed: String,
        /// The first symbol that lacks one.
        symbol: String,
        /// The columns lacking.
        missing: String,
        /// Feature sets that need only what is there.
        alternatives: Vec<String>,
    },
    /// Too few rows for what was asked.
    #[error("{what}: found {found} rows, expected at least {expected}")]
    TooFewRows {
        /// What was being made.
        what: String,
        /// The rows there are.
        found: usize,
        /// The rows needed.
        expected: usize,
        /// The way out.
        hint: String,
    },
    /// A candle that contradicts itself or its place.
    #[error("{}: row {row}: {reason}", path.display())]
    BadRow {
        /// The file.
        path: PathBuf,
        /// 1-based row among the data rows.
        row: usize,
        /// What is wrong, with the value found.
        reason: String,
    },
    /// A new candle differs from the stored one.
    #[error("{}: {symbol} at {time}: {column} is {new}, but the store has {old}", path.display())]
    Conflict {
        /// The stored file.
        path: PathBuf,
        /// The symbol.
        symbol: String,
        /// The candle's open time.
        time: String,
        /// The column that differs.
        column: &'static str,
        /// The stored value.
        old: f64,
        /// The new value.
        new: f64,
    },
    /// Statistics that belong to another feature set, universe or run.
    #[error("statistics do not fit: {what}: found {found}, expected {expected}")]
    StatsMismatch {
        /// What differs.
        what: &'static str,
        /// What the statistics say.
        found: String,
        /// What the run says.
        expected: String,
        /// The way out.
        hint: &'static str,
    },
    /// A run's config that is not the one that its model was trained with.
    #[error(
        "{key} is {found}, but the model was trained with {trained}: the config's SHA-256 is {found_hash}, {} names \
         {trained_hash}",
        file.display()
    )]
    ConfigMismatch {
        /// The model's file.
        file: PathBuf,
        /// The first key that differs, with its section.
        key: Box<str>,
        /// Its value in the run's config.
        found: Box<str>,
        /// Its value while the model was trained.
        trained: Box<str>,
        /// Hash of the parts of the run's config that forecasts depend on.
        found_hash: Box<str>,
        /// The same of the config that the model was trained with.
        trained_hash: Box<str>,
    },
    /// What is wrong with a `[[panel]]` section or its candles.
    #[error("[[panel]] {name}: {error}")]
    Panel {
        /// The panel's name.
        name: String,
        /// What is wrong.
        error: Box<Self>,
    },
    /// An error about a file.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// An error of the market crate.
    #[error(transparent)]
    Market(#[from] market::Error),
}

impl Error {
    /// The way out: a command to run, or what to change.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Config { key, .. } => {
                format!("change it in the config file or with --set {key}=VALUE")
            }
            Self::NoCandles { hint, .. } => {
                let meant = hint
                    .as_ref()
                    .map_or(String::new(), |hint| format!("{hint} Else "));
                let fetch = "`quarterhour download --config configs/binance20.toml` fetches candles, \
                             `quarterhour import FILE...` reads files; `quarterhour train \
                             --config configs/quickstart.toml` needs none";
                meant + fetch
            }
            Self::MissingColumns { alternatives, .. } if alternatives.is_empty() => {
                "no built-in feature set does with these columns".to_owned()
            }
            Self::MissingColumns { alternatives, .. } => format!(
                "--set features.set={} would do with these columns",
                alternatives.join(" or features.set=")
            ),
            Self::TooFewRows { hint, .. } => hint.clone(),
            Self::BadRow { .. } => "nothing of this file was taken; correct the row, or let \
                                    `quarterhour import --drop-bad-rows` leave out such rows"
                .to_owned(),
            Self::Conflict { .. } => {
                "--replace overwrites; --set data.dir=OTHER keeps both".to_owned()
            }
            Self::StatsMismatch { hint, .. } => (*hint).to_owned(),
            Self::ConfigMismatch { key, trained, .. } => format!(
                "put back `{key} = {trained}` in the run's run.toml (or take back --set), or train \
                 again"
            ),
            Self::Panel { name, error } => match **error {
                Self::Config { .. } => {
                    format!("change it in the config file or with --set panel.{name}.KEY=VALUE")
                }
                _ => return error.hint(),
            },
            Self::Storage(error) => return error.hint(),
            Self::Market(error) => return error.hint(),
        })
    }

    /// The same of a further panel.
    pub(crate) fn in_panel(self, name: &str) -> Self {
        Self::Panel {
            name: name.to_owned(),
            error: Box::new(self),
        }
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let error = storage::Error::io(path);
        move |source| error(source).into()
    }

    pub(crate) fn file(path: &Path, reason: impl ToString) -> Self {
        storage::Error::file(path, reason).into()
    }

    /// A file that is refused, with the way out.
    pub(crate) fn refused(path: &Path, reason: impl ToString, hint: &str) -> Self {
        storage::Error::refused(path, reason, hint).into()
    }

    pub(crate) fn config(key: &'static str, found: impl ToString, expected: impl ToString) -> Self {
        Self::Config {
            key,
            found: found.to_string(),
            expected: expected.to_string(),
        }
    }
}

/// The hint of an error of this crate, of `storage` or of `market`; None where its type is another one.
pub fn hint_of(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let storage = || error.downcast_ref().and_then(storage::Error::hint);
    let market = || error.downcast_ref().and_then(market::Error::hint);
    let own = error.downcast_ref().and_then(Error::hint);
    own.or_else(storage).or_else(market)
}
