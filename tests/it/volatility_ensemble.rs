//! What networks and ensembles of networks publish of a volatility: residuals of training rows that no
//! network had seen, weights of earlier folds, live equals offline.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Parser;
use dataset::{ForecastTable, TablePart};
use model::DeviceChoice;
use predict::{CandleSource, History, forecast_at};

use crate::regimes::{Runs, check_live, offline, part};

/// Keys of two networks that differ in loss, mixing, normalization and seeds.
const MEMBERS: [(&str, &[&str]); 2] = [
    (
        "first",
        &[
            "training.residuals=blocks",
            "training.loss=qlike",
            "training.seeds=2",
            "network.mixing=own",
            "normalize.method=rank",
        ],
    ),
    (
        "second",
        &[
            "training.residuals=blocks",
            "training.loss=gaussian",
            "features.lookback_bars=64",
            "network.linear_skip=true",
            "network.linear_skip_bars=1",
        ],
    ),
];

fn members(runs: &Runs, store: &str) -> Vec<PathBuf> {
    let train = |(name, keys): &(&str, &[&str])| runs.train_as((name, "train"), store, keys);
    MEMBERS.iter().map(train).collect()
}

fn ensemble_of(runs: &Runs, method: &str, store: &str, members: &[PathBuf]) -> PathBuf {
    let run = runs.path(&format!("{method}-{store}"));
    let (out, key) = (
        run.display().to_string(),
        format!("ensemble.method={method}"),
    );
    let mut arguments = vec!["ensemble", "--run", &out, "--set", &key];
    let members: Vec<String> = members
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    arguments.extend(members.iter().map(String::as_str));
    ensemble::run(&ensemble::Args::parse_from(arguments)).unwrap();
    run
}

/// The forecasts of training rows of a fold, by time and coin, with what came.
fn training(run: &Path, fold: u32) -> BTreeMap<(i64, String), [f64; 2]> {
    let path = run.join(format!("fold-{fold}/training.parquet"));
    let table = ForecastTable::read(&path).unwrap();
    let row = |row: dataset::ForecastRow<'_>| {
        let key = (row.time_ms, row.symbol.to_string());
        (key, [row.forecast, row.realized])
    };
    table.rows().map(row).collect()
}

fn rows_of(part: &TablePart, fold: u32) -> Vec<usize> {
    (0..part.len())
        .filter(|&row| part.fold[row] == fold)
        .collect()
}

/// The published volatility and variance are the forecast's times the means of exp(e) and exp(2e) over
/// the residuals of these training rows.
fn check_factors(part: &TablePart, fold: u32, training: &BTreeMap<(i64, String), [f64; 2]>) {
    let errors = || training.values().map(|[said, came]| came - said);
    let mean = |power: f64| {
        errors().map(|error| (power * error).exp()).sum::<f64>() / training.len() as f64
    };
    for row in rows_of(part, fold) {
        for (name, power) in [("volatility_mean", 1.0), ("variance_mean", 2.0)] {
            let expected = (power * part.forecast[row]).exp() * mean(power);
            let found = part.outputs[name][row];
            assert!(
                (found / expected - 1.0).abs() < 1e-9,
                "{name}: {found} {expected}"
            );
        }
        assert!(part.outputs["lower_95"][row] < part.outputs["lower_80"][row]);
        assert!(part.outputs["probability_high"][row] > 0.0);
    }
}

/// A forecast, and all that is published of it, has live the bits of the table wherever the members
/// forecast the same coins live.
fn check_live_ensemble(run: &Path) {
    let part = part(run);
    let mut compared = 0;
    for row in (0..part.len()).step_by(part.len() / 30) {
        let fold = Some(part.fold[row] as usize);
        let checkpoint = crate::load(run, fold, &[], DeviceChoice::Flex).unwrap();
        let at_ms = Some(part.time_ms[row]);
        let history = History::read(CandleSource::Store, &checkpoint, at_ms, None).unwrap();
        let forecasts = forecast_at(&checkpoint, &history).unwrap();
        let known = forecasts
            .coins
            .iter()
            .filter(|coin| coin.forecast.is_some());
        let of_time = part.time_ms.iter().filter(|time| Some(**time) == at_ms);
        if known.count() != of_time.count() {
            continue;
        }
        let name = part.symbol_of(row).as_str();
        let coin = forecasts
            .coins
            .iter()
            .find(|coin| coin.symbol == name)
            .unwrap();
        let bits = coin.forecast.map(f64::to_bits);
        assert_eq!(bits, Some(part.forecast[row].to_bits()), "{name}");
        let said = coin.volatility.as_ref().unwrap();
        let mut live = vec![said.per_day, said.variance_per_day];
        live.extend(coin.intervals.iter().flat_map(|one| [one.lower, one.upper]));
        live.extend(said.regimes.iter().map(|(_, probability)| *probability));
        let live: Vec<u64> = live.into_iter().map(f64::to_bits).collect();
        assert_eq!(live, offline(&part, row), "{name}");
        compared += 1;
    }
    assert!(compared > 10, "{compared}");
}

#[test]
fn residuals_are_of_training_rows_that_no_network_had_seen() {
    let runs = Runs::new();
    let members = members(&runs, "a");
    let of_members: Vec<TablePart> = members.iter().map(|run| part(run)).collect();
    for (run, part) in members.iter().zip(&of_members) {
        check_live(run);
        for fold in [1, 2] {
            let training = training(run, fold);
            assert!(training.len() > 400, "{}", training.len());
            let first = part.time_ms[rows_of(part, fold)[0]];
            let last = training.keys().map(|(time, _)| *time).max().unwrap();
            // A target reaches 15 minutes.
            assert!(last + 15 * 60_000 < first);
            check_factors(part, fold, &training);
        }
        // Networks of blocks are not the fold's own: they forecast otherwise than it does.
        let seeds = run.join("fold-1/seed-1");
        let blocks = (1..=4).filter(|block| seeds.join(format!("block-{block}")).exists());
        assert!(blocks.count() >= 3);
    }
    for method in ["mean", "qlike"] {
        let run = ensemble_of(&runs, method, "a", &members);
        let (weights, _) = ensemble::SavedWeights::read(&run).unwrap();
        let part = part(&run);
        for fold in [1, 2] {
            let weights = &weights.folds[fold as usize - 1].weights.own;
            let [one, two] = [0, 1].map(|member: usize| training(&members[member], fold));
            let found = training(&run, fold);
            let common = one.keys().filter(|key| two.contains_key(*key));
            assert!(common.eq(found.keys()));
            for (key, [said, came]) in &found {
                let expected = weights[0] * one[key][0] + weights[1] * two[key][0];
                assert!((said - expected).abs() < 1e-9 && *came == one[key][1]);
            }
            check_factors(&part, fold, &found);
        }
        check_live_ensemble(&run);
    }
}

/// No weight, factor, residual or edge of fold 2 knows a price that is scored in it.
#[test]
fn scored_candles_change_nothing_that_an_ensemble_publishes() {
    let runs = Runs::new();
    let published = |store: &str| {
        let members = members(&runs, store);
        let run = ensemble_of(&runs, "qlike", store, &members);
        let (weights, _) = ensemble::SavedWeights::read(&run).unwrap();
        let file = run.join("fold-2/publication.json");
        (
            std::fs::read_to_string(file).unwrap(),
            weights.folds,
            part(&run),
        )
    };
    let (before, after) = (published("a"), published("b"));
    assert!(before.0 == after.0, "what is published has changed");
    assert_eq!(before.1, after.1);
    assert_ne!(
        before.1[1].weights,
        ensemble::Weights::equal(2),
        "weights were fitted"
    );
    assert_ne!(
        before.2.realized, after.2.realized,
        "what is scored has changed"
    );
}
