//! `quarterhour evaluate` and the other commands on forecasts.

mod backtest;
mod thresholds;

use std::fs;
use std::path::Path;

use dataset::{Dataset, ForecastRow, ForecastTable};
use score::CONTROL_NAMES;

use crate::quarterhour;

/// A run of `times` minutes and three coins; its forecasts are right by half, its rows start at
/// `first`.
pub fn write_run(dir: &Path, first: i64, times: i64, horizon_minutes: usize) {
    fs::create_dir_all(dir).unwrap();
    let config =
        format!("[run]\nforecaster = \"network\"\n[target]\nhorizon = \"{horizon_minutes}m\"\n");
    fs::write(dir.join("run.toml"), config).unwrap();
    let mut rows = Vec::new();
    for time in first..first + times {
        for coin in 0..3 {
            let wave = |step: i64| ((time * 7 + coin * 3) % step) as f64 - step as f64 / 2.0;
            rows.push(ForecastRow {
                time_ms: time * 60_000,
                symbol: market::Symbol::new(&format!("{}USDT", ["A", "B", "C"][coin as usize]))
                    .unwrap(),
                fold: if time < first + times / 2 { 1 } else { 2 },
                forecast: wave(11) * 1e-4,
                realized: (wave(11) + wave(13)) * 1e-4,
                realized_delayed: f64::NAN,
                last_return: wave(13) * 1e-4,
                deviations: [wave(17) * 1e-4, wave(19) * 1e-4, wave(23) * 1e-4],
                volatility: 1e-3,
                trailing_volatility: 1e-3,
                weight: 1.0,
            });
        }
    }
    ForecastTable::new(rows, dir)
        .unwrap()
        .write(&dir.join("forecasts.parquet"))
        .unwrap();
}

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
    assert_eq!(names[..2], ["network 1", "network 2"]);
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
        "network 1\n",
        "network 1 minus network 2\n",
        "network 1 minus best control\n",
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
    let deviations = dataset.deviations(fold);
    let cells = fold
        .score
        .clone()
        .flat_map(|row| (0..dataset.panel.coins()).map(move |coin| (row, coin)));
    let known = cells.filter(|&(row, coin)| !dataset.targets.value(row, coin).is_nan());
    let rows: Vec<ForecastRow> = known
        .map(|(row, coin)| {
            let forecast = ((row * 7 + coin * 3) % 11) as f64 * 1e-4;
            dataset.forecast_row((fold, &deviations), (row, coin), Some(1e-3), forecast)
        })
        .collect();
    let old = rows.iter().map(|row| ForecastRow {
        deviations: [f64::NAN; 3],
        trailing_volatility: f64::NAN,
        ..row.clone()
    });
    let otherwise = old.clone().map(|row| ForecastRow {
        last_return: row.last_return + 1e-6,
        ..row
    });
    let write = |name: &str, rows: Vec<ForecastRow>| {
        let run = dir.path().join(name);
        fs::create_dir_all(&run).unwrap();
        fs::write(
            run.join("run.toml"),
            format!("{}\n[run]\nforecaster = \"network\"\n", tests::TINY),
        )
        .unwrap();
        ForecastTable::new(rows, &run)
            .unwrap()
            .write(&run.join("forecasts.parquet"))
            .unwrap();
    };
    write("old", old.collect());
    write("otherwise", otherwise.collect());
    write("new", rows);
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
