//! `quarterhour search`: chosen on the first folds alone, killed and gone on with, refused.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use market::Candle;
use serde_json::Value;

use crate::quarterhour;

const SPACE: &str = "[optimizer]\nlearning_rate = { low = 1e-5, high = 1.0, log = true }\n";

/// A Python with Optuna; None, with the reason, where there is none.
fn python() -> Option<PathBuf> {
    let named = std::env::var_os("QUARTERHOUR_PYTHON").map(PathBuf::from);
    let python = named.unwrap_or_else(|| "python3".into());
    let imported = Command::new(&python).args(["-c", "import optuna"]).output();
    let found = match imported {
        Ok(output) if output.status.success() => Ok(python),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Err(error.to_string()),
    };
    tests::available(found)
}

/// A store of three simulated coins with a config, a space and folds 1 to 3, of which the last is held
/// back; candles from row `damaged` on are others.
fn market(damaged: Option<usize>) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut config = tests::tiny();
    let mut coins = tests::candles(&config);
    for (_, candles) in &mut coins {
        let first = damaged.unwrap_or(candles.len());
        let other = |row: usize| {
            let factor = 1.0 + ((row * row * 7919) % 101) as f64 / 1000.0;
            let candle = candles.candle(row);
            match row < first {
                true => candle,
                false => Candle {
                    open: candle.open.map(|price| price * factor),
                    high: candle.high.map(|price| price * factor),
                    low: candle.low.map(|price| price * factor),
                    close: candle.close * factor,
                    ..candle
                },
            }
        };
        *candles = (0..candles.len()).map(other).collect();
    }
    tests::store(&dir.path().join("data"), &mut config, &coins);
    let text = tests::TINY
        .replace("source = \"simulated\"", "dir = \"data\"")
        .replace("folds = 2", "folds = 3\nearly_stopping_share = 0.0")
        .replace("steps = 24", "steps = 2\nselection = \"last\"");
    fs::write(dir.path().join("tiny.toml"), text).unwrap();
    fs::write(dir.path().join("space.toml"), SPACE).unwrap();
    dir
}

fn search(dir: &Path, python: &Path, trials: usize) -> Command {
    let mut command = quarterhour("search");
    command
        .args([
            "--config",
            "tiny.toml",
            "--space",
            "space.toml",
            "--dir",
            "search",
        ])
        .args(["--fit-with", "train", "--json", "--best", "2"])
        .args(["--trials", &trials.to_string()])
        .arg("--python")
        .arg(python)
        .env_remove("MLFLOW_TRACKING_URI")
        .current_dir(dir);
    command
}

fn json(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The lines of the log of trials.
fn log(dir: &Path) -> Vec<Value> {
    let text = fs::read_to_string(dir.join("trials.jsonl")).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn counted(report: &Value) -> u64 {
    let of = |state: &str| report["trials"][state].as_u64().unwrap();
    of("complete") + of("pruned") + of("failed")
}

/// What lies after the folds that trials are chosen on is no part of the choice: with other candles
/// there every trial has the same values and the same score, and the same one is the best.
#[test]
fn folds_held_back_are_not_touched_by_the_choice_and_trials_are_pruned() {
    let Some(python) = python() else { return };
    let run = |damaged| {
        let dir = market(damaged);
        let report = json(&search(dir.path(), &python, 14).output().unwrap());
        (report, log(dir.path()), dir)
    };
    let ((report, trials, dir), (other, other_trials, _)) = (run(None), run(Some(2200)));
    assert_eq!(report["search_folds"], serde_json::json!([1, 2]));
    assert_eq!(counted(&report), 14);
    assert_eq!(trials, other_trials);
    assert_eq!(report["trials"], other["trials"]);
    let best = |report: &Value| report["best"][0]["overrides"].clone();
    assert_eq!(best(&report), best(&other));
    assert_eq!(report["base"]["search"], other["base"]["search"]);
    assert_ne!(report["base"]["held_back"], other["base"]["held_back"]);
    // Below the median of the trials before: ended after the first fold, and logged all the same.
    let pruned = report["trials"]["pruned"].as_u64().unwrap();
    assert!(pruned >= 1, "{report}");
    let is_pruned = |line: &&Value| line["result"]["state"] == "pruned";
    assert_eq!(trials.iter().filter(is_pruned).count() as u64, pruned);
    let folder = trials.iter().find(is_pruned).unwrap()["result"]["run"].clone();
    let folder = dir
        .path()
        .join("search/trials")
        .join(folder.as_str().unwrap());
    assert!(folder.join("fold-1").exists() && !folder.join("fold-2").exists());

    // Some trial is better than the config as it is.
    let gain = report["best_gain"].as_f64().unwrap();
    assert!(report["is_better"] == true && gain > 0.0, "{report}");

    // The best config is one that `train` takes.
    let best = dir.path().join("search/best.toml");
    let trained = quarterhour("train")
        .args(["--dry-run", "--config", "search/best.toml"])
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert!(
        trained.status.success(),
        "{}",
        String::from_utf8_lossy(&trained.stderr)
    );
    let text = fs::read_to_string(best).unwrap();
    let rate = report["best"][0]["overrides"][0]
        .as_str()
        .unwrap()
        .to_owned();
    let (_, rate) = rate.split_once('=').unwrap();
    assert!(
        text.contains(&format!("learning_rate = {rate}\n")),
        "{text}"
    );

    // The same command again fits nothing, and looks at the folds held back no second time.
    let again = json(&search(dir.path(), &python, 14).output().unwrap());
    assert_eq!(again, report);
}

/// A key without effect: no trial is better than the config as it is, which is the best one then.
#[test]
fn where_no_trial_is_better_the_best_config_is_the_config_as_it_is() {
    let Some(python) = python() else { return };
    let dir = market(None);
    fs::write(
        dir.path().join("space.toml"),
        "[training]\nevaluate_every = [4, 8]\n",
    )
    .unwrap();
    let output = search(dir.path(), &python, 2).output().unwrap();
    let report = json(&output);
    assert_eq!(report["is_better"], false, "{report}");
    assert_eq!(report["best_gain"], 0.0, "{report}");
    let warned = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        warned.contains("no trial of 2 is better on folds 1 to 2"),
        "{warned}"
    );
    let read = |name: &str| fs::read_to_string(dir.path().join("search").join(name)).unwrap();
    let text = read("report.md");
    assert!(
        text.contains("No trial is better than the config as it is"),
        "{text}"
    );
    let best = read("best.toml");
    assert!(
        best.starts_with("# The config as it is: no trial of 2 is better"),
        "{best}"
    );
    let [best, as_it_is] =
        [best, read("config.toml")].map(|text| toml::from_str::<toml::Table>(&text).unwrap());
    assert_eq!(best, as_it_is);
}

#[test]
fn a_search_that_was_killed_goes_on_with_every_finished_trial_once() {
    let Some(python) = python() else { return };
    let dir = market(None);
    let mut killed: Child = search(dir.path(), &python, 8)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while log(dir.path()).len() < 3 {
        assert!(
            killed.try_wait().unwrap().is_none(),
            "it ended before it was killed"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    let before = log(dir.path());
    let report = json(
        &search(dir.path(), &python, 8)
            .args(["--workers", "2"])
            .output()
            .unwrap(),
    );
    let after = log(dir.path());
    assert_eq!(counted(&report), 8, "{report}");
    assert_eq!(after[..before.len()], before);
    let settings: BTreeSet<String> = after
        .iter()
        .map(|line| line["setting"].to_string())
        .collect();
    assert_eq!((after.len(), settings.len()), (8, 8));

    // Another space in the same folder is another search.
    fs::write(dir.path().join("space.toml"), SPACE.replace("1.0", "0.5")).unwrap();
    let output = search(dir.path(), &python, 8).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("begun with another config, space or number of folds"),
        "{said}"
    );
}

/// A terminal's Ctrl-C reaches Optuna's process too: the trial that was being fitted is run again, and is none
/// that failed.
#[cfg(unix)]
#[test]
fn ctrl_c_loses_no_trial() {
    use std::os::unix::process::CommandExt;
    let Some(python) = python() else { return };
    let dir = market(None);
    let mut stopped = search(dir.path(), &python, 6)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    while log(dir.path()).is_empty() {
        assert!(stopped.try_wait().unwrap().is_none(), "it ended before");
        std::thread::sleep(Duration::from_millis(20));
    }
    let group = format!("-{}", stopped.id());
    let sent = Command::new("kill").args(["-INT", "--", &group]).status();
    assert!(sent.unwrap().success());
    stopped.wait().unwrap();
    let report = json(&search(dir.path(), &python, 6).output().unwrap());
    assert_eq!(report["trials"]["failed"], 0, "{report}");
    assert_eq!((counted(&report), log(dir.path()).len()), (6, 6));
}

#[test]
fn a_space_with_an_unknown_key_is_refused_with_the_one_that_was_meant() {
    let dir = market(None);
    fs::write(
        dir.path().join("space.toml"),
        SPACE.replace("learning_rate", "learing_rate"),
    )
    .unwrap();
    let output = search(dir.path(), Path::new("python3"), 1)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("optimizer.learing_rate: found a key that no config has"),
        "{said}"
    );
    assert!(
        said.contains("hint: did you mean `optimizer.learning_rate`?"),
        "{said}"
    );
}

#[test]
fn without_python_or_optuna_nothing_is_fitted_and_the_way_out_is_named() {
    let dir = market(None);
    let output = search(dir.path(), Path::new("no-such-python"), 1)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("cannot start Python as no-such-python"),
        "{said}"
    );
    assert!(
        said.contains("pip install optuna") && said.contains("QUARTERHOUR_PYTHON"),
        "{said}"
    );
    assert!(!dir.path().join("search/base").exists());
}

/// Several workers look for a trial that waits, at the same moment: one of them gets it.
const TAKERS: &str = r#"
import io, subprocess, sys, tempfile, time
source = sys.argv[1]
if len(sys.argv) > 2:
    sys.stdin = io.TextIOWrapper(io.BytesIO(b"{}\n"))
    exec(open(source).read().split("def open_storage")[0])
    study = optuna.load_study(study_name="one", storage=OnSqlite(sys.argv[2]))
    while time.time() < float(sys.argv[3]):
        pass
    print(study._pop_waiting_trial_id())
    sys.exit()
import optuna
for _ in range(3):
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/study.sqlite"
        optuna.create_study(study_name="one", storage=url).enqueue_trial({"x": 1})
        command = [sys.executable, "-c", TAKERS, source, url, str(time.time() + 4)]
        takers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
        taken = sorted(taker.communicate()[0].strip() for taker in takers)
        assert taken == ["1", "None", "None", "None"], taken
"#;

#[test]
fn a_waiting_trial_is_taken_by_one_worker() {
    let Some(python) = python() else { return };
    let worker = concat!(env!("CARGO_MANIFEST_DIR"), "/../search/src/worker.py");
    let script = format!("TAKERS = {TAKERS:?}\n{TAKERS}");
    let output = Command::new(python)
        .args(["-c", &script, worker])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// Two workers that both found one trial missing have begun one each: the second one counts for nothing.
const SURPLUS: &str = r#"
import io, sys
sys.stdin = io.TextIOWrapper(io.BytesIO(b'{"trials": 3}\n'))
exec(open(sys.argv[1]).read().rsplit("\nmain()", 1)[0])
study = optuna.create_study()
study.add_trial(optuna.trial.create_trial(value=1.0))
study.add_trial(optuna.trial.create_trial(state=TrialState.FAIL, user_attrs={INTERRUPTED: True}))
begun = [study.ask() for _ in range(3)]
assert [is_surplus(study, trial) for trial in begun] == [False, False, True]
study.tell(begun[2], state=TrialState.FAIL)
study.optimize(objective(study), n_trials=1, catch=(Interrupted,))
assert len(finished(study.get_trials())) == 2, study.get_trials()
"#;

#[test]
fn a_trial_beyond_those_that_are_wanted_ends_at_once() {
    let Some(python) = python() else { return };
    let worker = concat!(env!("CARGO_MANIFEST_DIR"), "/../search/src/worker.py");
    let output = Command::new(python)
        .args(["-c", SURPLUS, worker])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}
