//! Forecasts of a fold's training rows, each by a network that did not see the row's block: what a
//! volatility is published by.
//!
//! A block is a piece as any other, whose scored rows are those that are held out. Features are
//! normalized, and targets scaled, by the statistics of the whole fold.

use std::path::{Path, PathBuf};

use dataset::{Dataset, Fold, ForecastTable, RunDir};
use run::{OutOfBlock, Piece, Recipe, forecast_piece, training_blocks};

use crate::training::Training;

/// Trains a network for each block of a piece's training rows, beside the piece's own, and forecasts
/// the block. A block that is finished is left as it is; one around which no windows are left to
/// train on has no forecasts.
///
/// # Errors
/// As those of the piece's own training.
pub(crate) fn train_blocks(
    recipe: &dyn Recipe,
    training: &Training<'_>,
    resume: bool,
) -> anyhow::Result<()> {
    let piece = training.piece;
    let blocks = training_blocks(piece.dataset, piece.fold);
    for (block, number) in blocks.into_iter().zip(1..) {
        let dir = block_folder(&piece.dir, number);
        let file = dir.join(RunDir::FORECASTS_FILE);
        if file.exists() || !training.own.has_windows(&block.fitted, &block.held) {
            continue;
        }
        let fold = Fold {
            score: block.held,
            ..piece.fold.clone()
        };
        let held_out = Piece {
            fold: &fold,
            dir,
            // Its curves would have the names of the piece's own.
            tracker: None,
            ..piece.clone()
        };
        let of_block = Training {
            piece: &held_out,
            rows: &block.fitted,
            name: format!("{} block {number}", training.name),
            ..*training
        };
        of_block.train(resume)?;
        forecast_piece(recipe, &held_out)?.write(&file)?;
    }
    Ok(())
}

/// What the networks of all seeds of a fold, whose folders these are, made of its blocks on average,
/// at the horizon of `dataset`; None where not one block was forecast.
///
/// # Errors
/// Files that are broken, seeds with other rows.
pub(crate) fn out_of_block(
    seeds: &[PathBuf],
    dataset: &Dataset,
    origin: &Path,
) -> anyhow::Result<Option<OutOfBlock>> {
    let mut tables = Vec::with_capacity(seeds.len());
    for seed in seeds {
        let files = block_files(seed);
        if !files.is_empty() {
            tables.push(ForecastTable::read_all(files, origin)?);
        }
    }
    if tables.is_empty() {
        return Ok(None);
    }
    let mean = ForecastTable::average(tables, origin)?;
    let (symbols, horizon) = (dataset.panel.symbols(), dataset.config.target.horizon);
    let (mut rows, mut forecasts) = (Vec::new(), Vec::new());
    for row in mean.rows().filter(|row| row.key.horizon == horizon) {
        let coin = symbols.iter().position(|symbol| symbol == row.symbol);
        if let (Some(time), Some(coin)) = (dataset.panel.row_of(row.time_ms), coin) {
            rows.push((time, coin));
            forecasts.push(row.forecast);
        }
    }
    Ok(Some(OutOfBlock {
        rows,
        forecasts,
        is_corrected: true,
    }))
}

fn block_folder(piece: &Path, number: usize) -> PathBuf {
    piece.join(format!("block-{number}"))
}

/// The forecasts of the blocks that are there; a block in the middle may be missing.
fn block_files(piece: &Path) -> Vec<PathBuf> {
    let file = |number| block_folder(piece, number).join(RunDir::FORECASTS_FILE);
    (1..=run::BLOCKS)
        .map(file)
        .filter(|path| path.exists())
        .collect()
}
