//! Milliseconds from the arrival of the last candle to the forecasts of all coins, and from a REST
//! request to them.
//!
//! `cargo bench -p predict --bench latency -- RUN DIR [N]`: RUN is a trained run, DIR the store it
//! was trained from; the last N (default 300) minutes of the store. The exchange of the REST path
//! is on loopback.

use std::path::PathBuf;
use std::time::Instant;

use dataset::{CandleTable, Store};
use market::Symbol;
use model::DeviceChoice;
use predict::{CandleSource, Checkpoint, History, forecast_at};
use replay::{Exchange, ReplayConfig};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const MINUTE: i64 = 60_000;

fn main() -> anyhow::Result<()> {
    // Cargo hands `--bench` on.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let [run, dir, more @ ..] = &arguments[..] else {
        println!("skipped: no run given; cargo bench -p predict --bench latency -- RUN DIR");
        return Ok(());
    };
    let repeats: i64 = more.first().map_or(Ok(300), |text| text.parse())?;
    let overrides = [format!("data.dir={dir}")];
    let checkpoint = Checkpoint::load(&PathBuf::from(run), None, &overrides, DeviceChoice::Cpu)?;
    let (config, bars) = (&checkpoint.config, checkpoint.history_bars() as i64);
    let store = Store::new(&config.data.dir, config.data.market, config.data.interval);
    let read = |symbol: &Symbol| {
        Ok((
            symbol.clone(),
            store.read(symbol, &config.columns(), i64::MIN, i64::MAX)?,
        ))
    };
    let coins: Vec<(Symbol, CandleTable)> = config
        .universe
        .symbols
        .iter()
        .map(read)
        .collect::<anyhow::Result<_>>()?;
    let last_ms = coins
        .iter()
        .filter_map(|(_, candles)| candles.open_time_ms.last())
        .min()
        .copied()
        .unwrap_or(0);

    let mut from_arrival = Vec::new();
    for at_ms in (0..repeats).map(|back| last_ms - back * MINUTE) {
        let kept: Vec<_> = coins
            .iter()
            .map(|(symbol, all)| (symbol, window(all, at_ms, bars)))
            .collect();
        let began = Instant::now();
        let coins = kept
            .into_iter()
            .map(|(symbol, candles)| (symbol.clone(), candles.into_iter().collect()))
            .collect();
        forecast_at(&checkpoint, &History { at_ms, coins })?;
        from_arrival.push(began.elapsed().as_secs_f64() * 1e3);
    }
    print("last candle to forecasts", &mut from_arrival);

    let start = (last_ms + MINUTE + 30_000).to_string();
    let replay = ReplayConfig {
        start: Some(start),
        speed: 0.0,
        weight_limit: Some(1_000_000),
        ..ReplayConfig::default()
    };
    let exchange = Exchange::start(
        config.data.market,
        config.data.interval,
        coins.clone(),
        &replay,
    )?;
    let mut from_request = Vec::new();
    for _ in 0..repeats {
        let began = Instant::now();
        let history = History::read(
            CandleSource::Binance,
            &checkpoint,
            None,
            Some(&exchange.url()),
        )?;
        forecast_at(&checkpoint, &history)?;
        from_request.push(began.elapsed().as_secs_f64() * 1e3);
    }
    print("REST requests to forecasts", &mut from_request);
    Ok(())
}

fn window(candles: &CandleTable, at_ms: i64, bars: i64) -> Vec<market::Candle> {
    let times = &candles.open_time_ms;
    let from = times.partition_point(|time| *time <= at_ms - bars * MINUTE);
    let until = times.partition_point(|time| *time <= at_ms);
    (from..until).map(|index| candles.candle(index)).collect()
}

fn print(what: &str, millis: &mut [f64]) {
    millis.sort_by(f64::total_cmp);
    let at = |share: f64| millis[((millis.len() - 1) as f64 * share) as usize];
    println!(
        "{what}: median {:.1} ms, 99th percentile {:.1} ms of {}",
        at(0.5),
        at(0.99),
        millis.len()
    );
}
