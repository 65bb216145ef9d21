//! The loop: wait for the minute's candles, settle what is due, forecast, act, write it all down.

mod minute;
mod report;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use alerts::{Alert, AlertKind, Alerts};
use anyhow::anyhow;
use cli::WithHint;
use dataset::format_time;
use market::{RestClient, Symbol};
use tokio::time::timeout;
use tracing::{info, warn};
use trading::Account;

use super::ModelFacts;
use super::beside::Beside;
use super::book::Book;
use super::earlier::EarlierNames;
use super::follow::Follower;
use super::metrics::WatchMetrics;
use super::orders::Orders;
use super::show::{CoinView, Show};
use super::state::{FaultKind, WatchState};
use crate::live::of_refused;
use crate::watch::{ExchangeClock, Feed, FeedFault, Reading, SignalPolicy, WatchEnd};
use crate::{Checkpoint, ForecastUnit, WatchConfig};

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

/// How long the last alerts are waited for when the watch ends.
const LAST_ALERTS: Duration = Duration::from_secs(5);

/// A running watch.
pub struct Session {
    pub checkpoint: Checkpoint,
    /// What its coins were called before.
    pub earlier: EarlierNames,
    /// Looks for another version of the model at every bar; None where one run is watched with.
    pub follower: Option<Follower>,
    pub settings: WatchConfig,
    pub policy: SignalPolicy,
    pub client: RestClient,
    pub clock: ExchangeClock,
    pub feed: Feed,
    pub book: Book,
    pub orders: Orders,
    pub ledger_path: PathBuf,
    pub metrics: WatchMetrics,
    pub is_interrupted: Arc<AtomicBool>,
    pub end: WatchEnd,
    /// The page beside the watch.
    pub beside: Option<Beside>,
    /// What all positions have come to.
    pub account: Account,
    /// The bar for which a failing REST interface was last reported: one line a bar will do.
    pub reported_ms: i64,
    /// When candles last made the clock doubtful.
    pub doubted_at: Option<Instant>,
    /// What is fixed about the model.
    pub facts: ModelFacts,
    /// Connection, delays and faults.
    pub state: WatchState,
    /// Where alerts go; None where they go nowhere.
    pub alerts: Option<Alerts>,
    /// What a person was warned of at the last bar.
    pub warnings: Vec<String>,
    /// How bars are shown.
    pub show: Show,
    /// Whether nothing is opened.
    pub is_paused: bool,
    /// What is shown of the coins of the last bar that was forecast.
    pub shown: Vec<CoinView>,
    /// What forecasts are written in.
    pub unit: ForecastUnit,
}

/// How the wait for a minute's candles ended.
enum CandleWait {
    /// All candles are here that will be; without those of the coins that are absent.
    Without(Vec<Symbol>),
    /// These were waited for in vain.
    TooLate(Vec<Symbol>),
    /// The watch is to end.
    Stopped,
}

impl Session {
    fn bar_ms(&self) -> i64 {
        self.policy.bar_ms
    }

    /// Open time of the last bar that is closed by the exchange's clock.
    fn last_closed_ms(&self) -> i64 {
        self.clock.now_ms().div_euclid(self.bar_ms()) * self.bar_ms() - self.bar_ms()
    }

    fn is_over(&self) -> bool {
        let is_time_over =
            matches!(self.end, WatchEnd::Until(until_ms) if self.clock.now_ms() >= until_ms);
        self.is_interrupted.load(Ordering::Relaxed) || is_time_over
    }

    /// Runs until it is interrupted or its time is over.
    ///
    /// # Errors
    /// A ledger that cannot be written, a device that fails. What the exchange does wrong is waited
    /// out.
    pub async fn run(mut self) -> anyhow::Result<()> {
        let result = self.run_on().await;
        if let Err(error) = &result {
            let text = format!("the watch ends: {error:#}");
            self.alert(AlertKind::Fault, "end", text);
        }
        if let Some(alerts) = self.alerts {
            alerts.finish(LAST_ALERTS);
        }
        result
    }

    /// Tells a person, without waiting.
    fn alert(&mut self, kind: AlertKind, subject: &str, text: String) {
        if let Some(alerts) = &mut self.alerts {
            alerts.send(Alert {
                kind,
                subject: subject.to_owned(),
                text,
            });
        }
    }

    /// Counts faults for metrics, status and alerts.
    fn count_faults(&mut self, kind: FaultKind, count: usize) {
        let counter = self.metrics.faults.with_label_values(&[kind.name()]);
        counter.inc_by(count as u64);
        self.state.count(kind, count as u64);
    }

    async fn run_on(&mut self) -> anyhow::Result<()> {
        let first_ms = self.last_closed_ms();
        let mut time_ms = first_ms;
        while !self.is_over() {
            self.wait_for_close(time_ms).await?;
            let collected = self.collect(time_ms, time_ms == first_ms).await?;
            let mut arrived = self.earlier.take();
            // Forecasts first: everything else has time.
            let forecasts = match &collected {
                CandleWait::Without(_) => Some(self.forecast(time_ms)?),
                _ => None,
            };
            self.shown.clear();
            arrived.extend(self.feed.take_arrived());
            let opened = self.book.add_candles(arrived)?;
            self.note_opened(&opened);
            self.settle(time_ms)?;
            self.look_for_pause();
            let stale = match collected {
                CandleWait::Without(absent) => {
                    if let Some(made) = forecasts {
                        self.act(&made, &absent)?;
                    }
                    absent
                }
                CandleWait::TooLate(waiting) => {
                    let coins = names(&waiting);
                    warn!(time = format_time(time_ms), %coins, "no forecasts: candles did not come in time");
                    self.metrics.bars.with_label_values(&["incomplete"]).inc();
                    // Not one coin's candle: perhaps it is not this minute at all.
                    self.clock.doubt();
                    self.read_clock_if_old().await;
                    if self.end == WatchEnd::OneBar {
                        self.book.finish()?;
                        return Err(no_candles(time_ms));
                    }
                    waiting
                }
                CandleWait::Stopped => break,
            };
            self.ask_for_overdue(time_ms);
            self.report(time_ms, &stale)?;
            self.prune()?;
            if self.end == WatchEnd::OneBar {
                break;
            }
            time_ms = self.next_bar(time_ms);
            self.pick_up(time_ms);
            let from_ms = self.checkpoint.history_from_ms(time_ms);
            self.earlier
                .ask(&self.client, (from_ms, self.clock.now_ms()));
        }
        self.book.finish()?;
        let open = self.book.open_positions().len();
        info!(open_positions = open, ledger = %self.ledger_path.display(), "stopped; the ledger is complete");
        Ok(())
    }

    /// Takes out of the ledger what is older than `watch.keep`. Nothing while the indicator rule stands in for
    /// the model: how far back the model's own forecasts look is not known then.
    fn prune(&mut self) -> anyhow::Result<()> {
        if let Some(keep) = self.settings.keep.filter(|_| !self.checkpoint.is_rule()) {
            self.book.prune(&self.checkpoint.retention(keep))?;
        }
        Ok(())
    }

    /// Goes on with the version that the model's alias names now, from the bar at `time_ms` on, if it is
    /// another one and can be used.
    fn pick_up(&mut self, time_ms: i64) {
        let Some(follower) = &mut self.follower else {
            return;
        };
        let tuned = self.policy.thresholds.as_ref();
        let Some(successor) = follower.successor(&self.checkpoint, tuned, time_ms) else {
            return;
        };
        self.checkpoint = successor.checkpoint;
        self.facts = successor.facts;
        let before = std::mem::replace(&mut self.earlier, successor.earlier);
        self.earlier.take_over(before);
        if successor.thresholds.is_some() {
            self.policy.thresholds = successor.thresholds;
        }
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
            let bars = self.metrics.bars.with_label_values(&["missed"]);
            bars.inc_by(missed as u64);
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
            self.count_faults(FaultKind::Rest, 1);
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
                self.count_faults(FaultKind::Websocket, 1);
            }
            Err(FeedFault::Candle(symbol, fault)) => {
                warn!(%symbol, "a candle that cannot be counts as missing: {fault}");
                self.count_faults(FaultKind::Candle, 1);
            }
            Err(FeedFault::Rest(error)) => {
                // An exchange that is down is asked many times.
                let bar_ms = self.last_closed_ms();
                if std::mem::replace(&mut self.reported_ms, bar_ms) != bar_ms {
                    warn!(hint = error.hint(), "{error}");
                }
                self.count_faults(FaultKind::Rest, 1);
            }
        }
        for (symbol, refused) in self.feed.take_refused() {
            if let Some(said) = of_refused(&refused) {
                warn!(%symbol, "{said}");
            }
            self.count_faults(FaultKind::Candle, refused.len());
        }
        let is_streaming = self.feed.is_streaming();
        self.metrics.is_streaming.set(i64::from(is_streaming));
        self.state
            .note_connection(is_streaming, self.clock.now_ms());
    }

    /// Waits for the bar's candles of all coins: by websocket, and by REST for those that it does
    /// not bring. The first bar of a watch may be asked for long after its close.
    async fn collect(&mut self, time_ms: i64, is_first: bool) -> anyhow::Result<CandleWait> {
        let close_ms = time_ms + self.bar_ms();
        let begin_ms = match is_first {
            true => self.clock.now_ms().max(close_ms),
            false => close_ms,
        };
        let give_up_ms = begin_ms + (self.settings.patience_secs * 1000.0) as i64;
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
                return Ok(CandleWait::Without(absent));
            }
            if self.is_over() {
                return Ok(CandleWait::Stopped);
            }
            let now_ms = self.clock.now_ms();
            if now_ms >= give_up_ms {
                if self.feed.has_some(time_ms) {
                    let coins = names(&awaited);
                    warn!(time = format_time(time_ms), %coins, "forecast without: no candle came in time");
                    return Ok(CandleWait::Without([absent, awaited].concat()));
                }
                return Ok(CandleWait::TooLate(awaited));
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
}

/// Of one bar alone.
fn no_candles(time_ms: i64) -> anyhow::Error {
    let time = format_time(time_ms);
    anyhow!("no forecasts of {time} UTC: the exchange has no candles of it yet")
        .hint("call again in this bar; --set watch.patience_secs=120 waits longer")
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
