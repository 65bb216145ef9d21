//! `target.horizons`: several horizons of one run, by a network with several outputs or a model
//! for each.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use dataset::{Config, Dataset, ForecastTable, TablePart, TimeSpan};
use model::DeviceChoice;
use predict::{CandleSource, History, forecast_at};

/// What a run of several horizons is told.
const HORIZONS: &str = r#"target.horizons=["5m","15m","60m"]"#;

/// Stores of the tiny market, and runs beside them.
struct Place {
    dir: tempfile::TempDir,
    /// Of the store `a`, with three horizons.
    config: Config,
}

impl Place {
    /// With the candles of the tiny market in the store `a`.
    fn new() -> Self {
        Self::of(tests::tiny(), ["5m", "15m", "60m"])
    }

    fn of(mut config: Config, horizons: [&str; 3]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let coins = tests::candles(&config);
        tests::store(&dir.path().join("a"), &mut config, &coins);
        config.target.horizons = horizons.map(|text| text.parse().unwrap()).into();
        fs::write(dir.path().join("tiny.toml"), tests::TINY).unwrap();
        Self { dir, config }
    }

    /// The store `b` has other candles from the first scored row of fold 2 on.
    fn with_other_scored_candles(self) -> Self {
        let dataset = self.dataset();
        let scored_from = dataset.panel.time_ms(dataset.plan.folds[1].score.start);
        let changed =
            crate::fitting::with_other_prices(&tests::candles(&tests::tiny()), scored_from);
        tests::store(&self.dir.path().join("b"), &mut tests::tiny(), &changed);
        self
    }

    fn dataset(&self) -> Dataset {
        Dataset::load(&self.config).unwrap()
    }

    /// The runs' folders have one name, which is in the weights' metadata.
    fn run(&self, place: &str) -> PathBuf {
        self.dir.path().join(place).join("run")
    }

    fn data_key(&self, store: &str) -> String {
        format!("data.dir={}", self.dir.path().join(store).display())
    }

    fn arguments(&self, store: &str, run: &Path, keys: &[&str]) -> Vec<String> {
        let config = self.dir.path().join("tiny.toml").display().to_string();
        let run = run.display().to_string();
        let mut arguments = vec!["", "--config", &config, "--run", &run];
        let data = self.data_key(store);
        for key in [&["data.source=store", &data], keys].concat() {
            arguments.extend(["--set", key]);
        }
        arguments.into_iter().map(str::to_owned).collect()
    }

    fn train(&self, store: &str, run: &Path, keys: &[&str]) {
        let mut arguments = self.arguments(store, run, keys);
        arguments.extend(["--device", "flex"].map(str::to_owned));
        let _drawing = crate::drawing();
        train::run(&train::Args::parse_from(arguments)).unwrap();
    }

    fn baseline(&self, store: &str, run: &Path, keys: &[&str]) {
        let trees = ["lightgbm.rounds=30", "lightgbm.min_data_in_leaf=20"];
        let arguments = self.arguments(store, run, &[&trees, keys].concat());
        baseline::run(&baseline::Args::parse_from(arguments)).unwrap();
    }

    fn ridge(&self, run: &Path, keys: &[&str]) {
        let own = [
            "data.interval=15m",
            "data.fill_limit=1h",
            "features.set=relative",
            "features.lookback_bars=1",
            "split.early_stopping_share=0",
        ];
        let arguments = self.arguments("a", run, &[&own, keys].concat());
        linear::run(&linear::Args::parse_from(arguments)).unwrap();
    }

    /// The forecasts of a saved run at one of its horizons, live at a time of the store.
    fn live(
        &self,
        run: &Path,
        (fold, horizon): (usize, TimeSpan),
        at_ms: i64,
    ) -> predict::Forecasts {
        let overrides = [self.data_key("a"), format!("target.horizon={horizon}")];
        let checkpoint = crate::load(run, Some(fold), &overrides, DeviceChoice::Flex).unwrap();
        assert_eq!(checkpoint.config.target.horizon, horizon);
        let history = History::read(CandleSource::Store, &checkpoint, Some(at_ms), None).unwrap();
        forecast_at(&checkpoint, &history).unwrap()
    }

    /// Every horizon is in the table with the targets as they came, wherever they are known; a live
    /// forecast has the bits of the table.
    fn check(&self, run: &Path) {
        let dataset = self.dataset();
        let table = ForecastTable::read(&run.join("forecasts.parquet")).unwrap();
        assert_eq!(table.parts().len(), 3);
        let mut lengths = Vec::new();
        for dataset in dataset.by_horizon() {
            let horizon = dataset.config.target.horizon;
            let is_it = |part: &&TablePart| part.key.horizon == horizon;
            let part = table.parts().iter().find(is_it).unwrap();
            assert_eq!(part.key.reach, horizon);
            // A row is scored at each horizon whose target is known.
            let known = vec![Some(1.0); dataset.panel.coins()];
            let kept = |fold: &dataset::Fold| {
                dataset
                    .scored_windows(fold.score.clone(), &known)
                    .dropped
                    .kept()
            };
            let folds = dataset.plan.folds.iter();
            assert_eq!(part.len(), folds.map(kept).sum::<usize>(), "{horizon}");
            lengths.push(part.len());
            for row in 0..part.len() {
                let at = dataset.panel.row_of(part.time_ms[row]).unwrap();
                let symbols = dataset.panel.symbols();
                let coin = symbols.iter().position(|coin| coin == part.symbol_of(row));
                let realized = dataset.targets.value(at, coin.unwrap());
                assert_eq!(part.realized[row].to_bits(), realized.to_bits());
            }
            for row in (0..part.len()).step_by(part.len() / 8) {
                let asked = (part.fold[row] as usize, horizon);
                let forecasts = self.live(run, asked, part.time_ms[row]);
                assert_eq!(forecasts.horizon_bars, dataset.config.horizon_bars());
                let is_it =
                    |coin: &&predict::CoinForecast| coin.symbol == part.symbol_of(row).as_str();
                let live = forecasts.coins.iter().find(is_it).unwrap();
                let bits = live.forecast.map(f64::to_bits);
                let place = format!(
                    "{horizon}: {} at {}",
                    part.symbol_of(row),
                    part.time_ms[row]
                );
                assert_eq!(bits, Some(part.forecast[row].to_bits()), "{place}");
            }
        }
        assert!(lengths.is_sorted_by(|near, far| near > far), "{lengths:?}");
    }
}

/// The purge covers the longest reach at every boundary, whichever horizon comes first.
#[test]
fn the_longest_reach_is_purged() {
    let place = Place::new();
    let mut config = place.config.clone();
    let gaps = |config: &Config| -> Vec<usize> {
        let folds = Dataset::load(config).unwrap().plan.folds;
        let of_fold = |fold: &dataset::Fold| {
            [
                fold.stop.start - fold.train.end,
                fold.score.start - fold.stop.end,
            ]
        };
        folds.iter().flat_map(of_fold).collect()
    };
    assert_eq!(gaps(&config), [60; 4]);
    config.target.horizons.reverse();
    assert_eq!(gaps(&config), [60; 4]);
    config.target.horizons = Vec::new();
    assert_eq!(gaps(&config), [15; 4]);
}

/// One network with an output for each horizon: nothing that it is scored on changes a weight or a
/// statistic, and what is scored is what forecasts live.
#[test]
fn a_network_of_several_horizons() {
    let place = Place::new().with_other_scored_candles();
    let [a, b] = ["of-a", "of-b"].map(|name| place.run(name));
    place.train("a", &a, &[HORIZONS]);
    place.train("b", &b, &[HORIZONS]);
    for file in ["stats.json", "seed-1/weights.safetensors"] {
        let [a, b] = [&a, &b].map(|run| fs::read(run.join("fold-2").join(file)).unwrap());
        assert!(a == b, "{file} has changed");
    }
    let table = "fold-2/seed-1/forecasts.parquet";
    let [scored, other] = [&a, &b].map(|run| fs::read(run.join(table)).unwrap());
    assert!(scored != other, "what is scored has changed");
    place.check(&a);
    for horizon in ["5m", "15m", "60m"] {
        let name = format!("report-{}.html", horizon.parse::<TimeSpan>().unwrap());
        assert!(a.join(name).exists());
    }
    // What the model has seen ends with the longest reach.
    let kinds = predict::kinds(DeviceChoice::Flex);
    let dataset = place.dataset();
    let fold = &dataset.plan.folds[1];
    let seen = kinds.seen(&a, (Some(2), None)).unwrap();
    let first_ms = dataset.panel.time_ms(fold.score.start);
    assert_eq!(seen.until_ms, Some(first_ms));
    check_predict(&place, &a);
    check_ensemble(&place, &a);
}

/// `predict` forecasts the first horizon, or the one that it is asked for; a watch the first alone.
fn check_predict(place: &Place, run: &Path) {
    let table = ForecastTable::read(&run.join("forecasts.parquet")).unwrap();
    let at = table.parts()[0].time_ms[table.parts()[0].len() / 2].to_string();
    let (run, data) = (run.display().to_string(), place.data_key("a"));
    let predict = |more: &[&str]| {
        let given = ["", "--run", &run, "--set", &data, "--device", "flex"];
        let given = [&given, ["--fallback", "refuse"].as_slice(), more].concat();
        let _drawing = crate::drawing();
        predict::run(&predict::Args::parse_from(given))
    };
    predict(&["--at", &at]).unwrap();
    predict(&["--at", &at, "--horizon", "60m"]).unwrap();
    let refused = predict(&["--at", &at, "--horizon", "30m"]).unwrap_err();
    assert!(cli::is_usage(&refused));
    let text = refused.to_string();
    assert_eq!(
        text,
        "horizon 30m: expected one that the run forecasts: 5m, 15m, 1h"
    );
    let refused = predict(&["--watch", "--set", "target.horizon=15m"]).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("a watch trades the first horizon"),
        "{refused}"
    );
}

/// An ensemble has the rows of each horizon of its members.
fn check_ensemble(place: &Place, run: &Path) {
    let both = place.run("both");
    let given = [both.as_path(), run, run].map(|path| path.display().to_string());
    let [own, run_name, again] = &given;
    ensemble::run(&ensemble::Args::parse_from([
        "", "--run", own, run_name, again,
    ]))
    .unwrap();
    let [of_both, of_run] = [both.as_path(), run]
        .map(|run| ForecastTable::read(&run.join("forecasts.parquet")).unwrap());
    let lengths = |table: &ForecastTable| -> Vec<usize> {
        table.parts().iter().map(|part| part.len()).collect()
    };
    assert_eq!(of_both.parts().len(), 3);
    assert_eq!(lengths(&of_both), lengths(&of_run));
}

/// Trees for each horizon: each is a run of its own within the run, and no scored candle changes a
/// tree of any of them.
#[test]
fn trees_of_several_horizons() {
    let Some(_) = tests::available(baseline::Library::open()) else {
        return;
    };
    let place = Place::new().with_other_scored_candles();
    let [a, b] = ["of-a", "of-b"].map(|name| place.run(name));
    place.baseline("a", &a, &[HORIZONS]);
    place.baseline("b", &b, &[HORIZONS]);
    let own = ["horizon-5m", "horizon-15m", "horizon-1h"];
    for file in ["fold-2/model.txt", "fold-2/model-market.txt"] {
        let mut texts = Vec::new();
        for horizon in own {
            let [a, b] = [&a, &b].map(|run| fs::read(run.join(horizon).join(file)).unwrap());
            assert!(a == b, "{horizon}: {file} has changed");
            texts.push(a);
        }
        assert!(texts[0] != texts[1] && texts[1] != texts[2], "{file}");
    }
    place.check(&a);
    // Each is what a run of it alone is.
    let alone = ForecastTable::read(&a.join("horizon-1h/forecasts.parquet")).unwrap();
    let all = ForecastTable::read(&a.join("forecasts.parquet")).unwrap();
    let (alone, all) = (&alone.parts()[0], &all.parts()[2]);
    assert_eq!((&alone.key, &alone.time_ms), (&all.key, &all.time_ms));
    assert_eq!(alone.forecast, all.forecast);
    assert!(a.join("horizon-1h/report.html").exists() && a.join("horizon-1h/run.toml").exists());
}

/// A list of one horizon is that horizon; of several each has coefficients of its own.
#[test]
fn ridges_of_several_horizons() {
    let mut config = tests::tiny();
    config.data.interval = "15m".parse().unwrap();
    config.data.fill_limit = "1h".parse().unwrap();
    config.data.simulated.minutes = 12 * 1440;
    config.features.set = dataset::FeatureSet::RELATIVE;
    config.features.lookback_bars = 1;
    config.split.early_stopping_share = 0.0;
    let place = Place::of(config, ["15m", "1h", "4h"]);
    let [one, listed, several] = ["one", "listed", "several"].map(|name| place.run(name));
    place.ridge(&one, &["target.horizon=1h"]);
    place.ridge(&listed, &[r#"target.horizons=["1h"]"#]);
    for file in ["run.toml", "ridge.json", "forecasts.parquet"] {
        let [one, listed] = [&one, &listed].map(|run| fs::read(run.join(file)).unwrap());
        assert!(one == listed, "{file}");
    }
    place.ridge(&several, &[r#"target.horizons=["15m","1h","4h"]"#]);
    place.check(&several);
}
