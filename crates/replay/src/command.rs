//! `quarterhour replay`: a store's candles, replayed until Ctrl-C or a given time.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::anyhow;
use clap::Parser;
use cli::WithHint;
use dataset::{CandleTable, Column, Config, DataConfig, Source, Store, format_time, parse_time};
use market::{FundingRate, Symbol, simulate};

use crate::{Exchange, ReplayConfig};

const HOUR_MS: i64 = 3_600_000;

/// How often the command looks at the clock, in real time.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Replay stored candles as a pretend exchange on 127.0.0.1
#[derive(Debug, Parser)]
pub struct Args {
    #[command(flatten)]
    config: cli::ConfigArgs,
    /// Print the addresses as one line of JSON
    #[arg(long)]
    json: bool,
    /// Stop when the exchange's clock shows this time, such as 2021-05-04T12:00 (UTC)
    #[arg(long, value_name = "TIME")]
    stop_at: Option<String>,
}

/// Serves until Ctrl-C, or until the clock shows `--stop-at`.
///
/// # Errors
/// A config that is refused, candles that cannot be read, a port that is taken.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let table = args.config.load()?;
    let config: Config = Config {
        data: table.section("data")?,
        universe: table.section("universe")?,
        ..Config::default()
    };
    let replay: ReplayConfig = table.section("replay")?;
    replay.validate()?;
    let stop_ms = match &args.stop_at {
        Some(text) => parse_time(text).map_err(|error| {
            cli::usage(
                anyhow!("--stop-at: {error}").hint("--stop-at 2024-05-01T12:00 for instance"),
            )
        })?,
        None => i64::MAX,
    };
    let coins = coins(&config)?;
    let funding = funding(&config, &coins)?;
    let interrupted = cli::watch_for_interrupt("stopping")?;
    let (market, interval) = (config.data.market, config.data.interval);
    let exchange = Exchange::start_with_funding(market, interval, coins, funding, &replay)?;
    announce(&exchange, args.json)?;

    let mut hour = i64::MIN;
    let mut ended = false;
    while !interrupted.load(Ordering::Relaxed) {
        let now_ms = exchange.now_ms();
        if hour < now_ms.div_euclid(HOUR_MS) {
            hour = now_ms.div_euclid(HOUR_MS);
            let counts = exchange.counts();
            let (requests, faults) = (counts.all_requests(), counts.all_faults());
            cli::note(format!(
                "{}: {requests} requests, {faults} faults so far",
                format_time(now_ms)
            ));
        }
        if !ended && exchange.end_ms().is_some_and(|end_ms| end_ms <= now_ms) {
            ended = true;
            cli::note(
                "the last candle has closed; no more will come, but requests are still answered",
            );
        }
        if now_ms >= stop_ms {
            break;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    cli::note(format!(
        "stopped at {}: {}",
        format_time(exchange.now_ms()),
        serde_json::to_string(&exchange.counts())?
    ));
    Ok(())
}

/// The candles of `[universe]` between `data.from` and `data.until`.
fn coins(config: &Config) -> anyhow::Result<Vec<(Symbol, CandleTable)>> {
    let (from_ms, until_ms) = config.range_ms().map_err(cli::usage)?;
    let DataConfig {
        dir,
        market,
        interval,
        simulated,
        ..
    } = &config.data;
    let wanted = &config.universe.symbols;
    if config.data.source == Source::Simulated {
        let coins = simulate(simulated, *interval)?.coins.into_iter();
        let is_wanted = |symbol: &Symbol| wanted.is_empty() || wanted.contains(symbol);
        return Ok(coins
            .filter(|coin| is_wanted(&coin.symbol))
            .map(|coin| (coin.symbol, coin.candles.into_iter().collect()))
            .collect());
    }
    let store = Store::new(dir, *market, *interval);
    let symbols = if wanted.is_empty() {
        store.symbols()?
    } else {
        wanted.clone()
    };
    // Everything but the target, which no exchange has.
    let columns: Vec<Column> = Column::ALL
        .into_iter()
        .filter(|&column| column != Column::Target)
        .collect();
    let bar = cli::progress_bar("reading candles", symbols.len() as u64);
    let mut coins = Vec::with_capacity(symbols.len());
    for symbol in symbols {
        let candles = store.read(&symbol, &columns, from_ms, until_ms)?;
        coins.push((symbol, candles));
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(coins)
}

/// The funding rates that the store has of these coins.
fn funding(
    config: &Config,
    coins: &[(Symbol, CandleTable)],
) -> anyhow::Result<BTreeMap<Symbol, Vec<FundingRate>>> {
    if config.data.source == Source::Simulated {
        return Ok(BTreeMap::new());
    }
    let store = Store::new(&config.data.dir, config.data.market, config.data.interval);
    let of_coin = |(symbol, _): &(Symbol, CandleTable)| {
        let rates = store.funding(symbol)?;
        Ok((symbol.clone(), rates))
    };
    coins.iter().map(of_coin).collect()
}

fn announce(exchange: &Exchange, as_json: bool) -> anyhow::Result<()> {
    let (rest, websocket) = (exchange.url(), exchange.ws_url());
    let text = if as_json {
        format!(
            "{}\n",
            serde_json::json!({"rest": rest, "websocket": websocket})
        )
    } else {
        format!("REST and archive  {rest}\nwebsocket         {websocket}\n")
    };
    Ok(cli::print(&text)?)
}
