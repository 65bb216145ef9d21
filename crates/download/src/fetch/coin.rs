//! One coin: since when it trades, and which of its months are wanted.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use market::{Error, Interval, Period, RestClient, Symbol};
use tokio::task::JoinSet;

use super::job::Job;
use super::manifest::Manifest;

/// A coin of the universe.
#[derive(Debug)]
pub struct CoinDownload {
    pub symbol: Symbol,
    /// Position in the universe.
    pub index: usize,
    pub since: ListingTime,
    manifest: Mutex<Manifest>,
}

/// When the coin's first candle opened, as REST says or said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListingTime {
    /// It opens then; where more was asked for earlier, before the wanted range.
    Open(i64),
    /// REST has none in the wanted range or after it: the archive may.
    Never,
    /// REST cannot be asked, or does not know the coin (any more): the archive is.
    Unknown,
}

impl CoinDownload {
    /// All coins, with at most one request each, `at_once` at a time.
    ///
    /// # Errors
    /// What requests meet; a manifest that is broken.
    pub async fn all(
        job: &Job,
        symbols: &[Symbol],
        folder: &Path,
        at_once: usize,
    ) -> anyhow::Result<Vec<Arc<Self>>> {
        let mut coins = Vec::with_capacity(symbols.len());
        let mut asked = JoinSet::new();
        for (index, symbol) in symbols.iter().cloned().enumerate() {
            if asked.len() == at_once
                && let Some(coin) = asked.join_next().await
            {
                coins.push(coin.context("a task ended abnormally")??);
            }
            let manifest = Manifest::open(folder, &symbol)?;
            let (rest, interval, from_ms) = (job.rest.clone(), job.store.interval(), job.from_ms);
            asked.spawn(Self::ask(
                symbol,
                index,
                manifest,
                rest,
                interval,
                (from_ms, job.now_ms),
            ));
        }
        while let Some(coin) = asked.join_next().await {
            coins.push(coin.context("a task ended abnormally")??);
        }
        coins.sort_by_key(|coin| coin.index);
        Ok(coins)
    }

    async fn ask(
        symbol: Symbol,
        index: usize,
        mut manifest: Manifest,
        rest: Option<RestClient>,
        interval: Interval,
        (from_ms, now_ms): (i64, i64),
    ) -> anyhow::Result<Arc<Self>> {
        let since = match (manifest.first_open_ms(from_ms), rest) {
            (Some(open_ms), _) => ListingTime::Open(open_ms),
            (None, None) => ListingTime::Unknown,
            (None, Some(rest)) => {
                match rest.first_open_ms(&symbol, interval, from_ms, now_ms).await {
                    Ok(Some(open_ms)) => {
                        manifest.set_first(from_ms, open_ms)?;
                        ListingTime::Open(open_ms)
                    }
                    Ok(None) => ListingTime::Never,
                    // As the exchange answers for a coin that it has taken off the market.
                    Err(Error::Rejected { status: 400, .. }) => ListingTime::Unknown,
                    Err(error) => return Err(error.into()),
                }
            }
        };
        Ok(Arc::new(Self {
            symbol,
            index,
            since,
            manifest: Mutex::new(manifest),
        }))
    }

    /// The months of the wanted range in which the coin may have candles.
    pub fn months(&self, job: &Job) -> Vec<Period> {
        let first_ms = match self.since {
            ListingTime::Open(open_ms) => open_ms.max(job.from_ms),
            ListingTime::Unknown | ListingTime::Never => job.from_ms,
        };
        let following =
            std::iter::successors(Some(Period::month_of(first_ms)), |month| Some(month.next()));
        following
            .take_while(|month| first_ms.max(month.start_ms()) < job.until_ms)
            .collect()
    }

    /// Which files were taken.
    pub fn manifest(&self) -> MutexGuard<'_, Manifest> {
        self.manifest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
