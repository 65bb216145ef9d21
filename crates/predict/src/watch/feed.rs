//! Candles of all coins as they close: by websocket, filled up by REST, never one that could still change.

use std::collections::{BTreeMap, VecDeque};
use std::future::pending;
use std::time::{Duration, Instant};

use market::{Candle, CandleError, Error, Interval, KlineStream, Market, RestClient, Served, Symbol};
use tokio::task::{JoinError, JoinHandle, JoinSet};
use tokio::time::sleep;

/// A position whose due candle is missing is settled at the next one there is once this many bars are known after it:
/// the exchange may be late, and is asked again every minute until then.
pub const SETTLE_WITHOUT_AFTER_BARS: i64 = 60;

/// First pause before the websocket is tried again; it doubles up to `LONGEST_PAUSE`.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The last candles of every coin, and how far they are known.
#[derive(Debug)]
pub struct Feed {
    source: FeedSource,
    client: RestClient,
    stream: Option<Box<KlineStream>>,
    /// The websocket while it is being connected: a host that does not answer must hold nothing up.
    connecting: Option<JoinHandle<Connected>>,
    /// REST requests under way.
    asked: JoinSet<Answer>,
    /// When the websocket may be tried again, and the pause after that.
    retry: (Instant, Duration),
    coins: Vec<Coin>,
    /// Bars that are kept.
    keep_bars: usize,
    /// Candles that came since they were last taken.
    arrived: VecDeque<(Symbol, Candle)>,
    /// When the last candle came.
    last_arrival: Instant,
    /// Latest close of a candle that came since this was last asked, UTC ms.
    latest_close_ms: Option<i64>,
}

/// What a REST request for a coin's candles brought, and the exchange's clock when it was sent.
#[derive(Debug)]
struct Answer {
    symbol: Symbol,
    asked_ms: i64,
    served: Result<Served, Error>,
}

/// What the exchange does wrong, by the way it takes.
#[derive(Debug)]
pub enum FeedFault {
    /// A connection that was lost or could not be made.
    Websocket(Error),
    /// A request that failed.
    Rest(Error),
}

/// What came of setting the websocket up; boxed, as it is large.
type Connected = Result<Box<KlineStream>, Error>;

/// What happened first.
enum Event {
    Connected(Result<Connected, JoinError>),
    Heard(Result<(Symbol, Result<Candle, CandleError>), Error>),
    Answered(Result<Answer, JoinError>),
    Nothing,
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
    /// When the last REST request that was answered was sent, by the exchange's clock.
    answered_ms: i64,
    /// Candles from here on are kept however many they are: an open position waits for one of them.
    keep_from_ms: i64,
}

impl Feed {
    /// A feed that knows nothing before `from_ms`.
    pub fn new(source: FeedSource, client: RestClient, symbols: &[Symbol], from_ms: i64, keep_bars: usize) -> Self {
        let coin = |symbol: &Symbol| Coin {
            symbol: symbol.clone(),
            candles: BTreeMap::new(),
            known_until_ms: from_ms,
            answered_ms: i64::MIN,
            keep_from_ms: i64::MAX,
        };
        Self {
            source,
            client,
            stream: None,
            connecting: None,
            asked: JoinSet::new(),
            retry: (Instant::now(), FIRST_PAUSE),
            coins: symbols.iter().map(coin).collect(),
            keep_bars,
            arrived: VecDeque::new(),
            last_arrival: Instant::now(),
            latest_close_ms: None,
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

    /// When, by the exchange, the latest candle closed of those that came since this was last called.
    pub fn take_latest_close(&mut self) -> Option<i64> {
        self.latest_close_ms.take()
    }

    /// Asks for each coin's candles from the time that `from_ms` gives for it, where that is earlier, and keeps them.
    pub fn begin_from(&mut self, from_ms: impl Fn(&Symbol) -> Option<i64>) {
        self.keep_from(from_ms);
        for coin in &mut self.coins {
            coin.known_until_ms = coin.known_until_ms.min(coin.keep_from_ms);
        }
    }

    /// Keeps each coin's candles from the time that `from_ms` gives for it, however many they are.
    pub fn keep_from(&mut self, from_ms: impl Fn(&Symbol) -> Option<i64>) {
        for coin in &mut self.coins {
            coin.keep_from_ms = from_ms(&coin.symbol).unwrap_or(i64::MAX);
        }
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
    pub async fn ask_again(&mut self, symbol: &Symbol, time_ms: i64) -> Result<(), Error> {
        let Some(coin) = self.coins.iter().find(|coin| coin.symbol == *symbol) else { return Ok(()) };
        if coin.known_until_ms <= time_ms || coin.candles.contains_key(&time_ms) {
            return Ok(());
        }
        let step = self.source.interval.ms();
        let (interval, until_ms) = (self.source.interval, time_ms + 2 * step);
        let served = self.client.served_klines(symbol, interval, time_ms, until_ms, until_ms).await?;
        match served.final_candles(interval, time_ms) {
            [candle, ..] if candle.open_time_ms == time_ms => self.take(symbol, *candle),
            _ => {}
        }
        Ok(())
    }

    /// Waits for at most `longest` for the next thing to come: a candle or a connection by websocket, an answer by REST.
    ///
    /// # Errors
    /// What was wrong when a connection was lost or could not be made, or a request failed.
    pub async fn listen(&mut self, longest: Duration) -> Result<(), FeedFault> {
        let is_idle = self.stream.is_none() && self.connecting.is_none();
        if is_idle && self.source.uses_websocket && Instant::now() >= self.retry.0 {
            let symbols: Vec<Symbol> = self.coins.iter().map(|coin| coin.symbol.clone()).collect();
            let FeedSource { market, interval, websocket_url, .. } = self.source.clone();
            self.connecting = Some(tokio::spawn(async move {
                KlineStream::connect(market, websocket_url.as_deref(), &symbols, interval).await.map(Box::new)
            }));
        }
        match self.next_event(longest).await {
            Event::Nothing => Ok(()),
            Event::Connected(ended) => {
                self.connecting = None;
                let connected = ended.unwrap_or_else(|error| Err(Error::Task { reason: error.to_string() }));
                self.stream = Some(connected.map_err(|error| self.disconnected(error))?);
                Ok(())
            }
            Event::Heard(Ok((symbol, candle))) => {
                self.retry.1 = FIRST_PAUSE;
                match candle {
                    Ok(candle) => self.take(&symbol, candle),
                    Err(fault) => tracing::warn!(%symbol, "the websocket brings a candle that cannot be: {fault}"),
                }
                Ok(())
            }
            Event::Heard(Err(error)) => Err(self.disconnected(error)),
            Event::Answered(Ok(answer)) => self.take_answer(answer).map_err(FeedFault::Rest),
            Event::Answered(Err(error)) => Err(FeedFault::Rest(Error::Task { reason: error.to_string() })),
        }
    }

    async fn next_event(&mut self, longest: Duration) -> Event {
        let Self { stream, connecting, asked, .. } = self;
        let connected = async {
            match connecting {
                Some(connecting) => connecting.await,
                None => pending().await,
            }
        };
        let heard = async {
            match stream {
                Some(stream) => stream.next_closed().await,
                None => pending().await,
            }
        };
        tokio::select! {
            heard = heard => Event::Heard(heard),
            connected = connected => Event::Connected(connected),
            Some(answered) = asked.join_next() => Event::Answered(answered),
            () = sleep(longest) => Event::Nothing,
        }
    }

    fn disconnected(&mut self, error: Error) -> FeedFault {
        self.stream = None;
        self.retry = (Instant::now() + self.retry.1, (self.retry.1 * 2).min(LONGEST_PAUSE));
        FeedFault::Websocket(error)
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
        while coin.candles.len() > keep_bars
            && coin.candles.first_key_value().is_some_and(|(first, _)| *first < coin.keep_from_ms)
        {
            coin.candles.pop_first();
        }
        self.arrived.push_back((symbol.clone(), candle));
        self.last_arrival = Instant::now();
        self.latest_close_ms = self.latest_close_ms.max(Some(candle.open_time_ms.saturating_add(step)));
    }

    /// Asks by REST for what `symbols` lack, all at once, unless requests are still under way; [`Feed::listen`] takes the
    /// answers. `now_ms` is the exchange's clock.
    pub fn ask(&mut self, symbols: &[Symbol], now_ms: i64) {
        if !self.asked.is_empty() {
            return;
        }
        let (step, interval) = (self.source.interval.ms(), self.source.interval);
        for coin in self.coins.iter().filter(|coin| symbols.contains(&coin.symbol)) {
            let (client, symbol, from_ms) = (self.client.clone(), coin.symbol.clone(), coin.known_until_ms);
            self.asked.spawn(async move {
                let served = client.served_klines(&symbol, interval, from_ms, now_ms + 2 * step, now_ms).await;
                Answer { symbol, asked_ms: now_ms, served }
            });
        }
    }

    fn take_answer(&mut self, answer: Answer) -> Result<(), Error> {
        let Answer { symbol, asked_ms, served } = answer;
        let step = self.source.interval.ms();
        let hole_after_ms = self.source.hole_after_bars as i64 * step;
        let mut holes_until_ms = i64::MIN;
        let result = match served {
            // The last one may still change: it counts once a later one is served.
            Ok(served) => {
                for fault in &served.refused {
                    tracing::warn!(%symbol, "the exchange serves a candle that cannot be: {fault}");
                }
                for candle in served.final_candles(self.source.interval, asked_ms) {
                    self.take(&symbol, *candle);
                }
                if let Some(last_ms) = served.last_open_ms {
                    // A candle of the far future would make everything before it a hole.
                    holes_until_ms = last_ms.min(asked_ms).saturating_sub(hole_after_ms);
                }
                Ok(())
            }
            // An exchange that does not know the coin has answered: it has no candles of it.
            Err(error @ Error::Rejected { .. }) => Err(error),
            Err(error) => return Err(error),
        };
        if let Some(coin) = self.coins.iter_mut().find(|coin| coin.symbol == symbol) {
            coin.advance(step, holes_until_ms);
            coin.answered_ms = asked_ms;
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
        Coin {
            symbol: Symbol::new("BTCUSDT").unwrap(),
            candles,
            known_until_ms: 0,
            answered_ms: 0,
            keep_from_ms: i64::MAX,
        }
    }

    /// A feed of one coin, whose exchange is at `address` or nowhere.
    fn feed(address: Option<std::net::SocketAddr>) -> (Feed, Symbol) {
        let host = address.map_or("127.0.0.1:9".to_owned(), |address| address.to_string());
        let client = RestClient::new(Market::Spot, Some(&format!("http://{host}"))).unwrap();
        let source = FeedSource {
            market: Market::Spot,
            interval: Interval::ONE_MINUTE,
            websocket_url: Some(format!("ws://{host}")),
            uses_websocket: address.is_some(),
            hole_after_bars: 2,
        };
        let symbol = Symbol::new("BTCUSDT").unwrap();
        (Feed::new(source, client, std::slice::from_ref(&symbol), 0, 100), symbol)
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
        let (mut feed, symbol) = feed(None);
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
    #[test]
    fn candles_that_a_position_waits_for_outlive_a_long_outage() {
        let (mut feed, symbol) = feed(None);
        feed.keep_bars = 10;
        feed.take(&symbol, Candle::close_only(0, 1.0));
        feed.keep_from(|_| Some(0));
        for bar in 1..50 {
            feed.take(&symbol, Candle::close_only(bar * STEP, 1.0));
        }
        assert_eq!(feed.candle_from(&symbol, 15 * STEP).map(|candle| candle.open_time_ms), Some(15 * STEP));
        feed.keep_from(|_| None);
        feed.take(&symbol, Candle::close_only(50 * STEP, 1.0));
        assert_eq!(feed.coins[0].candles.len(), 10, "nothing waits any more");
        assert_eq!((feed.take_latest_close(), feed.take_latest_close()), (Some(51 * STEP), None));
    }

    /// After a long stop, candles of months are asked for of no coin but the one whose position waits for one of them.
    #[test]
    fn only_a_coin_with_an_open_position_begins_early() {
        let (one, symbol) = feed(None);
        let symbols = [symbol.clone(), Symbol::new("ETHUSDT").unwrap()];
        let mut feed = Feed::new(one.source, one.client, &symbols, 100 * STEP, 10);
        feed.begin_from(|other| (*other == symbol).then_some(5 * STEP));
        assert_eq!(feed.coins.iter().map(|coin| coin.known_until_ms).collect::<Vec<_>>(), [5 * STEP, 100 * STEP]);
        for bar in 5..60 {
            feed.take(&symbol, Candle::close_only(bar * STEP, 1.0));
        }
        assert_eq!(feed.candle_from(&symbol, 5 * STEP).map(|candle| candle.open_time_ms), Some(5 * STEP));
    }

    #[test]
    fn a_candle_of_the_far_future_makes_no_holes() {
        let (mut feed, symbol) = feed(None);
        let candles = [0, 1, 1_000_000_000].map(|bar| Candle::close_only(bar * STEP, 1.0)).to_vec();
        let served = Served { last_open_ms: candles.last().map(|last| last.open_time_ms), candles, refused: Vec::new() };
        feed.take_answer(Answer { symbol, asked_ms: 2 * STEP, served: Ok(served) }).unwrap();
        assert_eq!(feed.coins[0].known_until_ms, 2 * STEP);
    }

    #[tokio::test]
    async fn a_host_that_does_not_answer_holds_nothing_up() {
        // Takes connections, and never says a word.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = silent.local_addr().unwrap();
        let (mut feed, symbol) = feed(Some(address));
        feed.ask(std::slice::from_ref(&symbol), 0);
        let listened = feed.listen(Duration::from_millis(1));
        tokio::time::timeout(Duration::from_secs(5), listened).await.unwrap().unwrap();
        assert!(feed.connecting.is_some() && feed.asked.len() == 1, "both go on");
        feed.ask(std::slice::from_ref(&symbol), 1);
        assert_eq!(feed.asked.len(), 1, "none is sent beside one that is under way");
    }
}
