//! One month of one coin: what is missing is fetched, and put into the store in as few pieces as
//! makes sense.

use std::ops::Range;
use std::sync::Arc;

use anyhow::Context;
use dataset::{CandleTable, Replaced};
use market::{ArchiveFile, CandleError, Error, Period};

use super::archive_file::parsed;
use super::coin::{CoinDownload, ListingTime};
use super::job::{Job, bars};
use super::manifest::ArchiveRecord;
use super::stored_candles::StoredCandles;

/// Monthly files appear in the first days of the next month: after this long, one that is not there
/// will not come.
const PUBLISHED_WITHIN_MS: i64 = 14 * 86_400_000;

/// So many days are put into the store at once: each time rewrites the month, and a kill loses what
/// is not there yet.
const DAYS_AT_ONCE: usize = 8;

/// The result of one month.
#[derive(Debug, Default)]
pub struct MonthOutcome {
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
    /// What is wrong with files and answers that could not be taken, and in whose place nothing
    /// came.
    pub broken: Vec<anyhow::Error>,
    /// The same where days or REST brought the candles.
    pub replaced: Vec<String>,
    /// Candles that REST serves and that cannot be.
    pub refused: Vec<CandleError>,
}

/// Brings one month of one coin up to date.
///
/// # Errors
/// What requests and the disk say. A file that is broken is no error here: others are no worse for
/// it.
pub async fn fetch_month(
    job: Arc<Job>,
    coin: Arc<CoinDownload>,
    month: Period,
) -> anyhow::Result<MonthOutcome> {
    let held = {
        let (job, coin) = (job.clone(), coin.clone());
        blocking(move || StoredCandles::read(&job.store, &coin, month)).await?
    };
    let done = MonthOutcome {
        index: coin.index,
        ..MonthOutcome::default()
    };
    let fetched = PendingCandles::default();
    let mut work = MonthFetch {
        job,
        coin,
        held,
        fetched,
        broken: Vec::new(),
        done,
    };
    work.fetch(month).await?;
    work.store().await?;
    Ok(work.ended())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .context("a task ended abnormally")?
}

/// What has arrived and is not in the store yet.
#[derive(Default)]
struct PendingCandles {
    /// From archive files and REST.
    candles: CandleTable,
    /// The archive files among it.
    files: Vec<(Period, ArchiveRecord)>,
    /// Days of which nobody has more, with the number of candles that there are.
    confirmed: Vec<(Period, usize)>,
}

/// The result of asking the archive for one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Update {
    /// Its candles are in the store, or on their way there.
    Held,
    /// It is not what it should be.
    Broken,
    /// There is no such file.
    Absent,
}

/// One month on its way into the store.
struct MonthFetch {
    job: Arc<Job>,
    coin: Arc<CoinDownload>,
    held: StoredCandles,
    fetched: PendingCandles,
    /// Stretches of files and answers that are not what they should be, each with its fault.
    broken: Vec<(Range<i64>, anyhow::Error)>,
    done: MonthOutcome,
}

impl MonthFetch {
    /// The whole month as one file where it can be had, else its days, and by REST what the archive
    /// does not have (yet). A file that lacks days, or is broken, is no reason to do without
    /// them.
    async fn fetch(&mut self, month: Period) -> anyhow::Result<()> {
        let job = self.job.clone();
        let (from_ms, until_ms) = (
            job.from_ms.max(month.start_ms()),
            job.until_ms.min(month.end_ms()),
        );
        let is_whole = from_ms == month.start_ms() && until_ms == month.end_ms();
        let has_days = month.days().any(|day| self.taken(day).is_some());
        if self.taken(month).is_some()
            || (is_whole && !has_days && !self.held.is_complete(from_ms, until_ms))
        {
            match self.update(month).await? {
                Update::Held => {
                    self.store().await?;
                    return self.fill(month, from_ms, until_ms).await;
                }
                Update::Broken => {}
                Update::Absent => {
                    let is_late = month.end_ms() + PUBLISHED_WITHIN_MS < job.now_ms;
                    if is_late && !self.trades_within(from_ms, until_ms).await? {
                        self.done.absent.push(from_ms..until_ms);
                        return Ok(());
                    }
                }
            }
        }
        self.fetch_days(month, from_ms, until_ms).await
    }

    async fn fetch_days(
        &mut self,
        month: Period,
        from_ms: i64,
        until_ms: i64,
    ) -> anyhow::Result<()> {
        let mut by_rest: Vec<Range<i64>> = Vec::new();
        for (day, wanted) in self.days(month, from_ms, until_ms) {
            let is_known = self.taken(day).is_some();
            if !is_known
                && self
                    .held
                    .is_complete(wanted.start, self.closed_ms(wanted.end))
            {
                continue;
            }
            let may_be_there = is_known || day.end_ms() <= self.job.now_ms;
            if may_be_there && self.update(day).await? == Update::Held {
                if self.fetched.files.len() == DAYS_AT_ONCE {
                    self.store().await?;
                }
                continue;
            }
            match by_rest.last_mut() {
                Some(last) if last.end == wanted.start => last.end = wanted.end,
                _ => by_rest.push(wanted),
            }
        }
        for range in by_rest {
            self.ask_rest(range).await?;
        }
        Ok(())
    }

    /// What the month's file lacks: whole days from their own files, else by REST; single candles
    /// by REST. What neither has is asked for once, as long as the month's file stays the same.
    async fn fill(&mut self, month: Period, from_ms: i64, until_ms: i64) -> anyhow::Result<()> {
        for (day, wanted) in self.days(month, from_ms, until_ms) {
            let wanted = wanted.start..self.closed_ms(wanted.end);
            let count = |work: &Self| work.held.within(day.start_ms(), day.end_ms()).len();
            let is_confirmed = self
                .coin
                .manifest()
                .confirmed(day)
                .is_some_and(|confirmed| count(self) >= confirmed);
            if is_confirmed || self.held.is_complete(wanted.start, wanted.end) {
                continue;
            }
            let lacks_all = self.held.within(wanted.start, wanted.end).is_empty();
            let by_file =
                (lacks_all || self.rest().is_none()) && self.update(day).await? == Update::Held;
            if !by_file {
                self.ask_rest(wanted).await?;
            }
            // Where REST is refused to this address, somebody else may be told more.
            if by_file || self.job.rest.is_some() {
                let count = count(self);
                self.fetched.confirmed.push((day, count));
            }
            if self.fetched.files.len() == DAYS_AT_ONCE {
                self.store().await?;
            }
        }
        Ok(())
    }

    /// The days of the month in which the coin may have candles that are wanted, with the stretch
    /// that is.
    fn days(&self, month: Period, from_ms: i64, until_ms: i64) -> Vec<(Period, Range<i64>)> {
        let from_ms = match self.coin.since {
            ListingTime::Open(open_ms) => from_ms.max(open_ms),
            ListingTime::Never | ListingTime::Unknown => from_ms,
        };
        let wanted = |day: Period| (day, from_ms.max(day.start_ms())..until_ms.min(day.end_ms()));
        month
            .days()
            .map(wanted)
            .filter(|(_, wanted)| wanted.start < wanted.end)
            .collect()
    }

    /// Candles that open before this are closed, of those that open before `until_ms`.
    fn closed_ms(&self, until_ms: i64) -> i64 {
        until_ms.min(self.job.now_ms - self.job.store.interval().ms() + 1)
    }

    /// The file as it was taken, if the store still has its candles.
    fn taken(&self, period: Period) -> Option<ArchiveRecord> {
        let taken = self.coin.manifest().get(period).cloned()?;
        (self.held.within(period.start_ms(), period.end_ms()).len() >= taken.rows).then_some(taken)
    }

    /// Fetches the file unless it is there as published.
    async fn update(&mut self, period: Period) -> anyhow::Result<Update> {
        let taken = self.taken(period);
        if taken.is_some() && self.job.trust_known {
            return Ok(Update::Held);
        }
        let file = ArchiveFile {
            symbol: self.coin.symbol.clone(),
            interval: self.job.store.interval(),
            period,
        };
        let absent = if taken.is_some() {
            Update::Held
        } else {
            Update::Absent
        };
        let sha256 = match self.job.archive.checksum(&file).await {
            Ok(Some(sha256)) => sha256,
            Ok(None) => return Ok(absent),
            Err(error) => return self.is_broken(period, error),
        };
        if taken.is_some_and(|taken| taken.sha256 == sha256) {
            return Ok(Update::Held);
        }
        let bytes = match self.job.archive.bytes(&file, &sha256).await {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(absent),
            Err(error) => return self.is_broken(period, error),
        };
        self.done.files += 1;
        self.done.fetched_bytes += bytes.len();
        match blocking(move || Ok(parsed(&file, &bytes))).await? {
            Ok(candles) => {
                self.held.add(&candles.open_time_ms);
                self.fetched.files.push((
                    period,
                    ArchiveRecord {
                        sha256,
                        rows: candles.len(),
                    },
                ));
                self.fetched.candles.append(candles);
                Ok(Update::Held)
            }
            Err(error) => {
                self.broken
                    .push((period.start_ms()..period.end_ms(), error));
                Ok(Update::Broken)
            }
        }
    }

    /// Notes an error that is of this file alone; every other one is passed on.
    fn is_broken(&mut self, period: Period, error: Error) -> anyhow::Result<Update> {
        if !is_of_one_answer(&error) {
            return Err(error.into());
        }
        self.broken
            .push((period.start_ms()..period.end_ms(), error.into()));
        Ok(Update::Broken)
    }

    /// Whether REST has candles there; without REST, what is not in the archive is taken as not
    /// there.
    async fn trades_within(&self, from_ms: i64, until_ms: i64) -> anyhow::Result<bool> {
        let Some(rest) = self.rest() else {
            return Ok(false);
        };
        let (symbol, interval) = (&self.coin.symbol, self.job.store.interval());
        let next_ms = rest
            .first_open_ms(symbol, interval, from_ms, self.job.now_ms)
            .await?;
        Ok(next_ms.is_some_and(|open_ms| open_ms < until_ms))
    }

    /// Asks REST for what is missing there. A candle that could still change is not taken: the next
    /// run brings it.
    async fn ask_rest(&mut self, range: Range<i64>) -> anyhow::Result<()> {
        let Some(rest) = self.rest() else {
            self.done.absent.push(range);
            return Ok(());
        };
        let missing = self.held.missing(range.start, range.end);
        let (symbol, interval) = (&self.coin.symbol, self.job.store.interval());
        let served = match rest
            .closed_by(
                symbol,
                interval,
                missing.start,
                missing.end,
                self.job.now_ms,
            )
            .await
        {
            Ok(served) => served,
            Err(error) if is_of_one_answer(&error) => {
                self.broken.push((missing, error.into()));
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        self.done.refused.extend(served.refused);
        if served.candles.is_empty() {
            // Nothing has closed since, or the exchange has a hole there; only a stretch without
            // any candle is said.
            if self.held.within(range.start, range.end).is_empty()
                && bars(interval, missing.start, range.end) > 1
            {
                self.done.absent.push(range);
            }
            return Ok(());
        }
        let candles: CandleTable = served.candles.into_iter().collect();
        self.held.add(&candles.open_time_ms);
        self.fetched.candles.append(candles);
        Ok(())
    }

    /// Puts what has come into the store: candles first, then the list of what they came from, so
    /// that whenever the process is killed, what is listed is there.
    async fn store(&mut self) -> anyhow::Result<()> {
        let PendingCandles {
            candles,
            files,
            confirmed,
        } = std::mem::take(&mut self.fetched);
        let (job, coin) = (self.job.clone(), self.coin.clone());
        let stored = blocking(move || {
            let stored = job.store.merge(&coin.symbol, &candles)?;
            if !(files.is_empty() && confirmed.is_empty()) {
                coin.manifest().add(files, confirmed)?;
            }
            Ok(stored)
        });
        self.done.stored += stored.await?;
        Ok(())
    }

    /// What came of it: a broken file in whose place other candles came is no failure.
    fn ended(mut self) -> MonthOutcome {
        for (range, fault) in self.broken {
            match self.held.within(range.start, range.end) {
                [] => self.done.broken.push(fault),
                _ => self.done.replaced.push(format!("{fault:#}")),
            }
        }
        self.done
    }

    /// REST, where it serves us and knows the coin.
    fn rest(&self) -> Option<&market::RestClient> {
        self.job
            .rest
            .as_ref()
            .filter(|_| matches!(self.coin.since, ListingTime::Open(_)))
    }
}

/// Whether the error tells of one answer, not of the exchange or the way there.
fn is_of_one_answer(error: &Error) -> bool {
    matches!(
        error,
        Error::Checksum { .. }
            | Error::WrongShape { .. }
            | Error::NotJson { .. }
            | Error::TooLarge { .. }
            | Error::Rejected { .. }
    )
}
