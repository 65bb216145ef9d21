//! Where the pieces of a run are: one folder a fit and seed, one released model a seed.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use cli::{WithHint, quoted};
use dataset::{Fold, RunDir};

/// The weights that training ended with: what scoring and `predict --fold` load.
pub(crate) const WEIGHTS_FILE: &str = "weights.safetensors";

/// The folder of one fold or refit and a seed.
pub(crate) fn piece_folder(run: &RunDir, fold: &Fold, seed: u64) -> PathBuf {
    seed_folder(&run.fit(fold), seed)
}

fn seed_folder(fit: &Path, seed: u64) -> PathBuf {
    fit.join(format!("seed-{seed}"))
}

/// Where released models are: the first seed's is `model.safetensors`.
pub(crate) fn model_file(run: &RunDir, seed: u64) -> PathBuf {
    run.path().join(if seed == 1 {
        "model.safetensors".to_owned()
    } else {
        format!("model-seed-{seed}.safetensors")
    })
}

/// The weights that the run in `path` released, one file a seed.
pub(crate) fn released(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let run = RunDir::new(path.to_owned());
    let weights = first_files(|seed| model_file(&run, seed));
    if weights.is_empty() {
        return Err(
            anyhow!("{} has no model.safetensors yet", path.display()).hint(format!(
                "`quarterhour train --resume --run {}` finishes the run",
                quoted(path.display())
            )),
        );
    }
    Ok(weights)
}

/// The weights of a fold of the run in `path`, or of a refit of it, one file a seed; `folder` is
/// where they are.
pub(crate) fn of_fit(path: &Path, fold: usize, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let weights = first_files(|seed| seed_folder(folder, seed).join(WEIGHTS_FILE));
    if weights.is_empty() {
        return Err(
            anyhow!("{} has no weights of fold {fold}", path.display()).hint(format!(
                "ls {} shows the folds there are",
                quoted(path.display())
            )),
        );
    }
    Ok(weights)
}

/// The files of seeds 1, 2 ... until one is not there.
fn first_files(of_seed: impl Fn(u64) -> PathBuf) -> Vec<PathBuf> {
    (1..)
        .map(of_seed)
        .take_while(|path| path.exists())
        .collect()
}
