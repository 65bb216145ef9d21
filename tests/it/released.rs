//! The weights that come with the project.

use std::fs;
use std::path::Path;

use model::DeviceChoice;
use predict::{Checkpoint, History, forecast_at};

/// They load without anything else at hand, and forecast every coin.
#[test]
fn released_weights_forecast() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let run = root.join("checkpoints/spot4");
    let checkpoint = Checkpoint::load(&run, None, &[], DeviceChoice::Flex).unwrap();
    let symbols = checkpoint.config.universe.symbols.clone();
    let mut config = tests::tiny();
    config.data.simulated.coins = symbols.len();
    config.data.simulated.outage_every_minutes = 0;
    let candles = tests::candles(&config);
    let at_ms = *candles[0].1.open_time_ms.last().unwrap();
    let coins = symbols.into_iter().zip(candles).map(|(symbol, (_, candles))| (symbol, candles)).collect();
    let forecasts = forecast_at(&checkpoint, &History { at_ms, coins }).unwrap();
    for coin in &forecasts.coins {
        let forecast = coin.forecast.unwrap_or_else(|| panic!("{}: {:?}", coin.symbol, coin.refused));
        assert!(forecast != 0.0 && forecast.abs() < 0.05, "{}: {forecast}", coin.symbol);
    }
    let stats = |path: &str| fs::read(root.join(path)).unwrap();
    assert!(stats("checkpoints/spot4/stats.json") == stats("stats/spot4.json"));
}
