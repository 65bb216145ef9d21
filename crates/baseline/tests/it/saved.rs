//! What a saved model says of itself, and that nothing damaged reaches LightGBM's own reader.

use std::fs;
use std::path::Path;

use baseline::{BaselineConfig, SavedModel, TreeKind};
use cli::ConfigTable;

use crate::support::{Tiny, json, library, loaded};

/// Loads a run's last model; the message where it does not load.
fn load(run: &Path) -> Result<SavedModel, String> {
    let library = loaded(TreeKind::LightGbm).unwrap();
    let table = ConfigTable::read(&run.join("run.toml")).unwrap();
    let config = BaselineConfig::new(&table, library).unwrap();
    SavedModel::load(run, &config, library).map_err(|error| format!("{error:#}"))
}

/// Changes a text file.
fn edit(path: &Path, change: impl Fn(String) -> String) {
    let old = fs::read_to_string(path).unwrap();
    let new = change(old.clone());
    assert_ne!(old, new, "{}", path.display());
    fs::write(path, new).unwrap();
}

#[test]
fn the_record_names_the_time_seen_and_the_hash_of_the_trees() {
    let Some(_) = library() else { return };
    let tiny = Tiny::new();
    tiny.trained(&["--run", "run"]);
    let folds = json(&tiny.path("run/folds.json"));
    for fold in [1, 2] {
        let record = json(&tiny.path(&format!("run/fold-{fold}/lightgbm.json")));
        let span = &folds[fold - 1];
        assert_eq!(record["origin"]["seen_from_ms"], span["train"][0]);
        // The honest protocol purges the reach of the targets: the first scored row is the first
        // out of sample.
        assert_eq!(record["origin"]["seen_until_ms"], span["score"][0]);
        let text = fs::read(tiny.path(&format!("run/fold-{fold}/model.txt"))).unwrap();
        assert_eq!(record["sha256"]["model.txt"], storage::content_hash(&text));
    }
    // Early stopping on the scored fold has seen it, and what its targets reach.
    tiny.trained(&["--run", "seed", "--protocol", "seed"]);
    let record = json(&tiny.path("seed/fold-1/lightgbm.json"));
    let reach_ms = 15 * 60_000;
    assert_eq!(
        record["origin"]["seen_until_ms"],
        folds[0]["score"][1].as_i64().unwrap() + reach_ms
    );
}

#[test]
fn damaged_trees_and_edited_configs_are_refused() {
    let Some(_) = library() else { return };
    let tiny = Tiny::new();
    tiny.trained(&["--run", "run"]);
    let run = tiny.path("run");
    load(&run).unwrap();
    let keep = |name: &str| (run.join(name), fs::read(run.join(name)).unwrap());
    let kept = [keep("model.txt"), keep("lightgbm.json"), keep("run.toml")];
    let restore = || {
        kept.iter()
            .for_each(|(path, bytes)| fs::write(path, bytes).unwrap())
    };

    // One digit of a leaf, which no check of the structure can find.
    edit(&run.join("model.txt"), |text| {
        text.replacen("leaf_value=0.0", "leaf_value=0.1", 1)
            .replacen("leaf_value=-0.0", "leaf_value=-0.1", 1)
    });
    let said = load(&run).unwrap_err();
    let hash = storage::content_hash(&fs::read(run.join("model.txt")).unwrap());
    assert!(
        said.contains(&format!(
            "model.txt has SHA-256 {hash}, but lightgbm.json beside it names "
        )),
        "{said}"
    );
    assert!(said.contains(&storage::content_hash(&kept[0].1)), "{said}");
    restore();

    edit(&run.join("run.toml"), |text| {
        text.replace("lookbacks = [5, 30]", "lookbacks = [5, 60]")
    });
    let said = load(&run).unwrap_err();
    assert!(
        said.contains("lightgbm.lookbacks is [5,60], but the model was trained with [5,30]"),
        "{said}"
    );
    restore();
    edit(&run.join("run.toml"), |text| {
        text.replace("horizon = \"15m\"", "horizon = \"30m\"")
    });
    assert!(
        load(&run)
            .unwrap_err()
            .contains("target.horizon is 30m, but the model was trained with 15m")
    );
    restore();
    edit(&run.join("run.toml"), |text| {
        text.replace("deterministic = ", "num_threads = 1\ndeterministic = ")
    });
    load(&run).unwrap();
    restore();

    // A stranger's file, with the hash that it has: its structure is checked all the same.
    edit(&run.join("model.txt"), |text| {
        text.replacen(
            "\nnum_tree_per_iteration=1",
            "\nnum_tree_per_iteration=9",
            1,
        )
    });
    let hash = storage::content_hash(&fs::read(run.join("model.txt")).unwrap());
    edit(&run.join("lightgbm.json"), |text| {
        text.replace(&storage::content_hash(&kept[0].1), &hash)
    });
    let said = load(&run).unwrap_err();
    assert!(
        said.contains("model.txt is no whole model: num_tree_per_iteration is 9, expected 1"),
        "{said}"
    );
    restore();

    // As of an older version, without a hash.
    let older = |text: String| {
        let mut record: serde_json::Value = serde_json::from_str(&text).unwrap();
        record
            .as_object_mut()
            .unwrap()
            .retain(|key, _| key != "sha256" && key != "origin");
        record.to_string()
    };
    edit(&run.join("lightgbm.json"), older);
    load(&run).unwrap();
    let damages: [(&str, &str, &str); 4] = [
        (
            "\nsplit_feature=",
            "\nsplit_feature=9999999",
            "split_feature has 9999999",
        ),
        (
            "\nnum_tree_per_iteration=1",
            "\nnum_tree_per_iteration=1000000000",
            "num_tree_per_iteration is 1000000000",
        ),
        (
            "\nmax_feature_idx=",
            "\nmax_feature_idx=9999999",
            "max_feature_idx is beyond",
        ),
        ("\nTree=0", "\nTree=9", "tree 0: "),
    ];
    for (old, new, says) in damages {
        // The sizes of trees are kept right, so that it is the number that is found.
        edit(&run.join("model.txt"), |text| {
            let longer = if old.contains("split") {
                new.len() - old.len()
            } else {
                0
            };
            let text = text.replacen(old, new, 1);
            let (head, rest) = text.split_once("tree_sizes=").unwrap();
            let (first, rest) = rest.split_once(' ').unwrap();
            format!(
                "{head}tree_sizes={} {rest}",
                first.parse::<usize>().unwrap() + longer
            )
        });
        let said = load(&run).unwrap_err();
        assert!(
            said.contains("model.txt is no whole model: ") && said.contains(says),
            "{says}: {said}"
        );
        fs::write(&kept[0].0, &kept[0].1).unwrap();
    }
    edit(&run.join("lightgbm.json"), |text| {
        text.replacen("\"SIM1USDT\":0.", "\"SIM1USDT\":-0.", 1)
    });
    assert!(
        load(&run)
            .unwrap_err()
            .contains("target_std of SIM1USDT is -0."),
        "{}",
        load(&run).unwrap_err()
    );
}

/// The second of two processes says who trains a fold, and goes on with the others.
#[test]
fn a_fold_that_another_process_trains_is_left_to_it() {
    let Some(_) = library() else { return };
    let tiny = Tiny::new();
    let held = cli::hold(&tiny.path("run/fold-1/lock")).unwrap().unwrap();
    tiny.trained(&["--run", "other"]);
    fs::copy(tiny.path("other/run.toml"), tiny.path("run/run.toml")).unwrap();
    let (_, said) = tiny.trained(&["--run", "run"]);
    assert!(
        said.contains(&format!(
            "run/fold-1 is being trained by process {} on ",
            std::process::id()
        )),
        "{said}"
    );
    assert!(!tiny.path("run/fold-1/forecasts.parquet").exists());
    assert!(
        tiny.path("run/fold-2/forecasts.parquet").exists()
            && !tiny.path("run/forecasts.parquet").exists()
    );
    drop(held);
    tiny.trained(&["--run", "run"]);
    assert!(
        tiny.path("run/fold-1/forecasts.parquet").exists()
            && tiny.path("run/forecasts.parquet").exists()
    );
}
