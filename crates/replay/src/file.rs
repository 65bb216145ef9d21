//! Archive files: one CSV in a zip, and its checksum.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use market::{FundingRate, Interval, Market};
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;

use crate::bar::ServedCandle;
use crate::decimal::decimal;

/// 2025-01-01T00:00Z: spot files count time in microseconds from here on.
const MICROSECONDS_FROM_MS: i64 = 1_735_689_600_000;

const HEADER: &str = "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,\
                      taker_buy_quote_volume,ignore\n";

/// A finished archive file.
#[derive(Debug)]
pub(crate) struct ServedFile {
    pub zip: Vec<u8>,
    /// SHA-256 in hexadecimal.
    pub checksum: String,
}

impl ServedFile {
    /// Packs `csv` under `name` (without extension); the same text gives the same bytes, whenever
    /// it is packed.
    ///
    /// # Errors
    /// A text that no zip file holds.
    pub fn new(name: &str, csv: &str) -> zip::result::ZipResult<Self> {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
        archive.start_file(format!("{name}.csv"), options)?;
        archive.write_all(csv.as_bytes())?;
        let zip = archive.finish()?.into_inner();
        let checksum = format!("{:x}", Sha256::digest(&zip));
        Ok(Self { zip, checksum })
    }
}

/// The files built last. A file is final once it is there, so it never goes stale.
#[derive(Debug, Default)]
pub(crate) struct FileCache(Mutex<VecDeque<(String, Arc<ServedFile>)>>);

/// How many files are kept: a file and its checksum are asked for one after the other, for many
/// coins at a time. A month of minutes is 2 MB.
const CACHED_FILES: usize = 64;

impl FileCache {
    /// The file from the cache, else built now.
    pub fn get(
        &self,
        name: &str,
        build: impl FnOnce() -> Option<ServedFile>,
    ) -> Option<Arc<ServedFile>> {
        // Held while building, so that two requests for one file build it once.
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, file)) = files.iter().find(|(known, _)| known == name) {
            return Some(file.clone());
        }
        let file = Arc::new(build()?);
        if files.len() == CACHED_FILES {
            files.pop_front();
        }
        files.push_back((name.to_owned(), file.clone()));
        Some(file)
    }
}

/// The rows of an archive file: futures with a header, spot without.
pub(crate) fn csv(
    bars: impl Iterator<Item = ServedCandle>,
    market: Market,
    interval: Interval,
) -> String {
    let mut csv = match market {
        Market::Spot => String::new(),
        Market::Futures => HEADER.to_owned(),
    };
    let text = |value: f64| decimal(value, market);
    for bar in bars {
        let is_micro = market == Market::Spot && bar.open_time_ms >= MICROSECONDS_FROM_MS;
        let units_in_ms = if is_micro { 1000 } else { 1 };
        let open_time = bar.open_time_ms * units_in_ms;
        let close_time = open_time + interval.ms() * units_in_ms - 1;
        let prices = [bar.open, bar.high, bar.low, bar.close, bar.volume]
            .map(text)
            .join(",");
        let quote_volume = text(bar.quote_volume);
        let taker = [bar.taker_buy_volume, bar.taker_buy_quote_volume]
            .map(text)
            .join(",");
        // Writing to a String never fails.
        let _ = writeln!(
            csv,
            "{open_time},{prices},{close_time},{quote_volume},{},{taker},0",
            bar.count
        );
    }
    csv
}

/// The rows of an archive file of funding rates, with a header.
pub(crate) fn funding_csv(rates: &[FundingRate]) -> String {
    let mut csv = "calc_time,funding_interval_hours,last_funding_rate\n".to_owned();
    for FundingRate { time_ms, rate } in rates {
        // Writing to a String never fails.
        let _ = writeln!(csv, "{time_ms},8,{rate:.8}");
    }
    csv
}
