//! The weights that a fit begins with where it goes on from the fit before.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use cli::WithHint;
use dataset::{Fold, ForecastTable, Origin, RunDir, format_time};
use model::read_metadata;
use run::Piece;

use crate::pieces::{WEIGHTS_FILE, model_file, piece_folder};

/// The weights of the fit before in `run`, which is the refit before or the last one of the fold
/// before; None for the first one.
///
/// All that a piece is fitted and stopped early on comes before what it scores itself, so weights
/// of a piece that is scored from no later a time know nothing of this fold's scored rows.
///
/// # Errors
/// A piece that is not there, or that is scored from a later time.
pub(crate) fn weights_before(run: &Path, piece: &Piece<'_>) -> anyhow::Result<Option<PathBuf>> {
    let (dataset, fold, seed) = (piece.dataset, piece.fold, piece.seed);
    let fits = dataset.plan.folds.iter().flat_map(Fold::fits);
    let Some(before) = fits.take_while(|fit| *fit != fold).last() else {
        return Ok(None);
    };
    let score_from_ms = dataset.panel.time_ms(fold.score.start);
    let piece = piece_folder(&RunDir::new(run.to_owned()), before, seed);
    let (weights, forecasts) = (piece.join(WEIGHTS_FILE), piece.join(RunDir::FORECASTS_FILE));
    if let Some(missing) = [&weights, &forecasts]
        .into_iter()
        .find(|path| !path.exists())
    {
        return Err(anyhow!(
            "{fold} is to go on from {before}, but {} is not there",
            missing.display()
        )
        .hint(format!(
            "train {before} seed {seed} of {} first",
            cli::quoted(run.display())
        )));
    }
    let first_ms = ForecastTable::read(&forecasts)?
        .rows()
        .next()
        .map_or(i64::MAX, |row| row.time_ms);
    if first_ms > score_from_ms {
        return Err(anyhow!(
            "{} is scored from {} on, {fold} from {}: it would begin with weights \
             that know its future",
            piece.display(),
            format_time(first_ms),
            format_time(score_from_ms)
        )
        .hint("--warm-start takes a run of the same folds"));
    }
    Ok(Some(weights))
}

/// The weights of a seed that the finished run in `run` released.
///
/// # Errors
/// A run without such weights, or one that has, or may have, seen what the piece scores.
pub(crate) fn released_weights(run: &Path, piece: &Piece<'_>) -> anyhow::Result<PathBuf> {
    let (fold, seed) = (piece.fold, piece.seed);
    let weights = model_file(&RunDir::new(run.to_owned()), seed);
    if !weights.exists() {
        return Err(anyhow!(
            "{fold} is to begin with {}, which is not there",
            weights.display()
        )
        .hint("training.begin_with names a finished run with as many seeds"));
    }
    let score_from_ms = piece.dataset.panel.time_ms(fold.score.start);
    let seen_until_ms =
        Origin::from_metadata(&read_metadata(&weights)?).map(|origin| origin.seen_until_ms);
    if seen_until_ms.is_none_or(|until_ms| until_ms > score_from_ms) {
        let until = seen_until_ms.map_or("a time that it does not say".to_owned(), format_time);
        return Err(anyhow!(
            "{} has seen all until {until}, {fold} is scored from {} on: it would begin with weights \
             that know its future",
            weights.display(),
            format_time(score_from_ms)
        )
        .hint("leave training.begin_with out"));
    }
    Ok(weights)
}
