//! A training among others: two of the same piece, and readers that go away.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn train(dir: &Path, run: &str) -> Command {
    fs::write(dir.join("tiny.toml"), tests::TINY).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_train"));
    command
        .current_dir(dir)
        .args(["--config", "tiny.toml", "--device", "flex", "--run", run]);
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The second of two processes says who trains a piece, and goes on with the others.
#[test]
fn a_piece_that_another_process_trains_is_left_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    // The config must be there first, as of a run that the other process began.
    let begun = train(dir.path(), "run")
        .args(["--folds", "2"])
        .output()
        .unwrap();
    assert!(begun.status.success(), "{}", said(&begun));
    let held = cli::hold(&run.join("fold-1/seed-1/lock")).unwrap().unwrap();
    let second = train(dir.path(), "run")
        .args(["--seeds", "1"])
        .output()
        .unwrap();
    assert!(second.status.success(), "{}", said(&second));
    let holder = format!(
        "run/fold-1/seed-1 is being trained by process {} on ",
        std::process::id()
    );
    assert!(
        said(&second).contains(&holder) && said(&second).contains("are still to be trained"),
        "{}",
        said(&second)
    );
    assert!(!run.join("fold-1/seed-1/weights.safetensors").exists());
    drop(held);
    let third = train(dir.path(), "run").output().unwrap();
    assert!(
        third.status.success() && run.join("forecasts.parquet").exists(),
        "{}",
        said(&third)
    );
}

/// Whoever reads stderr or stdout may go away: the training goes on and writes all of its files.
#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_ends_no_training() {
    let dir = tempfile::tempdir().unwrap();
    let closed = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        writer
    };
    let status = train(dir.path(), "run")
        .stderr(closed())
        .stdout(closed())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(0));
    for file in ["forecasts.parquet", "report.html", "model.safetensors"] {
        assert!(dir.path().join("run").join(file).exists(), "{file}");
    }
    // What is refused is refused, and no panic.
    let refused = train(dir.path(), "run")
        .args(["--set", "training.steps=0x"])
        .stderr(closed())
        .status()
        .unwrap();
    assert_eq!(refused.code(), Some(2));
}
