//! Joins the pieces of a run and prints how good the forecasts are.

use std::fmt::Write;
use std::fs;

use anyhow::{Context, bail};
use dataset::{Dataset, Dropped, ForecastTable, Normalizer};
use evaluate::{Options, Rows, Source, controls_of, join, pearson, score};

use crate::config::TrainConfig;
use crate::run_dir::{FORECASTS_FILE, RunDir, STATS_FILE};
use crate::training::WEIGHTS_FILE;

/// Whether every fold and seed has its forecasts.
pub fn is_complete(run: &RunDir, config: &TrainConfig, dataset: &Dataset) -> bool {
    missing(run, config, dataset).is_empty()
}

fn missing(run: &RunDir, config: &TrainConfig, dataset: &Dataset) -> Vec<String> {
    let pieces = dataset.plan.folds.iter().flat_map(|fold| (1..=config.training.seeds).map(|seed| (fold.number, seed)));
    pieces
        .filter(|&(fold, seed)| !run.piece(fold, seed).join(FORECASTS_FILE).exists())
        .map(|(fold, seed)| format!("fold {fold} seed {seed}"))
        .collect()
}

/// Writes the run's forecasts, model and statistics, and prints the table.
pub fn gather(run: &RunDir, config: &TrainConfig, dataset: &Dataset, json: bool) -> anyhow::Result<()> {
    let missing = missing(run, config, dataset);
    if !missing.is_empty() {
        bail!(
            "{}: no forecasts yet of {}\nhint: train them with --fold K --seed S, or all with --resume",
            run.path().display(),
            missing.join(", ")
        );
    }
    let seeds: Vec<ForecastTable> = (1..=config.training.seeds)
        .map(|seed| {
            let folds = dataset.plan.folds.iter();
            let tables = folds.map(|fold| ForecastTable::read(&run.piece(fold.number, seed).join(FORECASTS_FILE)));
            Ok(ForecastTable::concat(tables.collect::<Result<_, _>>()?, run.path())?)
        })
        .collect::<anyhow::Result<_>>()?;
    let table = ForecastTable::average(&seeds, run.path())?;
    publish(run, config, dataset)?;
    table.write(&run.forecasts())?;

    let path = run.path().display().to_string();
    let (bar_ms, reach_bars) = (config.shared.data.interval.ms(), config.shared.target.reach_bars());
    let joined = join(&[Source { name: "network", run: Some(&path), table: &table }], bar_ms, reach_bars)?;
    let mut forecasters = joined.forecasters;
    let controls = controls_of(&joined.rows, &forecasters[0], Options::default().seed);
    forecasters.extend(controls);
    let report = score(&joined.rows, &forecasters, &Options::default())?;
    if json {
        cli::print(&(serde_json::to_string_pretty(&report)? + "\n"))?;
        return Ok(());
    }
    let mut text = report.table();
    writeln!(text, "\n{}", seeds_line(&seeds))?;
    writeln!(text, "{}", dropped_line(&dropped(run, dataset)?))?;
    if let Some(oracle) = &dataset.oracle {
        writeln!(text, "{}", simulated_line(dataset, oracle, &joined.rows))?;
    }
    cli::print(&text)?;
    cli::note(format!(
        "forecasts are in {}; `cargo run -p predict --release -- --run {path}` forecasts",
        run.forecasts().display()
    ));
    Ok(())
}

/// What `predict` loads: the last fold's weights and statistics.
fn publish(run: &RunDir, config: &TrainConfig, dataset: &Dataset) -> anyhow::Result<()> {
    let last = dataset.plan.folds.last().context("a run has folds")?.number;
    for seed in 1..=config.training.seeds {
        run.copy(&run.piece(last, seed).join(WEIGHTS_FILE), &run.model(seed))?;
    }
    let stats = run.fold(last).join(STATS_FILE);
    run.copy(&stats, &run.path().join(STATS_FILE))?;
    match run.published_stats() {
        Some(path) => run.copy(&stats, &path),
        None => Ok(()),
    }
}

/// Mean over folds of the pooled Pearson, of one seed alone.
fn mean_pearson(table: &ForecastTable) -> Option<f64> {
    let folds: Vec<f64> = table
        .rows()
        .chunk_by(|a, b| a.fold == b.fold)
        .filter_map(|rows| {
            let column = |value: fn(&dataset::ForecastRow) -> f64| rows.iter().map(value).collect::<Vec<f64>>();
            pearson(&column(|row| row.forecast), &column(|row| row.realized))
        })
        .collect();
    (!folds.is_empty()).then(|| folds.iter().sum::<f64>() / folds.len() as f64)
}

fn seeds_line(seeds: &[ForecastTable]) -> String {
    let scores: Vec<Option<f64>> = seeds.iter().map(mean_pearson).collect();
    let texts: Vec<String> = scores.iter().map(|score| score.map_or("-".to_owned(), |s| format!("{s:+.4}"))).collect();
    let known: Vec<f64> = scores.into_iter().flatten().collect();
    let spread = known.iter().copied().fold(f64::MIN, f64::max) - known.iter().copied().fold(f64::MAX, f64::min);
    match seeds.len() {
        1 => "Seeds: 1; --set training.seeds=N averages several and shows their spread.".to_owned(),
        n => format!("Seeds: {n}, averaged above; each alone has Pearson {} (spread {spread:.4}).", texts.join(" ")),
    }
}

fn dropped(run: &RunDir, dataset: &Dataset) -> anyhow::Result<Dropped> {
    let mut total = Dropped::default();
    for fold in &dataset.plan.folds {
        let path = run.fold(fold.number).join(STATS_FILE);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let normalizer = Normalizer::from_json(&text, &path)?;
        total += dataset.windows(&dataset.targets, fold.score.clone(), 1, &normalizer.target_std()).dropped;
    }
    Ok(total)
}

fn dropped_line(dropped: &Dropped) -> String {
    format!(
        "Of {} (time, coin) pairs {} are scored; left out: {} without an observed candle at t or at the target's end, {} of \
         coins without training rows, {} with too many filled minutes in the window.",
        dropped.asked,
        dropped.kept(),
        dropped.no_target,
        dropped.unknown_coin,
        dropped.bad_window
    )
}

fn simulated_line(dataset: &Dataset, oracle: &[f64], rows: &Rows) -> String {
    let coins = dataset.panel.coins();
    let coin_of = |name: &str| dataset.panel.symbols().iter().position(|symbol| symbol.as_str() == name);
    let best: Vec<f64> = rows
        .fold
        .chunk_by(|a, b| a == b)
        .scan(0, |start, chunk| {
            *start += chunk.len();
            Some(*start - chunk.len()..*start)
        })
        .filter_map(|range| {
            let expected = range.clone().filter_map(|i| {
                let row = dataset.panel.row_of(rows.time_ms[i])?;
                Some(oracle[row * coins + coin_of(&rows.symbols[rows.symbol[i] as usize])?])
            });
            pearson(&expected.collect::<Vec<f64>>(), &rows.realized[range])
        })
        .collect();
    format!(
        "The market is simulated, with a planted predictable part: the best possible Pearson on these rows is {:+.4}, \
         that of the true conditional expectation. It says nothing about real markets.",
        best.iter().sum::<f64>() / best.len().max(1) as f64
    )
}
