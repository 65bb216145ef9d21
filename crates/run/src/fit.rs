//! The one way from a recipe to a scored run.

use std::sync::atomic::AtomicBool;

use anyhow::anyhow;
use cli::{ConfigTable, WithHint};
use dataset::{Dataset, DropCounts, Fold, ForecastTable, FurtherPanel, RunDir, format_time};
use statistics::pearson;
use tracking::Tracker;

use crate::forecast_piece::forecast_piece;
use crate::refits::write_refits;
use crate::scored_run::ScoredRun;
use crate::{Appendix, FinishedRun, Piece, Recipe, with_intervals, with_publication};

/// Held by the process that fits a piece.
const LOCK_FILE: &str = "lock";

/// Said of a piece that another process fits.
pub(crate) const BEING_TRAINED: &str = "is being trained by";

/// Said of a control.
const SHUFFLED_LINE: &str =
    "The targets it was fitted to were shuffled by days: a control, expected at 0.";

/// Which pieces are fitted, and how the outcome is shown.
#[derive(Debug)]
pub struct FitOptions<'a> {
    /// The folds that this process fits.
    pub folds: Vec<&'a Fold>,
    /// The seeds that this process fits.
    pub seeds: Vec<u64>,
    /// Whether pieces that are finished are fitted anew.
    pub again: bool,
    /// What is made of the finished run beside its forecasts.
    pub report: RunReport,
}

/// What is made of a finished run beside its forecasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunReport {
    /// Scores as tables on stdout, report.html and card.md.
    Tables,
    /// The same with one JSON object on stdout.
    Json,
    /// Nothing: `evaluate` scores the run whenever it is asked to.
    Nothing,
}

impl RunReport {
    /// Scores as one JSON object, or as tables.
    pub fn scores(json: bool) -> Self {
        match json {
            true => Self::Json,
            false => Self::Tables,
        }
    }
}

/// The folds with these numbers.
///
/// # Errors
/// A number that is no fold; `flag` is how it was asked for.
pub fn folds_named<'a>(
    dataset: &'a Dataset,
    numbers: &[usize],
    flag: &str,
) -> anyhow::Result<Vec<&'a Fold>> {
    let all = &dataset.plan.folds;
    let find = |&number: &usize| {
        all.get(number.wrapping_sub(1)).ok_or_else(|| {
            cli::usage(
                anyhow!("{flag} {number}: expected a fold from 1 to {}", all.len())
                    .hint(format!("without {flag} all are trained")),
            )
        })
    };
    numbers.iter().map(find).collect()
}

/// The config that the run began with, if it has begun.
///
/// # Errors
/// A run.toml that cannot be read.
pub fn stored_config(run: &RunDir) -> anyhow::Result<Option<ConfigTable>> {
    let path = run.config();
    if path.exists() {
        ConfigTable::read(&path).map(Some)
    } else {
        Ok(None)
    }
}

/// Fits the pieces that are not finished, scores each out of sample, and joins all once they are
/// there; None while some are not, and with [`RunReport::Nothing`]. `config` is the content of the run's
/// run.toml.
///
/// # Errors
/// What a recipe says, an interrupt.
pub fn fit_run(
    recipe: &dyn Recipe,
    run: &RunDir,
    dataset: &Dataset,
    config: &str,
    options: &FitOptions<'_>,
) -> anyhow::Result<Option<ScoredRun>> {
    note_panels(dataset);
    let tracker = Tracker::from_env("quarterhour", &run.name());
    let done = fit_pieces(recipe, run, dataset, config, options, tracker.as_ref());
    if let Some(Err(error)) = tracker.map(|tracker| tracker.finish(done.is_ok())) {
        cli::warn_with_hints(error.to_string(), error.hint());
    }
    done
}

/// Says which further panels are learnt from, and which are not.
fn note_panels(dataset: &Dataset) {
    for FurtherPanel { name, dataset } in &dataset.further {
        let panel = &dataset.panel;
        cli::note(format!(
            "learns from [[panel]] {name} too: {} coins, {} bars of {} from {} to {}",
            panel.coins(),
            panel.rows(),
            panel.interval(),
            format_time(panel.time_ms(0)),
            format_time(panel.time_ms(panel.rows()))
        ));
    }
    for name in &dataset.unused_panels {
        cli::note(format!(
            "[[panel]] {name} is not used: it has no two coins with candles before the last scored time"
        ));
    }
}

/// Hands the run's config to the tracking server, unless somebody wrote the address of a webhook into it.
fn mirror_config(tracker: &Tracker, run: &RunDir) {
    let path = run.config();
    if std::fs::read_to_string(&path).is_ok_and(|text| cli::has_secrets(&text)) {
        cli::warn_with_hints(
            format!(
                "{} is not mirrored: its section [alerts] holds a secret",
                path.display()
            ),
            Some("the variable QUARTERHOUR_ALERTS_URL sets the address without a file".to_owned()),
        );
        return;
    }
    tracker.artifact(&path, "");
}

fn fit_pieces(
    recipe: &dyn Recipe,
    run: &RunDir,
    dataset: &Dataset,
    config: &str,
    options: &FitOptions<'_>,
    tracker: Option<&Tracker>,
) -> anyhow::Result<Option<ScoredRun>> {
    let interrupted = cli::watch_for_interrupt("stopping after this step")?;
    if let Some(tracker) = tracker {
        tracker.params(cli::flattened(config)?);
        mirror_config(tracker, run);
    }
    let pieces = Pieces {
        recipe,
        run,
        dataset,
        interrupted: &interrupted,
        tracker,
    };
    for fold in &options.folds {
        write_refits(run, &dataset.panel, recipe.fits(fold))?;
        for fit in recipe.fits(fold) {
            pieces.fit(fit, options)?;
        }
    }
    let all: Vec<&Fold> = dataset.plan.folds.iter().collect();
    if !unfinished(recipe, run, &all).is_empty() {
        cli::note(
            "other folds or seeds are still to be trained; the last one to finish joins them",
        );
        return Ok(None);
    }
    let joined = join((recipe, run, dataset), &all, options.report)?;
    let json = match options.report {
        RunReport::Nothing => return Ok(None),
        report => report == RunReport::Json,
    };
    publish((recipe, run, dataset), joined, json, tracker).map(Some)
}

/// What all pieces of a run share.
struct Pieces<'a> {
    recipe: &'a dyn Recipe,
    run: &'a RunDir,
    dataset: &'a Dataset,
    interrupted: &'a AtomicBool,
    tracker: Option<&'a Tracker>,
}

impl Pieces<'_> {
    /// Fits and scores the seeds of one fold or refit; a finished piece is left as it is unless it is to be
    /// fitted again.
    fn fit(&self, fold: &Fold, options: &FitOptions<'_>) -> anyhow::Result<()> {
        let Self {
            recipe,
            run,
            dataset,
            ..
        } = self;
        let targets = dataset.fitted_targets(fold);
        let further = dataset.further_folds(fold);
        for &seed in &options.seeds {
            let dir = recipe.dir(run, fold, seed);
            let table_file = dir.join(RunDir::FORECASTS_FILE);
            if table_file.exists() && !options.again {
                continue;
            }
            let held = match cli::hold(&dir.join(LOCK_FILE))? {
                Ok(held) => held,
                Err(holder) => {
                    cli::note(format!(
                        "{} {BEING_TRAINED} {holder}; this process goes on with the others",
                        dir.display()
                    ));
                    continue;
                }
            };
            // Another process may have finished it before the lock was free.
            if table_file.exists() && !options.again {
                continue;
            }
            let piece = Piece {
                dataset,
                run,
                fold,
                targets: &targets,
                further: &further,
                seed,
                dir,
                interrupted: self.interrupted,
                tracker: self.tracker,
            };
            recipe.fit(&piece)?;
            // Scored from its files, so that what is scored is what `predict` loads.
            let table = forecast_piece(*recipe, &piece)?;
            recipe.scored(&piece, &table)?;
            // Last, as it marks the piece as finished.
            table.write(&table_file)?;
            drop(held);
        }
        Ok(())
    }
}

/// Joins the pieces of some folds, which must be there, and prints how good the forecasts are; the
/// model for `predict` is published where these are all folds.
///
/// # Errors
/// Pieces without forecasts, what the system says.
pub fn gather(
    recipe: &dyn Recipe,
    run: &RunDir,
    dataset: &Dataset,
    folds: &[&Fold],
    json: bool,
) -> anyhow::Result<ScoredRun> {
    let unfinished = unfinished(recipe, run, folds);
    if !unfinished.is_empty() {
        return Err(anyhow!(
            "{}: no forecasts yet of {}",
            run.path().display(),
            unfinished.join(", ")
        )
        .hint("train them with --folds K --seed S, or all with --resume"));
    }
    let joined = join((recipe, run, dataset), folds, RunReport::scores(json))?;
    publish((recipe, run, dataset), joined, json, None)
}

/// Scores the joined forecasts, writes the report and prints.
fn publish(
    (recipe, run, dataset): (&dyn Recipe, &RunDir, &Dataset),
    joined: JoinedPieces,
    json: bool,
    tracker: Option<&Tracker>,
) -> anyhow::Result<ScoredRun> {
    let finished = FinishedRun {
        run,
        forecaster: recipe.forecaster(),
        config: &dataset.config,
        simulated: Some(dataset),
        tracker,
        json,
    };
    finished.publish(joined.table, joined.appendix)
}

/// The pieces of some folds that have no forecasts yet, in words.
fn unfinished(recipe: &dyn Recipe, run: &RunDir, folds: &[&Fold]) -> Vec<String> {
    let seeds = 1..=recipe.seeds();
    let fits = folds.iter().flat_map(|fold| recipe.fits(fold));
    let pieces = fits.flat_map(|fit| seeds.clone().map(move |seed| (fit, seed)));
    let has_none = |&(fit, seed): &(&Fold, u64)| {
        let dir = recipe.dir(run, fit, seed);
        !dir.join(RunDir::FORECASTS_FILE).exists()
    };
    pieces
        .filter(has_none)
        .map(|(fit, seed)| format!("{fit} seed {seed}"))
        .collect()
}

/// The forecasts of all pieces, with what the recipe has to say of them.
struct JoinedPieces {
    table: ForecastTable,
    appendix: Appendix,
}

/// Joins the pieces of some folds, which must be there; without a report nothing is said of what was left out.
fn join(
    (recipe, run, dataset): (&dyn Recipe, &RunDir, &Dataset),
    folds: &[&Fold],
    report: RunReport,
) -> anyhow::Result<JoinedPieces> {
    let fits: Vec<&Fold> = folds.iter().flat_map(|fold| recipe.fits(fold)).collect();
    let of_seed = |seed: u64| {
        let dirs = fits.iter().map(|fit| recipe.dir(run, fit, seed));
        let files = dirs.map(|dir| dir.join(RunDir::FORECASTS_FILE));
        Ok(ForecastTable::read_all(files, run.path())?)
    };
    let seeds: Vec<ForecastTable> = (1..=recipe.seeds())
        .map(of_seed)
        .collect::<anyhow::Result<_>>()?;
    let seeds_line = (seeds.len() > 1).then(|| seeds_line(&seeds));
    let table = ForecastTable::average(seeds, run.path())?;
    let table = with_intervals(table, &dataset.config, run)?;
    let out_of_block = |dataset: &Dataset, fold: &Fold| recipe.out_of_block(dataset, run, fold);
    let table = with_publication(table, dataset, run, &out_of_block)?;
    let is_whole = folds.len() == dataset.plan.folds.len();
    let mut appendix = Appendix::default();
    if is_whole {
        appendix = recipe.publish(run, dataset)?;
    } else {
        appendix.next = format!("of {} of {} folds", folds.len(), dataset.plan.folds.len());
    }
    table.write(&run.forecasts())?;
    if let Some(line) = seeds_line {
        appendix.texts.insert(0, line);
    }
    if report != RunReport::Nothing {
        let lines = dropped((recipe, &table), run, dataset, &fits)?;
        appendix.texts.extend(lines);
    }
    if dataset.config.target.shuffle_seed.is_some() {
        appendix.texts.push(SHUFFLED_LINE.to_owned());
    }
    Ok(JoinedPieces { table, appendix })
}

/// Mean over folds of the pooled Pearson, of one seed alone.
fn mean_pearson(table: &ForecastTable) -> Option<f64> {
    let mut scores = Vec::new();
    for part in table.parts() {
        let rows: Vec<usize> = (0..part.len()).collect();
        for fold in rows.chunk_by(|&a, &b| part.fold[a] == part.fold[b]) {
            // Chunks are never empty.
            let fold = fold[0]..fold[0] + fold.len();
            scores.extend(pearson(&part.forecast[fold.clone()], &part.realized[fold]));
        }
    }
    (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64)
}

/// The scores of several seeds, each alone.
fn seeds_line(seeds: &[ForecastTable]) -> String {
    let scores: Vec<Option<f64>> = seeds.iter().map(mean_pearson).collect();
    let text = |score: &Option<f64>| score.map_or("-".to_owned(), |score| format!("{score:+.4}"));
    let texts: Vec<String> = scores.iter().map(text).collect();
    let known: Vec<f64> = scores.into_iter().flatten().collect();
    let spread = known.iter().copied().fold(f64::MIN, f64::max)
        - known.iter().copied().fold(f64::MAX, f64::min);
    format!(
        "Seeds: {}, averaged above; each alone has Pearson {} (spread {spread:.4}).",
        seeds.len(),
        texts.join(" ")
    )
}

/// What the scored fits left out of a table, and why; a line a horizon.
fn dropped(
    (recipe, table): (&dyn Recipe, &ForecastTable),
    run: &RunDir,
    dataset: &Dataset,
    fits: &[&Fold],
) -> anyhow::Result<Vec<String>> {
    let horizons = dataset.by_horizon();
    let mut lines = Vec::with_capacity(horizons.len());
    for dataset in &horizons {
        let mut total = DropCounts::default();
        for fit in fits {
            let target_std = recipe.target_std(dataset, run, fit)?;
            total += dataset
                .scored_windows(fit.score.clone(), &target_std)
                .dropped;
        }
        let horizon = dataset.config.target.horizon;
        let parts = table.parts().iter();
        let parts = parts.filter(|part| part.key.horizon == horizon);
        let rows = parts.map(|part| part.len()).sum();
        total.unknown_term = total.kept().saturating_sub(rows);
        lines.push(match horizons.len() {
            1 => total.to_string(),
            _ => format!("Horizon {horizon}: {total}"),
        });
    }
    Ok(lines)
}
