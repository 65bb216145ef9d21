//! An ensemble's forecasts of training rows, from those that its members made out of their blocks.

use std::path::{Path, PathBuf};

use dataset::{Dataset, Fold, ForecastTable, RunDir};
use run::{NamedTable, OutOfBlock, TRAINING_FILE, join};

use crate::offline::combined;
use crate::{Method, SavedWeights};

/// The ensemble's forecasts of a fold's training rows that all members have, by the weights of the
/// fold; None where a member has none, such as a network or a rule.
///
/// # Errors
/// Files that cannot be read, tables that do not fit together.
pub(crate) fn out_of_block(
    members: &[PathBuf],
    (saved, method): (&SavedWeights, Method),
    dataset: &Dataset,
    fold: &Fold,
) -> anyhow::Result<Option<OutOfBlock>> {
    let path = |member: &PathBuf| {
        RunDir::new(member.clone())
            .fold(fold.number)
            .join(TRAINING_FILE)
    };
    let paths: Vec<PathBuf> = members.iter().map(path).collect();
    if saved.rule.is_some() || !paths.iter().all(|path| path.exists()) {
        return Ok(None);
    }
    let read = |path: &PathBuf| ForecastTable::read(path);
    let tables: Vec<ForecastTable> = paths.iter().map(read).collect::<Result<_, _>>()?;
    let names: Vec<String> = members.iter().map(|member| name(member)).collect();
    let sources: Vec<NamedTable<'_>> = (names.iter().zip(&tables))
        .map(|(name, table)| NamedTable {
            name,
            run: None,
            table,
        })
        .collect();
    let joined = join(&sources)?;
    let rows = &joined.rows;
    let forecasts: Vec<&[f64]> = (joined.forecasters.iter())
        .map(|member| member.forecast.as_slice())
        .collect();
    let forecasts = combined(rows, &forecasts, &saved.folds, method)?;
    let symbols = dataset.panel.symbols();
    let coins: Vec<Option<usize>> = (rows.symbols.iter())
        .map(|name| symbols.iter().position(|symbol| symbol.as_str() == name))
        .collect();
    let cell = |place: usize| {
        let row = dataset.panel.row_of(rows.time_ms[place])?;
        Some((row, coins[rows.symbol[place] as usize]?))
    };
    let known = (0..rows.len()).filter_map(|place| Some((cell(place)?, forecasts[place])));
    let (rows, forecasts) = known.unzip();
    Ok(Some(OutOfBlock {
        rows,
        forecasts,
        is_corrected: true,
    }))
}

fn name(member: &Path) -> String {
    member.display().to_string()
}
