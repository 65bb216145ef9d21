//! Where the pieces of a run are: one folder a fold and seed, one released model a seed.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use cli::{WithHint, quoted};
use dataset::RunDir;

use crate::training::WEIGHTS_FILE;

/// The folder of one fold and seed.
pub(crate) fn piece_folder(run: &RunDir, fold: usize, seed: u64) -> PathBuf {
    run.fold(fold).join(format!("seed-{seed}"))
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
                "`cargo run -p train --release -- --resume --run {}` finishes the run",
                quoted(path.display())
            )),
        );
    }
    Ok(weights)
}

/// The weights of one fold of the run in `path`, one file a seed.
pub(crate) fn of_fold(path: &Path, fold: usize) -> anyhow::Result<Vec<PathBuf>> {
    let run = RunDir::new(path.to_owned());
    let weights = first_files(|seed| piece_folder(&run, fold, seed).join(WEIGHTS_FILE));
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
