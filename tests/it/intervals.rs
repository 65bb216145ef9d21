//! Prediction intervals of whole runs: in the table, beside the model, and live.

use std::path::{Path, PathBuf};

use clap::Parser;
use dataset::{ForecastTable, TablePart};
use model::DeviceChoice;
use predict::{CandleSource, Forecasts, History, forecast_at};

/// A store of the simulated market, and two small networks on it.
struct Runs {
    dir: tempfile::TempDir,
}

impl Runs {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = tests::tiny();
        config.data.simulated.minutes = 4 * 1440;
        let coins = tests::candles(&config);
        tests::store(&dir.path().join("data"), &mut config, &coins);
        std::fs::write(dir.path().join("tiny.toml"), tests::TINY).unwrap();
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn train(&self, name: &str, set: &[&str]) -> PathBuf {
        let (config, run) = (self.path("tiny.toml"), self.path(name));
        let data = format!("data.dir={}", self.path("data").display());
        let (config, out) = (config.display().to_string(), run.display().to_string());
        let mut arguments = vec![
            "train", "--device", "flex", "--config", &config, "--run", &out,
        ];
        for key in [&["data.source=store", "training.steps=8", &data], set].concat() {
            arguments.extend(["--set", key]);
        }
        let _drawing = crate::drawing();
        train::run(&train::Args::parse_from(arguments)).unwrap();
        run
    }
}

fn live(run: &Path, fold: Option<usize>, at_ms: i64) -> Forecasts {
    let checkpoint = crate::load(run, fold, &[], DeviceChoice::Flex).unwrap();
    let history = History::read(CandleSource::Store, &checkpoint, Some(at_ms), None).unwrap();
    forecast_at(&checkpoint, &history).unwrap()
}

/// Whatever the table says of its bounds, a live forecast says, to the last bit.
fn live_equals_offline(run: &Path, percents: &[u32]) -> TablePart {
    let path = run.join("forecasts.parquet");
    let table = ForecastTable::read(&path).unwrap();
    let part = table.only_part(&path).unwrap().clone();
    let bounds = |row: usize| -> Vec<[u64; 2]> {
        let column = |name: String| part.outputs[&name][row];
        let of_percent = |percent: &u32| {
            [
                column(format!("lower_{percent}")),
                column(format!("upper_{percent}")),
            ]
        };
        let all = percents.iter().map(of_percent);
        let known = all.filter(|bounds| !bounds[0].is_nan());
        known.map(|bounds| bounds.map(f64::to_bits)).collect()
    };
    let mut compared = 0;
    for row in (0..part.len()).step_by(part.len() / 24) {
        let forecasts = live(run, Some(part.fold[row] as usize), part.time_ms[row]);
        let name = part.symbol_of(row).as_str();
        let coin = forecasts
            .coins
            .iter()
            .find(|coin| coin.symbol == name)
            .unwrap();
        let found: Vec<[u64; 2]> = (coin.intervals.iter())
            .map(|interval| [interval.lower, interval.upper].map(f64::to_bits))
            .collect();
        if coin.forecast.map(f64::to_bits) == Some(part.forecast[row].to_bits()) {
            assert_eq!(found, bounds(row), "{name} at {}", part.time_ms[row]);
            compared += found.len();
        }
    }
    assert!(compared > 10, "{compared} intervals compared");
    part
}

fn share_inside(part: &TablePart, percent: u32) -> f64 {
    let [lower, upper] = ["lower", "upper"].map(|name| &part.outputs[&format!("{name}_{percent}")]);
    let known: Vec<usize> = (0..part.len())
        .filter(|&row| !lower[row].is_nan())
        .collect();
    assert!(
        known.iter().all(|&row| part.fold[row] > 1),
        "fold 1 has no earlier fold"
    );
    let is_inside = |row: &&usize| (lower[**row]..=upper[**row]).contains(&part.realized[**row]);
    known.iter().filter(is_inside).count() as f64 / known.len() as f64
}

#[test]
fn live_equals_offline_and_bounds_hold_what_they_should() {
    let runs = Runs::new();
    let off = runs.train("off", &[]);
    let set = ["intervals.method=split", "intervals.coverage=[0.8, 0.95]"];
    let split = runs.train("split", &set);
    let part = live_equals_offline(&split, &[80, 95]);
    for (percent, range) in [(80, 0.75..0.85), (95, 0.92..0.98)] {
        let share = share_inside(&part, percent);
        assert!(range.contains(&share), "{share} of {percent} %");
    }
    // Nothing else has changed.
    let plain = ForecastTable::read(&off.join("forecasts.parquet")).unwrap();
    let plain = &plain.parts()[0];
    assert!(plain.outputs.is_empty());
    assert!(plain.forecast == part.forecast && plain.time_ms == part.time_ms);
    assert!(plain.realized == part.realized && plain.controls.keys().eq(part.controls.keys()));
    assert!(!off.join("intervals.json").exists());
    let text = std::fs::read_to_string(off.join("run.toml")).unwrap();
    assert!(!text.contains("[intervals]"), "{text}");
    assert_eq!(
        live(&split, Some(1), part.time_ms[0]).coins[0].intervals,
        []
    );

    let adaptive = runs.train(
        "adaptive",
        &["intervals.method=adaptive", "intervals.step=0.2"],
    );
    let part = live_equals_offline(&adaptive, &[90]);
    let share = share_inside(&part, 90);
    assert!((0.86..0.94).contains(&share), "{share}");

    // An ensemble has its own intervals: of its first member's config, or as it is told.
    for (set, percents) in [
        (None, vec![80, 95]),
        (Some("intervals.coverage=[0.5]"), vec![50]),
    ] {
        let run = runs.path(&format!("both-{}", percents.len()));
        let paths = [&run, &split, &adaptive].map(|path| path.display().to_string());
        let mut arguments = vec!["ensemble", "--run", &paths[0], &paths[1], &paths[2]];
        if let Some(set) = set {
            arguments.extend(["--set", set, "--set", "intervals.method=split"]);
        }
        ensemble::run(&ensemble::Args::parse_from(arguments)).unwrap();
        live_equals_offline(&run, &percents);
    }
}
