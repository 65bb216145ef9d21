//! Volatility and its regimes: known rows and edges, no look-ahead, live equals offline.

use std::path::{Path, PathBuf};

use clap::Parser;
use dataset::{
    Config, Dataset, ForecastTable, Panel, Store, TablePart, TargetConfig, TargetKind, TimeSpan,
};
use market::{Interval, Market};
use model::DeviceChoice;
use predict::{CandleSource, History, forecast_at};

const MINUTE: i64 = 60_000;

/// Rows, folds, targets and controls of the 180 coins are those of an independent implementation in
/// pandas; nothing is filled.
#[test]
fn rows_and_folds_of_daily_candles() {
    let Some(path) = tests::shared_data("daily203-spot-1d-2021-2022.parquet") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let day: Interval = "1d".parse().unwrap();
    let store = Store::new(dir.path(), Market::Spot, day);
    for (symbol, candles) in crate::panel20::read(&path) {
        store.append(&symbol, &candles, false).unwrap();
    }
    let mut config: Config = toml::from_str(include_str!("../../configs/volatility.toml")).unwrap();
    config.data.dir = dir.path().to_owned();
    let dataset = Dataset::load(&config).unwrap();
    assert_eq!(dataset.panel.coins(), 180);
    assert_eq!(config.target.horizon, TimeSpan::hours(7 * 24));
    assert_eq!(
        dataset.usable_cells(0..dataset.panel.rows()).count(),
        107_862
    );

    let folds = &dataset.plan.folds;
    let mut scored_days = 0;
    let counts: Vec<(usize, usize)> = folds
        .iter()
        .map(|fold| {
            let mut days: Vec<usize> = dataset
                .usable_cells(fold.score.clone())
                .map(|(row, _)| row)
                .collect();
            let scored = days.len();
            days.dedup();
            scored_days += days.len();
            (dataset.usable_cells(fold.train.clone()).count(), scored)
        })
        .collect();
    let expected = [
        (12_051, 13_460),
        (25_504, 13_482),
        (38_979, 13_500),
        (52_479, 13_500),
        (65_979, 13_500),
        (79_479, 13_443),
        (92_922, 13_680),
    ];
    assert_eq!(counts, expected);
    assert_eq!(scored_days, 526);
    // What har_range can forecast is the same rows.
    let everyone = vec![Some(1.0); 180];
    let windows = |fold: &dataset::Fold| {
        let set = dataset.scored_windows(fold.score.clone(), &everyone);
        set.counts.iter().filter(|counts| **counts).count()
    };
    assert_eq!(folds.iter().map(windows).sum::<usize>(), 94_565);

    let near = |found: f64, expected: f64| {
        assert!(
            (found / expected - 1.0).abs() < 1e-8,
            "{found} is not {expected}"
        );
    };
    let row = dataset
        .panel
        .row_of(dataset::parse_time("2022-01-15").unwrap())
        .unwrap();
    let symbols = dataset.panel.symbols();
    let coin = symbols
        .iter()
        .position(|symbol| symbol.as_str() == "BTCUSDT")
        .unwrap();
    near(
        dataset.targets.value(row, coin).exp(),
        0.046_029_533_624_316_78,
    );
    let controls = config.target.init(day).controls();
    let control = |name: &str| {
        let found = controls
            .iter()
            .find(|control| control.column.name == name)
            .unwrap();
        found.values(&dataset.panel, row..row + 1)[coin]
    };
    near(control("ewma").exp(), 0.026_220_728_943_350_043);
    near(control("naive"), -4.006_950_025_316_875_5);
    near(control("trailing_30d"), -3.693_542_223_391_72);
}

/// Whatever comes after t, no control of t changes.
#[test]
fn controls_know_nothing_after_their_row() {
    let config = tests::tiny();
    let coins = tests::candles(&config);
    let start = config.data.simulated.start_ms;
    let t = 420;
    let panel = |is_changed: bool| {
        let mut coins = coins.clone();
        if is_changed {
            for (_, candles) in &mut coins {
                *candles = candles
                    .clone()
                    .filter(|time| time <= start + t * MINUTE || time % 7 != 0);
            }
        }
        let range = (start, start + 600 * MINUTE);
        Panel::build(
            &coins,
            config.data.interval,
            range,
            60,
            &dataset::Column::ALL,
        )
    };
    let (before, after) = (panel(false), panel(true));
    for kind in TargetKind::all() {
        let target = TargetConfig {
            kind,
            ..TargetConfig::default()
        };
        let (mut known, mut changed) = (0, 0);
        for control in target.init(config.data.interval).controls() {
            let bits = |panel: &Panel| -> Vec<u64> {
                let values = control.values(panel, 300..600);
                values.iter().map(|value| value.to_bits()).collect()
            };
            let (before, after) = (bits(&before), bits(&after));
            let until = (t as usize + 1 - 300) * 3;
            assert_eq!(
                before[..until],
                after[..until],
                "{kind}: {:?}",
                control.column
            );
            known += usize::from(
                before[..until]
                    .iter()
                    .any(|bits| !f64::from_bits(*bits).is_nan()),
            );
            changed += usize::from(before[until..] != after[until..]);
        }
        assert!(
            known > 0 && changed > 0,
            "{kind}: {known} known, {changed} changed"
        );
    }
}

/// Runs that forecast volatility on a store of the simulated market.
pub struct Runs {
    dir: tempfile::TempDir,
}

/// What all runs have: a volatility of the next quarter of an hour.
const KEYS: [&str; 6] = [
    "data.source=store",
    "target.kind=volatility",
    "target.horizon=15m",
    "target.fit=whole",
    "normalize.target=pooled",
    "data.fill_limit=0m",
];

impl Runs {
    /// Stores `a` and `b`, whose candles differ from the first one on that fold 2 is scored on.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = tests::tiny();
        let coins = tests::candles(&config);
        tests::store(&dir.path().join("a"), &mut config, &coins);
        config.target = TargetConfig {
            kind: "volatility".parse().unwrap(),
            ..TargetConfig::default()
        };
        config.normalize.target = dataset::TargetScale::Pooled;
        config.data.fill_limit = TimeSpan::ZERO;
        let dataset = Dataset::load(&config).unwrap();
        let scored_ms = dataset.panel.time_ms(dataset.plan.folds[1].score.start);
        let changed = crate::fitting::with_other_prices(&coins, scored_ms);
        tests::store(&dir.path().join("b"), &mut config, &changed);
        std::fs::write(dir.path().join("tiny.toml"), tests::TINY).unwrap();
        Self { dir }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Trains a network or LightGBM on a store.
    fn train(&self, command: &str, store: &str) -> PathBuf {
        self.train_with(command, store, &[])
    }

    /// The same with further keys, which name the run too.
    fn train_with(&self, command: &str, store: &str, keys: &[&str]) -> PathBuf {
        let named = keys.join("-").replace(['=', '.', '[', ']'], "-");
        self.train_as((&format!("{command}{named}"), command), store, keys)
    }

    /// The same with another name.
    pub fn train_as(&self, (name, command): (&str, &str), store: &str, keys: &[&str]) -> PathBuf {
        let run = self.path(&format!("{name}-{store}"));
        let (config, out) = (
            self.path("tiny.toml").display().to_string(),
            run.display().to_string(),
        );
        let data = format!("data.dir={}", self.path(store).display());
        let mut arguments = vec![command, "--config", &config, "--run", &out];
        let own: &[&str] = match command {
            "baseline" => &[
                "lightgbm.protocol=blocks",
                "split.early_stopping_share=0",
                "lightgbm.rounds=20",
                "lightgbm.min_data_in_leaf=20",
                "lightgbm.features=row",
                "xgboost.protocol=blocks",
                "xgboost.rounds=20",
                "xgboost.min_child_weight=20",
                "xgboost.features=row",
                "xgboost.nthread=1",
            ],
            _ => &["training.steps=8"],
        };
        let all = KEYS.iter().chain(own).chain(keys).copied();
        for key in all.chain([data.as_str()]) {
            arguments.extend(["--set", key]);
        }
        if command == "baseline" {
            baseline::run(&baseline::Args::parse_from(arguments)).unwrap();
        } else {
            arguments.extend(["--device", "flex"]);
            let _drawing = crate::drawing();
            train::run(&train::Args::parse_from(arguments)).unwrap();
        }
        run
    }
}

pub fn part(run: &Path) -> TablePart {
    let path = run.join("forecasts.parquet");
    let table = ForecastTable::read(&path).unwrap();
    table.only_part(&path).unwrap().clone()
}

/// All that the table says of a row's volatility, in the order of what is said live.
pub fn offline(part: &TablePart, row: usize) -> Vec<u64> {
    let names = [
        "volatility_mean",
        "variance_mean",
        "lower_80",
        "upper_80",
        "lower_95",
        "upper_95",
        "probability_low",
        "probability_medium",
        "probability_high",
    ];
    let values = names.iter().map(|name| part.outputs[*name][row]);
    values
        .filter(|value| !value.is_nan())
        .map(f64::to_bits)
        .collect()
}

pub fn check_live(run: &Path) {
    let part = part(run);
    let mut compared = 0;
    for row in (0..part.len()).step_by(part.len() / 30) {
        let fold = Some(part.fold[row] as usize);
        let checkpoint = crate::load(run, fold, &[], DeviceChoice::Flex).unwrap();
        let at_ms = Some(part.time_ms[row]);
        let history = History::read(CandleSource::Store, &checkpoint, at_ms, None).unwrap();
        let forecasts = forecast_at(&checkpoint, &history).unwrap();
        let name = part.symbol_of(row).as_str();
        let coin = forecasts
            .coins
            .iter()
            .find(|coin| coin.symbol == name)
            .unwrap();
        assert_eq!(
            coin.forecast.map(f64::to_bits),
            Some(part.forecast[row].to_bits())
        );
        let said = coin.volatility.as_ref().unwrap();
        let mut live = vec![said.per_day, said.variance_per_day];
        live.extend(coin.intervals.iter().flat_map(|one| [one.lower, one.upper]));
        live.extend(said.regimes.iter().map(|(_, probability)| *probability));
        let live: Vec<u64> = live.into_iter().map(f64::to_bits).collect();
        assert_eq!(live, offline(&part, row), "{name} at {}", part.time_ms[row]);
        assert!((said.per_year / said.per_day - 365.0_f64.sqrt()).abs() < 1e-9);
        compared += usize::from(live.len() == 9);
    }
    assert!(
        compared > 10,
        "{compared} forecasts with intervals and probabilities"
    );
}

/// Trees that learn the classes have probabilities of their own, offline and live, and so does
/// XGBoost; classes begin where they do for whoever derives them. What they learnt knows nothing of
/// the scored rows.
#[test]
fn live_equals_offline_for_learnt_classes_and_xgboost() {
    let kinds = [baseline::TreeKind::LightGbm, baseline::TreeKind::XgBoost];
    if kinds
        .into_iter()
        .any(|kind| tests::available(baseline::Loaded::open(kind)).is_none())
    {
        return;
    }
    let runs = Runs::new();
    let derived = part(&runs.train("baseline", "a"));
    for trees in ["lightgbm", "xgboost"] {
        let library = format!("baseline.trees={trees}");
        let model = if trees == "lightgbm" {
            "model.txt"
        } else {
            "model.json"
        };
        for kind in ["target.kind=volatility", "target.kind=regime"] {
            if (trees, kind) == ("lightgbm", "target.kind=volatility") {
                continue;
            }
            let keys = [library.as_str(), kind];
            let run = runs.train_with("baseline", "a", &keys);
            check_live(&run);
            let own = part(&run);
            assert_eq!(own.realized, derived.realized, "{keys:?}");
            assert_eq!(
                own.outputs["regime_edge_1"],
                derived.outputs["regime_edge_1"]
            );
            let share = |row: usize| {
                let names = ["probability_low", "probability_medium", "probability_high"];
                names.map(|name| own.outputs[name][row]).iter().sum::<f64>()
            };
            assert!((0..own.len()).all(|row| (share(row) - 1.0).abs() < 1e-6));
            let other = runs.train_with("baseline", "b", &keys);
            for file in [
                format!("fold-2/{model}"),
                "fold-2/publication.json".to_owned(),
            ] {
                let [one, other] =
                    [&run, &other].map(|run| std::fs::read(run.join(&file)).unwrap());
                assert!(one == other, "{keys:?}: {file} knows the scored rows");
            }
        }
    }
}

/// Trees are published by forecasts of their own training rows out of their block, the network by
/// its forecasts of earlier folds.
#[test]
fn live_equals_offline_for_a_volatility() {
    let runs = Runs::new();
    let network = runs.train("train", "a");
    check_live(&network);
    let of_network = part(&network);
    let first = (0..of_network.len()).filter(|&row| of_network.fold[row] == 1);
    for row in first {
        assert!(
            of_network.outputs["lower_80"][row].is_nan(),
            "nothing is before fold 1"
        );
        let level = of_network.forecast[row].exp();
        assert_eq!(
            of_network.outputs["volatility_mean"][row].to_bits(),
            level.to_bits()
        );
    }
    let Some(_) = tests::available(baseline::Library::open()) else {
        return;
    };
    let trees = runs.train("baseline", "a");
    check_live(&trees);
    let of_trees = part(&trees);
    assert!(
        of_trees.outputs["lower_80"]
            .iter()
            .all(|bound| !bound.is_nan())
    );
    for name in ["naive", "coin_mean"] {
        assert!(
            of_trees.controls[name]
                .iter()
                .all(|value| value.is_finite()),
            "{name}"
        );
    }
    for fold in 1..=2 {
        let folder = trees.join(format!("fold-{fold}"));
        let training = ForecastTable::read(&folder.join("training.parquet")).unwrap();
        assert!(training.len() > 500);
    }
}

/// No edge of a regime, no factor and no residual of a fold knows a price that is scored in it.
#[test]
fn scored_candles_change_nothing_that_is_published() {
    let runs = Runs::new();
    let mut commands = vec!["train"];
    commands.extend(tests::available(baseline::Library::open()).map(|_| "baseline"));
    for command in commands {
        let publication = |store: &str| {
            let run = runs.train(command, store);
            let read = |file: &str| std::fs::read_to_string(run.join("fold-2").join(file)).unwrap();
            (read("publication.json"), part(&run))
        };
        let (before, after) = (publication("a"), publication("b"));
        assert!(
            before.0 == after.0,
            "{command}: what is published has changed"
        );
        assert_ne!(
            before.1.realized, after.1.realized,
            "what is scored has changed"
        );
        assert!(
            before.0.contains("\"edges\":{\"SIM1USDT\":["),
            "{}",
            &before.0[..200]
        );
    }
}
