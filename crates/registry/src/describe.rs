//! From a run on disk to what the registry knows of it.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use cli::WithHint;
use dataset::{ForecastTable, Panel, RunConfig, RunDir};
use run::{Kinds, score_run};
use storage::content_hash;

use crate::files::hash_files;
use crate::{Change, Entry, ModelName, ModelVersion, NamedScore};

/// What a finished run is, as a version of a model.
///
/// # Errors
/// A folder that is no run, a run that is not finished, files that cannot be read.
pub fn describe(
    run: &Path,
    (name, version): (&ModelName, &ModelVersion),
    kinds: &Kinds,
    change: &Change,
) -> anyhow::Result<Entry> {
    let (table, config) = kinds.config(run, &[])?;
    let section: RunConfig = table.section("run")?;
    let kind = kinds.of(&table, run)?;
    let forecasts = run.join(RunDir::FORECASTS_FILE);
    if !forecasts.exists() {
        return Err(anyhow!(
            "{} has no {} yet: it is not finished",
            run.display(),
            RunDir::FORECASTS_FILE
        )
        .hint("the command that began it, with --resume where it has that, finishes it"));
    }
    let config_path = run.join(RunDir::CONFIG_FILE);
    let bytes = std::fs::read(&config_path)
        .with_context(|| format!("cannot read {}", config_path.display()))?;
    let seen = kinds.seen(run, (None, None))?;
    let others: Vec<PathBuf> = kind.parts(run)?;
    Ok(Entry {
        name: name.clone(),
        version: version.clone(),
        run: run.to_owned(),
        kind: kind.name().to_owned(),
        forecaster: section.forecaster.clone(),
        target: format!(
            "{} {}",
            config.target.init(config.data.interval).name(),
            config.target.horizon
        ),
        interval: config.data.interval.to_string(),
        universe: (config.universe.symbols.iter())
            .map(ToString::to_string)
            .collect(),
        config_sha256: content_hash(&bytes),
        data_sha256: Panel::of_closes(&config).ok().map(|panel| panel.digest()),
        code_version: section.version,
        training_span_ms: seen
            .from_ms
            .zip(seen.fitted_until_ms)
            .map(|(from, until)| [from, until]),
        scores: scores(run, &section.forecaster)?,
        scores_of: None,
        files: hash_files(run, &others)?,
        who: change.who.clone(),
        added_ms: change.time_ms,
        why: change.why.clone(),
        retraining: None,
    })
}

/// The scores of a run's first horizon that have intervals in reports.
fn scores(run: &Path, forecaster: &str) -> anyhow::Result<Vec<NamedScore>> {
    let table = ForecastTable::read(&run.join(RunDir::FORECASTS_FILE))?;
    let (metadata, parts) = table.into_inner();
    let first = parts.into_iter().next().context("a table has a part")?;
    let table = ForecastTable::new(metadata, vec![first], run)?;
    let scored = score_run((forecaster, &run.display().to_string()), table)?;
    let Some(score) = scored.report.forecasters.first() else {
        return Ok(Vec::new());
    };
    let with_interval = (score.metrics.iter()).filter(|(metric, _)| metric.interval.is_some());
    let named = with_interval.filter_map(|(metric, found)| {
        Some(NamedScore {
            metric: metric.name.to_owned(),
            value: found.value?,
            interval: found.interval,
        })
    });
    Ok(named.collect())
}
