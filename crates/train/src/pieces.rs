//! Where the pieces of a run are: one folder a fold and seed, one released model a seed.

use std::path::PathBuf;

use dataset::RunDir;

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
