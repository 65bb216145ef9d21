//! Closed candles from Binance REST.

mod options;
mod sender;
mod wire;

use std::sync::Arc;

use reqwest::Url;
use tokio::task::JoinSet;

use crate::{Candle, Error, Interval, Market, Symbol};
pub use options::RestOptions;
pub(crate) use sender::Sender;
pub(crate) use wire::beginning;

/// Fetches closed candles. The server's clock decides what is closed, never the local one.
///
/// Cheap to clone; clones share connections and the politeness towards the server: a silence that
/// one request is told to keep, all keep. Its methods must be awaited in a tokio runtime with its
/// I/O and time drivers on, which the caller owns.
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
    base_url: Arc<str>,
    market: Market,
    sender: Arc<Sender>,
}

/// What [`RestClient::fetch_closed`] brings.
#[derive(Debug, Clone, PartialEq)]
pub struct ClosedCandles {
    /// The server's clock when the fetch began: for all coins, closed means closed by then.
    pub server_time_ms: i64,
    /// Candles ascending by time, in the order the symbols were asked for.
    pub coins: Vec<(Symbol, Vec<Candle>)>,
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
    pub fn with_options(market: Market, base_url: Option<&str>, options: RestOptions) -> Result<Self, Error> {
        let text = base_url.unwrap_or(match market {
            Market::Spot => "https://data-api.binance.vision",
            Market::Futures => "https://fapi.binance.com",
        });
        let (base_url, sender) = connection(text, options)?;
        Ok(Self { base_url, market, sender })
    }

    /// How long the server has asked for silence from now on; None where it has not. Requests wait by themselves: this
    /// is for telling a person why nothing happens.
    pub fn silence(&self) -> Option<std::time::Duration> {
        self.sender.silence()
    }

    /// The server's clock, UTC milliseconds.
    ///
    /// # Errors
    ///
    /// Everything a request can meet: see [`Error`].
    pub async fn server_time_ms(&self) -> Result<i64, Error> {
        let url = format!("{}{}/time", self.base_url, self.api());
        let request = format!("GET {url}");
        let answer = self.sender.get(&url, &request).await?;
        wire::server_time_ms(&answer, &request)
    }

    /// The candles of `symbol` that open in `from_ms..until_ms` and are closed by the server's
    /// clock, ascending by time. Minutes without a candle are left out.
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
    ) -> Result<Vec<Candle>, Error> {
        let now_ms = self.server_time_ms().await?;
        self.closed_by(symbol, interval, from_ms, until_ms, now_ms).await
    }

    /// Open time of the first candle of `symbol` at `from_ms` or later, closed or not; None where there is none. Asked
    /// from 0 it tells when the coin was listed.
    ///
    /// # Errors
    ///
    /// Everything a request can meet: see [`Error`].
    pub async fn first_open_ms(&self, symbol: &Symbol, interval: Interval, from_ms: i64) -> Result<Option<i64>, Error> {
        let from_ms = from_ms.max(0);
        let page = self.page(symbol, interval, from_ms, from_ms.saturating_add(interval.ms())).await?;
        Ok(page.first().map(|candle| candle.open_time_ms))
    }

    /// As [`RestClient::closed_klines`] for all `symbols` concurrently, with one reading of the
    /// server's clock, so that all coins end at the same candle.
    ///
    /// # Errors
    ///
    /// The first error any symbol meets; the other requests are given up.
    pub async fn fetch_closed(
        &self,
        symbols: &[Symbol],
        interval: Interval,
        from_ms: i64,
        until_ms: i64,
    ) -> Result<ClosedCandles, Error> {
        let server_time_ms = self.server_time_ms().await?;
        let mut coins: Vec<(Symbol, Vec<Candle>)> = symbols.iter().map(|symbol| (symbol.clone(), Vec::new())).collect();
        let mut waiting = symbols.iter().cloned().enumerate();
        let mut running = JoinSet::new();
        loop {
            while running.len() < self.sender.options().concurrency.max(1)
                && let Some((index, symbol)) = waiting.next()
            {
                let client = self.clone();
                running.spawn(async move {
                    let candles = client.closed_by(&symbol, interval, from_ms, until_ms, server_time_ms).await;
                    candles.map(|candles| (index, candles))
                });
            }
            let Some(ended) = running.join_next().await else {
                break;
            };
            let (index, candles) = ended.map_err(|error| Error::Task { reason: error.to_string() })??;
            if let Some(coin) = coins.get_mut(index) {
                coin.1 = candles;
            }
        }
        Ok(ClosedCandles { server_time_ms, coins })
    }

    /// As [`RestClient::closed_klines`] for a reading of the server's clock that the caller has, so that all that is
    /// fetched with it ends at the same candle.
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
    ) -> Result<Vec<Candle>, Error> {
        let step = interval.ms();
        let end_ms = until_ms.min(now_ms.saturating_sub(step).saturating_add(1));
        let mut next_ms = from_ms.max(0);
        let mut candles = Vec::new();
        // Pages forward by `startTime` alone until the first candle that is not wanted, not closed or not there.
        while next_ms < end_ms {
            let page = self.page(symbol, interval, next_ms, end_ms).await?;
            let Some(last) = page.last() else { break };
            next_ms = last.open_time_ms.saturating_add(step);
            candles.extend(page.into_iter().filter(|candle| candle.open_time_ms < end_ms));
        }
        Ok(candles)
    }

    /// The candles of `symbol` that open at `from_ms` or later as the exchange serves them in one answer, ascending: the
    /// last one may still be forming. `until_ms` bounds how many are asked for.
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
    ) -> Result<Vec<Candle>, Error> {
        self.page(symbol, interval, from_ms, until_ms.max(from_ms.saturating_add(1))).await
    }

    /// One page: the first candles that open at `from_ms` or later.
    async fn page(&self, symbol: &Symbol, interval: Interval, from_ms: i64, end_ms: i64) -> Result<Vec<Candle>, Error> {
        let largest = match self.market {
            Market::Spot => 1000,
            Market::Futures => 1500,
        };
        // Futures requests weigh by their limit: ask for no more than what is wanted.
        let wanted = (end_ms.saturating_sub(from_ms) - 1) / interval.ms() + 1;
        let url = format!(
            "{}{}/klines?symbol={symbol}&interval={interval}&startTime={from_ms}&limit={}",
            self.base_url,
            self.api(),
            wanted.min(largest)
        );
        let request = format!("GET {url} for {symbol}");
        let answer = self.sender.get(&url, &request).await?;
        let candles = wire::candles(&answer, interval, &request)?;
        match candles.first() {
            Some(first) if first.open_time_ms < from_ms => Err(Error::WrongShape {
                request,
                place: "kline 0, element 0 (open time)".to_owned(),
                expected: format!("{from_ms} or later, the startTime asked for"),
                found: first.open_time_ms.to_string(),
            }),
            _ => Ok(candles),
        }
    }

    fn api(&self) -> &'static str {
        match self.market {
            Market::Spot => "/api/v3",
            Market::Futures => "/fapi/v1",
        }
    }
}

/// A checked base URL without a slash at its end, and what sends requests there.
pub(crate) fn connection(base_url: &str, options: RestOptions) -> Result<(Arc<str>, Arc<Sender>), Error> {
    let url = checked_base_url(base_url)?;
    let is_local = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    Ok((url.as_str().trim_end_matches('/').into(), Arc::new(Sender::new(options, is_local)?)))
}

fn checked_base_url(text: &str) -> Result<Url, Error> {
    let refuse = |reason: String| Error::BaseUrl { found: text.to_owned(), reason };
    let url = Url::parse(text).map_err(|error| refuse(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refuse(format!("scheme {:?} is neither http nor https", url.scheme())));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("it must end with the path".to_owned()));
    }
    Ok(url)
}
