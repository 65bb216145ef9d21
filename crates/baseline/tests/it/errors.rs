//! Bad input: a message that names the thing, what was found, what was expected and the way out.

use crate::support::{Tiny, library};

#[test]
fn bad_input_is_refused() {
    let Some(_) = library() else { return };
    let tiny = Tiny::new();
    let mut said = tests::Transcript::new(env!("CARGO_BIN_EXE_baseline"), tiny.dir.path());
    let set = |key: &'static str| ["--config", "tiny.toml", "--set", key];
    said.refused("unknown key", &set("lightgbm.leaves=7"));
    said.refused("unknown features", &set("lightgbm.features=closes12"));
    said.refused("a lookback of one bar", &set("lightgbm.lookbacks=[1, 60]"));
    said.refused("no rounds", &set("lightgbm.rounds=0"));
    said.refused("share above 1", &set("lightgbm.feature_fraction=1.5"));
    said.refused(
        "unknown parameter of LightGBM",
        &set("lightgbm.more.max_depht=3"),
    );
    said.refused(
        "a parameter with a key of its own",
        &set("lightgbm.more.eta=0.1"),
    );
    said.refused(
        "a parameter that is no value",
        &set("lightgbm.more.max_depth=\"3 bagging_freq=1\""),
    );
    said.refused(
        "trees whose text is not checked",
        &set("lightgbm.more.linear_trees=true"),
    );
    said.refused(
        "an objective that LightGBM does not know",
        &set("lightgbm.objective=nonsense"),
    );
    said.refused(
        "no early-stopping slice",
        &set("split.early_stopping_share=0"),
    );
    said.refused(
        "fold out of range",
        &["--config", "tiny.toml", "--fold", "9"],
    );
    said.refused(
        "nothing to continue",
        &[
            "--config",
            "tiny.toml",
            "--run",
            "none",
            "--continue-rounds",
            "5",
        ],
    );
    said.refused("empty store", &["--set", "data.dir=nowhere"]);
    insta::assert_snapshot!("errors", said.text);
}

/// Runs without the library, wherever this machine has one.
#[test]
fn a_missing_library_is_named_with_the_command_that_fetches_it() {
    let dir = tempfile::tempdir().unwrap();
    let run = |library: &str| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_baseline"))
            .current_dir(dir.path())
            .env("LIGHTGBM_LIB", library)
            .env("XDG_CACHE_HOME", dir.path())
            .env("PATH", "")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(
        run("").contains("hint: scripts/get-lightgbm fetches version 4.7.0"),
        "{}",
        run("")
    );
    assert!(
        run("gone.so").contains("LIGHTGBM_LIB is gone.so, which is no file"),
        "{}",
        run("gone.so")
    );
    assert!(
        run("").contains("/lib/lib_lightgbm.so is not there"),
        "{}",
        run("")
    );
    std::fs::write(dir.path().join("broken.so"), "no library").unwrap();
    let broken = run(&dir.path().join("broken.so").display().to_string());
    assert!(
        broken.contains("cannot load LightGBM from") && broken.contains("libgomp"),
        "{broken}"
    );
}

/// A program in `bin` takes the library of the `lib` beside it, as in a release, before any other but the
/// one that the variable names.
#[test]
fn a_release_has_its_own_library() {
    let dir = tempfile::tempdir().unwrap();
    let release = dir.path().join("quarterhour-0.1.0");
    let program = release.join("bin/baseline");
    std::fs::create_dir_all(release.join("bin")).unwrap();
    std::fs::create_dir_all(release.join("lib")).unwrap();
    std::fs::copy(env!("CARGO_BIN_EXE_baseline"), &program).unwrap();
    let library = release.join("lib/lib_lightgbm.so");
    std::fs::write(&library, "no library").unwrap();
    // As it is installed: by a link from somewhere else.
    let link = dir.path().join("baseline");
    std::os::unix::fs::symlink(&program, &link).unwrap();
    let said = |variable: &str| {
        let mut command = std::process::Command::new(&link);
        command
            .current_dir(dir.path())
            .env("LIGHTGBM_LIB", variable);
        String::from_utf8(command.output().unwrap().stderr).unwrap()
    };
    let own = format!(
        "cannot load LightGBM from {}",
        library.canonicalize().unwrap().display()
    );
    assert!(said("").contains(&own), "{}", said(""));
    assert!(
        said("gone.so").contains("LIGHTGBM_LIB is gone.so"),
        "{}",
        said("gone.so")
    );
}
