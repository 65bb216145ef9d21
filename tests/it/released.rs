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
    // What they were trained on and with stands in the files, and run.toml says the same.
    for seed in 1..=5 {
        let name = if seed == 1 { "model.safetensors".to_owned() } else { format!("model-seed-{seed}.safetensors") };
        let origin = dataset::Origin::from_metadata(&model::read_metadata(&run.join(name)).unwrap()).unwrap();
        assert_eq!(dataset::format_time(origin.seen_from_ms), "2023-10-22 05:57");
        assert_eq!(dataset::format_time(origin.seen_until_ms), "2024-04-19 06:12", "15 minutes after the last row");
    }
    let stats = |path: &str| fs::read(root.join(path)).unwrap();
    assert!(stats("checkpoints/spot4/stats.json") == stats("stats/spot4.json"));
}
