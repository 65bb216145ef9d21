//! Closed candles and funding rates from Binance REST.

mod body;
mod funding;
mod gate;
mod options;
mod sender;
mod served;
mod silence;
mod status;
mod wire;

use std::ops::Range;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::{Error, Interval, Market, Symbol};
pub use options::RestOptions;
pub(crate) use sender::{Outcome, Pause, Sender};
pub use served::{CoinCandles, Served};
pub(crate) use wire::{CLOCK_MS, beginning, number};

/// Fetches closed candles. The server's clock and the candles that follow decide what is closed,
/// never the local clock.
///
/// Cheap to clone; clones share connections. A silence that one request is told to keep, all
/// requests of this process to that server keep. Its methods must be awaited in a tokio runtime
/// with its I/O and time drivers on, which the caller owns.
///
/// # Examples
///
/// ```no_run
/// # async fn example() -> Result<(), market::Error> {
/// use market::{Interval, Market, RestClient, Symbol};
/// let client = RestClient::new(Market::Spot, None)?;
/// let now_ms = client.server_time_ms().await?;
/// let symbols = [Symbol::new("BTCUSDT")?, Symbol::new("ETHUSDT")?];
/// let hour_ago_ms = now_ms - 3_600_000;
/// let fetched = client.fetch_closed(&symbols, Interval::ONE_MINUTE, hour_ago_ms, now_ms).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct RestClient {
    market: Market,
    sender: Arc<Sender>,
}

/// What [`RestClient::fetch_closed`] brings.
#[derive(Debug)]
pub struct ClosedCandles {
    /// The server's clock when the fetch began: for all coins, closed means closed by then.
    pub server_time_ms: i64,
    /// In the order the symbols were asked for.
    pub coins: Vec<CoinCandles>,
}

impl RestClient {
    /// A client for `market`; `base_url` defaults to `https://data-api.binance.vision` (spot) or
    /// `https://fapi.binance.com` (futures).
    ///
    /// # Errors
    ///
    /// [`Error::BaseUrl`] when the URL is none, [`Error::HttpClient`] when TLS cannot be set up.
    pub fn new(market: Market, base_url: Option<&str>) -> Result<Self, Error> {
        Self::with_options(market, base_url, RestOptions::for_market(market))
    }

    /// As [`RestClient::new`], with a patience of the caller's choice.
    ///
    /// # Errors
    ///
    /// As [`RestClient::new`].
    pub fn with_options(
        market: Market,
        base_url: Option<&str>,
        options: RestOptions,
    ) -> Result<Self, Error> {
        let text = base_url.unwrap_or(match market {
            Market::Spot => "https://data-api.binance.vision",
            Market::Futures => "https://fapi.binance.com",
        });
        Ok(Self {
            market,
            sender: Arc::new(Sender::new(text, options)?),
        })
    }

    /// How long the server has asked for silence from now on; None where it has not. Requests wait
    /// by themselves: this is for telling a person why nothing happens.
    pub fn silence(&self) -> Option<std::time::Duration> {
        self.sender.silence()
    }

    /// The server's clock, UTC milliseconds.
    ///
    /// # Errors
    ///
    /// Everything a request can meet: see [`Error`].
    pub async fn server_time_ms(&self) -> Result<i64, Error> {
        let path = format!("{}/time", self.api());
        let request = self.sender.request(&path);
        let answer = self.sender.get(&path, &request).await?;
        let now_ms = wire::server_time_ms(&answer, &request)?;
        self.sender.set_clock(now_ms);
        Ok(now_ms)
    }

    /// The candles of `symbol` that open in `from_ms..until_ms`, are closed by the server's clock
    /// and can no longer change (see [`Served::final_count`]). Minutes without a candle are
    /// left out.
    ///
    /// # Errors
    ///
    /// Everything a request can meet: see [`Error`].
    pub async fn closed_klines(
        &self,
        symbol: &Symbol,
        interval: Interval,
        from_ms: i64,
        until_ms: i64,
    ) -> Result<Served, Error> {
        let now_ms = self.server_time_ms().await?;
        self.closed_by(symbol, interval, from_ms, until_ms, now_ms)
            .await
    }

    /// Open time of the first candle of `symbol` at `from_ms` or later, closed or not, believed or
    /// not; None where there is none. Asked from 0 it tells when the coin was listed. `now_ms`
    /// is the server's clock.
    ///
    /// # Errors
    ///
    /// Everything a request can meet: see [`Error`].
    pub async fn first_open_ms(
        &self,
        symbol: &Symbol,
        interval: Interval,
        from_ms: i64,
        now_ms: i64,
    ) -> Result<Option<i64>, Error> {
        let from_ms = from_ms.max(0);
        let first = self
            .page(
                symbol,
                interval,
                from_ms..from_ms.saturating_add(interval.ms()),
                now_ms,
            )
            .await?;
        let first_believed = first.candles.first().map(|candle| candle.open_time_ms);
        Ok(first_believed.into_iter().chain(first.last_open_ms).min())
    }

    /// As [`RestClient::closed_klines`] for all `symbols` concurrently, with one reading of the
    /// server's clock, so that all coins end at the same candle. What one symbol meets is no error
    /// of the others.
    ///
    /// # Errors
    ///
    /// No reading of the server's clock, a task that ended abnormally.
    pub async fn fetch_closed(
        &self,
        symbols: &[Symbol],
        interval: Interval,
        from_ms: i64,
        until_ms: i64,
    ) -> Result<ClosedCandles, Error> {
        let server_time_ms = self.server_time_ms().await?;
        let mut coins: Vec<(usize, CoinCandles)> = Vec::with_capacity(symbols.len());
        let mut waiting = symbols.iter().cloned().enumerate();
        let mut running = JoinSet::new();
        loop {
            while running.len() < self.sender.options().concurrency.max(1)
                && let Some((index, symbol)) = waiting.next()
            {
                let client = self.clone();
                running.spawn(async move {
                    let served = client
                        .closed_by(&symbol, interval, from_ms, until_ms, server_time_ms)
                        .await;
                    (index, CoinCandles { symbol, served })
                });
            }
            let Some(ended) = running.join_next().await else {
                break;
            };
            coins.push(ended.map_err(|error| Error::Task {
                reason: error.to_string(),
            })?);
        }
        coins.sort_by_key(|(index, _)| *index);
        Ok(ClosedCandles {
            server_time_ms,
            coins: coins.into_iter().map(|(_, coin)| coin).collect(),
        })
    }

    /// As [`RestClient::closed_klines`] for a reading of the server's clock that the caller has, so
    /// that all that is fetched with it ends at the same candle.
    ///
    /// # Errors
    ///
    /// Everything a request can meet: see [`Error`].
    pub async fn closed_by(
        &self,
        symbol: &Symbol,
        interval: Interval,
        from_ms: i64,
        until_ms: i64,
        now_ms: i64,
    ) -> Result<Served, Error> {
        let step = interval.ms();
        let end_ms = until_ms.min(now_ms.saturating_sub(step).saturating_add(1));
        let mut next_ms = from_ms.max(0);
        let mut served = Served::default();
        if next_ms >= end_ms {
            return Ok(served);
        }
        // Pages forward by `startTime` alone until a candle that is not wanted, which shows that
        // those before it are final, or to where there are none.
        while served.last_open_ms.is_none_or(|last_ms| last_ms < end_ms) {
            let page = self
                .page(
                    symbol,
                    interval,
                    next_ms..end_ms.saturating_add(step),
                    now_ms,
                )
                .await?;
            let Some(last_ms) = page.last_open_ms else {
                // Candles of times that cannot be, and no other: whoever asks is told why.
                if served == Served::default() {
                    served = page;
                }
                break;
            };
            next_ms = last_ms
                .div_euclid(step)
                .saturating_add(1)
                .saturating_mul(step);
            served.append(page);
        }
        served.cut(end_ms);
        let count = served.final_count(interval, now_ms);
        served.candles.truncate(count);
        Ok(served)
    }

    /// The candles of `symbol` that open at `from_ms` or later as the exchange serves them in one
    /// answer: the last one may still be forming ([`Served::final_candles`]). `until_ms` bounds
    /// how many are asked for; `now_ms` is the server's clock, and what opens a bar or more
    /// after it is refused.
    ///
    /// # Errors
    ///
    /// Everything a request can meet: see [`Error`].
    pub async fn served_klines(
        &self,
        symbol: &Symbol,
        interval: Interval,
        from_ms: i64,
        until_ms: i64,
        now_ms: i64,
    ) -> Result<Served, Error> {
        self.page(
            symbol,
            interval,
            from_ms..until_ms.max(from_ms.saturating_add(1)),
            now_ms,
        )
        .await
    }

    /// One page: the first candles that open at the start of `range` or later, as many as it has
    /// bars.
    async fn page(
        &self,
        symbol: &Symbol,
        interval: Interval,
        range: Range<i64>,
        now_ms: i64,
    ) -> Result<Served, Error> {
        let largest = match self.market {
            Market::Spot => 1000,
            Market::Futures => 1500,
        };
        // Futures requests weigh by their limit: ask for no more than what is wanted.
        let wanted = (range.end.saturating_sub(range.start) - 1) / interval.ms() + 1;
        let from_ms = range.start;
        let path = format!(
            "{}/klines?symbol={symbol}&interval={interval}&startTime={from_ms}&limit={}",
            self.api(),
            wanted.min(largest)
        );
        let request = format!("{} for {symbol}", self.sender.request(&path));
        let answer = self.sender.get(&path, &request).await?;
        wire::candles(
            &answer,
            &wire::KlineRequest {
                interval,
                from_ms,
                now_ms,
                request: &request,
            },
        )
    }

    fn api(&self) -> &'static str {
        match self.market {
            Market::Spot => "/api/v3",
            Market::Futures => "/fapi/v1",
        }
    }
}
