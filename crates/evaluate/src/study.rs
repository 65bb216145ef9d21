//! What a command adds to the log of its study's trials.

use std::path::Path;

use run::{TrialLine, add_trials, study_trials, trials_path};

/// Adds the trials that the study of a run does not have yet, and returns all that it has then. Where the log
/// cannot be added to, as on a disk that is read-only, a warning says so, and they are counted all the same.
///
/// # Errors
/// A log that cannot be read.
pub(crate) fn log_trials(run: &Path, trials: &[TrialLine]) -> anyhow::Result<Vec<TrialLine>> {
    let reason = match add_trials(run, trials) {
        Ok(known) => return Ok(known),
        Err(error) => format!("{error:#}"),
    };
    let mut known = study_trials(run)?;
    cli::warn(format!(
        "these trials are not in {}, and later ones will not count them: {reason}",
        trials_path(run).display()
    ));
    for trial in trials {
        if known.iter().all(|other| other.setting != trial.setting) {
            known.push(trial.clone());
        }
    }
    Ok(known)
}
