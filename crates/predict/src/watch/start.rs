//! From arguments to a running watch.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use alerts::Alerts;
use dataset::{DataConfig, Payoff, format_time};
use market::{RestClient, RestOptions, Symbol};
use registry::RunArgument;
use tracing::{info, warn};
use trading::{Account, Ledger, Position};

use super::beside::Beside;
use super::book::Book;
use super::earlier::EarlierNames;
use super::follow::Follower;
use super::metrics::WatchMetrics;
use super::orders::{OrderArgs, OrderTerms, Orders};
use super::session::{Session, note_left_out};
use super::show::Show;
use super::state::WatchState;
use super::unseen::unseen;
use super::{ExchangeClock, Feed, FeedSource, ModelFacts, SignalPolicy, WatchArgs, WatchEnd, log};
use crate::checkpoint::Request;
use crate::seen::InSample;
use crate::{Checkpoint, ForecastUnit, PageServer, WatchConfig};

/// Bars that are fetched beyond those of a forecast: should the first reading of the clock be
/// ahead, they are enough.
const SPARE_BARS: i64 = 60;

const DAY_MS: i64 = 86_400_000;

/// Watches until it is interrupted or at its end, which is that of the page beside it too. A watch of one
/// bar that the ledger has already changes nothing.
///
/// # Errors
/// A ledger in use, thresholds that are none, an exchange that does not answer at the start, and for
/// one bar an exchange that does not answer at all.
#[expect(
    clippy::too_many_lines,
    reason = "the parts of a session, put together one after the other"
)]
pub fn watch(
    checkpoint: Checkpoint,
    (request, in_sample): (&Request<'_>, InSample),
    (args, wanted): (&WatchArgs, &OrderArgs),
    overrides: &[String],
    (base_url, websocket_url): (Option<&str>, Option<&str>),
    (end, page): (WatchEnd, Option<PageServer>),
) -> anyhow::Result<()> {
    let run = request.run;
    let argument = RunArgument {
        folder: run.to_owned(),
        model: request.registered.cloned(),
    };
    let (trading, mut settings) = args.settings(run, overrides)?;
    if end == WatchEnd::OneBar {
        // Too short for a stream and for whoever reads metrics.
        (settings.websocket, settings.metrics_port) = (false, None);
    }
    let (data, symbols) = (
        checkpoint.config.data.clone(),
        checkpoint.config.universe.symbols.clone(),
    );
    let bar_ms = data.interval.ms();
    wanted.check(&symbols, bar_ms)?;
    let thresholds = args.thresholds(run)?;
    let ledger_path = args.ledger_path(&argument);
    let show = match end {
        WatchEnd::OneBar => Show::Nothing,
        WatchEnd::Until(_) => Show::for_stdout(),
    };
    let alerts_config = args.alerts(run, overrides)?;
    let ledger = open_ledger(&ledger_path, &show)?;
    let is_interrupted = cli::watch_for_interrupt("finishing the minute")?;
    // Not before the log has begun: a page that cannot be served is told there.
    let beside = page.map(Beside::start).transpose()?;
    warn_of_target(&checkpoint);
    let policy = SignalPolicy::new(trading, &settings, thresholds, bar_ms);
    let metrics = WatchMetrics::new()?;
    metrics.bar_secs.set(bar_ms as f64 / 1000.0);
    let source = feed_source(&data, &settings, websocket_url);
    let client = RestClient::with_options(data.market, base_url, patience(&settings, data.market))?;

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        serve_metrics(&metrics, &settings).await;
        let clock = wait_for_clock(&client, &settings, end, &is_interrupted).await?;
        let begins_ms = clock.now_ms().div_euclid(bar_ms) * bar_ms - bar_ms;
        let last_ms = ledger.last_forecast_ms()?;
        if end == WatchEnd::OneBar && last_ms.is_some_and(|last_ms| last_ms >= begins_ms) {
            info!(
                time = format_time(begins_ms),
                "recorded already: nothing to do"
            );
            return Ok(());
        }
        let tuned = policy.thresholds.as_ref();
        let checkpoint = unseen(checkpoint, (request, in_sample), tuned, begins_ms)?;
        let facts = ModelFacts::new(run, &checkpoint);
        let alerts = Alerts::start(&alerts_config, &facts.run)?;
        let made = ledger.forecast_times(begins_ms - DAY_MS)?;
        let delays = made
            .into_iter()
            .map(|(at_ms, made_ms)| (at_ms, made_ms - at_ms - bar_ms));
        let mut state = WatchState::new(clock.now_ms(), settings.websocket, delays.collect());
        let before = ledger.status()?;
        state.verified_at = before.verification.map(|found| found.at);
        let open = ledger.open_positions()?;
        let account = Account::new(&ledger.all_positions()?);
        let warnings = facts.warnings(&policy, clock.now_ms());
        for warning in &warnings {
            warn!("{warning}");
        }
        log_start(&symbols, &open, &ledger_path, clock.now_ms());
        if before.pause.is_paused {
            warn!("paused: nothing is opened; `quarterhour watch resume` ends that");
        }
        let terms = OrderTerms {
            half_spread_bps: policy.trading.costs.slippage_bps,
            bar_ms,
            now_ms: clock.now_ms(),
        };
        let orders = Orders::new(wanted, &ledger.order_steps()?, terms);
        let mut feed = feed(source, &client, &symbols, checkpoint.history_bars(), &clock);
        // Positions from before a stop are settled at their own candles.
        feed.begin_from(|symbol| {
            open.iter()
                .filter(|position| position.symbol == *symbol)
                .map(|position| position.forecast_ms)
                .min()
        });
        let first_ms = checkpoint.history_from_ms(begins_ms);
        let mut earlier = EarlierNames::of(&checkpoint.config, first_ms)?;
        earlier.ask(&client, (first_ms, clock.now_ms()));
        let arrived = earlier.finish().await;
        let mut book = Book::new(ledger)?;
        book.add_candles(arrived)?;
        let session = Session {
            checkpoint,
            earlier,
            follower: Follower::new((request, in_sample), args),
            settings,
            policy,
            client,
            clock,
            feed,
            book,
            orders,
            ledger_path,
            metrics,
            is_interrupted,
            end,
            beside,
            account,
            reported_ms: i64::MIN,
            doubted_at: None,
            facts,
            state,
            alerts,
            warnings,
            show,
            is_paused: before.pause.is_paused,
            shown: Vec::new(),
            unit: ForecastUnit::default(),
        };
        session.run().await
    })
}

fn log_start(symbols: &[Symbol], open: &[Position], ledger: &Path, now_ms: i64) {
    let is_foreign = |position: &&Position| !symbols.contains(&position.symbol);
    for position in open.iter().filter(is_foreign) {
        warn!(symbol = %position.symbol, "an open position of a coin that is not in the universe stays open");
    }
    info!(
        coins = symbols.len(),
        open_positions = open.len(),
        ledger = %ledger.display(),
        exchange_time = format_time(now_ms),
        "watching"
    );
}

/// Opens the ledger, and the log beside it.
fn open_ledger(path: &Path, show: &Show) -> anyhow::Result<Ledger> {
    log::check(&Ledger::log_path(path))?;
    let ledger = Ledger::open(path)?;
    let below_table = match show {
        Show::Table(lines) => Some(lines.clone()),
        Show::Nothing | Show::Lines => None,
    };
    log::begin(&Ledger::log_path(path), below_table)?;
    Ok(ledger)
}

fn feed_source(
    data: &DataConfig,
    settings: &WatchConfig,
    websocket_url: Option<&str>,
) -> FeedSource {
    FeedSource {
        market: data.market,
        interval: data.interval,
        websocket_url: websocket_url.map(str::to_owned),
        uses_websocket: settings.websocket,
        hole_after_bars: settings.hole_after_bars,
    }
}

/// Says that what came of the target is not computed live.
fn warn_of_target(checkpoint: &Checkpoint) {
    let config = &checkpoint.config;
    let target = config.target.init(config.data.interval);
    if target.earned() != Payoff::FromClose {
        warn!(
            target_kind = target.name(),
            "forecasts are not scored live: what came of this target is not computed, only that of `return`"
        );
    }
}

/// The feed of all coins, from the history of the first forecast on.
fn feed(
    source: FeedSource,
    client: &RestClient,
    symbols: &[Symbol],
    history_bars: usize,
    clock: &ExchangeClock,
) -> Feed {
    let bar_ms = source.interval.ms();
    let bars_before = history_bars as i64 + SPARE_BARS;
    let first_ms = (clock.now_ms() - bars_before * bar_ms).div_euclid(bar_ms) * bar_ms;
    let keep_bars = history_bars + SPARE_BARS as usize + 16;
    Feed::new(source, client.clone(), symbols, first_ms, keep_bars)
}

async fn serve_metrics(metrics: &WatchMetrics, settings: &WatchConfig) {
    let Some(port) = settings.metrics_port else {
        return;
    };
    let address = SocketAddr::new(settings.metrics_address, port);
    match metrics.serve(address).await {
        Ok(()) => info!("metrics at http://{address}/metrics"),
        Err(error) => {
            warn!(
                "no metrics: port {port}: {error}; --set watch.metrics_port=OTHER, or off for none"
            )
        }
    }
}

/// Shorter tries than a download's: the candles of this minute are wanted within it.
fn patience(settings: &WatchConfig, market: market::Market) -> RestOptions {
    let real = |secs: f64| Duration::from_secs_f64(secs / settings.clock_speed);
    let usual = RestOptions::for_market(market);
    RestOptions {
        timeout: real(5.0).max(Duration::from_secs(1)),
        max_tries: 2,
        retry_pause: real(0.25),
        // While REST is told to keep silent, the websocket may bring all there is.
        max_wait: real(1.0),
        // The limit is of a minute of the exchange.
        weight_limit: (f64::from(usual.weight_limit) * settings.clock_speed.max(1.0)) as u32,
        ..usual
    }
}

/// An exchange that is down when the watch begins is waited for, like one that goes down later; for
/// one bar alone no longer than `watch.patience_secs`.
async fn wait_for_clock(
    client: &RestClient,
    settings: &WatchConfig,
    end: WatchEnd,
    is_interrupted: &std::sync::atomic::AtomicBool,
) -> anyhow::Result<ExchangeClock> {
    let mut pause = Duration::from_millis(200);
    let began = Instant::now();
    let is_in_vain = || {
        let is_over = began.elapsed().as_secs_f64() > settings.patience_secs;
        is_interrupted.load(std::sync::atomic::Ordering::Relaxed)
            || (end == WatchEnd::OneBar && is_over)
    };
    loop {
        match ExchangeClock::read(client, settings.clock_speed).await {
            Ok(clock) => {
                note_left_out(&clock);
                return Ok(clock);
            }
            Err(error) if is_in_vain() => return Err(error.into()),
            Err(error @ (market::Error::NotServedHere { .. } | market::Error::Rejected { .. })) => {
                return Err(error.into());
            }
            Err(error) => warn!(
                hint = error.hint(),
                "the exchange does not tell the time yet: {error}"
            ),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(30));
    }
}
