//! The weights that a fold begins with where it goes on from the fold before.

use std::path::{Path, PathBuf};

use anyhow::bail;
use dataset::{ForecastTable, RunDir, format_time};

use crate::pieces::piece_folder;
use crate::training::WEIGHTS_FILE;

/// The weights of the fold before in `run`, for a fold that is scored from `score_from_ms` (UTC)
/// on; None for fold 1.
///
/// All that a piece is fitted and stopped early on comes before what it scores itself, so weights
/// of a piece that is scored from no later a time know nothing of this fold's scored rows.
///
/// # Errors
/// A piece that is not there, or that is scored from a later time.
pub(crate) fn weights_before(
    run: &Path,
    fold: usize,
    seed: u64,
    score_from_ms: i64,
) -> anyhow::Result<Option<PathBuf>> {
    let Some(before) = fold.checked_sub(1).filter(|&before| before > 0) else {
        return Ok(None);
    };
    let piece = piece_folder(&RunDir::new(run.to_owned()), before, seed);
    let (weights, forecasts) = (piece.join(WEIGHTS_FILE), piece.join(RunDir::FORECASTS_FILE));
    if let Some(missing) = [&weights, &forecasts]
        .into_iter()
        .find(|path| !path.exists())
    {
        bail!(
            "fold {fold} is to go on from fold {before}, but {} is not there\n\
             hint: train fold {before} seed {seed} of {} first",
            missing.display(),
            cli::quoted(run.display())
        );
    }
    let first_ms = ForecastTable::read(&forecasts)?
        .rows()
        .next()
        .map_or(i64::MAX, |row| row.time_ms);
    if first_ms > score_from_ms {
        bail!(
            "{} is scored from {} on, fold {fold} from {}: it would begin with weights that know its future\n\
             hint: --warm-start takes a run of the same folds",
            piece.display(),
            format_time(first_ms),
            format_time(score_from_ms)
        );
    }
    Ok(Some(weights))
}
