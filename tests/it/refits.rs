//! `split.refit_every`: the pieces of a fold, each with a fit of its own.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use dataset::{Config, Dataset, Fold, ForecastTable};
use model::DeviceChoice;
use predict::{CandleSource, Checkpoint, History, forecast_at};

/// A fold of the scored span is cut at 06:00, 12:00 and so on.
const EVERY: &str = "split.refit_every=6h";

/// Stores of the tiny market, and runs beside them.
struct Place {
    dir: tempfile::TempDir,
    config: Config,
}

impl Place {
    /// With the candles of the tiny market in the store `a`.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = tests::tiny();
        let coins = tests::candles(&config);
        tests::store(&dir.path().join("a"), &mut config, &coins);
        fs::write(dir.path().join("tiny.toml"), tests::TINY).unwrap();
        Self { dir, config }
    }

    /// The run's folders have one name, which is in the weights' metadata.
    fn run(&self, place: &str) -> PathBuf {
        self.dir.path().join(place).join("run")
    }

    fn data_key(&self, store: &str) -> String {
        format!("data.dir={}", self.dir.path().join(store).display())
    }

    /// Arguments of a run on a store.
    fn arguments(&self, store: &str, run: &Path, more: &[&str], keys: &[&str]) -> Vec<String> {
        let config = self.dir.path().join("tiny.toml").display().to_string();
        let run = run.display().to_string();
        let mut arguments = vec!["", "--config", &config, "--run", &run];
        arguments.extend(more);
        let data = self.data_key(store);
        for key in [&["data.source=store", &data, EVERY], keys].concat() {
            arguments.extend(["--set", key]);
        }
        arguments.into_iter().map(str::to_owned).collect()
    }

    fn train(&self, store: &str, run: &Path, more: &[&str]) {
        let more = [&["--device", "flex"], more].concat();
        let arguments = self.arguments(store, run, &more, &[]);
        let _drawing = crate::drawing();
        train::run(&train::Args::parse_from(arguments)).unwrap();
    }

    fn baseline(&self, store: &str, run: &Path, more: &[&str], keys: &[&str]) {
        let trees = ["lightgbm.rounds=30", "lightgbm.min_data_in_leaf=20"];
        let arguments = self.arguments(store, run, more, &[&trees, keys].concat());
        baseline::run(&baseline::Args::parse_from(arguments)).unwrap();
    }

    /// The folds of the tiny market, with their refits.
    fn folds(&self) -> (Dataset, Vec<Fold>) {
        let mut config = self.config.clone();
        config.split.refit_every = Some("6h".parse().unwrap());
        let dataset = Dataset::load(&config).unwrap();
        let folds = dataset.plan.folds.clone();
        (dataset, folds)
    }
}

/// What a refit is fitted on ends before its own span: no byte of its model changes with the
/// candles from there on, and none of the refits before it.
#[test]
fn scored_candles_change_no_refit() {
    let place = Place::new();
    let (dataset, folds) = place.folds();
    let refits = &folds[0].refits;
    assert!(refits.len() >= 3, "{refits:?}");
    let scored_from = dataset.panel.time_ms(refits[1].score.start);
    let changed = crate::fitting::with_other_prices(&tests::candles(&tests::tiny()), scored_from);
    tests::store(
        &place.dir.path().join("b"),
        &mut place.config.clone(),
        &changed,
    );
    let same = |runs: [&Path; 2], file: &str| {
        for refit in refits {
            let [a, b] = runs.map(|run| fs::read(run.join(refit.dir()).join(file)).unwrap());
            let knows = refit.refit > Some(2);
            assert_eq!(a != b, knows, "{refit}: {file}");
        }
    };
    let [a, b] = ["of-a", "of-b"].map(|name| place.run(name));
    place.train("a", &a, &["--folds", "1"]);
    place.train("b", &b, &["--folds", "1"]);
    same([&a, &b], "seed-1/weights.safetensors");
    same([&a, &b], "stats.json");

    if tests::available(baseline::Library::open()).is_some() {
        let [a, b] = ["trees-of-a", "trees-of-b"].map(|name| place.run(name));
        place.baseline("a", &a, &["--fold", "1"], &[]);
        place.baseline("b", &b, &["--fold", "1"], &[]);
        same([&a, &b], "model.txt");
    }
}

/// A forecast comes from the refit whose span holds its time, live as in the table; what `predict`
/// takes without being told is the last refit.
#[test]
fn the_refit_of_its_time_forecasts() {
    let place = Place::new();
    let run = place.run("whole");
    place.train("a", &run, &[]);
    let (dataset, folds) = place.folds();
    let overrides = [place.data_key("a")];
    let kinds = predict::kinds(DeviceChoice::Flex);
    let load = |fold: Option<usize>, at_ms: Option<i64>| {
        let _drawing = crate::drawing();
        kinds.load(&run, (fold, at_ms), &overrides).unwrap()
    };
    let sha256 = |folder: &str| storage::content_hash(&fs::read(run.join(folder)).unwrap());
    let table = ForecastTable::read(&run.join("forecasts.parquet")).unwrap();
    for refit in folds.iter().flat_map(Fold::fits) {
        let [from_ms, until_ms] =
            [refit.score.start, refit.score.end].map(|row| dataset.panel.time_ms(row));
        let expected = sha256(&format!("{}/seed-1/weights.safetensors", refit.dir()));
        let of_refit = |row: &dataset::ForecastRow<'_>| (from_ms..until_ms).contains(&row.time_ms);
        let rows: Vec<_> = table.rows().filter(of_refit).collect();
        for row in [&rows[0], &rows[rows.len() / 2], &rows[rows.len() - 1]] {
            let loaded = load(Some(refit.number), Some(row.time_ms));
            assert_eq!(loaded.forecaster.sha256(), expected, "{refit}");
            let checkpoint = Checkpoint::from(loaded);
            let (source, at_ms) = (CandleSource::Store, Some(row.time_ms));
            let history = History::read(source, &checkpoint, at_ms, None).unwrap();
            let forecasts = forecast_at(&checkpoint, &history).unwrap();
            let is_it = |coin: &&predict::CoinForecast| coin.symbol == row.symbol.as_str();
            let live = forecasts.coins.iter().find(is_it).unwrap();
            let bits = live.forecast.map(f64::to_bits);
            assert_eq!(bits, Some(row.forecast.to_bits()), "{refit}");
        }
    }
    let last = folds[1].refits.last().unwrap();
    let expected = sha256(&format!("{}/seed-1/weights.safetensors", last.dir()));
    for fold in [None, Some(2)] {
        assert_eq!(load(fold, None).forecaster.sha256(), expected);
    }
    assert_eq!(sha256("model.safetensors"), expected);
    assert_eq!(
        fs::read(run.join("stats.json")).unwrap(),
        fs::read(run.join(last.dir()).join("stats.json")).unwrap()
    );
    // Each refit is out of sample from its own span on.
    for refit in &folds[0].refits {
        let from_ms = dataset.panel.time_ms(refit.score.start);
        let seen = kinds.seen(&run, (Some(1), Some(from_ms))).unwrap();
        assert_eq!(seen.until_ms, Some(from_ms), "{refit}");
    }
    // `predict` finds the refit, and refuses one that has seen the time.
    let predict = |refit: &Fold, fold: &[&str]| {
        let at = dataset.panel.time_ms(refit.score.start).to_string();
        let run = run.display().to_string();
        let mut arguments = vec!["", "--run", &run, "--at", &at, "--set", &overrides[0]];
        arguments.extend(["--device", "flex", "--fallback", "refuse"]);
        let _drawing = crate::drawing();
        predict::run(&predict::Args::parse_from([&arguments, fold].concat()))
    };
    let second = &folds[0].refits[1];
    predict(second, &[]).unwrap();
    predict(second, &["--fold", "1"]).unwrap();
    let refused = predict(second, &["--fold", "2"]).unwrap_err().to_string();
    assert!(
        refused.contains("is not out of sample: the model of fold 2"),
        "{refused}"
    );
}

/// What is finished stays when a run goes on within a fold, and the end is that of a run that was
/// never broken off.
#[test]
fn a_run_goes_on_within_a_fold() {
    let place = Place::new();
    let [whole, broken] = ["whole", "broken"].map(|name| place.run(name));
    place.train("a", &whole, &[]);
    place.train("a", &broken, &["--folds", "1"]);
    let second = broken.join("fold-1/refit-2/seed-1");
    // Killed between the weights of refit 2 and its forecasts, and before refit 3.
    fs::remove_file(second.join("forecasts.parquet")).unwrap();
    fs::remove_dir_all(broken.join("fold-1/refit-3")).unwrap();
    let first = broken.join("fold-1/refit-1/seed-1/weights.safetensors");
    let written = || fs::metadata(&first).unwrap().modified().unwrap();
    let before = written();
    place.train("a", &broken, &["--resume"]);
    assert_eq!(written(), before, "refit 1 was fitted again");
    for file in [
        "run.toml",
        "model.safetensors",
        "stats.json",
        "forecasts.parquet",
        "fold-1/refits.json",
        "fold-1/refit-2/seed-1/weights.safetensors",
        "fold-1/refit-3/seed-1/weights.safetensors",
    ] {
        let [a, b] = [&whole, &broken].map(|run| fs::read(run.join(file)).unwrap());
        assert!(a == b, "{file} differs");
    }
}

/// One fold of 18 hours in pieces of six is three folds of six hours.
#[test]
fn refits_are_the_folds_of_a_run_made_by_hand() {
    let Some(_) = tests::available(baseline::Library::open()) else {
        return;
    };
    let place = Place::new();
    // The last row with a target is that before 12:00 of the second day.
    let keys = ["data.until=2024-01-02T12:15", "split.train=12h"];
    let [pieces, folds] = ["pieces", "folds"].map(|name| place.run(name));
    let one = ["split.folds=1", "split.test=18h"];
    place.baseline("a", &pieces, &[], &[&keys[..], &one].concat());
    let three = ["split.folds=3", "split.test=6h", "split.refit_every="];
    place.baseline("a", &folds, &[], &[&keys[..], &three].concat());
    for number in 1..=3 {
        let model = |folder: PathBuf| fs::read(folder.join("model.txt")).unwrap();
        let refit = model(pieces.join(format!("fold-1/refit-{number}")));
        assert_eq!(
            refit,
            model(folds.join(format!("fold-{number}"))),
            "{number}"
        );
    }
    let forecasts = |run: &Path| -> Vec<(i64, String, u64)> {
        let table = ForecastTable::read(&run.join("forecasts.parquet")).unwrap();
        let row = |row: dataset::ForecastRow<'_>| {
            (row.time_ms, row.symbol.to_string(), row.forecast.to_bits())
        };
        table.rows().map(row).collect()
    };
    assert_eq!(forecasts(&pieces), forecasts(&folds));
    assert!(!pieces.join("best-fold.json").exists());
    assert_eq!(
        fs::read(pieces.join("model.txt")).unwrap(),
        fs::read(folds.join("model.txt")).unwrap()
    );
}
