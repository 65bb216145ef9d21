//! Which of a fold's refits forecasts a time.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use dataset::{Fold, Panel, RunDir};
use serde::{Deserialize, Serialize};
use storage::write_atomically;

/// The refits of a fold, in the fold's folder.
const REFITS_FILE: &str = "refits.json";

/// A fit on disk: the open times of its rows, UTC ms, half-open.
#[derive(Debug, Serialize, Deserialize)]
struct FitTimes {
    /// 1-based number, of the fold in the run or of the refit in the fold.
    number: usize,
    score: [i64; 2],
    stop: [i64; 2],
    train: [i64; 2],
}

impl FitTimes {
    fn of(panel: &Panel, fit: &Fold) -> Self {
        let times =
            |range: &std::ops::Range<usize>| [panel.time_ms(range.start), panel.time_ms(range.end)];
        Self {
            number: fit.refit.unwrap_or(fit.number),
            score: times(&fit.score),
            stop: times(&fit.stop),
            train: times(&fit.train),
        }
    }
}

/// Writes the times of some folds or refits, `[{"number", "score", "stop", "train"}]`.
///
/// # Errors
/// What the system says.
pub fn write_fit_times(path: &Path, panel: &Panel, fits: &[Fold]) -> anyhow::Result<()> {
    let times: Vec<FitTimes> = fits.iter().map(|fit| FitTimes::of(panel, fit)).collect();
    let text = serde_json::to_string_pretty(&times)? + "\n";
    Ok(write_atomically(path, text.as_bytes())?)
}

/// Says in the folder of a fold which times its refits are for; nothing where there are none.
pub(crate) fn write_refits(run: &RunDir, panel: &Panel, fits: &[Fold]) -> anyhow::Result<()> {
    match fits.first() {
        Some(first) if first.refit.is_some() => {
            let path = run.fold(first.number).join(REFITS_FILE);
            write_fit_times(&path, panel, fits)
        }
        _ => Ok(()),
    }
}

/// The folder of a run's model: the run's own files, which are those of its last fit; those of the
/// fold asked for; or, where it has refits, of the refit that forecasts `at_ms` (the last one
/// without a time, or after all).
///
/// # Errors
/// A list of refits that cannot be read.
pub fn model_folder(
    run: &Path,
    fold: Option<usize>,
    at_ms: Option<i64>,
) -> anyhow::Result<PathBuf> {
    let Some(fold) = fold else {
        return Ok(run.to_owned());
    };
    let folder = RunDir::new(run.to_owned()).fold(fold);
    let path = folder.join(REFITS_FILE);
    if !path.exists() {
        return Ok(folder);
    }
    let text = fs::read_to_string(&path);
    let text = text.with_context(|| format!("cannot read {}", path.display()))?;
    let refits: Vec<FitTimes> = serde_json::from_str(&text)
        .with_context(|| format!("{}: not a list of refits", path.display()))?;
    let is_begun = |refit: &&FitTimes| at_ms.is_none_or(|at_ms| refit.score[0] <= at_ms);
    let found = refits.iter().rev().find(is_begun).or(refits.first());
    let refit = found.with_context(|| format!("{} names no refit", path.display()))?;
    Ok(folder.join(format!("refit-{}", refit.number)))
}
