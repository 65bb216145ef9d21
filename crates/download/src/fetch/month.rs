//! One month of one coin: what is missing is fetched, and put into the store in as few pieces as makes sense.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use dataset::{CandleTable, Column, Replaced, Store, format_time};
use market::{ArchiveFile, Error, Interval, Period};

use super::coin::{Coin, Since};
use super::manifest::Taken;
use super::{Job, bars};
use crate::read::read_archive;

/// Monthly files appear in the first days of the next month: after this long, one that is not there will not come.
const PUBLISHED_WITHIN_MS: i64 = 14 * 86_400_000;

/// So many days are put into the store at once: each time rewrites the month, and a kill loses what is not there yet.
const DAYS_AT_ONCE: usize = 8;

/// What came of one month.
#[derive(Debug, Default)]
pub struct Done {
    /// The coin's position in the universe.
    pub index: usize,
    /// Bytes of archive files fetched.
    pub fetched_bytes: usize,
    /// Archive files fetched.
    pub files: usize,
    /// What changed in the store.
    pub stored: Replaced,
    /// Stretches for which there is neither a file nor an answer by REST.
    pub absent: Vec<Range<i64>>,
    /// What is wrong with files that could not be taken.
    pub broken: Vec<String>,
}

/// Brings one month of one coin up to date.
///
/// # Errors
/// What requests and the disk say. A file that is broken is no error here: others are no worse for it.
pub async fn fetch_month(job: Arc<Job>, coin: Arc<Coin>, month: Period) -> anyhow::Result<Done> {
    let held = {
        let (job, coin) = (job.clone(), coin.clone());
        blocking(move || Held::read(&job.store, &coin, month)).await?
    };
    let done = Done { index: coin.index, ..Done::default() };
    let mut work = Work { job, coin, held, fetched: Vec::new(), candles: Vec::new(), done };
    work.fetch(month).await?;
    work.store().await?;
    Ok(work.done)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> anyhow::Result<T> + Send + 'static) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("a task ended abnormally")?
}

/// The candles of a month that the store has with all the columns that the exchange gives.
#[derive(Debug)]
struct Held {
    open_time_ms: Vec<i64>,
    interval: Interval,
}

impl Held {
    fn read(store: &Store, coin: &Coin, month: Period) -> anyhow::Result<Self> {
        // The last column: what lacks it came from a file with fewer columns.
        let column = Column::TakerBuyQuoteVolume;
        let stored = match store.read(&coin.symbol, &[column], month.start_ms(), month.end_ms()) {
            Err(dataset::Error::NoCandles { .. }) => CandleTable::default(),
            stored => stored?,
        };
        let whole = stored.open_time_ms.iter().zip(stored.column(column)).filter(|(_, value)| !value.is_nan());
        Ok(Self { open_time_ms: whole.map(|(&time, _)| time).collect(), interval: store.interval() })
    }

    fn within(&self, from_ms: i64, until_ms: i64) -> &[i64] {
        let position = |time_ms| self.open_time_ms.partition_point(|&time| time < time_ms);
        self.open_time_ms.get(position(from_ms)..position(until_ms)).unwrap_or_default()
    }

    fn is_complete(&self, from_ms: i64, until_ms: i64) -> bool {
        self.within(from_ms, until_ms).len() as i64 >= bars(self.interval, from_ms, until_ms)
    }

    /// Open time of the first candle that is not there.
    fn first_missing(&self, from_ms: i64, until_ms: i64) -> i64 {
        let mut expected = from_ms + (-from_ms).rem_euclid(self.interval.ms());
        for &time in self.within(from_ms, until_ms) {
            if time != expected {
                break;
            }
            expected += self.interval.ms();
        }
        expected
    }
}

/// An archive file that has arrived.
struct Fetched {
    file: ArchiveFile,
    sha256: String,
    bytes: Vec<u8>,
}

/// What one month has brought so far.
struct Work {
    job: Arc<Job>,
    coin: Arc<Coin>,
    held: Held,
    fetched: Vec<Fetched>,
    /// Candles by REST, with the stretch that they are all of.
    candles: Vec<(Range<i64>, CandleTable)>,
    done: Done,
}

impl Work {
    /// The whole month as one file where it can be had, else its days, and by REST what the archive does not have yet.
    async fn fetch(&mut self, month: Period) -> anyhow::Result<()> {
        let job = self.job.clone();
        let (from_ms, until_ms) = (job.from_ms.max(month.start_ms()), job.until_ms.min(month.end_ms()));
        let is_whole = from_ms == month.start_ms() && until_ms == month.end_ms();
        let has_days = month.days().any(|day| self.taken(day).is_some());
        if self.taken(month).is_some() || (is_whole && !has_days && !self.held.is_complete(from_ms, until_ms)) {
            if self.update(month).await? {
                return Ok(());
            }
            if month.end_ms() + PUBLISHED_WITHIN_MS < job.now_ms && !self.trades_within(from_ms, until_ms).await? {
                self.done.absent.push(from_ms..until_ms);
                return Ok(());
            }
        }
        self.fetch_days(month, from_ms, until_ms).await
    }

    async fn fetch_days(&mut self, month: Period, from_ms: i64, until_ms: i64) -> anyhow::Result<()> {
        let listed_ms = match self.coin.since {
            Since::Open(open_ms) => open_ms,
            Since::Never | Since::Unknown => from_ms,
        };
        let mut by_rest: Vec<Range<i64>> = Vec::new();
        for day in month.days().filter(|day| day.end_ms() > from_ms.max(listed_ms) && day.start_ms() < until_ms) {
            let (from_ms, until_ms) = (from_ms.max(day.start_ms()), until_ms.min(day.end_ms()));
            let closed_ms = until_ms.min(self.job.now_ms - self.job.store.interval().ms() + 1);
            let is_known = self.taken(day).is_some();
            if !is_known && self.held.is_complete(from_ms, closed_ms) {
                continue;
            }
            let may_be_there = is_known || day.end_ms() <= self.job.now_ms;
            if may_be_there && self.update(day).await? {
                if self.fetched.len() == DAYS_AT_ONCE {
                    self.store().await?;
                }
                continue;
            }
            match by_rest.last_mut() {
                Some(last) if last.end == from_ms => last.end = until_ms,
                _ => by_rest.push(from_ms..until_ms),
            }
        }
        for range in by_rest {
            self.ask_rest(range).await?;
        }
        Ok(())
    }

    /// The file as it was taken, if the store still has its candles.
    fn taken(&self, period: Period) -> Option<Taken> {
        let taken = self.coin.manifest().get(period).cloned()?;
        (self.held.within(period.start_ms(), period.end_ms()).len() >= taken.rows).then_some(taken)
    }

    /// Fetches the file unless it is there as published; false where it is neither in the archive nor in the store.
    async fn update(&mut self, period: Period) -> anyhow::Result<bool> {
        let taken = self.taken(period);
        if taken.is_some() && self.job.trust_known {
            return Ok(true);
        }
        let file = ArchiveFile { symbol: self.coin.symbol.clone(), interval: self.job.store.interval(), period };
        let Some(sha256) = self.job.archive.checksum(&file).await? else { return Ok(taken.is_some()) };
        if taken.is_some_and(|taken| taken.sha256 == sha256) {
            return Ok(true);
        }
        match self.job.archive.bytes(&file, &sha256).await {
            Ok(Some(bytes)) => {
                self.done.files += 1;
                self.done.fetched_bytes += bytes.len();
                self.fetched.push(Fetched { file, sha256, bytes });
            }
            Ok(None) => return Ok(false),
            Err(error @ Error::Checksum { .. }) => self.done.broken.push(error.to_string()),
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }

    /// Whether REST has candles there; without REST, what is not in the archive is taken as not there.
    async fn trades_within(&self, from_ms: i64, until_ms: i64) -> anyhow::Result<bool> {
        let Some(rest) = self.rest() else { return Ok(false) };
        let next_ms = rest.first_open_ms(&self.coin.symbol, self.job.store.interval(), from_ms).await?;
        Ok(next_ms.is_some_and(|open_ms| open_ms < until_ms))
    }

    async fn ask_rest(&mut self, range: Range<i64>) -> anyhow::Result<()> {
        let Some(rest) = self.rest() else {
            self.done.absent.push(range);
            return Ok(());
        };
        let start_ms = self.held.first_missing(range.start, range.end);
        let (symbol, interval) = (&self.coin.symbol, self.job.store.interval());
        let candles = rest.closed_by(symbol, interval, start_ms, range.end, self.job.now_ms).await?;
        if candles.is_empty() {
            // Nothing has closed since, or the exchange has a hole there; only a stretch without any candle is said.
            if self.held.within(range.start, range.end).is_empty() && bars(interval, start_ms, range.end) > 1 {
                self.done.absent.push(range);
            }
            return Ok(());
        }
        self.candles.push((start_ms..range.end, candles.into_iter().collect()));
        Ok(())
    }

    /// Puts what has come into the store.
    async fn store(&mut self) -> anyhow::Result<()> {
        let (fetched, candles) = (std::mem::take(&mut self.fetched), std::mem::take(&mut self.candles));
        if fetched.is_empty() && candles.is_empty() {
            return Ok(());
        }
        let (job, coin) = (self.job.clone(), self.coin.clone());
        let (stored, mut broken) = blocking(move || store(&job, &coin, fetched, candles)).await?;
        self.done.stored += stored;
        self.done.broken.append(&mut broken);
        Ok(())
    }

    /// REST, where it serves us and knows the coin.
    fn rest(&self) -> Option<&market::RestClient> {
        self.job.rest.as_ref().filter(|_| self.coin.since != Since::Unknown)
    }
}

/// Candles first, then the list of what they came from: whenever the process is killed, what is listed is there.
/// Returns also what is wrong with files that could not be taken.
fn store(
    job: &Job,
    coin: &Coin,
    fetched: Vec<Fetched>,
    by_rest: Vec<(Range<i64>, CandleTable)>,
) -> anyhow::Result<(Replaced, Vec<String>)> {
    let mut candles = CandleTable::default();
    let (mut ranges, mut taken, mut broken) = (Vec::new(), Vec::new(), Vec::new());
    for Fetched { file, sha256, bytes } in fetched {
        match parsed(&file, &bytes) {
            Ok(table) => {
                taken.push((file.period, Taken { sha256, rows: table.len() }));
                ranges.push(file.period.start_ms()..file.period.end_ms());
                candles.append(table);
            }
            Err(error) => broken.push(format!("{error:#}")),
        }
    }
    for (range, table) in by_rest {
        ranges.push(range);
        candles.append(table);
    }
    let stored = job.store.replace(&coin.symbol, &ranges, &candles)?;
    if !taken.is_empty() {
        coin.manifest().add(taken)?;
    }
    Ok((stored, broken))
}

/// The candles of an archive file, each checked, all within the month or day that the file is of. Candles off the grid, which
/// files of December 2017 and February 2018 have after outages of the exchange, are of no minute, and left out.
fn parsed(file: &ArchiveFile, bytes: &[u8]) -> anyhow::Result<CandleTable> {
    let name = file.name();
    let path = Path::new(&name);
    let mut read = read_archive(path, bytes)?;
    let off_grid = read.keep_on_grid(file.interval);
    if off_grid > 0 {
        cli::note(format!("{name}: {off_grid} candles that open at no multiple of {} were left out", file.interval));
    }
    // Whether a candle has closed is the archive's affair, by its own clock.
    let coins = read.checked(file.interval, i64::MAX)?;
    let candles = coins.into_iter().next().map(|(_, candles)| candles).unwrap_or_default();
    let period = file.period.start_ms()..file.period.end_ms();
    match candles.open_time_ms.iter().find(|time| !period.contains(time)) {
        Some(&time) => Err(anyhow!("{name}: found a candle at {}, expected all in {}", format_time(time), file.period)),
        None => Ok(candles),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As files of 2018 have them: seconds off the minute after an outage.
    #[test]
    fn candles_off_the_grid_are_left_out_of_archive_files() {
        let period = Period::month_of(1_518_163_200_000);
        let file = ArchiveFile { symbol: "BTCUSDT".parse().unwrap(), interval: Interval::ONE_MINUTE, period };
        let row = |open_ms: i64| format!("{open_ms},2,3,1,2,10,{},20,5,4,8,0\n", open_ms + 59_999);
        let rows = [0, 14_000, 60_000].map(|ms| row(1_518_163_200_000 + ms)).concat();
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        zip.start_file("BTCUSDT-1m-2018-02.csv", zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, rows.as_bytes()).unwrap();
        let bytes = zip.finish().unwrap().into_inner();
        assert_eq!(parsed(&file, &bytes).unwrap().open_time_ms, [1_518_163_200_000, 1_518_163_260_000]);
    }

    #[test]
    fn what_is_missing_is_found() {
        let minutes = |minutes: &[i64]| minutes.iter().map(|minute| minute * 60_000).collect();
        let held = Held { open_time_ms: minutes(&[10, 11, 12, 14]), interval: Interval::ONE_MINUTE };
        let at = |minute: i64| minute * 60_000;
        assert_eq!(held.first_missing(at(10), at(20)), at(13));
        assert_eq!(held.first_missing(at(9), at(20)), at(9));
        assert_eq!(held.first_missing(at(14), at(20)), at(15));
        assert_eq!(held.first_missing(at(13) + 1, at(20)), at(15));
        assert!(held.is_complete(at(10), at(13)) && !held.is_complete(at(10), at(15)));
        assert!(held.is_complete(at(13) + 1, at(15)) && held.is_complete(at(12), at(12)));
    }
}
