//! Runs of XGBoost on disk, by the binary.

use std::fs;

use baseline::{BaselineConfig, SavedModel, TreeKind};
use cli::ConfigTable;

use crate::support::{Tiny, json, loaded};

const XGBOOST: [&str; 12] = [
    "--set",
    "baseline.trees=xgboost",
    "--set",
    "xgboost.lookbacks=[5, 30]",
    "--set",
    "xgboost.rounds=30",
    "--set",
    "xgboost.patience=10",
    "--set",
    "xgboost.min_child_weight=50",
    "--set",
    "xgboost.nthread=1",
];

fn with<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    XGBOOST.iter().chain(arguments).copied().collect()
}

#[test]
fn a_run_of_xgboost_has_all_its_parts_and_goes_on() {
    let Some(_) = loaded(TreeKind::XgBoost) else {
        return;
    };
    let tiny = Tiny::new();
    let (stdout, _) = tiny.trained(&with(&["--run", "run"]));
    assert!(
        stdout.contains("xgboost") && stdout.contains("Most gain: "),
        "{stdout}"
    );
    for file in [
        "run.toml",
        "forecasts.parquet",
        "model.json",
        "xgboost.json",
        "best-fold.json",
        "importance.json",
        "shap.parquet",
        "report.html",
        "fold-1/model.json",
        "fold-1/MLmodel",
        "fold-2/metrics.jsonl",
        "fold-2/shap-rows.parquet",
    ] {
        assert!(tiny.path("run").join(file).exists(), "{file}");
    }
    let config = fs::read_to_string(tiny.path("run/run.toml")).unwrap();
    assert!(config.contains("kind = \"xgboost\"") && config.contains("[xgboost]"));
    assert!(
        !config.contains("[lightgbm]"),
        "only the section that is used"
    );
    let described = fs::read_to_string(tiny.path("run/fold-1/MLmodel")).unwrap();
    assert!(described.contains("data: model.json") && described.contains("mlflow.xgboost"));
    let importance = json(&tiny.path("run/importance.json"));
    let shown = importance["dependence"].as_array().unwrap();
    assert_eq!(shown.len(), 3);
    assert_eq!(shown[0]["bins"].as_array().unwrap().len(), 10);
    // Its contributions sum to the forecast: checked against Python in `golden_xgboost`. A second
    // call has nothing to do.
    let model = fs::read(tiny.path("run/fold-1/model.json")).unwrap();
    let (_, stderr) = tiny.trained(&with(&["--run", "run"]));
    assert!(!stderr.contains("fold 1: "), "{stderr}");
    assert_eq!(fs::read(tiny.path("run/fold-1/model.json")).unwrap(), model);
    // Another run is the same to the last byte.
    tiny.trained(&with(&["--run", "again"]));
    assert_eq!(
        fs::read(tiny.path("again/fold-1/model.json")).unwrap(),
        model
    );
    // Trees that go on begin with those that are there.
    let before = json(&tiny.path("run/fold-1/xgboost.json"))["best_iteration"]
        .as_u64()
        .unwrap();
    tiny.trained(&with(&["--run", "run", "--continue-rounds", "5"]));
    let after = json(&tiny.path("run/fold-1/xgboost.json"));
    assert!(
        after["best_iteration"].as_u64().unwrap() >= before,
        "{after}"
    );
    assert_eq!(after["rounds"], before + 5);
}

#[test]
fn damaged_trees_of_xgboost_are_refused() {
    let Some(library) = loaded(TreeKind::XgBoost) else {
        return;
    };
    let tiny = Tiny::new();
    tiny.trained(&with(&["--run", "run"]));
    let run = tiny.path("run");
    let load = || {
        let table = ConfigTable::read(&run.join("run.toml")).unwrap();
        let config = BaselineConfig::new(&table, library).unwrap();
        SavedModel::load(&run, &config, library).map_err(|error| format!("{error:#}"))
    };
    load().unwrap();
    let path = run.join("model.json");
    let whole = fs::read_to_string(&path).unwrap();
    let record = fs::read_to_string(run.join("xgboost.json")).unwrap();
    let hash = storage::content_hash(whole.as_bytes());
    for (old, new, says) in [
        (
            "\"left_children\":[1,",
            "\"left_children\":[0,",
            "has the child 0",
        ),
        (
            "\"left_children\":[1,",
            "\"left_children\":[9999999,",
            "has the child 9999999",
        ),
        (
            "\"split_indices\":[",
            "\"split_indices\":[9999999,",
            "split_indices has",
        ),
        ("\"gbtree\"", "\"dart\"", "gradient_booster.name is dart"),
        (
            "\"reg:squarederror\"",
            "\"rank:ndcg\"",
            "objective is rank:ndcg",
        ),
        ("{", "[", "it is no JSON of a model"),
    ] {
        let damaged = whole.replacen(old, new, 1);
        assert_ne!(damaged, whole, "{old}");
        fs::write(&path, &damaged).unwrap();
        let said = load().unwrap_err();
        assert!(said.contains("model.json has SHA-256 "), "{said}");
        // A stranger's file, with the hash that it has: its structure is checked all the same.
        let own = storage::content_hash(damaged.as_bytes());
        fs::write(run.join("xgboost.json"), record.replace(&hash, &own)).unwrap();
        let said = load().unwrap_err();
        assert!(
            said.contains("model.json is no whole model: ") && said.contains(says),
            "{said}"
        );
        fs::write(run.join("xgboost.json"), &record).unwrap();
    }
}

#[test]
fn bad_settings_of_xgboost_are_refused() {
    let Some(_) = loaded(TreeKind::XgBoost) else {
        return;
    };
    let tiny = Tiny::new();
    let refused = |key: &str| {
        let output = tiny.baseline(&with(&["--run", "run", "--set", key]));
        assert_eq!(output.status.code(), Some(2), "{key}");
        String::from_utf8(output.stderr).unwrap()
    };
    for (key, says) in [
        ("xgboost.depth=7", "depth"),
        (
            "xgboost.max_depth=0",
            "xgboost.max_depth = 0: expected a number from 1 to 16",
        ),
        (
            "xgboost.subsample=1.5",
            "xgboost.subsample = 1.5: expected a number above 0, at most 1",
        ),
        (
            "xgboost.lookbacks=[1, 60]",
            "xgboost.lookbacks = 1: expected a number of 2 to 100000 bars",
        ),
        ("split.early_stopping_share=0", "--set xgboost.patience=off"),
    ] {
        let said = refused(key);
        assert!(said.contains(says), "{key}: {said}");
    }
    let output = tiny.baseline(&["--run", "run", "--set", "baseline.trees=catboost"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("catboost") && said.contains("xgboost"),
        "{said}"
    );
}

/// Runs without the library, wherever this machine has one.
#[test]
fn a_missing_library_of_xgboost_is_named_with_the_command_that_fetches_it() {
    let dir = tempfile::tempdir().unwrap();
    let run = |library: &str| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_baseline"))
            .current_dir(dir.path())
            .args(["--set", "baseline.trees=xgboost"])
            .env("XGBOOST_LIB", library)
            .env("XDG_CACHE_HOME", dir.path())
            .env("PATH", "")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let said = run("");
    assert!(said.contains("XGBoost's library was not found"), "{said}");
    assert!(
        said.contains("hint: scripts/get-xgboost fetches version 3.2.0"),
        "{said}"
    );
    let said = run("gone.so");
    assert!(
        said.contains("XGBOOST_LIB is gone.so, which is no file"),
        "{said}"
    );
}
