//! Classical models of volatility through the whole pipeline, and against another implementation.

use std::fs;

use clap::Parser;
use dataset::{Column, Config, Dataset, FeatureSet, ForecastTable, Panel, TimeSpan};
use market::{Interval, Symbol};
use model::DeviceChoice;
use predict::{CandleSource, History, forecast_at};
use statistics::{qlike, spearman};
use volatility::{LoadedModel, VolatilityFit, VolatilityOptions};

/// A live forecast has the bits of the table, whichever fold and refit it is of; a model that was
/// changed is refused.
#[test]
fn live_equals_offline_for_volatility() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut config = tests::tiny();
    config.data.interval = "1d".parse().unwrap();
    config.data.fill_limit = TimeSpan::ZERO;
    config.data.simulated.minutes = 300 * 1440;
    // Candles of a day without a hole: features of 30 days want all of them.
    config.data.simulated.outage_every_minutes = None;
    let coins = tests::candles(&config);
    tests::store(&data, &mut config, &coins);
    let dir_key = format!("data.dir={}", data.display());
    for (model, refits) in [("har_full", true), ("garch", true), ("two_stage", false)] {
        let run = dir.path().join(model);
        let model_key = format!("volatility.model={model}");
        let refits_key = match refits {
            true => "split.refit_every=7d",
            false => "split.refit_every=",
        };
        fit(&run, &[&dir_key, &model_key, refits_key], &[]);

        let load = |fold| {
            crate::load(
                &run,
                fold,
                std::slice::from_ref(&dir_key),
                DeviceChoice::Flex,
            )
        };
        let table = ForecastTable::read(&run.join("forecasts.parquet")).unwrap();
        assert!(table.len() > 300, "{}", table.len());
        for row in table.rows().step_by(table.len() / 20) {
            let checkpoint = load(Some(row.fold as usize)).unwrap();
            let (source, at_ms) = (CandleSource::Store, Some(row.time_ms));
            let history = History::read(source, &checkpoint, at_ms, None).unwrap();
            let forecasts = forecast_at(&checkpoint, &history).unwrap();
            let is_it = |coin: &&predict::CoinForecast| coin.symbol == row.symbol.as_str();
            let live = forecasts.coins.iter().find(is_it).unwrap();
            let bits = live.forecast.map(f64::to_bits);
            let place = format!("{model}: {} at {}", row.symbol, row.time_ms);
            assert_eq!(bits, Some(row.forecast.to_bits()), "{place}");
        }

        let file = run.join("volatility.json");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text + " ").unwrap();
        let refused = load(None).unwrap_err().to_string();
        assert!(
            refused.contains("which volatility-record.json names"),
            "{refused}"
        );
    }
}

/// Runs the subcommand on days of a simulated market.
fn fit(run: &std::path::Path, sets: &[&str], more: &[&str]) {
    asked(run, sets, more).unwrap();
}

fn asked(run: &std::path::Path, sets: &[&str], more: &[&str]) -> anyhow::Result<()> {
    let usual = [
        "data.interval=1d",
        "data.fill_limit=0m",
        "universe.symbols=[]",
        "universe.score_settled=true",
        "target.kind=volatility",
        "target.horizon=7d",
        "features.set=har_range",
        "features.lookback_bars=1",
        "split.folds=2",
        "split.history_bars=30",
        "split.early_stopping_share=0",
    ];
    let run = run.display().to_string();
    let mut arguments = vec!["volatility", "--run", &run];
    for key in usual.iter().chain(sets) {
        arguments.extend(["--set", key]);
    }
    arguments.extend(more);
    volatility::run(&volatility::Args::parse_from(arguments))
}

/// Variants over one reading of the candles leave the files that a run alone leaves, but for its report.
#[test]
fn a_variant_is_the_run_that_it_would_be_alone() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut config = tests::tiny();
    config.data.interval = "1d".parse().unwrap();
    config.data.fill_limit = TimeSpan::ZERO;
    config.data.simulated.minutes = 300 * 1440;
    config.data.simulated.outage_every_minutes = None;
    let coins = tests::candles(&config);
    tests::store(&data, &mut config, &coins);
    let dir_key = format!("data.dir={}", data.display());
    let weekly = ["volatility.model=garch", "split.refit_every=7d"];
    let plain = ["volatility.model=har"];
    let mut words = vec!["--variant", "weekly"];
    words.extend(weekly);
    words.extend(["--variant", "plain"]);
    words.extend(plain);
    let together = dir.path().join("together");
    // The run that all of them differ from need not be one of them.
    fit(&together, &[&dir_key, "split.refit_every=30d"], &words);
    for (name, keys) in [("weekly", &weekly[..]), ("plain", &plain[..])] {
        let keys: Vec<&str> = std::iter::once(dir_key.as_str())
            .chain(keys.iter().copied())
            .collect();
        let keys = match name {
            "plain" => [&keys[..], &["split.refit_every=30d"]].concat(),
            _ => keys,
        };
        let alone = dir.path().join(name);
        fit(&alone, &keys, &[]);
        for file in [
            "run.toml",
            "forecasts.parquet",
            "volatility.json",
            "publication.json",
        ] {
            let read = |run: &std::path::Path| fs::read(run.join(file)).unwrap();
            assert!(read(&alone) == read(&together.join(name)), "{name}: {file}");
        }
        assert!(alone.join("report.html").exists());
        assert!(!together.join(name).join("report.html").exists());
    }
    // What is done is left, and what is shared cannot differ.
    fit(&together, &[&dir_key, "split.refit_every=30d"], &words);
    let other = ["--variant", "a", "target.horizon=14d"];
    let refused = asked(&together, &[&dir_key], &other).unwrap_err();
    let expected =
        "--variant a target.horizon=14d: expected keys of [volatility] and split.refit_every alone";
    assert!(refused.to_string().starts_with(expected), "{refused}");
}

/// Name of a model here and in the reference's file.
const MODELS: [(&str, &str); 5] = [
    ("naive", "naive RV7"),
    ("ewma", "EWMA 0.94"),
    ("log_har", "log-HAR"),
    ("har_full", "HAR-full"),
    ("two_stage", "two-stage HAR-full"),
];

/// QLIKE, R2 and the Spearman correlation a day on daily candles of 180 coins are those of the
/// reference, which pandas and numpy made.
#[test]
fn scores_equal_the_reference() {
    let Some(path) = tests::shared_data("daily203-spot-1d-2021-2022.parquet") else {
        return;
    };
    let Some(reference) = tests::shared_data("../volatility/panel.json") else {
        return;
    };
    let reference: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(reference).unwrap()).unwrap();
    let dataset = daily(&path);
    for (model, name) in MODELS {
        let (found, rows) = scores(&dataset, model);
        assert_eq!(
            rows,
            reference["rows"].as_u64().unwrap() as usize,
            "{model}"
        );
        for (found, key) in found.into_iter().zip(["qlike", "r2", "cs_spearman"]) {
            let expected = reference[name][key][0].as_f64().unwrap();
            // The file has five digits.
            assert!(
                (found - expected).abs() < 1.5e-5,
                "{model} {key}: {found}, reference {expected}"
            );
        }
    }
}

/// Worth one dollar or one euro or one ounce of gold whatever happens.
const PEGGED: [&str; 7] = [
    "AUDUSDT", "BUSDUSDT", "EURUSDT", "GBPUSDT", "PAXGUSDT", "TUSDUSDT", "USDCUSDT",
];

/// The reference's universe with its folds.
fn daily(path: &std::path::Path) -> Dataset {
    let is_in = |symbol: &Symbol| {
        let name = symbol.as_str();
        !PEGGED.contains(&name) && !name.ends_with("UPUSDT") && !name.ends_with("DOWNUSDT")
    };
    let mut coins = crate::panel20::read(path);
    coins.retain(|(symbol, _)| is_in(symbol));
    let times = || {
        coins
            .iter()
            .flat_map(|(_, candles)| candles.open_time_ms.iter().copied())
    };
    let day: Interval = "1d".parse().unwrap();
    let range = (times().min().unwrap(), times().max().unwrap() + day.ms());
    let panel = Panel::build(&coins, day, range, 0, &Column::ALL);
    let mut config = Config::default();
    config.universe.symbols = panel.symbols().to_vec();
    config.universe.score_settled = true;
    config.data.interval = day;
    config.data.fill_limit = TimeSpan::ZERO;
    config.features.set = FeatureSet::HAR_RANGE;
    config.features.lookback_bars = 1;
    config.target.kind = "volatility".parse().unwrap();
    config.target.horizon = "7d".parse().unwrap();
    config.split.history_bars = 30;
    config.split.early_stopping_share = 0.0;
    let mut dataset = Dataset::of_panel(config, panel);
    let (split, purge) = (&dataset.config.split, dataset.config.purge_bars());
    dataset.plan = split.plan(&dataset.panel, &dataset.targets, purge).unwrap();
    dataset
}

/// QLIKE, R2 and the Spearman correlation a day of a model's published forecasts of all folds, and
/// the number of scored rows.
fn scores(dataset: &Dataset, model: &str) -> ([f64; 3], usize) {
    let options = VolatilityOptions {
        model: model.parse().unwrap(),
        ..VolatilityOptions::default()
    };
    let fit = VolatilityFit::new(dataset, &options);
    let coins = dataset.panel.coins();
    let (mut realized, mut forecast) = (Vec::new(), Vec::new());
    let (mut losses, mut correlations) = (0.0, Vec::new());
    for fold in &dataset.plan.folds {
        let fitted = fit.fold(dataset, fold).unwrap();
        let loaded = LoadedModel::new(fitted, &options, &dataset.config);
        let blocks = fit.out_of_block(dataset, fold).unwrap();
        let factor = |power: f64| {
            let left = blocks.rows.iter().zip(&blocks.forecasts);
            let left = left.map(|(&(row, coin), f)| dataset.targets.value(row, coin) - f);
            let sum: f64 = left.map(|e| (power * e).exp()).sum();
            if blocks.is_corrected {
                sum / blocks.rows.len() as f64
            } else {
                1.0
            }
        };
        let (volatility, variance) = (factor(1.0), factor(2.0));
        let windows = dataset.scored_windows(fold.score.clone(), &vec![Some(1.0); coins]);
        let all = loaded.forecast(&dataset.panel, &windows.ends);
        for (place, &row) in windows.ends.iter().enumerate() {
            let (mut of_day, mut known) = (Vec::new(), Vec::new());
            for coin in (0..coins).filter(|coin| windows.counts[place * coins + coin]) {
                let log = all[place * coins + coin].clone().unwrap();
                let target = dataset.targets.value(row, coin);
                losses += qlike((2.0 * target).exp(), (2.0 * log).exp() * variance);
                of_day.push(log.exp() * volatility);
                known.push(target.exp());
            }
            correlations.push(spearman(&of_day, &known).unwrap_or(0.0));
            forecast.extend(of_day);
            realized.extend(known);
        }
    }
    let rows = realized.len();
    let mean = realized.iter().sum::<f64>() / rows as f64;
    let squares = |other: &dyn Fn(usize) -> f64| -> f64 {
        (0..rows)
            .map(|row| (realized[row] - other(row)).powi(2))
            .sum()
    };
    let r2 = 1.0 - squares(&|row| forecast[row]) / squares(&|_| mean);
    let of_days = correlations.iter().sum::<f64>() / correlations.len() as f64;
    ([losses / rows as f64, r2, of_days], rows)
}
