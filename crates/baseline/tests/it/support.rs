//! The library, and the binary on a tiny store.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use baseline::{Library, Loaded, TreeKind};

/// LightGBM's library. Without it a test is skipped with the reason, on CI it fails.
pub fn library() -> Option<&'static Library> {
    tests::available(Library::open())
}

/// A library of trees. Without it a test is skipped with the reason, on CI it fails.
pub fn loaded(kind: TreeKind) -> Option<Loaded> {
    tests::available(Loaded::open(kind))
}

/// A folder with the config `tiny.toml` and three coins in a store.
pub struct Tiny {
    pub dir: tempfile::TempDir,
}

impl Tiny {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = tests::tiny();
        tests::store(
            &dir.path().join("data"),
            &mut config,
            &tests::candles(&tests::tiny()),
        );
        // Trees of the target as it is, unless a test says otherwise.
        let config = tests::TINY
            .replace("\"parts\"", "\"whole\"")
            .replace("\"trailing\"", "\"coin\"");
        std::fs::write(dir.path().join("tiny.toml"), config).unwrap();
        Self { dir }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs the binary.
    pub fn baseline(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The binary on the store, with trees small enough for three coins and two days.
    pub fn command(&self, arguments: &[&str]) -> Command {
        const SET: [&str; 6] = [
            "data.source=store",
            "lightgbm.lookbacks=[5, 30]",
            "lightgbm.rounds=40",
            "lightgbm.patience=10",
            "lightgbm.min_data_in_leaf=50",
            "lightgbm.shap_rows=20",
        ];
        let mut command = Command::new(env!("CARGO_BIN_EXE_baseline"));
        command
            .current_dir(self.dir.path())
            .args(["--config", "tiny.toml"]);
        command
            .args(SET.iter().flat_map(|key| ["--set", key]))
            .args(arguments);
        command.env_remove("MLFLOW_TRACKING_URI");
        command
    }

    /// As [`Tiny::baseline`], which must work; stdout and stderr.
    pub fn trained(&self, arguments: &[&str]) -> (String, String) {
        let output = self.baseline(arguments);
        let (stdout, stderr) = (
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        );
        assert!(output.status.success(), "{stderr}");
        (stdout, stderr)
    }
}

/// A file as JSON.
pub fn json(path: &Path) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}
