//! Which archive files the candles of a coin came from, and since when it trades:
//! `archive/<market>/<interval>/<SYMBOL>.json` beside `candles/`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use cli::WithHint;
use dataset::Store;
use market::{Period, Symbol};
use serde::{Deserialize, Serialize};
use storage::write_atomically;

/// The archive files whose candles are in the store. It is written after the candles: what it lists
/// is there.
#[derive(Debug)]
pub struct Manifest {
    path: PathBuf,
    listed: ManifestContent,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ManifestContent {
    /// What REST said about the first candle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first: Option<FirstCandle>,
    /// By month or day, such as `2024-01` or `2024-01-31`.
    files: BTreeMap<String, ArchiveRecord>,
    /// Days of which neither the archive nor REST has more, with the number of their candles.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    confirmed: BTreeMap<String, usize>,
}

/// The first candle at some time or later.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct FirstCandle {
    asked_from_ms: i64,
    open_ms: i64,
}

/// One file as it was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveRecord {
    /// As the exchange published it, and as it was found.
    pub sha256: String,
    /// Candles in it.
    pub rows: usize,
}

/// The folder of a store's manifests.
pub fn folder(store: &Store) -> PathBuf {
    store
        .dir()
        .join("archive")
        .join(store.market().to_string())
        .join(store.interval().to_string())
}

impl Manifest {
    /// The manifest of `symbol` in `folder`; empty where there is none yet.
    ///
    /// # Errors
    /// A file that cannot be read or is no manifest.
    pub fn open(folder: &Path, symbol: &Symbol) -> anyhow::Result<Self> {
        let path = folder.join(format!("{symbol}.json"));
        let listed = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .with_context(|| format!("{}: not a list of archive files", path.display()))
                .hint("delete it, and the files are fetched again")?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                ManifestContent::default()
            }
            Err(error) => return Err(error).with_context(|| format!("{}", path.display())),
        };
        Ok(Self { path, listed })
    }

    /// Open time of the coin's first candle, if it was asked for from `from_ms` or earlier.
    pub fn first_open_ms(&self, from_ms: i64) -> Option<i64> {
        self.listed
            .first
            .filter(|first| first.asked_from_ms <= from_ms)
            .map(|first| first.open_ms)
    }

    /// Keeps the open time of the first candle at `asked_from_ms` or later, so that it need not be
    /// asked again.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn set_first(&mut self, asked_from_ms: i64, open_ms: i64) -> anyhow::Result<()> {
        self.listed.first = Some(FirstCandle {
            asked_from_ms,
            open_ms,
        });
        self.write()
    }

    /// The file of that month or day, if it was taken.
    pub fn get(&self, period: Period) -> Option<&ArchiveRecord> {
        self.listed.files.get(&period.to_string())
    }

    /// How many candles that day has, if everybody was asked for more.
    pub fn confirmed(&self, day: Period) -> Option<usize> {
        self.listed.confirmed.get(&day.to_string()).copied()
    }

    /// Lists files whose candles the store has, and days of which nobody has more, and writes that
    /// down. Days are forgotten when another file of their month is there.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn add(
        &mut self,
        files: Vec<(Period, ArchiveRecord)>,
        confirmed: Vec<(Period, usize)>,
    ) -> anyhow::Result<()> {
        for (period, taken) in files {
            if period.is_month() {
                let days = format!("{period}-");
                self.listed.files.retain(|name, _| !name.starts_with(&days));
                self.listed
                    .confirmed
                    .retain(|name, _| !name.starts_with(&days));
            }
            self.listed.files.insert(period.to_string(), taken);
        }
        self.listed.confirmed.extend(
            confirmed
                .into_iter()
                .map(|(day, count)| (day.to_string(), count)),
        );
        self.write()
    }

    fn write(&self) -> anyhow::Result<()> {
        let mut json = serde_json::to_vec_pretty(&self.listed)?;
        json.push(b'\n');
        Ok(write_atomically(&self.path, &json)?)
    }
}
