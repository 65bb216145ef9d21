//! The weights that come with the project.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use dataset::{Config, Dataset, FoldForecasts, Normalizer, Store};

use market::{Interval, Market};
use model::{DeviceChoice, NetworkConfig, NetworkShape, Windows, forecast, load_weights};
use predict::{History, forecast_at};
use run::score_run;
use score::Report;

use crate::panel20::read;

/// They load without anything else at hand, and forecast every coin.
#[test]
fn released_weights_forecast() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let run = root.join("checkpoints/spot4");
    let checkpoint = crate::load(&run, None, &[], DeviceChoice::Flex).unwrap();
    let symbols = checkpoint.config.universe.symbols.clone();
    let mut config = tests::tiny();
    config.data.simulated.coins = symbols.len();
    config.data.simulated.outage_every_minutes = None;
    let candles = tests::candles(&config);
    let at_ms = *candles[0].1.open_time_ms.last().unwrap();
    let coins = symbols
        .into_iter()
        .zip(candles)
        .map(|(symbol, (_, candles))| (symbol, candles))
        .collect();
    let forecasts = forecast_at(&checkpoint, &History { at_ms, coins }).unwrap();
    for coin in &forecasts.coins {
        let forecast = coin
            .forecast
            .unwrap_or_else(|| panic!("{}: {:?}", coin.symbol, coin.refused));
        assert!(
            forecast != 0.0 && forecast.abs() < 0.05,
            "{}: {forecast}",
            coin.symbol
        );
    }
    // What they were trained on and with stands in the files, and run.toml says the same.
    for seed in 1..=5 {
        let name = if seed == 1 {
            "model.safetensors".to_owned()
        } else {
            format!("model-seed-{seed}.safetensors")
        };
        let origin =
            dataset::Origin::from_metadata(&model::read_metadata(&run.join(name)).unwrap())
                .unwrap();
        assert_eq!(
            dataset::format_time(origin.seen_from_ms),
            "2023-10-22 05:57"
        );
        assert_eq!(
            dataset::format_time(origin.seen_until_ms),
            "2024-04-19 06:12",
            "15 minutes after the last row"
        );
    }
    let stats = |path: &str| fs::read(root.join(path)).unwrap();
    assert!(stats("checkpoints/spot4/stats.json") == stats("stats/spot4.json"));
}

/// The card's figures are those of the weights that lie beside it, on the rows that they did not
/// see, to the digit printed.
#[test]
fn the_model_card_scores_the_weights_that_it_ships() {
    let Some(candles) = tests::shared_data("klines4-spot-1m-2023-2024.parquet") else {
        return;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let card = fs::read_to_string(root.join("checkpoints/spot4/README.md")).unwrap();
    let report = score_of_released(&root.join("checkpoints/spot4"), &candles);
    let pearson = report.forecasters[0].value("pearson").unwrap();
    let expected = format!("these weights score a Pearson correlation of {pearson:.3} on");
    assert!(card.contains(&expected), "the card lacks: {expected}");
}

/// The scores of a run's released weights on the fold that they are of, from candles of a file.
fn score_of_released(run: &Path, candles: &Path) -> Report {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path(), Market::Spot, Interval::ONE_MINUTE);
    for (symbol, candles) in read(candles) {
        store.append(&symbol, &candles, false).unwrap();
    }
    let table = cli::ConfigTable::read(&run.join("run.toml")).unwrap();
    let mut config: Config = table.parse().unwrap();
    let network: NetworkConfig = table.section("network").unwrap();
    config.data.dir = dir.path().to_owned();
    let dataset = Dataset::load(&config).unwrap();
    let stats = run.join("stats.json");
    let normalizer = Normalizer::from_json(&fs::read_to_string(&stats).unwrap(), &stats).unwrap();
    let fold = &dataset.plan.folds[normalizer.fold - 1];

    let device = DeviceChoice::Flex.open().unwrap().device;
    let features = dataset.features();
    let (coins, channels) = (dataset.panel.coins(), features.channels());
    let lookback = config.features.lookback_bars;
    let windows = Windows::new(
        Arc::new(normalizer.apply(features)),
        channels,
        lookback,
        &device,
    );
    let scales = dataset.target_scales(&normalizer);
    let std = normalizer.target_std();
    let set = dataset.scored_windows(fold.score.clone(), &std);
    let files = (1..=5).map(|seed| match seed {
        1 => run.join("model.safetensors"),
        seed => run.join(format!("model-seed-{seed}.safetensors")),
    });
    let outputs: Vec<Vec<f32>> = files
        .map(|file| {
            let _drawing = crate::drawing();
            let shape = NetworkShape::new(coins, channels / coins, lookback);
            let (network, _) = load_weights(&network, shape, &file, &device).unwrap();
            forecast(&network, &windows, &set.ends, &mut |_| {}).unwrap()
        })
        .collect();
    let mut forecasts = FoldForecasts::new(&dataset, fold);
    for place in (0..set.counts.len()).filter(|&place| set.counts[place]) {
        let (row, coin) = (set.ends[place / coins], place % coins);
        let of_seed = |outputs: &Vec<f32>| scales.in_unit_of_target(row, coin, outputs[place]);
        let mean = outputs.iter().map(of_seed).sum::<f64>() / outputs.len() as f64;
        forecasts.push((row, coin), std[coin], mean);
    }
    let table = forecasts.table(run).unwrap();
    score_run(("network", "checkpoints/spot4"), table)
        .unwrap()
        .report
}
