//! Candles of all coins as they close: by websocket, filled up by REST, never one that could still
//! change.

mod reply;
mod requests;

use std::collections::{BTreeMap, VecDeque};
use std::future::pending;
use std::time::{Duration, Instant};

use market::{Candle, CandleError, Error, Interval, KlineStream, Market, RestClient, Symbol};
use tokio::task::{JoinError, JoinHandle, JoinSet};
use tokio::time::sleep;

use super::coin::{CoinFeed, GONE_AFTER_BARS};
use reply::{RestReply, SideReply};

/// First pause before the websocket is tried again; it doubles up to `LONGEST_PAUSE`.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The last candles of every coin, and how far they are known.
#[derive(Debug)]
pub struct Feed {
    source: FeedSource,
    client: RestClient,
    stream: Option<Box<KlineStream>>,
    /// The websocket while it is being connected: a host that does not answer must hold nothing
    /// up.
    connecting: Option<JoinHandle<ConnectResult>>,
    /// REST requests under way for the candles that the minute waits for.
    asked: JoinSet<RestReply>,
    /// REST requests under way that nothing waits for.
    aside: JoinSet<SideReply>,
    /// When the websocket may be tried again, and the pause after that.
    retry: (Instant, Duration),
    coins: Vec<CoinFeed>,
    /// Bars that are kept.
    keep_bars: usize,
    /// Candles that came since they were last taken.
    arrived: VecDeque<(Symbol, Candle)>,
    /// When the last candle came.
    last_arrival: Instant,
    /// No candle can have closed later than this by the exchange's clock, UTC ms.
    latest_close_ms: i64,
    /// Candles that seem to have closed later: either the clock is behind, or they are wrong.
    ahead: Vec<(Symbol, Candle)>,
    /// Whether an answer by REST held such a candle.
    is_refused_ahead: bool,
    /// Candles that came by REST and cannot be, since they were last taken.
    refused: BTreeMap<Symbol, Vec<CandleError>>,
}

/// What the exchange does wrong, by the way it takes.
#[derive(Debug)]
pub enum FeedFault {
    /// A connection that was lost or could not be made.
    Websocket(Error),
    /// A request that failed.
    Rest(Error),
    /// One coin's candle that cannot be: it counts as missing.
    Candle(Symbol, CandleError),
}

/// What came of setting the websocket up; boxed, as it is large.
type ConnectResult = Result<Box<KlineStream>, Error>;

/// What happened first.
enum FeedEvent {
    Connected(Result<ConnectResult, JoinError>),
    Heard(Result<(Symbol, Result<Candle, CandleError>), Error>),
    Answered(Result<RestReply, JoinError>),
    Aside(Result<SideReply, JoinError>),
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

impl Feed {
    /// A feed that knows nothing before `from_ms`.
    pub fn new(
        source: FeedSource,
        client: RestClient,
        symbols: &[Symbol],
        from_ms: i64,
        keep_bars: usize,
    ) -> Self {
        Self {
            source,
            client,
            stream: None,
            connecting: None,
            asked: JoinSet::new(),
            aside: JoinSet::new(),
            retry: (Instant::now(), FIRST_PAUSE),
            coins: symbols
                .iter()
                .map(|symbol| CoinFeed::new(symbol.clone(), from_ms))
                .collect(),
            keep_bars,
            arrived: VecDeque::new(),
            last_arrival: Instant::now(),
            latest_close_ms: i64::MAX,
            ahead: Vec::new(),
            is_refused_ahead: false,
            refused: BTreeMap::new(),
        }
    }

    fn step(&self) -> i64 {
        self.source.interval.ms()
    }

    fn coin(&self, symbol: &Symbol) -> Option<&CoinFeed> {
        self.coins.iter().find(|coin| coin.symbol == *symbol)
    }

    fn coin_mut(&mut self, symbol: &Symbol) -> Option<&mut CoinFeed> {
        self.coins.iter_mut().find(|coin| coin.symbol == *symbol)
    }

    /// Whether the websocket is connected.
    pub fn is_streaming(&self) -> bool {
        self.stream.is_some()
    }

    /// When the last candle came, by this machine's clock.
    pub fn last_arrival(&self) -> Instant {
        self.last_arrival
    }

    /// Asks for each coin's candles from the time that `from_ms` gives for it, where that is
    /// earlier, and keeps them.
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

    /// The candles that came by REST since this was last called and cannot be: each is told once.
    pub fn take_refused(&mut self) -> BTreeMap<Symbol, Vec<CandleError>> {
        std::mem::take(&mut self.refused)
    }

    /// The coins whose candle at `time_ms` is not known yet.
    pub fn waiting_for(&self, time_ms: i64) -> Vec<Symbol> {
        self.coins
            .iter()
            .filter(|coin| coin.known_until_ms <= time_ms)
            .map(|coin| coin.symbol.clone())
            .collect()
    }

    /// Whether some coin's candle at `time_ms` is here: what others lack is then not for want of a
    /// line.
    pub fn has_some(&self, time_ms: i64) -> bool {
        self.coins
            .iter()
            .any(|coin| coin.candles.contains_key(&time_ms))
    }

    /// How many bars before `time_ms` a coin is known up to; 0: up to that one.
    pub fn bars_behind(&self, symbol: &Symbol, time_ms: i64) -> usize {
        self.coin(symbol)
            .map_or(0, |coin| coin.bars_behind(time_ms, self.step()))
    }

    /// Whether a REST answer about the coin was asked for at `time_ms` or later.
    pub fn was_answered_since(&self, symbol: &Symbol, time_ms: i64) -> bool {
        self.coin(symbol)
            .is_some_and(|coin| coin.answered_ms >= time_ms)
    }

    /// Whether the coin has left the market: the exchange says so, or has answered that it has had
    /// none of its candles for long while it has those of others. `time_ms` is the last bar
    /// that is closed.
    pub fn is_gone(&self, symbol: &Symbol, time_ms: i64) -> bool {
        let is_long_silent = |coin: &CoinFeed| {
            coin.bars_behind(time_ms, self.step()) > GONE_AFTER_BARS && self.has_some(time_ms)
        };
        self.coin(symbol).is_some_and(|coin| {
            coin.answered_ms >= time_ms.saturating_add(self.step())
                && (coin.is_off_market || is_long_silent(coin))
        })
    }

    /// The candles from `from_ms` to `until_ms` (exclusive) of every coin.
    pub fn candles(
        &self,
        from_ms: i64,
        until_ms: i64,
    ) -> impl Iterator<Item = (&Symbol, impl Iterator<Item = &Candle>)> {
        self.coins.iter().map(move |coin| {
            (
                &coin.symbol,
                coin.candles
                    .range(from_ms..until_ms)
                    .map(|(_, candle)| candle),
            )
        })
    }

    /// When the last candle of each coin closed, UTC ms, of those that have one.
    pub fn last_closes(&self) -> Vec<(Symbol, i64)> {
        let of_coin = |coin: &CoinFeed| {
            let (last_ms, _) = coin.candles.last_key_value()?;
            Some((coin.symbol.clone(), last_ms + self.step()))
        };
        self.coins.iter().filter_map(of_coin).collect()
    }

    /// The coin's candle at `time_ms`, or the first one after it where the exchange has long had
    /// none; None while that is not known.
    pub fn candle_from(&self, symbol: &Symbol, time_ms: i64) -> Option<&Candle> {
        self.coin(symbol)?.candle_from(time_ms, self.step())
    }

    /// Waits for at most `longest` for the next thing to come: a candle or a connection by
    /// websocket, an answer by REST. No candle can have closed later than `latest_close_ms` by
    /// the exchange's clock.
    ///
    /// # Errors
    /// What was wrong when a connection was lost or could not be made, a request failed, or a
    /// candle cannot be.
    pub async fn listen(
        &mut self,
        longest: Duration,
        latest_close_ms: i64,
    ) -> Result<(), FeedFault> {
        self.latest_close_ms = latest_close_ms;
        let is_idle = self.stream.is_none() && self.connecting.is_none();
        if is_idle && self.source.uses_websocket && Instant::now() >= self.retry.0 {
            let symbols: Vec<Symbol> = self.coins.iter().map(|coin| coin.symbol.clone()).collect();
            let FeedSource {
                market,
                interval,
                websocket_url,
                ..
            } = self.source.clone();
            self.connecting = Some(tokio::spawn(async move {
                KlineStream::connect(market, websocket_url.as_deref(), &symbols, interval)
                    .await
                    .map(Box::new)
            }));
        }
        let ended = |error: JoinError| {
            FeedFault::Rest(Error::Task {
                reason: error.to_string(),
            })
        };
        match self.next_event(longest).await {
            FeedEvent::Nothing => Ok(()),
            FeedEvent::Connected(ended) => {
                self.connecting = None;
                let connected = ended.unwrap_or_else(|error| {
                    Err(Error::Task {
                        reason: error.to_string(),
                    })
                });
                self.stream = Some(connected.map_err(|error| self.disconnected(error))?);
                Ok(())
            }
            FeedEvent::Heard(Ok((symbol, candle))) => {
                self.retry.1 = FIRST_PAUSE;
                // REST is asked for one that cannot be, and says whether there is a good one.
                self.take(
                    &symbol,
                    candle.map_err(|fault| FeedFault::Candle(symbol.clone(), fault))?,
                );
                Ok(())
            }
            FeedEvent::Heard(Err(error)) => Err(self.disconnected(error)),
            FeedEvent::Answered(answer) => self
                .take_answer(answer.map_err(ended)?)
                .map_err(FeedFault::Rest),
            FeedEvent::Aside(aside) => self
                .take_aside(aside.map_err(ended)?)
                .map_err(FeedFault::Rest),
        }
    }

    async fn next_event(&mut self, longest: Duration) -> FeedEvent {
        let Self {
            stream,
            connecting,
            asked,
            aside,
            ..
        } = self;
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
            heard = heard => FeedEvent::Heard(heard),
            connected = connected => FeedEvent::Connected(connected),
            Some(answered) = asked.join_next() => FeedEvent::Answered(answered),
            Some(answered) = aside.join_next() => FeedEvent::Aside(answered),
            () = sleep(longest) => FeedEvent::Nothing,
        }
    }

    fn disconnected(&mut self, error: Error) -> FeedFault {
        self.stream = None;
        self.retry = (
            Instant::now() + self.retry.1,
            (self.retry.1 * 2).min(LONGEST_PAUSE),
        );
        FeedFault::Websocket(error)
    }

    /// A candle that is known to be closed, unless the clock says that it cannot be.
    fn take(&mut self, symbol: &Symbol, candle: Candle) {
        let (step, keep_bars, latest_close_ms) =
            (self.step(), self.keep_bars, self.latest_close_ms);
        let Some(coin) = self.coin_mut(symbol) else {
            return;
        };
        if candle.open_time_ms.saturating_add(step) > latest_close_ms {
            self.ahead.push((symbol.clone(), candle));
        } else if coin.take(candle, step, keep_bars) {
            self.arrived.push_back((symbol.clone(), candle));
            self.last_arrival = Instant::now();
        }
    }

    /// Forgets what was asked when the clock was ahead of `now_ms`: those answers are of another
    /// time than they seemed.
    pub fn go_back(&mut self, now_ms: i64) {
        for coin in &mut self.coins {
            coin.answered_ms = coin.answered_ms.min(now_ms);
            coin.status_asked_ms = coin.status_asked_ms.min(now_ms);
        }
    }

    /// Whether candles came that seem to have closed in the future.
    pub fn is_ahead(&self) -> bool {
        self.is_refused_ahead || !self.ahead.is_empty()
    }

    /// Takes those of the candles that came too early which had closed by `latest_close_ms`, as the
    /// clock now is; returns the others, which are dropped.
    pub fn settle_ahead(&mut self, latest_close_ms: i64) -> Vec<(Symbol, Candle)> {
        (self.latest_close_ms, self.is_refused_ahead) = (latest_close_ms, false);
        for (symbol, candle) in std::mem::take(&mut self.ahead) {
            self.take(&symbol, candle);
        }
        std::mem::take(&mut self.ahead)
    }
}

#[cfg(test)]
mod tests;
