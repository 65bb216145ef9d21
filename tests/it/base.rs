//! A network that learns what the ridge leaves, through the whole pipeline.

use std::path::Path;

use clap::Parser;
use dataset::ForecastTable;
use model::DeviceChoice;
use predict::{CandleSource, History, forecast_at};

fn train(dir: &Path, run: &Path, set: &[&str]) {
    let mut arguments = vec!["train".to_owned(), "--device".to_owned(), "flex".to_owned()];
    let config = dir.join("tiny.toml");
    std::fs::write(&config, tests::TINY).unwrap();
    arguments.extend(["--config".to_owned(), config.display().to_string()]);
    arguments.extend(["--run".to_owned(), run.display().to_string()]);
    let data = format!("data.dir={}", dir.join("data").display());
    for key in [
        data.as_str(),
        "data.source=store",
        "data.interval=15m",
        "data.fill_limit=1h",
        "training.steps=8",
        "normalize.trailing=4h",
    ]
    .iter()
    .chain(set)
    {
        arguments.extend(["--set".to_owned(), (*key).to_owned()]);
    }
    let _drawing = crate::drawing();
    train::run(&train::Args::parse_from(arguments)).unwrap();
}

/// Forecasts are the ridge's plus the network's own, and a live one has the bits of the table.
#[test]
fn live_equals_offline_for_a_network_on_the_ridge() {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    let mut config = tests::tiny();
    config.data.interval = "15m".parse().unwrap();
    config.data.fill_limit = "1h".parse().unwrap();
    config.data.simulated.minutes = 16 * 1440;
    let coins = tests::candles(&config);
    tests::store(&dir.path().join("data"), &mut config, &coins);
    train(
        dir.path(),
        &run,
        &["target.base=ridge", "target.entry=next_close"],
    );

    let table = ForecastTable::read(&run.join("forecasts.parquet")).unwrap();
    assert!(table.len() > 1000, "{}", table.len());
    let load = |fold| crate::load(&run, fold, &[], DeviceChoice::Flex).unwrap();
    for row in table.rows().step_by(table.len() / 30) {
        let checkpoint = load(Some(row.fold as usize));
        let (source, at_ms) = (CandleSource::Store, Some(row.time_ms));
        let history = History::read(source, &checkpoint, at_ms, None).unwrap();
        let forecasts = forecast_at(&checkpoint, &history).unwrap();
        let is_it = |coin: &&predict::CoinForecast| coin.symbol == row.symbol.as_str();
        let live = forecasts.coins.iter().find(is_it).unwrap();
        let bits = live.forecast.map(f64::to_bits);
        let place = format!("{} at {}", row.symbol, row.time_ms);
        assert_eq!(bits, Some(row.forecast.to_bits()), "{place}");
    }
    assert!(run.join("base.json").exists());

    // The coefficients of the last fold's days, and no more.
    let file = run.join("fold-2/base.json");
    let base = linear::RidgeModel::from_json(&std::fs::read_to_string(&file).unwrap(), &file);
    let first = base.unwrap().refits()[0].from_ms;
    let start = table.rows().find(|row| row.fold == 2).unwrap().time_ms;
    assert!(
        first <= start && first + 86_400_000 > start,
        "{first} {start}"
    );
}
