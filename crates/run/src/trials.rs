//! The log of a study's trials: `trials.jsonl` in the folder that the runs are in.
//!
//! A Sharpe ratio that is the best of many tried ones is high by luck. So every command that
//! computes some adds them here, once for each distinct setting, and deflates by all of them. A search
//! adds its trials too, which count though they have no Sharpe ratio.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a search was begun with beside its config, in its folder.
pub const SEARCH_FILE: &str = "search.json";

/// One setting that was tried, as a line of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialLine {
    /// All that makes it another trial: command, run, folds, fee and so on.
    pub setting: Value,
    /// UTC days of the trial; None where no money is scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<usize>,
    /// Sharpe ratio of a day after costs; None where no money is scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_sharpe: Option<f64>,
    /// Of a trial of a search: how it ended, and its score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
}

impl TrialLine {
    /// Returns true for a trial of this command.
    pub fn is_of(&self, command: &str) -> bool {
        self.setting["command"] == command
    }
}

/// The trials that the log of a run's study has; none where there is no log.
///
/// # Errors
/// A log that cannot be read.
pub fn study_trials(run: &Path) -> anyhow::Result<Vec<TrialLine>> {
    let path = trials_path(run);
    Ok(parsed(&text(&path)?, &path))
}

/// Adds the trials whose settings the log beside `run` does not have, and returns all that it has
/// then. Lines are only ever added.
///
/// # Errors
/// A log that cannot be read or added to.
pub fn add_trials(run: &Path, trials: &[TrialLine]) -> anyhow::Result<Vec<TrialLine>> {
    let path = trials_path(run);
    storage::check_output(&path)?;
    // Workers add at the same time: what one compares with is what it adds to.
    let _lock = cli::wait_for(&path.with_extension("lock"))?;
    let text = text(&path)?;
    let mut known = parsed(&text, &path);
    // A line that a kill cut short is ended here.
    let mut added = if text.is_empty() || text.ends_with('\n') {
        String::new()
    } else {
        "\n".to_owned()
    };
    for trial in trials {
        if known.iter().all(|other| other.setting != trial.setting) {
            added += &(serde_json::to_string(trial)? + "\n");
            known.push(trial.clone());
        }
    }
    if !added.trim().is_empty() {
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let written = file.and_then(|mut file| {
            file.write_all(added.as_bytes())?;
            file.sync_all()
        });
        written.with_context(|| format!("cannot add to {}", path.display()))?;
    }
    Ok(known)
}

/// The log of the study that a run belongs to: in the folder that the run is in; of the runs of a search, in
/// the folder that the search is in.
pub fn trials_path(run: &Path) -> PathBuf {
    let absolute = std::path::absolute(run).unwrap_or_else(|_| run.to_owned());
    // A trial of a search lies in its folder `trials`.
    let is_search = |folder: &&Path| folder.join(SEARCH_FILE).exists();
    let search = absolute.ancestors().skip(1).take(2).find(is_search);
    let study = search.unwrap_or(&absolute).parent();
    study.unwrap_or(run).join("trials.jsonl")
}

fn text(path: &Path) -> anyhow::Result<String> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// The trials of a log; a line that is none is warned of.
fn parsed(text: &str, path: &Path) -> Vec<TrialLine> {
    let lines = (1..).zip(text.lines());
    let trial = |(number, line): (usize, &str)| match serde_json::from_str(line) {
        Ok(trial) => Some(trial),
        Err(error) => {
            cli::warn(format!(
                "{}, line {number}: found no trial ({error}), so it is not counted; take the line out",
                path.display()
            ));
            None
        }
    };
    lines
        .filter(|(_, line)| !line.is_empty())
        .filter_map(trial)
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use serde_json::json;

    fn trial(fee: f64, daily_sharpe: f64) -> TrialLine {
        TrialLine {
            setting: json!({ "command": "portfolio", "fee_bps": fee }),
            days: Some(30),
            daily_sharpe: Some(daily_sharpe),
            result: None,
        }
    }

    #[test]
    fn a_setting_is_logged_once() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("run");
        let first = add_trials(&run, &[trial(0.5, 0.1), trial(1.0, 0.2), trial(0.5, 0.1)]).unwrap();
        assert_eq!(first, [trial(0.5, 0.1), trial(1.0, 0.2)]);
        let second = add_trials(&run, &[trial(1.0, 0.2), trial(2.0, 0.3)]).unwrap();
        assert_eq!(second.len(), 3);
        let text = std::fs::read_to_string(dir.path().join("trials.jsonl")).unwrap();
        assert_eq!(text.lines().count(), 3);
    }

    #[test]
    fn workers_at_the_same_time_log_a_setting_once() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("run");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for number in 0..10 {
                        add_trials(&run, &[trial(f64::from(number), 0.1)]).unwrap();
                    }
                });
            }
        });
        let text = std::fs::read_to_string(dir.path().join("trials.jsonl")).unwrap();
        assert_eq!(text.lines().count(), 10, "{text}");
    }

    #[test]
    fn a_line_that_was_cut_short_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (run, log) = (dir.path().join("run"), dir.path().join("trials.jsonl"));
        std::fs::write(&log, "{\"setting\":{\"com").unwrap();
        assert_eq!(add_trials(&run, &[trial(1.0, 0.2)]).unwrap().len(), 1);
        assert_eq!(add_trials(&run, &[trial(1.0, 0.2)]).unwrap().len(), 1);
        let text = std::fs::read_to_string(&log).unwrap();
        assert!(text.starts_with("{\"setting\":{\"com\n{"), "{text}");
    }

    #[test]
    fn runs_of_a_search_belong_to_the_study_of_its_folder() {
        let dir = tempfile::tempdir().unwrap();
        let search = dir.path().join("search");
        std::fs::create_dir_all(&search).unwrap();
        std::fs::write(search.join(SEARCH_FILE), "{}").unwrap();
        let log = dir.path().join("trials.jsonl");
        let runs = [
            "other",
            "search",
            "search/base",
            "search/trials/0123456789ab",
        ];
        for run in runs {
            assert_eq!(trials_path(&dir.path().join(run)), log, "{run}");
        }
        add_trials(&search, &[trial(1.0, 0.2)]).unwrap();
        assert_eq!(study_trials(&search.join("trials/a")).unwrap().len(), 1);
        assert!(study_trials(&dir.path().join("a/b")).unwrap().is_empty());
    }
}
