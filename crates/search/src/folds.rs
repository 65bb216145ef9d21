//! The forecasts of some folds of a run, joined or not.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use cli::WithHint;
use dataset::{ForecastTable, RunDir};

/// The forecasts of some folds, as their pieces have them; seeds are averaged.
///
/// # Errors
/// A fold without forecasts, files that are broken.
pub(crate) fn piece_table(run: &RunDir, folds: &[usize]) -> anyhow::Result<ForecastTable> {
    let mut by_seed: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for &fold in folds {
        let folder = run.fold(fold);
        let before = by_seed.values().map(Vec::len).sum::<usize>();
        collect(&folder, "", &mut by_seed)?;
        if by_seed.values().map(Vec::len).sum::<usize>() == before {
            let error = anyhow!("{} has no forecasts", folder.display());
            return Err(error.hint("remove it; the same command fits it again"));
        }
    }
    let of_seed = |paths: Vec<PathBuf>| ForecastTable::read_all(paths, run.path());
    let seeds = by_seed.into_values().map(of_seed);
    let seeds: Vec<ForecastTable> = seeds.collect::<Result<_, _>>()?;
    Ok(ForecastTable::average(seeds, run.path())?)
}

/// The forecasts of some folds of a run that is joined.
///
/// # Errors
/// A run that is not joined, a file that is broken.
pub(crate) fn joined_table(run: &RunDir, folds: &[usize]) -> anyhow::Result<ForecastTable> {
    let table = ForecastTable::read(&run.forecasts())?;
    Ok(table.filter(|row| folds.contains(&(row.fold as usize))))
}

/// Adds the forecast files of a folder: its own, else those of its refits and seeds.
fn collect(
    folder: &Path,
    seed: &str,
    by_seed: &mut BTreeMap<String, Vec<PathBuf>>,
) -> anyhow::Result<()> {
    let own = folder.join(RunDir::FORECASTS_FILE);
    if own.exists() {
        by_seed.entry(seed.to_owned()).or_default().push(own);
        return Ok(());
    }
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut folders: Vec<(Option<usize>, String, PathBuf)> = (entries.flatten())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let number = name
                .rsplit_once('-')
                .and_then(|(_, number)| number.parse().ok());
            (number, name, entry.path())
        })
        .collect();
    // Refits in order of time.
    folders.sort();
    for (_, name, path) in folders {
        if name.starts_with("seed-") {
            collect(&path, &name, by_seed)?;
        } else if name.starts_with("refit-") {
            collect(&path, seed, by_seed)?;
        }
    }
    Ok(())
}
