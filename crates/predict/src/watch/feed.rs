//! Candles of all coins as they close: by websocket, filled up by REST, never one that could still change.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use market::{Candle, Interval, KlineStream, Market, RestClient, Symbol};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// A position whose due candle is missing is settled at the next one there is once this many bars are known after it:
/// the exchange may be late, and is asked again every minute until then.
const SETTLE_WITHOUT_AFTER_BARS: i64 = 60;

/// First pause before the websocket is tried again; it doubles up to `LONGEST_PAUSE`.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The last candles of every coin, and how far they are known.
#[derive(Debug)]
pub struct Feed {
    source: FeedSource,
    client: RestClient,
    stream: Option<KlineStream>,
    /// When the websocket may be tried again, and the pause after that.
    retry: (Instant, Duration),
    coins: Vec<Coin>,
    /// Bars that are kept.
    keep_bars: usize,
    /// Candles that came since they were last taken.
    arrived: VecDeque<(Symbol, Candle)>,
    /// When the last candle came.
    last_arrival: Instant,
}

/// Where a feed gets its candles.
#[derive(Debug, Clone)]
pub struct FeedSource {
    /// Spot or futures.
    pub market: Market,
    /// Bar length.
    pub interval: Interval,
    /// The websocket's address, if another one than the exchange's.
    pub websocket_url: Option<String>,
    /// Whether to use the websocket at all.
    pub uses_websocket: bool,
    /// The exchange has no candle at a time once it serves one that opens this many bars later.
    pub hole_after_bars: usize,
}

#[derive(Debug)]
struct Coin {
    symbol: Symbol,
    /// By open time.
    candles: BTreeMap<i64, Candle>,
    /// Of every bar that opens before this, the candle is here or the exchange has none.
    known_until_ms: i64,
    /// When a REST answer last came, by the exchange's clock.
    answered_ms: i64,
}

impl Feed {
    /// A feed that knows nothing before `from_ms`.
    pub fn new(source: FeedSource, client: RestClient, symbols: &[Symbol], from_ms: i64, keep_bars: usize) -> Self {
        let coin = |symbol: &Symbol| Coin {
            symbol: symbol.clone(),
            candles: BTreeMap::new(),
            known_until_ms: from_ms,
            answered_ms: i64::MIN,
        };
        Self {
            source,
            client,
            stream: None,
            retry: (Instant::now(), FIRST_PAUSE),
            coins: symbols.iter().map(coin).collect(),
            keep_bars,
            arrived: VecDeque::new(),
            last_arrival: Instant::now(),
        }
    }

    /// Whether the websocket is connected.
    pub fn is_streaming(&self) -> bool {
        self.stream.is_some()
    }

    /// When the last candle came, by this machine's clock.
    pub fn last_arrival(&self) -> Instant {
        self.last_arrival
    }

    /// The candles that came since this was last called.
    pub fn take_arrived(&mut self) -> VecDeque<(Symbol, Candle)> {
        std::mem::take(&mut self.arrived)
    }

    /// The coins whose candle at `time_ms` is not known yet.
    pub fn waiting_for(&self, time_ms: i64) -> Vec<Symbol> {
        self.coins.iter().filter(|coin| coin.known_until_ms <= time_ms).map(|coin| coin.symbol.clone()).collect()
    }

    /// How many bars before `time_ms` a coin is known up to; 0: up to that one.
    pub fn bars_behind(&self, symbol: &Symbol, time_ms: i64) -> usize {
        let step = self.source.interval.ms();
        let coin = self.coins.iter().find(|coin| coin.symbol == *symbol);
        coin.map_or(0, |coin| ((time_ms + step - coin.known_until_ms) / step).max(0) as usize)
    }

    /// Whether a REST answer about the coin was asked for at `time_ms` or later.
    pub fn was_answered_since(&self, symbol: &Symbol, time_ms: i64) -> bool {
        self.coins.iter().any(|coin| coin.symbol == *symbol && coin.answered_ms >= time_ms)
    }

    /// The candles from `from_ms` to `until_ms` (exclusive) of every coin.
    pub fn candles(
        &self,
        from_ms: i64,
        until_ms: i64,
    ) -> impl Iterator<Item = (&Symbol, impl Iterator<Item = &Candle>)> {
        self.coins
            .iter()
            .map(move |coin| (&coin.symbol, coin.candles.range(from_ms..until_ms).map(|(_, candle)| candle)))
    }

    /// The coin's candle at `time_ms`, or the first one after it where the exchange has long had none; None while that
    /// is not known.
    pub fn candle_from(&self, symbol: &Symbol, time_ms: i64) -> Option<&Candle> {
        let coin = self.coins.iter().find(|coin| coin.symbol == *symbol)?;
        let (_, candle) = coin.candles.range(time_ms..).next()?;
        let reaches_back = coin.candles.first_key_value().is_some_and(|(first, _)| *first <= time_ms);
        let without_ms = time_ms + SETTLE_WITHOUT_AFTER_BARS * self.source.interval.ms();
        let is_long_missing = reaches_back && coin.known_until_ms > without_ms;
        (candle.open_time_ms == time_ms || is_long_missing).then_some(candle)
    }

    /// Asks by REST once more for a candle that the exchange seemed not to have.
    ///
    /// # Errors
    /// Whatever the request meets.
    pub async fn ask_again(&mut self, symbol: &Symbol, time_ms: i64) -> Result<(), market::Error> {
        let Some(coin) = self.coins.iter().find(|coin| coin.symbol == *symbol) else { return Ok(()) };
        if coin.known_until_ms <= time_ms || coin.candles.contains_key(&time_ms) {
            return Ok(());
        }
        let step = self.source.interval.ms();
        let served = self.client.served_klines(symbol, self.source.interval, time_ms, time_ms + 2 * step).await?;
        match served[..] {
            [candle, _] if candle.open_time_ms == time_ms => self.take(symbol, candle),
            _ => {}
        }
        Ok(())
    }

    /// Reads the websocket for at most `longest`, or sleeps for as long while there is none.
    ///
    /// Returns what was wrong when a connection was lost or could not be made.
    pub async fn listen(&mut self, longest: Duration) -> Result<(), market::Error> {
        if self.stream.is_none() && self.source.uses_websocket && Instant::now() >= self.retry.0 {
            let symbols: Vec<Symbol> = self.coins.iter().map(|coin| coin.symbol.clone()).collect();
            let FeedSource { market, interval, .. } = self.source;
            match KlineStream::connect(market, self.source.websocket_url.as_deref(), &symbols, interval).await {
                Ok(stream) => self.stream = Some(stream),
                Err(error) => return Err(self.disconnected(error)),
            }
        }
        let Some(stream) = &mut self.stream else {
            sleep(longest).await;
            return Ok(());
        };
        match timeout(longest, stream.next_closed()).await {
            Err(_) => Ok(()),
            Ok(Ok((symbol, candle))) => {
                self.retry.1 = FIRST_PAUSE;
                self.take(&symbol, candle);
                Ok(())
            }
            Ok(Err(error)) => Err(self.disconnected(error)),
        }
    }

    fn disconnected(&mut self, error: market::Error) -> market::Error {
        self.stream = None;
        self.retry = (Instant::now() + self.retry.1, (self.retry.1 * 2).min(LONGEST_PAUSE));
        error
    }

    /// A candle that is known to be closed.
    fn take(&mut self, symbol: &Symbol, candle: Candle) {
        let (step, keep_bars) = (self.source.interval.ms(), self.keep_bars);
        let Some(coin) = self.coins.iter_mut().find(|coin| coin.symbol == *symbol) else { return };
        if coin.candles.contains_key(&candle.open_time_ms) {
            return;
        }
        coin.candles.insert(candle.open_time_ms, candle);
        coin.advance(step, i64::MIN);
        while coin.candles.len() > keep_bars {
            coin.candles.pop_first();
        }
        self.arrived.push_back((symbol.clone(), candle));
        self.last_arrival = Instant::now();
    }

    /// Asks by REST for what `symbols` lack, all at once. `now_ms` is the exchange's clock.
    ///
    /// # Errors
    /// The first error that a coin meets; what the others brought is kept.
    pub async fn fill(&mut self, symbols: &[Symbol], now_ms: i64) -> Result<(), market::Error> {
        let hole_after_ms = self.source.hole_after_bars as i64 * self.source.interval.ms();
        let (step, interval) = (self.source.interval.ms(), self.source.interval);
        let mut running = JoinSet::new();
        for coin in self.coins.iter().filter(|coin| symbols.contains(&coin.symbol)) {
            let (client, symbol, from_ms) = (self.client.clone(), coin.symbol.clone(), coin.known_until_ms);
            running.spawn(async move {
                let served = client.served_klines(&symbol, interval, from_ms, now_ms + 2 * step).await;
                (symbol, served)
            });
        }
        let mut result = Ok(());
        while let Some(ended) = running.join_next().await {
            let Ok((symbol, served)) = ended else { continue };
            match served {
                Ok(candles) => {
                    // The last one may still change: it counts once a later one is served.
                    let (last, closed) = match candles.split_last() {
                        Some((last, closed)) => (last.open_time_ms, closed),
                        None => (i64::MIN, &[][..]),
                    };
                    for candle in closed {
                        self.take(&symbol, *candle);
                    }
                    if let Some(coin) = self.coins.iter_mut().find(|coin| coin.symbol == symbol) {
                        coin.advance(step, last.saturating_sub(hole_after_ms));
                        coin.answered_ms = now_ms;
                    }
                }
                Err(error) => {
                    // An exchange that does not know the coin has answered: it has no candles of it.
                    if let market::Error::Rejected { .. } = error
                        && let Some(coin) = self.coins.iter_mut().find(|coin| coin.symbol == symbol)
                    {
                        coin.answered_ms = now_ms;
                    }
                    result = result.and(Err(error));
                }
            }
        }
        result
    }
}

impl Coin {
    /// Moves on over the bars whose candle is here, and over holes up to the bar that opens at `holes_until_ms`.
    fn advance(&mut self, step: i64, holes_until_ms: i64) {
        while self.candles.contains_key(&self.known_until_ms) || self.known_until_ms <= holes_until_ms {
            self.known_until_ms += step;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: i64 = 60_000;

    fn coin(bars: &[i64]) -> Coin {
        let candles = bars.iter().map(|bar| (bar * STEP, Candle::close_only(bar * STEP, 1.0))).collect();
        Coin { symbol: Symbol::new("BTCUSDT").unwrap(), candles, known_until_ms: 0, answered_ms: 0 }
    }

    #[test]
    fn a_bar_is_known_when_it_is_here_or_later_ones_have_been_served() {
        let known = |bars: &[i64], last: i64| {
            let mut coin = coin(bars);
            coin.advance(STEP, (last - 2) * STEP);
            coin.known_until_ms / STEP
        };
        assert_eq!(known(&[0, 1, 2], 3), 3);
        assert_eq!(known(&[0, 1], 3), 2, "bar 2 may yet come");
        assert_eq!(known(&[0, 1, 3], 4), 4, "there is no bar 2");
        assert_eq!(known(&[], 0), 0);
    }

    #[test]
    fn a_due_candle_is_waited_for_and_only_then_done_without() {
        let client = RestClient::new(Market::Spot, Some("http://127.0.0.1:9")).unwrap();
        let source = FeedSource {
            market: Market::Spot,
            interval: Interval::ONE_MINUTE,
            websocket_url: None,
            uses_websocket: false,
            hole_after_bars: 2,
        };
        let symbol = Symbol::new("BTCUSDT").unwrap();
        let mut feed = Feed::new(source, client, std::slice::from_ref(&symbol), 0, 100);
        for bar in [0, 1, 5, 6] {
            feed.take(&symbol, Candle::close_only(bar * STEP, bar as f64 + 1.0));
        }
        let at = |feed: &Feed, bar: i64| feed.candle_from(&symbol, bar * STEP).map(|candle| candle.open_time_ms / STEP);
        assert_eq!((at(&feed, 1), at(&feed, 2), at(&feed, 5), at(&feed, 9)), (Some(1), None, Some(5), None));
        assert_eq!(feed.waiting_for(2 * STEP), std::slice::from_ref(&symbol));
        assert_eq!(feed.bars_behind(&symbol, 3 * STEP), 2);
        feed.coins[0].advance(STEP, 4 * STEP);
        assert!(feed.waiting_for(6 * STEP).is_empty());
        assert_eq!(at(&feed, 2), None, "a hole for forecasts, but bar 2 may be late");
        for bar in 7..63 {
            feed.take(&symbol, Candle::close_only(bar * STEP, 1.0));
        }
        assert_eq!((at(&feed, 2), at(&feed, 3)), (Some(5), None));
        feed.take(&symbol, Candle::close_only(3 * STEP, 4.0));
        assert_eq!(at(&feed, 3), Some(3), "it came late");
    }
}
