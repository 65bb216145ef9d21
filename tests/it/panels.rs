//! Learning from further panels: from what lies before a fold in real time, and from nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use dataset::{CandleTable, Config, Dataset, Fold, ForecastTable, Store};
use market::{Interval, Market, Symbol, simulate};
use model::DeviceChoice;
use predict::{CandleSource, History, forecast_at};

use crate::fitting::with_other_prices;

pub(crate) type Coins = Vec<(Symbol, CandleTable)>;

/// The run's own market in a store, with further ones: `minutes` begins before it, `fives` has bars
/// of five minutes, `late` begins within it, `never` after it.
struct Stores {
    dir: tempfile::TempDir,
    own: Coins,
    further: Vec<(&'static str, Interval, Coins)>,
}

impl Stores {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = tests::tiny();
        let own = tests::candles(&config);
        tests::store(&dir.path().join("own"), &mut config, &own);
        let start_ms = config.data.simulated.start_ms;
        let further = [
            ("minutes", "1m", -1000, 2500),
            ("fives", "5m", -1000, 4000),
            ("late", "1m", 1000, 1500),
            ("never", "1m", 2500, 500),
        ]
        .map(|(name, interval, from_minute, minutes)| {
            let interval: Interval = interval.parse().unwrap();
            let mut market = config.data.simulated.clone();
            market.seed += name.len() as u64;
            (market.coins, market.minutes) = (4, minutes);
            market.start_ms = start_ms + from_minute * 60_000;
            let coins = simulate(&market, interval).unwrap().coins;
            let coins: Coins = coins
                .into_iter()
                .map(|coin| (coin.symbol, coin.candles.into_iter().collect()))
                .collect();
            write(&dir.path().join(name), interval, &coins);
            (name, interval, coins)
        })
        .into();
        Self { dir, own, further }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The text of a config with the panels of these names, read from folders that end in `suffix`.
    fn config(&self, names: &[&str], suffix: &str) -> String {
        let own = format!(
            "source = \"store\"\ndir = {:?}\nfill_limit",
            self.path("own").display().to_string()
        );
        let text = tests::TINY
            .replace("source = \"simulated\"\n", "")
            .replacen("fill_limit", &own, 1);
        let of_panel = |(name, interval, _): &(&str, Interval, Coins)| {
            let dir = self.path(&format!("{name}{suffix}"));
            format!(
                "\n[[panel]]\nname = \"{name}\"\ndir = {:?}\ninterval = \"{interval}\"\n",
                dir.display().to_string()
            )
        };
        let wanted = (self.further.iter()).filter(|(name, ..)| names.contains(name));
        text + &wanted.map(of_panel).collect::<String>()
    }

    fn dataset(&self, names: &[&str]) -> Dataset {
        let config: Config = toml::from_str(&self.config(names, "")).unwrap();
        Dataset::load(&config).unwrap()
    }

    /// Stores of the further panels, `suffix` behind their names, with other candles from the one on
    /// that ends at `until_ms` (or, with `after`, from the next one on).
    fn change(&self, suffix: &str, until_ms: i64, after: bool) {
        for (name, interval, coins) in &self.further {
            let from_ms = until_ms - interval.ms() + i64::from(after);
            let changed = with_other_prices(coins, from_ms);
            write(&self.path(&format!("{name}{suffix}")), *interval, &changed);
        }
    }
}

fn write(dir: &Path, interval: Interval, coins: &Coins) {
    let store = Store::new(dir, Market::Spot, interval);
    for (symbol, candles) in coins {
        store.append(symbol, candles, false).unwrap();
    }
}

/// Open time of the first row that decides early stopping.
fn until_ms(dataset: &Dataset, fold: &Fold) -> i64 {
    dataset.panel.time_ms(fold.stop.start)
}

#[test]
fn a_fold_learns_from_all_rows_that_are_known_before_it() {
    let stores = Stores::new();
    let dataset = stores.dataset(&["minutes", "fives", "late", "never"]);
    assert_eq!(dataset.unused_panels, ["never"]);
    let names = |fold: &Fold| -> Vec<&str> {
        let folds = dataset.further_folds(fold).into_iter();
        folds.map(|fold| fold.panel.name.as_str()).collect()
    };
    let folds = &dataset.plan.folds;
    assert_eq!(names(&folds[0]), ["minutes", "fives"], "late comes later");
    assert_eq!(names(&folds[1]), ["minutes", "fives", "late"]);
    for fold in folds {
        let until_ms = until_ms(&dataset, fold);
        for further in dataset.further_folds(fold) {
            let panel = &further.panel.dataset.panel;
            let known_ms = |row: usize| panel.time_ms(row) + 15 * 60_000 + panel.interval().ms();
            let end = further.fold.train.end;
            assert!(end > 0 && further.fold.train.start == 0);
            assert!(known_ms(end - 1) <= until_ms && until_ms < known_ms(end));
            assert!(further.fold.score.is_empty());
        }
    }
    // The config says what was found, and gives the same again.
    let spelled_out = &dataset.config;
    assert_eq!(spelled_out.panels.len(), 3);
    assert_eq!(spelled_out.panels[0].symbols.len(), 4);
    assert_eq!(&Dataset::load(spelled_out).unwrap().config, spelled_out);
    assert!(spelled_out.is_trained("SIM4USDT"));
}

/// An embargo is waited for in every panel.
#[test]
fn the_embargo_holds_in_every_panel() {
    let stores = Stores::new();
    let rows = |embargo: &str| -> Vec<usize> {
        let mut config: Config = toml::from_str(&stores.config(&["minutes", "fives"], "")).unwrap();
        config.split.embargo = embargo.parse().unwrap();
        config.split.early_stopping_share = 0.0;
        let dataset = Dataset::load(&config).unwrap();
        let folds = dataset.further_folds(&dataset.plan.folds[0]).into_iter();
        folds.map(|fold| fold.fold.train.end).collect()
    };
    let (without, with) = (rows("0m"), rows("30m"));
    assert_eq!(with, [without[0] - 30, without[1] - 6]);
}

/// The last candle that is known before a fold changes what is learnt; no later one does.
#[test]
fn later_candles_of_other_panels_change_no_statistics_and_no_tree() {
    let Some(_) = tests::available(baseline::Library::open()) else {
        return;
    };
    let stores = Stores::new();
    let names = ["minutes", "fives"];
    let dataset = stores.dataset(&names);
    let fold = &dataset.plan.folds[1];
    stores.change("-later", until_ms(&dataset, fold), true);
    stores.change("-known", until_ms(&dataset, fold), false);
    let statistics = |suffix: &str| -> Vec<String> {
        let config: Config = toml::from_str(&stores.config(&names, suffix)).unwrap();
        let dataset = Dataset::load(&config).unwrap();
        let of_panel = |further: dataset::PanelFold<'_>| {
            let panel = &further.panel.dataset;
            let features = panel.features();
            let fitted = panel.fit_normalizer(&features, &further.fold, "run");
            fitted.unwrap().to_json()
        };
        let folds = dataset.further_folds(&dataset.plan.folds[1]);
        folds.into_iter().map(of_panel).collect()
    };
    assert_eq!(statistics(""), statistics("-later"));
    assert_ne!(statistics(""), statistics("-known"), "a target has changed");
    let trees = |suffix: &str, fit: &str| {
        let (file, run) = (
            stores.path("config.toml"),
            stores.path(&format!("{suffix}-{fit}")),
        );
        fs::write(&file, stores.config(&names, suffix)).unwrap();
        let mut arguments = vec!["".to_owned(), "--fold".to_owned(), "2".to_owned()];
        arguments.extend(["--config".to_owned(), file.display().to_string()]);
        arguments.extend(["--run".to_owned(), run.display().to_string()]);
        let fit = format!("target.fit={fit}");
        for key in [&fit, "lightgbm.rounds=20", "lightgbm.min_data_in_leaf=20"] {
            arguments.extend(["--set".to_owned(), key.to_owned()]);
        }
        baseline::run(&baseline::Args::parse_from(arguments)).unwrap();
        let read = |file: &str| fs::read(run.join("fold-2").join(file)).unwrap_or_default();
        (read("model.txt"), read("model-market.txt"))
    };
    for fit in ["whole", "parts"] {
        let before = trees("", fit);
        assert!(!before.0.is_empty());
        assert!(before == trees("-later", fit), "a tree has changed");
        assert!(before != trees("-known", fit), "the panels are learnt from");
    }
}

/// The same of the network, fold by fold.
#[test]
fn later_candles_of_other_panels_change_no_weight() {
    let stores = Stores::new();
    let names = ["minutes", "fives"];
    let dataset = stores.dataset(&names);
    let until_ms = until_ms(&dataset, &dataset.plan.folds[0]);
    stores.change("-later", until_ms, true);
    // So much earlier that some of the few steps draw a window behind it.
    stores.change("-known", until_ms - 600 * 60_000, false);
    let weights = |suffix: &str| {
        // The run's own name is in the weights' metadata.
        let (file, run) = (
            stores.path("config.toml"),
            stores.path(&format!("of{suffix}/run")),
        );
        fs::write(&file, stores.config(&names, suffix)).unwrap();
        train(&file, &run, &["--folds", "1"]);
        let read = |file: &str| fs::read(run.join("fold-1").join(file)).unwrap();
        (read("seed-1/weights.safetensors"), read("stats.json"))
    };
    let before = weights("");
    let later = weights("-later");
    assert!(before.0 == later.0, "a weight has changed");
    assert!(before.1 == later.1, "a statistic has changed");
    let known = weights("-known");
    assert!(before.0 != known.0, "the panels are learnt from");
    assert!(
        before.1 == known.1,
        "statistics of the run's own panel are its own"
    );
}

fn train(config: &Path, run: &Path, extra: &[&str]) {
    let (config, run) = (config.display().to_string(), run.display().to_string());
    let mut arguments = vec!["", "--config", &config, "--run", &run, "--device", "flex"];
    arguments.extend(extra);
    let _drawing = crate::drawing();
    train::run(&train::Args::parse_from(arguments)).unwrap();
}

/// A run that learnt from other panels forecasts without them.
#[test]
fn live_equals_offline_without_the_other_panels() {
    let stores = Stores::new();
    let (file, run) = (stores.path("config.toml"), stores.path("run"));
    fs::write(&file, stores.config(&["minutes", "fives", "late"], "")).unwrap();
    train(&file, &run, &["--seeds", "2", "--set", "training.steps=8"]);
    for name in ["minutes", "fives", "late"] {
        fs::remove_dir_all(stores.path(name)).unwrap();
    }
    let table = ForecastTable::read(&run.join("forecasts.parquet")).unwrap();
    let coins = stores.own.len();
    assert!(table.len() > 1000);
    for row in table.rows().step_by(table.len() / 6) {
        let checkpoint = crate::load(&run, Some(row.fold as usize), &[], DeviceChoice::Flex);
        let checkpoint = checkpoint.unwrap();
        let history = History::read(CandleSource::Store, &checkpoint, Some(row.time_ms), None);
        let forecasts = forecast_at(&checkpoint, &history.unwrap()).unwrap();
        let of_time = table.rows().filter(|other| other.time_ms == row.time_ms);
        let offline: Vec<(String, u64)> = of_time
            .map(|row| (row.symbol.to_string(), row.forecast.to_bits()))
            .collect();
        assert!(!offline.is_empty() && offline.len() <= coins);
        for (symbol, expected) in offline {
            let coin = forecasts.coins.iter().find(|coin| coin.symbol == symbol);
            let forecast = coin.unwrap().forecast.map(f64::to_bits);
            assert_eq!(forecast, Some(expected), "{symbol} at {}", row.time_ms);
        }
    }
}

/// With `universe.learn_from = "panels"` the run's own rows teach nothing, and it is asked for panels.
#[test]
fn rows_of_other_panels_alone_can_teach() {
    let Some(_) = tests::available(baseline::Library::open()) else {
        return;
    };
    let stores = Stores::new();
    let learnt = |own_suffix: &str| -> Vec<u8> {
        let changed = stores.config(&["minutes"], "").replace(
            &stores.path("own").display().to_string(),
            &stores
                .path(&format!("own{own_suffix}"))
                .display()
                .to_string(),
        );
        let (file, run) = (
            stores.path(&format!("config{own_suffix}.toml")),
            stores.path(&format!("run{own_suffix}")),
        );
        fs::write(&file, changed).unwrap();
        let mut arguments = vec!["".to_owned(), "--fold".to_owned(), "2".to_owned()];
        arguments.extend(["--config".to_owned(), file.display().to_string()]);
        arguments.extend(["--run".to_owned(), run.display().to_string()]);
        for key in [
            "universe.learn_from=panels",
            // Statistics of the own coins scale both sides of the trees.
            "normalize.target=trailing",
            "lightgbm.features=row",
            "lightgbm.patience=off",
            "split.early_stopping_share=0",
            "lightgbm.rounds=20",
            "lightgbm.min_data_in_leaf=20",
        ] {
            arguments.extend(["--set".to_owned(), key.to_owned()]);
        }
        baseline::run(&baseline::Args::parse_from(arguments)).unwrap();
        fs::read(run.join("fold-2/model.txt")).unwrap()
    };
    let dataset = stores.dataset(&["minutes"]);
    let until_ms = until_ms(&dataset, &dataset.plan.folds[1]);
    let early = with_other_prices(&stores.own, until_ms - 200 * 60_000);
    write(&stores.path("own-other"), Interval::ONE_MINUTE, &early);
    assert!(learnt("") == learnt("-other"), "own rows have taught");

    let text = stores.config(&[], "");
    let text = text.replace("[universe]", "[universe]\nlearn_from = \"panels\"");
    let config: Result<Config, _> = toml::from_str(&text);
    let error = match config {
        Ok(config) => Dataset::load(&config).unwrap_err().to_string(),
        Err(error) => error.to_string(),
    };
    assert!(
        error.contains("universe.learn_from = panels: expected [[panel]] sections"),
        "{error}"
    );
}
