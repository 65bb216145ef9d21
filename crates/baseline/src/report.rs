//! Joins the folds of a run, says what the trees use, and prints how good the forecasts are.

use std::fmt::Write;

use anyhow::{Context, bail};
use dataset::{
    Dataset, Dropped, Fit, ForecastRow, ForecastTable, RunDir, TabularFeatures, write_atomically,
};
use evaluate::{pearson, score_run};
use serde_json::json;
use tracking::Tracker;

use crate::Library;
use crate::config::{BaselineConfig, Protocol};
use crate::growing::Metrics;
use crate::importance;
use crate::saved::{FoldRecord, MARKET_FILE, MODEL_FILE, RECORD_FILE};

/// Which fold scored best, for those who ask for it by `predict --fold`.
const BEST_FILE: &str = "best-fold.json";

/// Whether every fold has its forecasts.
pub(crate) fn is_complete(run: &RunDir, dataset: &Dataset) -> bool {
    dataset
        .plan
        .folds
        .iter()
        .all(|fold| run.fold(fold.number).join(RunDir::FORECASTS_FILE).exists())
}

/// Writes the folds' open times, half-open: `[{"number", "train", "stop", "score"}]`.
pub(crate) fn write_folds(run: &RunDir, dataset: &Dataset) -> anyhow::Result<()> {
    let panel = &dataset.panel;
    let times =
        |range: &std::ops::Range<usize>| [panel.time_ms(range.start), panel.time_ms(range.end)];
    let folds: Vec<_> = dataset.plan.folds.iter().map(|fold| {
        json!({"number": fold.number, "train": times(&fold.train), "stop": times(&fold.stop), "score": times(&fold.score)})
    }).collect();
    let text = serde_json::to_string_pretty(&folds)? + "\n";
    Ok(write_atomically(
        &run.path().join("folds.json"),
        text.as_bytes(),
    )?)
}

/// Writes the run's forecasts, the model that `predict` loads and the importance of features, and
/// prints the table.
pub(crate) fn gather(
    run: &RunDir,
    config: &BaselineConfig,
    library: &'static Library,
    dataset: &Dataset,
    features: &TabularFeatures,
    tracker: Option<&Tracker>,
    json: bool,
) -> anyhow::Result<()> {
    let folds = &dataset.plan.folds;
    let files = folds
        .iter()
        .map(|fold| run.fold(fold.number).join(RunDir::FORECASTS_FILE));
    let table = ForecastTable::read_all(files, run.path())?;
    let records: Vec<FoldRecord> = folds
        .iter()
        .map(|fold| record(run, fold.number))
        .collect::<anyhow::Result<_>>()?;
    let last = folds.last().context("a run has folds")?.number;
    let files = model_files(config);
    for file in &files {
        run.copy(&run.fold(last).join(file), &run.path().join(file))?;
    }
    let best = write_best(run, &records)?;
    let (importance, top) = importance::write(run, library, dataset, features)?;
    table.write(&run.forecasts())?;

    let path = run.path().display().to_string();
    let (bar_ms, reach_bars) = (config.shared.data.interval.ms(), config.shared.reach_bars());
    let scored = score_run((&config.run.forecaster, &path), table, bar_ms, reach_bars)?;
    write_atomically(&run.report(), scored.html(Some(importance)).as_bytes())?;
    if let Some(tracker) = tracker {
        tracker.artifact(&run.report(), "");
        tracker.metrics(0, &scored.headline());
        for file in files
            .into_iter()
            .chain([BEST_FILE])
            .chain(importance::FILES)
        {
            tracker.artifact(&run.path().join(file), "");
        }
    }
    if json {
        cli::print(&(serde_json::to_string_pretty(&scored.report)? + "\n"))?;
        return Ok(());
    }
    let mut text = scored.report.table();
    let trees: Vec<String> = records.iter().map(FoldRecord::trees).collect();
    let of_parts = if config.shared.target.fit == Fit::Parts {
        " (of the coins' own parts + of the market's)"
    } else {
        ""
    };
    let stopped = match (config.lightgbm.patience, config.lightgbm.protocol) {
        (0, _) => "there was no early stopping",
        (_, Protocol::Honest) => "early stopping looked at the end of the training time",
        (_, Protocol::Seed) => {
            "early stopping looked at THE SCORED FOLD ITSELF, so the score is optimistic"
        }
    };
    writeln!(
        text,
        "\nTrees of each fold{of_parts}: {}; {stopped}.",
        trees.join(" ")
    )?;
    writeln!(text, "{top}")?;
    writeln!(text, "{}", dropped(dataset, &records))?;
    if config.shared.target.shuffle_seed.is_some() {
        writeln!(
            text,
            "The targets it was fitted to were shuffled by days: a control, expected at 0."
        )?;
    }
    if dataset.oracle.is_some() {
        writeln!(
            text,
            "{}",
            scored.simulated_line(|time_ms, symbol| dataset.expected(time_ms, symbol))
        )?;
    }
    cli::print(&text)?;
    cli::note(format!(
        "forecasts are in {}, charts in report.html beside them; `cargo run -p predict --release -- --run {}` forecasts with the last fold's model{best}",
        run.forecasts().display(),
        cli::quoted(&path)
    ));
    Ok(())
}

/// The files of a fold that `predict` loads.
fn model_files(config: &BaselineConfig) -> Vec<&'static str> {
    match config.shared.target.fit {
        Fit::Whole => vec![MODEL_FILE, RECORD_FILE],
        Fit::Parts => vec![MODEL_FILE, MARKET_FILE, RECORD_FILE],
    }
}

/// What a tracker is told of a fold: its curve by round, and its outcome by fold.
pub(crate) fn track_fold(tracker: &Tracker, record: &FoldRecord, curve: &[Metrics]) {
    for line in curve {
        let of_part = if line.part.is_whole() {
            String::new()
        } else {
            format!("{}-", line.part.name())
        };
        let name = |of: &str| format!("fold-{}/{of_part}{of}", record.fold);
        let (l2, score) = (name("l2"), name("score"));
        let values = [(l2.as_str(), line.l2), (score.as_str(), line.score)];
        let known: Vec<(&str, f64)> = values
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        tracker.metrics(line.iteration as u64, &known);
    }
    let pearson = record.scored_pearson.unwrap_or(f64::NAN);
    let outcome = [
        ("fold_pearson", pearson),
        ("fold_trees", record.best_iteration as f64),
        ("fold_secs", record.train_secs),
    ];
    tracker.metrics(record.fold as u64, &outcome);
}

fn record(run: &RunDir, fold: usize) -> anyhow::Result<FoldRecord> {
    let folder = run.fold(fold);
    match FoldRecord::read(&folder)? {
        Some(record) => Ok(record),
        None => bail!(
            "{} has forecasts but no {RECORD_FILE}\nhint: --retrain --fold {fold}",
            folder.display()
        ),
    }
}

/// Labels the fold that scored best, and says so.
fn write_best(run: &RunDir, records: &[FoldRecord]) -> anyhow::Result<String> {
    let scored = records
        .iter()
        .filter_map(|record| Some((record.fold, record.scored_pearson?)));
    let Some((fold, pearson)) = scored.max_by(|a, b| a.1.total_cmp(&b.1)) else {
        return Ok(String::new());
    };
    let label = json!({
        "fold": fold,
        "pearson": pearson,
        "model": format!("fold-{fold}/{MODEL_FILE}"),
        "note": "selected on its own test fold: the score says nothing about the future, and nothing uses this model \
                 unless it is asked for",
    });
    write_atomically(
        &run.path().join(BEST_FILE),
        (serde_json::to_string_pretty(&label)? + "\n").as_bytes(),
    )?;
    Ok(format!(
        " (the best on its own test fold, {fold}, only by --fold {fold})"
    ))
}

/// Pearson over all rows of a fold.
pub(crate) fn pooled_pearson(table: &ForecastTable) -> Option<f64> {
    let column =
        |value: fn(&ForecastRow) -> f64| table.rows().iter().map(value).collect::<Vec<f64>>();
    pearson(&column(|row| row.forecast), &column(|row| row.realized))
}

fn dropped(dataset: &Dataset, records: &[FoldRecord]) -> Dropped {
    let mut total = Dropped::default();
    for (fold, record) in dataset.plan.folds.iter().zip(records) {
        let std = record.target_std_of(dataset.panel.symbols());
        total += dataset.scored_windows(fold.score.clone(), &std).dropped;
    }
    total
}
