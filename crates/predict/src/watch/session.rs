//! The loop: wait for the minute's candles, settle what is due, forecast, act, write it all down.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use dataset::{Earned, format_time};
use market::{RestClient, Symbol};
use statistics::pearson;
use tokio::time::timeout;
use tracing::{info, warn};
use trading::{LoggedForecast, Minute, OrderStep, Position, Price};

use super::book::Book;
use super::metrics::Metrics;
use super::orders::Orders;
use crate::live::of_refused;
use crate::watch::{Acting, ExchangeClock, Feed, FeedFault, Reading, why_not};
use crate::{Checkpoint, CoinForecast, Forecasts, History, WatchConfig, forecast_at};

/// Longest sleep, so that an interrupt is noticed.
const NAP: Duration = Duration::from_millis(100);

/// How long a reading of the exchange's clock may take, in its milliseconds; nor is one begun so
/// close to a bar's end.
const READING_MS: f64 = 5000.0;

/// Pause between two readings of the clock for candles that seem to come from the future.
const DOUBT_PAUSE: Duration = Duration::from_secs(10);

/// How long, in the exchange's milliseconds, a coin is waited for that the exchange has answered
/// not to have, before it is asked whether the coin is still traded.
const STATUS_AFTER_MS: i64 = 2000;

/// A running watch.
pub struct Session {
    pub checkpoint: Checkpoint,
    pub settings: WatchConfig,
    pub acting: Acting,
    pub client: RestClient,
    pub clock: ExchangeClock,
    pub feed: Feed,
    pub book: Book,
    pub orders: Orders,
    pub ledger_path: PathBuf,
    pub metrics: Metrics,
    pub is_interrupted: Arc<AtomicBool>,
    /// The watch ends once the exchange's clock shows this.
    pub until_ms: i64,
    /// Sum of the profits after costs of all positions that are closed, fractions of the value of
    /// one.
    pub net: f64,
    /// The bar for which a failing REST interface was last reported: one line a bar will do.
    pub reported_ms: i64,
    /// When candles last made the clock doubtful.
    pub doubted_at: Option<Instant>,
}

/// What the wait for a minute's candles ended with.
enum Collected {
    /// All candles are here that will be; without those of the coins that are absent.
    Without(Vec<Symbol>),
    /// These were waited for in vain.
    TooLate(Vec<Symbol>),
    /// The watch is to end.
    Stopped,
}

/// Forecasts of one minute.
struct Made {
    forecasts: Forecasts,
    /// When, by the exchange's clock, UTC ms.
    at_ms: i64,
    /// How long after the last candle came.
    latency: Duration,
}

impl Session {
    fn bar_ms(&self) -> i64 {
        self.acting.bar_ms
    }

    /// Open time of the last bar that is closed by the exchange's clock.
    fn last_closed_ms(&self) -> i64 {
        self.clock.now_ms().div_euclid(self.bar_ms()) * self.bar_ms() - self.bar_ms()
    }

    fn is_over(&self) -> bool {
        self.is_interrupted.load(Ordering::Relaxed) || self.clock.now_ms() >= self.until_ms
    }

    /// Runs until it is interrupted or its time is over.
    ///
    /// # Errors
    /// A ledger that cannot be written, a device that fails. What the exchange does wrong is waited
    /// out.
    pub async fn run(mut self) -> anyhow::Result<()> {
        let mut time_ms = self.last_closed_ms();
        while !self.is_over() {
            self.wait_for_close(time_ms).await?;
            let collected = self.collect(time_ms).await?;
            // Forecasts first: everything else has time.
            let forecasts = match &collected {
                Collected::Without(_) => Some(self.forecast(time_ms)?),
                _ => None,
            };
            let arrived = self.feed.take_arrived();
            let opened = self.book.add_candles(arrived)?;
            self.note_opened(&opened);
            self.settle(time_ms)?;
            match collected {
                Collected::Without(absent) => {
                    if let Some(made) = forecasts {
                        self.act(&made, &absent)?;
                    }
                }
                Collected::TooLate(waiting) => {
                    let coins = names(&waiting);
                    warn!(time = format_time(time_ms), %coins, "no forecasts: candles did not come in time");
                    self.metrics
                        .minutes
                        .with_label_values(&["incomplete"])
                        .inc();
                    // Not one coin's candle: perhaps it is not this minute at all.
                    self.clock.doubt();
                    self.read_clock_if_old().await;
                }
                Collected::Stopped => break,
            }
            self.ask_for_overdue(time_ms);
            self.report()?;
            time_ms = self.next_bar(time_ms);
        }
        self.book.finish()?;
        let open = self.book.open_positions().len();
        info!(open_positions = open, ledger = %self.ledger_path.display(), "stopped; the ledger is complete");
        Ok(())
    }

    /// The bar that is forecast after the one at `time_ms`.
    fn next_bar(&mut self, time_ms: i64) -> i64 {
        let (next_ms, last_ms) = (time_ms + self.bar_ms(), self.last_closed_ms());
        // Candles may come a little before the clock shows their close; here it was ahead, and has
        // been put right.
        if last_ms + self.bar_ms() < time_ms {
            warn!(
                from = format_time(time_ms),
                to = format_time(last_ms),
                "the clock was ahead: going back"
            );
            self.feed.go_back(self.clock.now_ms());
            return last_ms;
        }
        let missed = (last_ms - next_ms).max(0) / self.bar_ms();
        if missed > 0 {
            warn!(
                from = format_time(next_ms),
                minutes = missed,
                "no forecasts: these minutes were missed"
            );
            self.metrics
                .minutes
                .with_label_values(&["missed"])
                .inc_by(missed as u64);
        }
        next_ms.max(last_ms)
    }

    /// Listens until the bar is closed by the exchange's clock, or all of its candles are here.
    async fn wait_for_close(&mut self, time_ms: i64) -> anyhow::Result<()> {
        let close_ms = time_ms + self.bar_ms();
        while self.clock.now_ms() < close_ms
            && !self.feed.waiting_for(time_ms).is_empty()
            && !self.is_over()
        {
            let nap = self.clock.until(close_ms).min(NAP);
            self.listen(nap).await?;
            if self.clock.until(close_ms) > 2 * self.clock.real(READING_MS) {
                self.read_clock_if_old().await;
            }
        }
        Ok(())
    }

    async fn read_clock_if_old(&mut self) {
        if self.clock.is_old() {
            self.read_clock(ExchangeClock::add).await;
        }
    }

    /// Reads the exchange's clock again; whether it could. `take` says what becomes of the readings
    /// before.
    async fn read_clock(&mut self, take: fn(&mut ExchangeClock, &[Reading])) -> bool {
        let readings = timeout(
            self.clock.real(READING_MS),
            ExchangeClock::readings(&self.client),
        )
        .await;
        let Ok(Ok(readings)) = readings else {
            self.metrics.faults.with_label_values(&["rest"]).inc();
            self.clock.keep_for_now();
            return false;
        };
        take(&mut self.clock, &readings);
        note_left_out(&self.clock);
        true
    }

    /// Listens for the next thing to come, and writes down what the ledger could not take before. A
    /// clock that candles prove slow is read again before anything is done by it; candles that
    /// are still of the future are left out.
    async fn listen(&mut self, longest: Duration) -> anyhow::Result<()> {
        self.hear(longest).await;
        if self.feed.is_ahead() {
            if self
                .doubted_at
                .is_none_or(|doubted_at| doubted_at.elapsed() > DOUBT_PAUSE)
            {
                warn!(
                    clock = format_time(self.clock.now_ms()),
                    "the clock is behind: did this machine sleep?"
                );
                while !self.read_clock(ExchangeClock::replace).await && !self.is_over() {
                    self.hear(NAP).await;
                }
                self.doubted_at = Some(Instant::now());
            }
            for (symbol, candle) in self.feed.settle_ahead(self.clock.latest_close_ms()) {
                warn!(%symbol, time = format_time(candle.open_time_ms), "a candle of the future is left out");
            }
        }
        if self.book.is_due() {
            let opened = self.book.write()?;
            self.note_opened(&opened);
        }
        Ok(())
    }

    async fn hear(&mut self, longest: Duration) {
        let was_streaming = self.feed.is_streaming();
        match self
            .feed
            .listen(longest, self.clock.latest_close_ms())
            .await
        {
            Ok(()) if !was_streaming && self.feed.is_streaming() => info!("listening by websocket"),
            Ok(()) => {}
            Err(FeedFault::Websocket(error)) => {
                warn!(hint = error.hint(), "{error}");
                self.metrics.faults.with_label_values(&["websocket"]).inc();
            }
            Err(FeedFault::Candle(symbol, fault)) => {
                warn!(%symbol, "a candle that cannot be counts as missing: {fault}");
                self.metrics.faults.with_label_values(&["candle"]).inc();
            }
            Err(FeedFault::Rest(error)) => {
                // An exchange that is down is asked many times.
                let bar_ms = self.last_closed_ms();
                if std::mem::replace(&mut self.reported_ms, bar_ms) != bar_ms {
                    warn!(hint = error.hint(), "{error}");
                }
                self.metrics.faults.with_label_values(&["rest"]).inc();
            }
        }
        for (symbol, refused) in self.feed.take_refused() {
            if let Some(said) = of_refused(&refused) {
                warn!(%symbol, "{said}");
            }
            let faults = self.metrics.faults.with_label_values(&["candle"]);
            faults.inc_by(refused.len() as u64);
        }
        self.metrics
            .is_streaming
            .set(i64::from(self.feed.is_streaming()));
    }

    /// Waits for the bar's candles of all coins: by websocket, and by REST for those that it does
    /// not bring.
    async fn collect(&mut self, time_ms: i64) -> anyhow::Result<Collected> {
        let close_ms = time_ms + self.bar_ms();
        let give_up_ms = close_ms + (self.settings.patience_secs * 1000.0) as i64;
        let mut ask_ms = close_ms
            + if self.feed.is_streaming() {
                self.settings.rest_after_ms as i64
            } else {
                0
            };
        loop {
            let waiting = self.feed.waiting_for(time_ms);
            let (absent, awaited): (Vec<Symbol>, Vec<Symbol>) = waiting
                .into_iter()
                .partition(|symbol| self.is_absent(symbol, time_ms));
            if awaited.is_empty() {
                return Ok(Collected::Without(absent));
            }
            if self.is_over() {
                return Ok(Collected::Stopped);
            }
            let now_ms = self.clock.now_ms();
            if now_ms >= give_up_ms {
                if self.feed.has_some(time_ms) {
                    let coins = names(&awaited);
                    warn!(time = format_time(time_ms), %coins, "forecast without: no candle came in time");
                    return Ok(Collected::Without([absent, awaited].concat()));
                }
                return Ok(Collected::TooLate(awaited));
            }
            if now_ms >= close_ms + STATUS_AFTER_MS && self.feed.has_some(time_ms) {
                awaited
                    .iter()
                    .for_each(|symbol| self.feed.ask_status(symbol, time_ms));
            }
            if now_ms >= ask_ms {
                self.feed.ask(&awaited, now_ms);
                ask_ms = now_ms + self.settings.rest_every_ms as i64;
            }
            let nap = self.clock.until(ask_ms).min(NAP);
            self.listen(nap).await?;
        }
    }

    /// Whether the exchange has said after the bar's close that it has had no candle of the coin
    /// for some bars, though it has those of others, or that the coin is not traded any more.
    fn is_absent(&self, symbol: &Symbol, time_ms: i64) -> bool {
        let is_missing = self.feed.bars_behind(symbol, time_ms) > self.settings.absent_after_bars
            && self
                .feed
                .was_answered_since(symbol, time_ms + self.bar_ms());
        is_missing && self.feed.has_some(time_ms) || self.feed.is_gone(symbol, time_ms)
    }

    /// Asks once more, beside the loop, for the candles of positions that the exchange seems not to
    /// have, and whether the coins that are gone are traded again.
    fn ask_for_overdue(&mut self, time_ms: i64) {
        let now_ms = self.clock.now_ms();
        for position in self.book.open_positions() {
            let wanted_ms = if position.entry_price.is_none() {
                position.entry_ms
            } else {
                position.due_ms
            };
            self.feed.ask_again(&position.symbol, wanted_ms, now_ms);
        }
        for symbol in &self.checkpoint.config.universe.symbols {
            if self.feed.is_gone(symbol, time_ms) {
                self.feed.ask_status(symbol, time_ms);
            }
        }
    }

    /// The last known candle of every coin with a position that is due and whose coin is gone.
    fn last_prices(&mut self, time_ms: i64) -> anyhow::Result<Vec<(Symbol, i64, Price)>> {
        let due = |position: &&Position| {
            position.due_ms <= time_ms && self.feed.is_gone(&position.symbol, time_ms)
        };
        let due: Vec<Position> = self
            .book
            .open_positions()
            .iter()
            .filter(due)
            .cloned()
            .collect();
        let mut prices = Vec::new();
        for position in due {
            for wanted_ms in [position.entry_ms, position.due_ms] {
                if let Some(candle) = self.book.last_candle(&position.symbol, wanted_ms)? {
                    let price = Price {
                        time_ms: candle.open_time_ms,
                        close: candle.close,
                        is_last_known: true,
                    };
                    prices.push((position.symbol.clone(), wanted_ms, price));
                }
            }
        }
        Ok(prices)
    }

    /// Opens and closes positions whose candles are here, or whose coin is gone at `time_ms`.
    fn settle(&mut self, time_ms: i64) -> anyhow::Result<()> {
        let last_prices = self.last_prices(time_ms)?;
        let price = |symbol: &Symbol, wanted_ms: i64| {
            if let Some(candle) = self.feed.candle_from(symbol, wanted_ms) {
                return Some(Price {
                    time_ms: candle.open_time_ms,
                    close: candle.close,
                    is_last_known: false,
                });
            }
            let is_wanted =
                |(of, at_ms, _): &&(Symbol, i64, Price)| of == symbol && *at_ms == wanted_ms;
            last_prices
                .iter()
                .find(is_wanted)
                .map(|(_, _, price)| *price)
        };
        for position in self.book.settle(price)? {
            info!(
                symbol = %position.symbol,
                side = position.side.name(),
                opened = format_time(position.entry_ms),
                closed = format_time(position.exit_ms.unwrap_or_default()),
                entry = position.entry_price,
                exit = position.exit_price,
                net_bps = position.net().map(|net| net * 1e4),
                "{}",
                if position.is_last_known { "position closed at the last known price: the coin is gone" } else { "position closed" }
            );
            self.metrics.positions.with_label_values(&["closed"]).inc();
            self.net += position.net().unwrap_or(0.0);
        }
        let close = |symbol: &Symbol, wanted_ms: i64| {
            let candle = self.feed.candle_from(symbol, wanted_ms)?;
            Some(Price {
                time_ms: candle.open_time_ms,
                close: candle.close,
                is_last_known: false,
            })
        };
        for OrderStep {
            order, part, price, ..
        } in self.book.fill_orders(close)?
        {
            info!(symbol = %order.symbol, side = order.side.name(), part, price, "order filled");
        }
        let open = self.book.open_positions();
        self.feed.keep_from(|symbol| {
            open.iter()
                .filter(|position| position.symbol == *symbol)
                .map(|position| position.forecast_ms)
                .min()
        });
        self.metrics.open_positions.set(open.len() as i64);
        Ok(())
    }

    /// Forecasts at `time_ms` from the candles that are here.
    fn forecast(&self, time_ms: i64) -> anyhow::Result<Made> {
        let from_ms = time_ms - (self.checkpoint.history_bars() as i64 - 1) * self.bar_ms();
        let coins = self.feed.candles(from_ms, time_ms + self.bar_ms());
        let coins = coins
            .map(|(symbol, candles)| (symbol.clone(), candles.copied().collect()))
            .collect();
        let forecasts = forecast_at(
            &self.checkpoint,
            &History {
                at_ms: time_ms,
                coins,
            },
        )?;
        let (at_ms, latency) = (self.clock.now_ms(), self.feed.last_arrival().elapsed());
        self.metrics.latency.observe(latency.as_secs_f64());
        self.metrics
            .delay
            .observe((at_ms - forecasts.closed_at) as f64 / 1000.0);
        Ok(Made {
            forecasts,
            at_ms,
            latency,
        })
    }

    /// A coin's forecast as the ledger has it.
    fn logged(&self, made: &Made, symbol: &Symbol, coin: &CoinForecast) -> LoggedForecast {
        LoggedForecast {
            time_ms: made.forecasts.time,
            symbol: symbol.clone(),
            forecast: coin.forecast,
            refused: coin.refused.clone(),
            forecaster: self.checkpoint.label(),
            made_at_ms: made.at_ms,
            is_complete: true,
            drift_std: coin.drift.as_ref().map(|drift| drift.std),
        }
    }

    /// Writes forecasts down and opens positions on them; `absent` coins were done without.
    fn act(&mut self, made: &Made, absent: &[Symbol]) -> anyhow::Result<()> {
        let Made {
            forecasts,
            at_ms: made_at_ms,
            latency,
        } = made;
        let (time_ms, made_at_ms) = (forecasts.time, *made_at_ms);
        let mut minute = Minute {
            time_ms,
            ..Minute::default()
        };
        for (symbol, coin) in self
            .checkpoint
            .config
            .universe
            .symbols
            .iter()
            .zip(&forecasts.coins)
        {
            let logged = LoggedForecast {
                is_complete: absent.is_empty(),
                ..self.logged(made, symbol, coin)
            };
            self.note_drift(symbol, coin.drift.as_ref());
            let outcome = coin.forecast.map_or("refused", |_| "forecast");
            self.metrics.forecasts.with_label_values(&[outcome]).inc();
            if let Some(side) = self.acting.side(&logged) {
                match why_not(&self.acting, &logged) {
                    None => minute.signals.push(self.acting.signal(&logged, side)),
                    Some(reason) => {
                        warn!(%symbol, side = side.name(), forecast = logged.forecast, reason, "not acted on")
                    }
                }
            }
            minute.forecasts.push(logged);
        }
        minute.order_steps = self.orders.decide(&minute.forecasts, &self.acting);
        let signals = minute.signals.len();
        let opened = self.book.record(minute)?;
        self.note_opened(&opened);
        self.settle(time_ms)?;
        self.metrics.minutes.with_label_values(&["forecast"]).inc();
        let refused = forecasts
            .coins
            .iter()
            .filter(|coin| coin.forecast.is_none())
            .count();
        info!(
            time = format_time(time_ms),
            forecasts = forecasts.coins.len() - refused,
            refused,
            absent = absent.len(),
            signals,
            opened = opened.len(),
            delay_ms = made_at_ms - forecasts.closed_at,
            latency_ms = latency.as_millis() as u64,
            "forecast"
        );
        Ok(())
    }

    fn note_opened(&self, opened: &[Position]) {
        for position in opened {
            info!(
                symbol = %position.symbol,
                side = position.side.name(),
                forecast_bps = position.forecast * 1e4,
                due = format_time(position.due_ms),
                "position opened"
            );
            self.metrics.positions.with_label_values(&["opened"]).inc();
        }
    }

    fn note_drift(&self, symbol: &Symbol, drift: Option<&crate::Drift>) {
        let Some(drift) = drift else { return };
        self.metrics
            .drift
            .with_label_values(&[symbol.as_str()])
            .set(drift.std);
        if drift.std.abs() > self.acting.drift_limit_std {
            warn!(%symbol, feature = drift.feature, std = drift.std, "drift: far from the training statistics");
        }
    }

    /// What the metrics know from the ledger.
    fn report(&mut self) -> anyhow::Result<()> {
        let coins = self.checkpoint.config.universe.symbols.len().max(1);
        self.metrics.equity.set(1.0 + self.net / coins as f64);
        let config = &self.checkpoint.config;
        if config.target.init(config.data.interval).earned() != Earned::FromClose {
            // The ledger knows closes alone: what came of such a target is not computed.
            self.metrics.pearson.set(f64::NAN);
            return Ok(());
        }
        let hold_ms = config.target.horizon.ms();
        let outcomes = self
            .book
            .outcomes(hold_ms, self.settings.pearson_forecasts)?;
        let (forecasts, realized): (Vec<f64>, Vec<f64>) = outcomes.into_iter().unzip();
        if let Some(correlation) = pearson(&forecasts, &realized) {
            self.metrics.pearson.set(correlation);
        }
        Ok(())
    }
}

/// Says which answers of the exchange's clock are not believed.
pub fn note_left_out(clock: &ExchangeClock) {
    for apart_ms in clock.left_out_ms() {
        warn!(
            apart_ms,
            "an answer of the exchange's clock is left out: others outvote it"
        );
    }
}

/// Names of coins for a log line.
fn names(symbols: &[Symbol]) -> String {
    symbols
        .iter()
        .map(Symbol::as_str)
        .collect::<Vec<_>>()
        .join(" ")
}
