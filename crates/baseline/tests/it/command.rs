//! Runs on disk.

use std::fs;

use dataset::ForecastTable;

use crate::support::{Tiny, json, library};

/// A market in which the planted part is easy to find.
const LONG: [&str; 4] = [
    "--set",
    "data.source=simulated",
    "--set",
    "data.simulated.minutes=20000",
];

#[test]
fn a_run_has_all_its_parts_and_is_not_trained_twice() {
    let Some(_) = library() else { return };
    let tiny = Tiny::new();
    let (stdout, stderr) = tiny.trained(&["--run", "run"]);
    assert!(
        stdout.contains("negated_last_return") && stdout.contains("Most gain: "),
        "{stdout}"
    );
    assert!(stderr.contains("fold 2: "), "{stderr}");
    for file in [
        "run.toml",
        "folds.json",
        "forecasts.parquet",
        "model.txt",
        "lightgbm.json",
        "best-fold.json",
        "importance.csv",
        "importance.json",
        "importance.svg",
        "importance-folds.csv",
        "shap.parquet",
        "report.html",
        "fold-1/model.txt",
        "fold-1/MLmodel",
        "best-fold/MLmodel",
        "fold-1/metrics.jsonl",
        "fold-2/forecasts.parquet",
    ] {
        assert!(tiny.path("run").join(file).exists(), "{file}");
    }
    let importance = json(&tiny.path("run/importance.json"));
    let gain: f64 = importance["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["gain"].as_f64().unwrap())
        .sum();
    assert!((gain - 1.0).abs() < 1e-9, "{gain}");
    let first = &importance["features"][0];
    let of_fold = |fold: usize, kind: &str| importance["folds"][fold][kind][0].as_f64().unwrap();
    for kind in ["gain", "split"] {
        let mean = (of_fold(0, kind) + of_fold(1, kind)) / 2.0;
        assert!(
            (mean - first[kind].as_f64().unwrap()).abs() < 1e-12,
            "{kind}"
        );
    }
    assert_ne!(of_fold(0, "shap"), of_fold(1, "shap"));
    assert!(stdout.contains("Ranks of features from fold to fold (Spearman, mean): gain "));
    let best = json(&tiny.path("run/best-fold.json"));
    assert!(
        best["note"]
            .as_str()
            .unwrap()
            .contains("selected on its own test fold")
    );
    // MLflow opens a folder with this file and the model that it names.
    let fold = format!("run/fold-{}/model.txt", best["fold"]);
    let model = fs::read(tiny.path(&fold)).unwrap();
    assert_eq!(
        fs::read(tiny.path("run/best-fold/model.txt")).unwrap(),
        model
    );
    let description = fs::read_to_string(tiny.path("run/best-fold/MLmodel")).unwrap();
    assert!(
        description.contains("    data: model.txt\n    lgb_version: 4.7.0\n"),
        "{description}"
    );
    assert_eq!(
        fs::read(tiny.path("run/model.txt")).unwrap(),
        fs::read(tiny.path("run/fold-2/model.txt")).unwrap(),
        "predict loads the last fold's, not the best"
    );

    let (again, stderr) = tiny.trained(&["--run", "run"]);
    assert_eq!(again, stdout);
    assert!(
        !stderr.contains("trees,"),
        "nothing is trained twice: {stderr}"
    );

    let (in_parts, _) = tiny.trained(&["--run", "parts", "--fold", "2"]);
    assert_eq!(in_parts, "", "nothing to say before all folds are there");
    tiny.trained(&[
        "--run",
        "parts",
        "--fold",
        "1",
        "--set",
        "lightgbm.num_threads=",
    ]);
    let forecasts =
        |run: &str| ForecastTable::read(&tiny.path(run).join("forecasts.parquet")).unwrap();
    let bits = |run: &str| {
        forecasts(run)
            .rows()
            .map(|row| row.forecast.to_bits())
            .collect::<Vec<_>>()
    };
    assert_eq!(bits("run"), bits("parts"));
}

/// `target.fit = "parts"`: two kinds of trees, of which each has its own early stopping, make one
/// forecast.
#[test]
fn parts_are_grown_by_themselves_and_forecast_together() {
    let Some(_) = library() else { return };
    let tiny = Tiny::new();
    let parts = [&LONG[..], &["--set", "target.fit=parts", "--run", "parts"]].concat();
    let (stdout, _) = tiny.trained(&parts);
    assert!(
        stdout.contains("Trees of each fold (of the coins' own parts + of the market's): "),
        "{stdout}"
    );
    let record = json(&tiny.path("parts/fold-2/lightgbm.json"));
    assert!(
        record["market"]["best_iteration"].as_u64() > Some(0),
        "{record}"
    );
    for name in ["model.txt", "model-market.txt"] {
        let last = fs::read(tiny.path("parts/fold-2").join(name)).unwrap();
        assert_eq!(
            fs::read(tiny.path("parts").join(name)).unwrap(),
            last,
            "predict loads the last fold's"
        );
    }
    for file in ["MLmodel", "market/MLmodel", "market/model-market.txt"] {
        assert!(tiny.path("parts/fold-1").join(file).exists(), "{file}");
    }
    let metrics = fs::read_to_string(tiny.path("parts/fold-2/metrics.jsonl")).unwrap();
    assert!(metrics.contains(r#""part":"own""#) && metrics.contains(r#""part":"market""#));
    let importance = json(&tiny.path("parts/importance.json"));
    let gain: f64 = importance["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["gain"].as_f64().unwrap())
        .sum();
    assert!((gain - 1.0).abs() < 1e-9, "{gain}");
}

/// `lightgbm.patience = "off"`: every round is kept, and no slice need be held back.
#[test]
fn without_patience_all_rounds_are_kept() {
    let Some(_) = library() else { return };
    let tiny = Tiny::new();
    let fixed = [
        "--set",
        "lightgbm.patience=off",
        "--set",
        "split.early_stopping_share=0",
    ];
    for fit in ["whole", "parts"] {
        let fit_key = format!("target.fit={fit}");
        let with =
            |more: &[&'static str]| [&fixed[..], &["--run", fit, "--set", &fit_key], more].concat();
        let (stdout, _) = tiny.trained(&with(&[]));
        assert!(
            stdout.contains("; there was no early stopping."),
            "{stdout}"
        );
        let record = || json(&tiny.path(fit).join("fold-1/lightgbm.json"));
        let first = record();
        assert_eq!(
            (&first["best_iteration"], &first["validation_rows"]),
            (&40.into(), &0.into())
        );
        tiny.trained(&with(&["--continue-rounds", "15"]));
        assert_eq!(record()["best_iteration"], 55);
        assert_eq!(
            record()["market"]["best_iteration"].as_u64(),
            (fit == "parts").then_some(55)
        );
        assert!(record()["train_rows"] == first["train_rows"]);
    }
    tiny.trained(&["--run", "held-back", "--set", "lightgbm.patience=off"]);
    let held_back = json(&tiny.path("held-back/fold-1/lightgbm.json"));
    assert_eq!(held_back["best_iteration"], 40);
    let all = json(&tiny.path("whole/fold-1/lightgbm.json"));
    assert!(
        held_back["train_rows"].as_u64() < all["train_rows"].as_u64(),
        "the slice is trained on, too"
    );
}

/// The same rows are scored as of a network of the same config.
#[test]
fn rows_are_those_of_the_network() {
    let Some(_) = library() else { return };
    let tiny = Tiny::new();
    tiny.trained(&["--run", "run"]);
    let table = ForecastTable::read(&tiny.path("run/forecasts.parquet")).unwrap();
    let mut config = tests::tiny();
    config.data.source = dataset::Source::Store;
    config.data.dir = tiny.path("data");
    let dataset = dataset::Dataset::load(&config).unwrap();
    let mut expected = 0;
    for fold in &dataset.plan.folds {
        let normalizer = dataset
            .fit_normalizer(&dataset.features(), fold, "run")
            .unwrap();
        expected += dataset
            .scored_windows(fold.score.clone(), &normalizer.target_std())
            .dropped
            .kept();
    }
    assert_eq!(table.len(), expected);
}

#[test]
fn rounds_are_added_or_a_run_is_trained_anew() {
    let Some(_) = library() else { return };
    let tiny = Tiny::new();
    // So slow that 40 rounds do not reach the best.
    let with = |more: &[&'static str]| {
        [
            &LONG[..],
            &["--set", "lightgbm.learning_rate=0.001"],
            if more.contains(&"--run") {
                &[]
            } else {
                &["--run", "run"]
            },
            more,
        ]
        .concat()
    };
    tiny.trained(&with(&[]));
    let record = || json(&tiny.path("run/fold-1/lightgbm.json"));
    let (first, model) = (
        record(),
        fs::read_to_string(tiny.path("run/fold-1/model.txt")).unwrap(),
    );
    assert_eq!(first["best_iteration"], 40);

    tiny.trained(&with(&["--continue-rounds", "15"]));
    assert_eq!(record()["rounds"], 55);
    assert_eq!(record()["best_iteration"], 55);
    let trees = |model: &str| model.matches("\nTree=").count();
    let continued = fs::read_to_string(tiny.path("run/fold-1/model.txt")).unwrap();
    assert_eq!((trees(&model), trees(&continued)), (40, 55));

    // They go on where the others ended: as if all had been grown at once.
    tiny.trained(&with(&["--set", "lightgbm.rounds=55", "--run", "at-once"]));
    let forecasts = |run: &str| {
        let table = ForecastTable::read(&tiny.path(run).join("fold-1/forecasts.parquet")).unwrap();
        table.rows().map(|row| row.forecast).collect::<Vec<_>>()
    };
    let (added, at_once) = (forecasts("run"), forecasts("at-once"));
    let size = at_once.iter().map(|value| value.abs()).fold(0.0, f64::max);
    let apart = added
        .iter()
        .zip(&at_once)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max);
    assert!(apart < 1e-3 * size, "{apart} {size}");

    tiny.trained(&with(&["--retrain"]));
    assert_eq!(
        fs::read_to_string(tiny.path("run/fold-1/model.txt")).unwrap(),
        model
    );
    assert!(
        !tiny
            .baseline(&with(&["--retrain", "--continue-rounds", "5"]))
            .status
            .success()
    );
}

#[test]
fn protocols_and_validations_differ_and_say_so() {
    let Some(_) = library() else { return };
    let tiny = Tiny::new();
    let (stdout, stderr) = tiny.trained(&["--run", "seed", "--protocol", "seed"]);
    assert!(
        stdout.contains("THE SCORED FOLD ITSELF") && stderr.contains("warning: protocol seed"),
        "{stderr}"
    );
    let seed = json(&tiny.path("seed/fold-2/lightgbm.json"));
    tiny.trained(&["--run", "honest"]);
    let honest = json(&tiny.path("honest/fold-2/lightgbm.json"));
    assert!(seed["train_rows"].as_u64() > honest["train_rows"].as_u64());
    for validation in ["pearson", "rank_ic"] {
        let key = format!("lightgbm.validation={validation}");
        tiny.trained(&["--run", validation, "--set", &key]);
        let metrics =
            fs::read_to_string(tiny.path(validation).join("fold-1/metrics.jsonl")).unwrap();
        let scores: Vec<f64> = metrics
            .lines()
            .filter_map(|line| {
                serde_json::from_str::<serde_json::Value>(line).unwrap()["score"].as_f64()
            })
            .collect();
        let best = scores
            .iter()
            .enumerate()
            .max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)))
            .unwrap()
            .0;
        let defined_from = metrics.lines().count() - scores.len();
        let record = json(&tiny.path(validation).join("fold-1/lightgbm.json"));
        assert_eq!(
            record["best_iteration"].as_u64().unwrap() as usize,
            best + 1 + defined_from,
            "{validation}"
        );
    }
}

/// Trained on days in another order, nothing is known of the true ones.
#[test]
fn shuffled_targets_teach_nothing() {
    let Some(_) = library() else { return };
    let tiny = Tiny::new();
    let score = |arguments: &[&str]| {
        let (json, _) = tiny.trained(&[&["--json"], arguments].concat());
        serde_json::from_str::<serde_json::Value>(&json).unwrap()["forecasters"][0]["pearson"]
            .as_f64()
    };
    let learnt = score(&[&["--run", "learnt"], &LONG[..]].concat()).unwrap();
    let shuffled = score(
        &[
            &["--run", "shuffled", "--set", "target.shuffle_seed=1"],
            &LONG[..],
        ]
        .concat(),
    );
    assert!(learnt > 0.1, "{learnt}");
    assert!(
        shuffled.is_none_or(|shuffled| shuffled.abs() < 0.05),
        "{shuffled:?}"
    );
}

#[test]
fn the_exported_matrix_is_what_the_trees_see() {
    let Some(_) = library() else { return };
    let tiny = Tiny::new();
    tiny.trained(&["--run", "run"]);
    let (stdout, stderr) = tiny.trained(&["--run", "run", "--export", "matrix.parquet"]);
    assert!(
        stdout.is_empty() && stderr.contains("rows of 40 features are in matrix.parquet"),
        "{stderr}"
    );
    assert!(tiny.path("matrix.parquet").exists());
    // Of other folds than the run's it would be no matrix of the run.
    let folds = std::fs::read(tiny.path("run/folds.json")).unwrap();
    let other = tiny.baseline(&[
        "--run",
        "run",
        "--export",
        "other.parquet",
        "--set",
        "split.folds=1",
    ]);
    assert!(String::from_utf8_lossy(&other.stderr).contains("was begun with another config"));
    assert!(
        std::fs::read(tiny.path("run/folds.json")).unwrap() == folds
            && !tiny.path("other.parquet").exists()
    );
}

/// A tracking server that is down costs a warning, and nothing of the run.
#[test]
fn a_tracking_server_that_is_down_loses_nothing() {
    let Some(_) = library() else { return };
    let tiny = Tiny::new();
    let output = tiny
        .command(&["--run", "run"])
        .env("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    assert!(
        stderr.contains("warning: tracking stopped: MLflow at http://127.0.0.1:9"),
        "{stderr}"
    );
    assert!(tiny.path("run/report.html").exists());
}

/// `universe.trained` and `universe.scored`: one coin is forecast by trees that never saw it, and
/// the others' trees are the same with and without it being scored.
#[test]
fn some_coins_train_and_others_are_forecast() {
    let Some(_) = library() else { return };
    let tiny = Tiny::new();
    let trained = ["--set", "universe.trained=[\"SIM1USDT\", \"SIM2USDT\"]"];
    let scored = ["--set", "universe.scored=[\"SIM3USDT\"]"];
    tiny.trained(&[&["--run", "other"], &trained[..], &scored[..]].concat());
    let table = ForecastTable::read(&tiny.path("other/forecasts.parquet")).unwrap();
    assert!(table.len() > 200);
    assert!(table.rows().all(|row| row.symbol.as_str() == "SIM3USDT"));

    tiny.trained(&[&["--run", "both"], &trained[..]].concat());
    let model = |run: &str| fs::read_to_string(tiny.path(run).join("fold-2/model.txt")).unwrap();
    assert_eq!(
        model("both"),
        model("other"),
        "what is scored decides nothing"
    );
    tiny.trained(&["--run", "all"]);
    assert_ne!(
        model("all"),
        model("other"),
        "the third coin's rows would have"
    );

    let output = tiny.baseline(&[
        "--run",
        "no",
        "--set",
        "universe.symbols=[\"SIM1USDT\", \"SIM2USDT\"]",
        scored[0],
        scored[1],
    ]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("universe.scored = SIM3USDT: expected coins of universe.symbols"),
        "{said}"
    );
}

/// Kept features give the same run; `--recompute` without them is refused.
#[test]
fn features_are_kept_for_the_next_run() {
    let Some(_) = library() else { return };
    let tiny = Tiny::new();
    let cache = ["--set", "features.cache=true"];
    let (plain, _) = tiny.trained(&["--run", "plain"]);
    let score = |text: &str| {
        text.lines()
            .find(|line| line.starts_with("lightgbm"))
            .unwrap()
            .to_owned()
    };
    for (run, done) in [("first", "computed and kept in"), ("second", "read from")] {
        let (stdout, stderr) = tiny.trained(&[&["--run", run], &cache[..]].concat());
        assert!(stderr.contains(done), "{stderr}");
        assert_eq!(score(&stdout), score(&plain));
    }
    let (_, stderr) = tiny.trained(&[&["--run", "third", "--recompute"], &cache[..]].concat());
    assert!(stderr.contains("computed and kept in"), "{stderr}");
    assert_eq!(
        tiny.baseline(&["--run", "fourth", "--recompute"])
            .status
            .code(),
        Some(2)
    );
}
