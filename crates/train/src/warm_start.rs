//! The weights that a fold begins with where it goes on from the fold before.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use dataset::{Normalizer, RunDir};

use crate::pieces::piece_folder;
use crate::training::WEIGHTS_FILE;

/// The weights of the fold before in `run`, for a fold whose statistics are `normalizer`; None for fold 1.
///
/// # Errors
/// A fold that is not there, or one that was trained on anything later than this fold's own training time.
pub(crate) fn weights_before(run: &Path, normalizer: &Normalizer, seed: u64) -> anyhow::Result<Option<PathBuf>> {
    let Some(before) = normalizer.fold.checked_sub(1).filter(|&fold| fold > 0) else { return Ok(None) };
    let run = RunDir::new(run.to_owned());
    let weights = piece_folder(&run, before, seed).join(WEIGHTS_FILE);
    if !weights.exists() {
        bail!(
            "fold {} is to go on from fold {before}, but {} is not there\n\
             hint: train fold {before} seed {seed} of {} first",
            normalizer.fold,
            weights.display(),
            run.path().display()
        );
    }
    let stats = run.fold(before).join(RunDir::STATS_FILE);
    let text = std::fs::read_to_string(&stats).with_context(|| format!("cannot read {}", stats.display()))?;
    let of_before = Normalizer::from_json(&text, &stats)?;
    if of_before.fit_until_ms > normalizer.fit_until_ms {
        bail!(
            "{} was trained until {}, fold {} only until {}: it would begin with weights that know its future\n\
             hint: --warm-start takes a run of the same folds",
            weights.display(),
            dataset::format_time(of_before.fit_until_ms),
            normalizer.fold,
            dataset::format_time(normalizer.fit_until_ms)
        );
    }
    Ok(Some(weights))
}
