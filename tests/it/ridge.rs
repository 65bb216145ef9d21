//! The ridge through the whole pipeline: fitted and scored, then loaded and asked live.

use clap::Parser;
use dataset::ForecastTable;
use model::DeviceChoice;
use predict::{CandleSource, History, forecast_at};

/// A live forecast has the bits of the table, whichever fold it is of; coefficients that were
/// changed are refused.
#[test]
fn live_equals_offline_for_the_ridge() {
    let dir = tempfile::tempdir().unwrap();
    let (run, data) = (dir.path().join("run"), dir.path().join("data"));
    let mut config = tests::tiny();
    config.data.interval = "15m".parse().unwrap();
    config.data.fill_limit = "1h".parse().unwrap();
    config.data.simulated.minutes = 12 * 1440;
    let coins = tests::candles(&config);
    tests::store(&data, &mut config, &coins);
    let dir_key = format!("data.dir={}", data.display());
    let mut arguments = vec!["ridge".to_owned()];
    arguments.extend(["--run".to_owned(), run.display().to_string()]);
    for key in [
        dir_key.as_str(),
        "data.interval=15m",
        "universe.symbols=[]",
        "features.set=relative",
        "features.lookback_bars=1",
        "split.folds=2",
        "split.early_stopping_share=0",
    ] {
        arguments.extend(["--set".to_owned(), key.to_owned()]);
    }
    linear::run(&linear::Args::parse_from(arguments)).unwrap();

    let load = |fold| {
        crate::load(
            &run,
            fold,
            std::slice::from_ref(&dir_key),
            DeviceChoice::Flex,
        )
    };
    let table = ForecastTable::read(&run.join("forecasts.parquet")).unwrap();
    assert!(table.len() > 1000, "{}", table.len());
    for row in table.rows().step_by(table.len() / 30) {
        let checkpoint = load(Some(row.fold as usize)).unwrap();
        let (source, at_ms) = (CandleSource::Store, Some(row.time_ms));
        let history = History::read(source, &checkpoint, at_ms, None).unwrap();
        let forecasts = forecast_at(&checkpoint, &history).unwrap();
        let is_it = |coin: &&predict::CoinForecast| coin.symbol == row.symbol.as_str();
        let live = forecasts.coins.iter().find(is_it).unwrap();
        let bits = live.forecast.map(f64::to_bits);
        let place = format!("{} at {}", row.symbol, row.time_ms);
        assert_eq!(bits, Some(row.forecast.to_bits()), "{place}");
    }

    let file = run.join("ridge.json");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text + " ").unwrap();
    let refused = load(None).unwrap_err().to_string();
    assert!(
        refused.contains("which ridge-record.json names"),
        "{refused}"
    );
}
