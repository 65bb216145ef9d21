//! What a download did, as a table on stdout and notes on stderr.

use std::ops::Range;
use std::sync::Arc;

use anyhow::anyhow;
use cli::WithHint;
use dataset::{CandleTable, Replaced, Store, format_time};
use market::CandleError;
use terminal::Table;

use super::coin::{CoinDownload, ListingTime};
use super::job::{Job, bars};
use super::month::MonthOutcome;

/// What came of each coin.
#[derive(Debug)]
pub struct DownloadReport {
    coins: Vec<(Arc<CoinDownload>, CoinTotal)>,
}

#[derive(Debug, Default)]
struct CoinTotal {
    files: usize,
    fetched_bytes: usize,
    stored: Replaced,
    absent: Vec<Range<i64>>,
    replaced: Vec<String>,
    refused: Vec<CandleError>,
}

impl DownloadReport {
    pub fn new(coins: &[Arc<CoinDownload>]) -> Self {
        Self {
            coins: coins
                .iter()
                .map(|coin| (coin.clone(), CoinTotal::default()))
                .collect(),
        }
    }

    pub fn add(&mut self, done: MonthOutcome) {
        let Some((_, total)) = self.coins.get_mut(done.index) else {
            return;
        };
        total.files += done.files;
        total.fetched_bytes += done.fetched_bytes;
        total.stored += done.stored;
        total.absent.extend(done.absent);
        total.replaced.extend(done.replaced);
        total.refused.extend(done.refused);
    }

    /// Prints one line a coin. Files of the archive are whole, so that a hole in the table is the
    /// exchange's own, unless a note says that the stretch could not be had.
    ///
    /// # Errors
    /// A store that cannot be read; a coin of which there is nothing at all.
    pub fn print(&mut self, job: &Job) -> anyhow::Result<()> {
        let header = [
            "symbol", "first", "last", "rows", "new", "holes", "missing", "longest",
        ];
        let mut table = Table::new(header).left([1, 2, 7]).unbroken();
        let mut unknown: Vec<String> = Vec::new();
        for (coin, total) in &mut self.coins {
            let times = times(&job.store, coin, job)?;
            table.push(coin.symbol.as_str(), cells(total, &times, job));
            total.tell(coin, &times, job);
            if times.is_empty() && coin.since == ListingTime::Unknown && job.rest.is_some() {
                unknown.push(coin.symbol.to_string());
            }
        }
        let (files, bytes) = self
            .coins
            .iter()
            .fold((0, 0), |(files, bytes), (_, total)| {
                (files + total.files, bytes + total.fetched_bytes)
            });
        cli::print(&table.render())?;
        cli::note(format!(
            "{files} archive files fetched, {:.1} MB",
            bytes as f64 / 1e6
        ));
        if !unknown.is_empty() {
            return Err(anyhow!(
                "{}: neither REST nor the archive of the {} market knows this",
                unknown.join(", "),
                job.store.market()
            )
            .hint("check the spelling in universe.symbols, and data.market"));
        }
        Ok(())
    }
}

/// Open times that the store has in the wanted range.
fn times(store: &Store, coin: &CoinDownload, job: &Job) -> anyhow::Result<Vec<i64>> {
    let stored = match store.read(&coin.symbol, &[], job.from_ms, job.until_ms) {
        Err(dataset::Error::NoCandles { .. }) => CandleTable::default(),
        stored => stored?,
    };
    Ok(stored.open_time_ms)
}

/// What a coin's line says after its name.
fn cells(total: &CoinTotal, times: &[i64], job: &Job) -> [String; 7] {
    let step = job.store.interval().ms();
    let mut holes: Vec<(i64, i64)> = times
        .windows(2)
        .filter(|pair| pair[1] - pair[0] > step)
        .map(|pair| (pair[0] + step, (pair[1] - pair[0]) / step - 1))
        .collect();
    let missing: i64 = holes.iter().map(|(_, bars)| bars).sum();
    let count = holes.len();
    holes.sort_by_key(|&(start, bars)| (-bars, start));
    let longest: Vec<String> = holes
        .iter()
        .take(3)
        .map(|&(start, bars)| format!("{bars} from {}", format_time(start)))
        .collect();
    let time = |time: Option<&i64>| time.map_or_else(|| "-".to_owned(), |&time| format_time(time));
    [
        time(times.first()),
        time(times.last()),
        times.len().to_string(),
        total.stored.added.to_string(),
        count.to_string(),
        missing.to_string(),
        longest.join(", "),
    ]
}

impl CoinTotal {
    /// Says on stderr what the table does not.
    fn tell(&mut self, coin: &CoinDownload, times: &[i64], job: &Job) {
        let symbol = &coin.symbol;
        match coin.since {
            ListingTime::Open(open_ms) if bars(job.store.interval(), job.from_ms, open_ms) > 0 => {
                cli::note(format!(
                    "{symbol}: no candles before {}",
                    format_time(open_ms)
                ));
            }
            ListingTime::Never => cli::note(format!(
                "{symbol}: REST has no candles in this range, so the archive alone was asked; {} candles",
                times.len()
            )),
            ListingTime::Unknown if job.rest.is_some() => cli::note(format!(
                "{symbol}: REST does not know it (any more), so the archive alone was asked; {} candles",
                times.len()
            )),
            ListingTime::Open(_) | ListingTime::Unknown => {}
        }
        let who = if job.rest.is_some() {
            "neither the archive nor REST has"
        } else {
            "the archive does not have"
        };
        for range in joined(&mut self.absent) {
            let (from, until) = (format_time(range.start), format_time(range.end));
            cli::note(format!("{symbol}: {who} candles from {from} to {until}"));
        }
        for fault in &self.replaced {
            let fault = fault.lines().next().unwrap_or_default();
            cli::warn(format!(
                "{symbol}: {fault}; its days were fetched by themselves instead"
            ));
        }
        if let Some(first) = self.refused.first() {
            let count = self.refused.len();
            cli::warn(format!(
                "{symbol}: {count} candles by REST cannot be and were left out, the first one: {first}"
            ));
        }
        let Replaced { added: _, changed } = self.stored;
        if changed > 0 {
            cli::note(format!(
                "{symbol}: the exchange has other values than the store had: {changed} candles replaced"
            ));
        }
    }
}

/// Ranges in order, those that touch as one.
fn joined(ranges: &mut [Range<i64>]) -> Vec<Range<i64>> {
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<i64>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => joined.push(range.clone()),
        }
    }
    joined
}
