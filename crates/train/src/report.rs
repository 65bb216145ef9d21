//! Joins the pieces of a run and prints how good the forecasts are.

use std::fmt::Write;
use std::fs;

use anyhow::{Context, bail};
use dataset::{Dataset, Dropped, Fold, ForecastTable, Normalizer, RunDir, write_atomically};
use evaluate::{ScoredRun, pearson, score_run};
use tracking::Tracker;

use crate::config::TrainConfig;
use crate::pieces::{model_file, piece_folder};
use crate::training::WEIGHTS_FILE;

/// Whether every seed of these folds has its forecasts.
pub fn is_complete(run: &RunDir, config: &TrainConfig, folds: &[&Fold]) -> bool {
    missing(run, config, folds).is_empty()
}

fn missing(run: &RunDir, config: &TrainConfig, folds: &[&Fold]) -> Vec<String> {
    let pieces = folds
        .iter()
        .flat_map(|fold| (1..=config.training.seeds).map(|seed| (fold.number, seed)));
    pieces
        .filter(|&(fold, seed)| {
            !piece_folder(run, fold, seed)
                .join(RunDir::FORECASTS_FILE)
                .exists()
        })
        .map(|(fold, seed)| format!("fold {fold} seed {seed}"))
        .collect()
}

/// Writes the forecasts of these folds, which must be there, and prints the table. Model and
/// statistics are published once all folds are among them.
pub fn gather(
    run: &RunDir,
    config: &TrainConfig,
    dataset: &Dataset,
    folds: &[&Fold],
    tracker: Option<&Tracker>,
    json: bool,
) -> anyhow::Result<()> {
    let missing = missing(run, config, folds);
    if !missing.is_empty() {
        bail!(
            "{}: no forecasts yet of {}\nhint: train them with --fold K --seed S, or all with --resume",
            run.path().display(),
            missing.join(", ")
        );
    }
    let seeds: Vec<ForecastTable> = (1..=config.training.seeds)
        .map(|seed| {
            let files = folds
                .iter()
                .map(|fold| piece_folder(run, fold.number, seed).join(RunDir::FORECASTS_FILE));
            Ok(ForecastTable::read_all(files, run.path())?)
        })
        .collect::<anyhow::Result<_>>()?;
    let table = ForecastTable::average(&seeds, run.path())?;
    let is_whole = folds.len() == dataset.plan.folds.len();
    if is_whole {
        publish(run, config, dataset)?;
    }
    table.write(&run.forecasts())?;

    let path = run.path().display().to_string();
    let (bar_ms, reach_bars) = (config.shared.data.interval.ms(), config.shared.reach_bars());
    let scored = score_run((&config.run.forecaster, &path), table, bar_ms, reach_bars)?;
    write_atomically(&run.report(), scored.html(None).as_bytes())?;
    if let Some(tracker) = tracker {
        track(tracker, run, config, &scored);
    }
    if json {
        cli::print(&(serde_json::to_string_pretty(&scored.report)? + "\n"))?;
        return Ok(());
    }
    let mut text = scored.report.table();
    writeln!(text, "\n{}", seeds_line(&seeds))?;
    writeln!(text, "{}", dropped(run, dataset, folds)?)?;
    if dataset.oracle.is_some() {
        writeln!(
            text,
            "{}",
            scored.simulated_line(|time_ms, symbol| dataset.expected(time_ms, symbol))
        )?;
    }
    cli::print(&text)?;
    let next = match is_whole {
        true => format!(
            "`cargo run -p predict --release -- --run {}` forecasts",
            cli::quoted(&path)
        ),
        false => format!("of {} of {} folds", folds.len(), dataset.plan.folds.len()),
    };
    cli::note(format!(
        "forecasts are in {}, charts in report.html beside them; {next}",
        run.forecasts().display()
    ));
    Ok(())
}

/// What a tracker is told of the whole run.
fn track(tracker: &Tracker, run: &RunDir, config: &TrainConfig, scored: &ScoredRun) {
    tracker.metrics(0, &scored.headline());
    let report = &scored.report;
    for (&fold, score) in report.fold_numbers.iter().zip(&report.forecasters[0].folds) {
        tracker.metrics(
            u64::from(fold),
            &[("fold_pearson", score.unwrap_or(f64::NAN))],
        );
    }
    tracker.artifact(&run.report(), "");
    tracker.artifact(&run.path().join(RunDir::STATS_FILE), "");
    for seed in 1..=config.training.seeds {
        tracker.artifact(&model_file(run, seed), "");
    }
}

/// What `predict` loads: the last fold's weights and statistics.
fn publish(run: &RunDir, config: &TrainConfig, dataset: &Dataset) -> anyhow::Result<()> {
    let last = dataset.plan.folds.last().context("a run has folds")?.number;
    for seed in 1..=config.training.seeds {
        run.copy(
            &piece_folder(run, last, seed).join(WEIGHTS_FILE),
            &model_file(run, seed),
        )?;
    }
    let stats = run.fold(last).join(RunDir::STATS_FILE);
    run.copy(&stats, &run.path().join(RunDir::STATS_FILE))?;
    match run.published_stats() {
        Some(path) => Ok(run.copy(&stats, &path)?),
        None => Ok(()),
    }
}

/// Mean over folds of the pooled Pearson, of one seed alone.
fn mean_pearson(table: &ForecastTable) -> Option<f64> {
    let folds: Vec<f64> = table
        .rows()
        .chunk_by(|a, b| a.fold == b.fold)
        .filter_map(|rows| {
            let column = |value: fn(&dataset::ForecastRow) -> f64| {
                rows.iter().map(value).collect::<Vec<f64>>()
            };
            pearson(&column(|row| row.forecast), &column(|row| row.realized))
        })
        .collect();
    (!folds.is_empty()).then(|| folds.iter().sum::<f64>() / folds.len() as f64)
}

fn seeds_line(seeds: &[ForecastTable]) -> String {
    let scores: Vec<Option<f64>> = seeds.iter().map(mean_pearson).collect();
    let texts: Vec<String> = scores
        .iter()
        .map(|score| score.map_or("-".to_owned(), |s| format!("{s:+.4}")))
        .collect();
    let known: Vec<f64> = scores.into_iter().flatten().collect();
    let spread = known.iter().copied().fold(f64::MIN, f64::max)
        - known.iter().copied().fold(f64::MAX, f64::min);
    match seeds.len() {
        1 => "Seeds: 1; --set training.seeds=N averages several and shows their spread.".to_owned(),
        n => format!(
            "Seeds: {n}, averaged above; each alone has Pearson {} (spread {spread:.4}).",
            texts.join(" ")
        ),
    }
}

fn dropped(run: &RunDir, dataset: &Dataset, folds: &[&Fold]) -> anyhow::Result<Dropped> {
    let mut total = Dropped::default();
    for fold in folds {
        let path = run.fold(fold.number).join(RunDir::STATS_FILE);
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let normalizer = Normalizer::from_json(&text, &path)?;
        total += dataset
            .scored_windows(fold.score.clone(), &normalizer.target_std())
            .dropped;
    }
    Ok(total)
}
