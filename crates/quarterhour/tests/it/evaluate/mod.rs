//! `quarterhour evaluate` and the other commands on forecasts.

mod backtest;
mod portfolio;
mod thresholds;
mod timing;

use std::fs;
use std::path::Path;

use dataset::{
    Config, Dataset, FoldForecasts, ForecastTable, PartKey, TableMetadata, TablePart, TimeSpan,
};
use market::Symbol;

use crate::quarterhour;

/// A run of `times` minutes and three coins; its forecasts are right by half, its rows start at
/// `first`.
pub fn write_run(dir: &Path, first: i64, times: i64, horizon_minutes: usize) {
    write_run_of_bars(dir, 1, (first, times), horizon_minutes);
}

/// The same of bars of so many minutes, which `first` and `times` count.
fn write_run_of_bars(
    dir: &Path,
    bar_minutes: i64,
    (first, times): (i64, i64),
    horizon_minutes: usize,
) {
    fs::create_dir_all(dir).unwrap();
    let config = format!(
        "[run]\nforecaster = \"network\"\n[data]\ninterval = \"{bar_minutes}m\"\n[target]\nhorizon = \
         \"{horizon_minutes}m\"\n"
    );
    fs::write(dir.join("run.toml"), config).unwrap();
    let metadata = TableMetadata::new(&read_config(dir));
    let mut part = made_up(PartKey::new(&read_config(dir)), first, times);
    part.time_ms
        .iter_mut()
        .for_each(|time_ms| *time_ms *= bar_minutes);
    ForecastTable::new(metadata, vec![part], dir)
        .unwrap()
        .write(&dir.join("forecasts.parquet"))
        .unwrap();
}

/// The shared sections of a run's config.
fn read_config(run: &Path) -> Config {
    let table = cli::ConfigTable::read(&run.join("run.toml")).unwrap();
    table.parse().unwrap()
}

/// Forecasts of three coins at `times` minutes from `first` on, which are right by half.
fn made_up(key: PartKey, first: i64, times: i64) -> TablePart {
    let mut part = TablePart::empty(key);
    let names = ["AUSDT", "BUSDT", "CUSDT"];
    part.symbols = names.map(|name| Symbol::new(name).unwrap()).to_vec();
    let mut controls = vec![Vec::new(); 4];
    for time in first..first + times {
        for coin in 0..3_u32 {
            let wave =
                |step: i64| ((time * 7 + i64::from(coin) * 3) % step) as f64 - step as f64 / 2.0;
            part.time_ms.push(time * 60_000);
            part.symbol.push(coin);
            part.fold.push(if time < first + times / 2 { 1 } else { 2 });
            part.forecast.push(wave(11) * 1e-4);
            part.realized.push((wave(11) + wave(13)) * 1e-4);
            for (column, step) in controls.iter_mut().zip([13, 17, 19, 23]) {
                column.push(wave(step) * 1e-4);
            }
        }
    }
    part.realized_delayed = vec![f64::NAN; part.len()];
    part.volatility = vec![1e-3; part.len()];
    part.trailing_volatility = vec![1e-3; part.len()];
    part.weight = vec![1.0; part.len()];
    part.controls = CONTROL_COLUMNS
        .map(str::to_owned)
        .into_iter()
        .zip(controls)
        .collect();
    part
}

const CONTROL_NAMES: [&str; 6] = [
    "zero",
    "last_return",
    "negated_last_return",
    "negated_deviation_30m",
    "negated_deviation_60m",
    "negated_deviation_240m",
];

const CONTROL_COLUMNS: [&str; 4] = [
    "last_return",
    "deviation_30m",
    "deviation_60m",
    "deviation_240m",
];

pub fn evaluate(dir: &Path, arguments: &[&str]) -> (String, String) {
    let output = quarterhour("evaluate")
        .args(arguments)
        .current_dir(dir)
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    (String::from_utf8(output.stdout).unwrap(), stderr)
}

#[test]
fn runs_are_scored_on_the_rows_that_all_have() {
    let dir = tempfile::tempdir().unwrap();
    write_run(&dir.path().join("a"), 0, 800, 15);
    write_run(&dir.path().join("b"), 10, 780, 15);
    let (json, notes) = evaluate(dir.path(), &["a", "b", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    // Rows 10 to 790; the folds of both begin at 400.
    assert_eq!(report["rows"], 780 * 3);
    assert!(
        notes.contains("60 rows of a are not in every run"),
        "{notes}"
    );
    let names: Vec<&str> = report["forecasters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["name"].as_str().unwrap())
        .collect();
    assert_eq!(names[..2], ["network", "network"]);
    assert_eq!(names[2..], CONTROL_NAMES);
    assert!(report["forecasters"][0]["pearson"].as_f64().unwrap() > 0.3);
    assert!(report["forecasters"][2]["pearson"].is_null());
    assert_eq!(
        report["forecasters"][0]["folds"].as_array().unwrap().len(),
        2
    );
    assert_eq!(
        report["differences"][0]["pearson"], 0.0,
        "both say the same"
    );
    let (text, _) = evaluate(dir.path(), &["a", "--coins"]);
    assert!(
        text.contains("negated_last_return") && text.contains("AUSDT"),
        "{text}"
    );
}

#[test]
fn folds_that_are_asked_for_are_scored_alone() {
    let dir = tempfile::tempdir().unwrap();
    write_run(&dir.path().join("a"), 0, 800, 15);
    let read = |arguments: &[&str]| -> serde_json::Value {
        serde_json::from_str(&evaluate(dir.path(), arguments).0).unwrap()
    };
    let (all, second) = (
        read(&["a", "--json"]),
        read(&["a", "--json", "--folds", "2"]),
    );
    assert_eq!(
        (&second["fold_numbers"], &second["rows"]),
        (&serde_json::json!([2]), &serde_json::json!(1200))
    );
    assert_eq!(
        second["forecasters"][0]["folds"][0],
        all["forecasters"][0]["folds"][1]
    );
    assert_eq!(read(&["a", "--json", "--folds", "1-2"]), all);
}

/// Returns over 15 minutes are the same thing from bars of one minute and of five.
#[test]
fn panels_may_have_other_bars() {
    let dir = tempfile::tempdir().unwrap();
    write_run(&dir.path().join("minutes"), 0, 800, 15);
    write_run_of_bars(&dir.path().join("fives"), 5, (0, 800), 15);
    let across = [
        "across",
        "--panel",
        "one=minutes",
        "--panel",
        "five=fives",
        "--json",
    ];
    let found: serde_json::Value = serde_json::from_str(&evaluate(dir.path(), &across).0).unwrap();
    let pearson = |panel: usize| &found["scores"][0]["pearson"]["panels"][panel]["value"];
    assert!(pearson(0).as_f64().unwrap() > 0.3);
    assert_eq!(pearson(0), pearson(1));
}

#[test]
fn panels_are_scored_together() {
    let dir = tempfile::tempdir().unwrap();
    for (run, first) in [("a", 0), ("b", 0), ("c", 5000), ("d", 5000)] {
        write_run(&dir.path().join(run), first, 800, 15);
    }
    let arguments = [
        "across",
        "--panel",
        "early=a,b",
        "--panel",
        "late=c,d",
        "--folds",
        "1-2",
    ];
    let (json, _) = evaluate(dir.path(), &[&arguments[..], &["--json"]].concat());
    let found: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(found["panels"][1]["name"], "late");
    assert_eq!(found["panels"][1]["runs"], serde_json::json!(["c", "d"]));
    let names: Vec<&str> = found["scores"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names[..2], ["a", "b"]);
    assert_eq!(names[2..], CONTROL_NAMES);
    let alone: serde_json::Value =
        serde_json::from_str(&evaluate(dir.path(), &["a", "b", "--json"]).0).unwrap();
    assert_eq!(
        found["scores"][0]["pearson"]["panels"][0]["value"],
        alone["forecasters"][0]["pearson"]
    );
    assert_eq!(
        found["scores"][0]["pearson"]["panels"][0]["interval"],
        alone["forecasters"][0]["interval"]
    );
    let (text, _) = evaluate(dir.path(), &arguments);
    for line in [
        "a\n",
        "a minus b\n",
        "a minus best control\n",
        "  late ",
        "  all ",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 150),
        "{text}"
    );
}

#[test]
fn controls_need_no_run() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("tiny.toml"), tests::TINY).unwrap();
    let (json, _) = evaluate(dir.path(), &["controls", "--config", "tiny.toml", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["forecasters"][0]["name"], "zero");
    let score = |index: usize| report["forecasters"][index]["pearson"].as_f64().unwrap();
    assert!(
        (score(1) + score(2)).abs() < 1e-12,
        "the negated control is the control negated"
    );
}

/// A table of an older version has no deviations: they come from the candles of the run's config,
/// if those are there.
#[test]
fn controls_that_a_table_lacks_come_from_its_candles() {
    let dir = tempfile::tempdir().unwrap();
    let dataset = Dataset::load(&tests::tiny()).unwrap();
    let fold = &dataset.plan.folds[0];
    let mut forecasts = FoldForecasts::new(&dataset, fold);
    for row in fold.score.clone() {
        for coin in 0..dataset.panel.coins() {
            if !dataset.targets.value(row, coin).is_nan() {
                let forecast = ((row * 7 + coin * 3) % 11) as f64 * 1e-4;
                forecasts.push((row, coin), Some(1e-3), forecast);
            }
        }
    }
    let (metadata, parts) = forecasts.table(dir.path()).unwrap().into_inner();
    let [new] = <[TablePart; 1]>::try_from(parts).unwrap();
    let mut old = new.clone();
    old.controls.retain(|name, _| name == "last_return");
    old.trailing_volatility.fill(f64::NAN);
    let mut otherwise = old.clone();
    let last_return = otherwise.controls.get_mut("last_return").unwrap();
    last_return.iter_mut().for_each(|value| *value += 1e-6);
    let write = |name: &str, part: TablePart| {
        let run = dir.path().join(name);
        fs::create_dir_all(&run).unwrap();
        fs::write(
            run.join("run.toml"),
            format!("{}\n[run]\nforecaster = \"network\"\n", tests::TINY),
        )
        .unwrap();
        ForecastTable::new(metadata.clone(), vec![part], &run)
            .unwrap()
            .write(&run.join("forecasts.parquet"))
            .unwrap();
    };
    write("old", old);
    write("otherwise", otherwise);
    write("new", new);
    let scores = |run: &str| {
        let (json, notes) = evaluate(dir.path(), &[run, "--json"]);
        let report: serde_json::Value = serde_json::from_str(&json).unwrap();
        let score = |place: usize| report["forecasters"][place].clone();
        ((4..7).map(score).collect::<Vec<_>>(), notes)
    };
    let (new, notes) = scores("new");
    assert!(
        new.iter().all(|score| score["pearson"].is_number()) && !notes.contains("older version"),
        "{new:?}"
    );
    assert_eq!(scores("old").0, new);
    let (unknown, notes) = scores("otherwise");
    assert!(
        unknown.iter().all(|score| score["pearson"].is_null()),
        "{unknown:?}"
    );
    assert!(
        notes.contains("older version") && notes.contains("by the store"),
        "{notes}"
    );
}

/// A table of two horizons and two panels, with intervals: each is scored by itself, as if it were
/// alone, or one is chosen.
#[test]
fn each_horizon_and_panel_is_scored_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    write_run(&dir.path().join("many"), 0, 100, 15);
    let config = read_config(&dir.path().join("many"));
    let key = |panel: &str, minutes: i64| PartKey {
        panel: panel.to_owned(),
        horizon: TimeSpan::minutes(minutes),
        reach: TimeSpan::minutes(minutes),
        ..PartKey::new(&config)
    };
    let keys = [
        ("early", 15, 0),
        ("early", 60, 0),
        ("late", 15, 5000),
        ("late", 60, 5000),
    ];
    let part = |(panel, minutes, first): (&str, i64, i64)| {
        let mut part = made_up(key(panel, minutes), first, 800 - minutes);
        let shifted = |by: f64| part.forecast.iter().map(|value| value + by).collect();
        let bounds = [("lower_80", shifted(-1e-3)), ("upper_80", shifted(1e-3))];
        part.outputs = bounds
            .map(|(name, values)| (name.to_owned(), values))
            .into();
        // The horizons forecast something else.
        part.forecast
            .iter_mut()
            .step_by(minutes as usize)
            .for_each(|value| *value = 0.0);
        part
    };
    let write = |run: &str, parts: Vec<TablePart>| {
        let run = dir.path().join(run);
        fs::create_dir_all(&run).unwrap();
        let config = "[run]\nforecaster = \"network\"\n";
        fs::write(run.join("run.toml"), config).unwrap();
        let metadata = TableMetadata::new(&read_config(&run));
        let table = ForecastTable::new(metadata, parts, &run).unwrap();
        table.write(&run.join("forecasts.parquet")).unwrap();
        assert_eq!(
            ForecastTable::read(&run.join("forecasts.parquet"))
                .unwrap()
                .len(),
            table.len()
        );
    };
    write("many", keys.map(part).to_vec());
    let read = |arguments: &[&str]| -> serde_json::Value {
        serde_json::from_str(&evaluate(dir.path(), arguments).0).unwrap()
    };
    let all = read(&["many", "--json"]);
    for (place, (panel, minutes, first)) in keys.into_iter().enumerate() {
        write("one", vec![part((panel, minutes, first))]);
        let mut alone = read(&["one", "--json"]);
        let horizon = TimeSpan::minutes(minutes).to_string();
        let chosen = read(&["many", "--json", "--horizon", &horizon, "--panel", panel]);
        assert_eq!(chosen["reach_bars"], minutes, "{panel}");
        let mut of_many = all[place].clone();
        assert_eq!(
            (&of_many["horizon"], &of_many["panel"]),
            (&horizon.into(), &panel.into())
        );
        for name in ["horizon", "panel"] {
            of_many.as_object_mut().unwrap().remove(name);
        }
        assert_eq!(of_many, chosen);
        for score in alone["forecasters"].as_array_mut().unwrap() {
            if score["run"] == "one" {
                score["run"] = "many".into();
            }
        }
        assert_eq!(alone["forecasters"], chosen["forecasters"]);
    }
    assert_ne!(
        all[0]["forecasters"][0]["pearson"],
        all[1]["forecasters"][0]["pearson"]
    );
    let (text, _) = evaluate(dir.path(), &["many"]);
    let title = |line: &&str| line.starts_with("horizon ");
    let titles: Vec<&str> = text.lines().filter(title).collect();
    let expected = [
        "horizon 15m, panel early",
        "horizon 1h, panel early",
        "horizon 15m, panel late",
        "horizon 1h, panel late",
    ];
    assert_eq!(titles, expected);
    // A page has every section of each, whichever command writes it.
    evaluate(dir.path(), &["many", "--html", "page.html"]);
    let reported = crate::quarterhour("report")
        .arg("many")
        .current_dir(dir.path())
        .output()
        .unwrap();
    let verdicts = String::from_utf8_lossy(&reported.stdout).into_owned();
    let begun = verdicts.lines().filter(|line| line.starts_with("horizon "));
    assert_eq!(begun.count(), 4, "{verdicts}");
    for page in ["page.html", "many/report.html"] {
        let page = fs::read_to_string(dir.path().join(page)).unwrap();
        for title in expected {
            for section in ["Scores", "Prediction intervals", "What the words mean"] {
                let heading = format!("<h2>{title}: {section}</h2>");
                assert_eq!(page.matches(&heading).count(), 1, "{heading}");
            }
        }
    }
    let mut said = tests::Transcript::new(crate::QUARTERHOUR, dir.path()).of("evaluate");
    said.refused("a picture of several", &["many", "--plot", "folds.svg"]);
    said.refused("a horizon that is not there", &["many", "--horizon", "4h"]);
    said.refused(
        "quantiles of several",
        &["quantiles", "many", "--panel", "late"],
    );
    insta::assert_snapshot!("parts_errors", said.text);
}

#[test]
fn bad_runs_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    write_run(&dir.path().join("a"), 0, 800, 15);
    write_run(&dir.path().join("later"), 5000, 800, 15);
    write_run(&dir.path().join("longer"), 0, 800, 30);
    write_run(&dir.path().join("unfinished"), 0, 100, 15);
    fs::remove_file(dir.path().join("unfinished/forecasts.parquet")).unwrap();
    write_run(&dir.path().join("broken"), 0, 100, 15);
    fs::write(dir.path().join("broken/forecasts.parquet"), "PAR1").unwrap();
    let mut said = tests::Transcript::new(crate::QUARTERHOUR, dir.path()).of("evaluate");
    said.refused("no run", &["nowhere"]);
    said.refused("no common rows", &["a", "later"]);
    said.refused("another horizon", &["a", "longer"]);
    said.refused("unfinished", &["unfinished"]);
    said.refused("broken table", &["broken"]);
    said.refused("too few draws", &["a", "--draws", "10"]);
    said.refused("a fold that is not there", &["a", "--folds", "1-3"]);
    said.refused("no list of folds", &["a", "--folds", "1;2"]);
    said.refused("a panel without a name", &["across", "--panel", "a,b"]);
    said.refused(
        "a panel twice",
        &["across", "--panel", "one=a", "--panel", "one=later"],
    );
    said.refused(
        "panels of other runs",
        &["across", "--panel", "one=a", "--panel", "two=later,later"],
    );
    said.refused(
        "panels of another horizon",
        &["across", "--panel", "one=a", "--panel", "two=longer"],
    );
    said.refused("controls without candles", &["controls"]);
    insta::assert_snapshot!("errors", said.text);
}
