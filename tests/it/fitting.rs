//! What is fitted before the scored time does not change with it.

use std::path::Path;

use clap::Parser;
use dataset::{CandleTable, Column, Dataset};
use market::Symbol;

/// Changes every candle from the first scored row on; statistics must stay as they are.
#[test]
fn scored_candles_change_no_statistics() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = tests::tiny();
    let coins = tests::candles(&config);
    tests::store(&dir.path().join("a"), &mut config, &coins);
    let before = Dataset::load(&config).unwrap();
    let fold = &before.plan.folds[0];
    let scored_from = before.panel.time_ms(fold.score.start);

    let changed = with_other_prices(&coins, scored_from);
    tests::store(&dir.path().join("b"), &mut config, &changed);
    let after = Dataset::load(&config).unwrap();
    assert_ne!(
        before.panel.value(Column::Close, fold.score.start, 0),
        after.panel.value(Column::Close, fold.score.start, 0)
    );
    assert_eq!(fold, &after.plan.folds[0]);
    let stats = |dataset: &Dataset| {
        dataset
            .fit_normalizer(&dataset.features(), &dataset.plan.folds[0], "run")
            .unwrap()
            .to_json()
    };
    assert_eq!(stats(&before), stats(&after));
}

/// The same of LightGBM, bins and trees and their number included: no byte of a model depends on
/// what it is scored on.
#[test]
fn scored_candles_change_no_tree() {
    let Some(_) = tests::available(baseline::Library::open()) else {
        return;
    };
    let stores = TwoStores::new();
    let train = |store: &str, fit: &str| {
        let run = stores.dir.path().join(format!("run-{store}-{fit}"));
        let keys = [
            &format!("target.fit={fit}"),
            "lightgbm.rounds=30",
            "lightgbm.min_data_in_leaf=20",
        ];
        baseline::run(&baseline::Args::parse_from(
            stores.arguments(store, &run, &keys),
        ))
        .unwrap();
        let read = |file: &str| std::fs::read(run.join("fold-2").join(file)).unwrap_or_default();
        (
            read("model.txt"),
            read("model-market.txt"),
            read("forecasts.parquet"),
        )
    };
    for fit in ["whole", "parts"] {
        let (before, after) = (train("a", fit), train("b", fit));
        assert!(!before.0.is_empty() && before.1.is_empty() == (fit == "whole"));
        assert_eq!((before.0, before.1), (after.0, after.1));
        assert_ne!(before.2, after.2, "what is scored has changed");
    }
}

/// The same of the network.
#[test]
fn scored_candles_change_no_weight() {
    check_weights(&[]);
}

/// Nor where the targets are those of a bar later.
#[test]
fn scored_candles_change_no_weight_of_a_delayed_fit() {
    check_weights(&["target.entry=next_close", "target.fit=scaled_parts"]);
}

fn check_weights(keys: &[&str]) {
    let stores = TwoStores::new();
    let train = |store: &str| {
        // The run's own name is in the weights' metadata.
        let run = stores.dir.path().join(format!("of-{store}")).join("run");
        let mut arguments = stores.arguments(store, &run, keys);
        arguments.extend(["--device", "flex"].map(str::to_owned));
        let _drawing = crate::drawing();
        train::run(&train::Args::parse_from(arguments)).unwrap();
        let read = |file: &str| std::fs::read(run.join("fold-2/seed-1").join(file)).unwrap();
        (read("weights.safetensors"), read("forecasts.parquet"))
    };
    let (before, after) = (train("a"), train("b"));
    assert!(before.0 == after.0, "a weight has changed");
    assert!(before.1 != after.1, "what is scored has changed");
}

/// The stores `a` and `b`, whose candles differ from the first one on that fold 2 is scored on.
struct TwoStores {
    dir: tempfile::TempDir,
}

impl TwoStores {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = tests::tiny();
        let coins = tests::candles(&config);
        tests::store(&dir.path().join("a"), &mut config, &coins);
        let dataset = Dataset::load(&config).unwrap();
        let scored_from = dataset.panel.time_ms(dataset.plan.folds[1].score.start);
        tests::store(
            &dir.path().join("b"),
            &mut config,
            &with_other_prices(&coins, scored_from),
        );
        std::fs::write(dir.path().join("tiny.toml"), tests::TINY).unwrap();
        Self { dir }
    }

    /// What trains fold 2 of one of them.
    fn arguments(&self, store: &str, run: &Path, keys: &[&str]) -> Vec<String> {
        let path = |name: &str| self.dir.path().join(name).display().to_string();
        let (config, run, dir) = (
            path("tiny.toml"),
            run.display().to_string(),
            format!("data.dir={}", path(store)),
        );
        let mut arguments = vec!["", "--fold", "2", "--config", &config, "--run", &run];
        for key in [&["data.source=store", &dir], keys].concat() {
            arguments.extend(["--set", key]);
        }
        arguments.into_iter().map(str::to_owned).collect()
    }
}

/// The early-stopping slice is not training data either.
#[test]
fn the_early_stopping_slice_changes_no_statistics() {
    let config = tests::tiny();
    let dataset = Dataset::load(&config).unwrap();
    let fold = &dataset.plan.folds[1];
    assert!(!fold.stop.is_empty());
    let stats = dataset
        .fit_normalizer(&dataset.features(), fold, "run")
        .unwrap();
    assert!(stats.fit_until_ms <= dataset.panel.time_ms(fold.stop.start));
}

/// A missing value becomes what the network sees of the other coins on average, and not a
/// normalized fill value.
#[test]
fn normalization_precedes_filling() {
    let dataset = Dataset::load(&tests::tiny()).unwrap();
    let stats = dataset
        .fit_normalizer(&dataset.features(), &dataset.plan.folds[0], "run")
        .unwrap();
    let features = dataset.features();
    let normalized = stats.apply(features.clone());
    let (coins, per_coin) = (features.coins(), features.per_coin());
    let (mut alone, mut among_others) = (0, 0);
    for row in 0..features.rows() {
        for feature in 0..per_coin {
            let at = |coin: usize| normalized[(row * coins + coin) * per_coin + feature];
            let (missing, known): (Vec<usize>, Vec<usize>) =
                (0..coins).partition(|&coin| features.cell(row, coin)[feature].is_nan());
            let mean = known.iter().map(|&coin| at(coin)).sum::<f32>() / known.len().max(1) as f32;
            assert!(
                missing.iter().all(|&coin| (at(coin) - mean).abs() < 1e-6),
                "row {row}, feature {feature}"
            );
            alone += usize::from(known.is_empty());
            among_others += usize::from(!known.is_empty() && !missing.is_empty());
        }
    }
    assert!(
        alone > 0 && among_others > 0,
        "the simulated market has a warm-up and holes"
    );
    let mean = &stats.coins[0].mean;
    assert!(
        mean.iter().any(|mean| mean.abs() > 1e-6),
        "a fill before normalization would show as -mean / std"
    );
}

/// With `normalize.inputs = "pooled"` all coins have the statistics of all their rows together.
#[test]
fn pooled_statistics_are_those_of_all_coins_together() {
    let mut config = tests::tiny();
    config.normalize.inputs = dataset::InputNorm::Pooled;
    let dataset = Dataset::load(&config).unwrap();
    let (features, fold) = (dataset.features(), &dataset.plan.folds[0]);
    let stats = dataset.fit_normalizer(&features, fold, "run").unwrap();
    let values: Vec<f64> = fold
        .train
        .clone()
        .flat_map(|row| (0..3).map(move |coin| (row, coin)))
        .filter(|&(row, coin)| dataset.panel.is_observed(row, coin))
        .map(|(row, coin)| f64::from(features.cell(row, coin)[0]))
        .filter(|value| !value.is_nan())
        .collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares = values.iter().map(|value| (value - mean).powi(2));
    let std = (squares.sum::<f64>() / values.len() as f64).sqrt();
    for coin in &stats.coins {
        assert!(
            (f64::from(coin.mean[0]) - mean).abs() < 1e-6 * std,
            "{mean}"
        );
        assert!((f64::from(coin.std[0]) / std - 1.0).abs() < 1e-6, "{std}");
    }
}

/// Every number in stats.json reads back to the same bits.
#[test]
fn statistics_read_back_as_they_were() {
    let dataset = Dataset::load(&tests::tiny()).unwrap();
    let stats = dataset
        .fit_normalizer(&dataset.features(), &dataset.plan.folds[0], "run")
        .unwrap();
    let read = dataset::Normalizer::from_json(&stats.to_json(), std::path::Path::new("stats.json"))
        .unwrap();
    assert_eq!(stats, read);
}

/// Targets that are entered a bar later are known before the first scored row closes its bar.
#[test]
fn targets_of_a_bar_later_end_before_the_scored_rows() {
    let mut config = tests::tiny();
    config.target.entry = dataset::Entry::NextClose;
    let dataset = Dataset::load(&config).unwrap();
    let reach = config.reach_bars();
    for fold in &dataset.plan.folds {
        let fitted = dataset.fitted_targets(fold);
        for (rows, end) in [
            (&fold.train, fold.stop.start),
            (&fold.stop, fold.score.start),
        ] {
            let known = |row: &usize| fitted.any(*row);
            let last = rows.clone().rev().find(known).unwrap();
            assert!(last + 1 + reach < end, "fold {}: {last} {end}", fold.number);
            let pairs = (0..3).map(|coin| {
                (
                    fitted.value(last, coin),
                    dataset.targets.value(last + 1, coin),
                )
            });
            assert!(pairs.clone().all(|(a, b)| a.to_bits() == b.to_bits()));
        }
    }
}

/// Shuffled targets are a control of fitting alone: what is scored stays as it came.
#[test]
fn shuffled_targets_end_before_the_scored_rows() {
    let mut config = tests::tiny();
    config.target.shuffle_seed = Some(1);
    let dataset = Dataset::load(&config).unwrap();
    for fold in &dataset.plan.folds {
        let fitted = dataset.fitted_targets(fold);
        let differ = |row: usize| {
            (0..3).any(|coin| {
                fitted.value(row, coin).to_bits() != dataset.targets.value(row, coin).to_bits()
            })
        };
        assert!(
            (fold.train.start..fold.stop.end)
                .filter(|&row| differ(row))
                .count()
                > fold.train.len() / 2
        );
        assert!(
            !(fold.score.start..dataset.panel.rows()).any(differ),
            "fold {}",
            fold.number
        );
    }
}

/// The candles with other prices, returns and volumes from `from_ms` on.
pub fn with_other_prices(
    coins: &[(Symbol, CandleTable)],
    from_ms: i64,
) -> Vec<(Symbol, CandleTable)> {
    let change = |candles: &CandleTable| {
        let mut table = CandleTable::default();
        for row in 0..candles.len() {
            let mut candle = candles.candle(row);
            if candle.open_time_ms >= from_ms {
                // One factor for all would leave the returns as they are.
                let factor = 2.0 + ((row * 37) % 11) as f64 / 11.0;
                for price in [&mut candle.open, &mut candle.high, &mut candle.low] {
                    *price = price.map(|price| price * factor);
                }
                candle.close *= factor;
                candle.volume = candle.volume.map(|volume| volume * 10.0);
            }
            table.push(&candle, f64::NAN);
        }
        table
    };
    coins
        .iter()
        .map(|(symbol, candles)| (symbol.clone(), change(candles)))
        .collect()
}
