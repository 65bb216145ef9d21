//! `importance`: what a run's forecasts lose when a group of features is exchanged at random.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::Parser;
use cli::WithHint;
use dataset::{Dataset, FeatureShuffle, Fold, ForecastTable, RunDir, TablePart};
use model::DeviceChoice;
use run::{Forecaster, Kinds};
use serde::Serialize;
use statistics::{circular_block_indices, mean, percentile_interval};

use crate::kinds::kinds;
use crate::permuted_loss::{Loss, ScoredRow};

/// Draws of days for an interval, their blocks' length in days, and its coverage.
const DRAWS: usize = 2000;
const BLOCK_DAYS: usize = 28;
const CONFIDENCE: f64 = 0.95;
const SEED: u64 = 1;

/// Say what each group of features is worth: the loss that is added when it is exchanged at random
#[derive(Debug, Parser)]
pub struct ImportanceArgs {
    /// Run of any forecaster, such as checkpoints/volatility-xgboost
    #[arg(value_name = "RUN", value_parser = registry::run_folder)]
    run: PathBuf,
    /// Folds to look at, such as 1,2,3,4,5 [default: all]
    #[arg(long, value_name = "K,...", value_delimiter = ',')]
    folds: Vec<usize>,
    /// How often each group is exchanged, each time in another order
    #[arg(long, value_name = "N", default_value = "3")]
    repeats: u64,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
    /// auto, gpu, cpu, wgpu, flex or ndarray
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
    /// Overrides a key of [data] or [universe] (may be repeated)
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// What a group of features is worth.
#[derive(Debug, Serialize)]
struct GroupImportance {
    /// Name of the group, or of a feature that belongs to none.
    name: String,
    /// Loss a day with the group exchanged, minus that without.
    added_loss: f64,
    /// Interval of its mean over days.
    interval: Option<[f64; 2]>,
    /// The same of each fold that was looked at.
    folds: Vec<f64>,
}

/// The content of `--json`.
#[derive(Debug, Serialize)]
struct ImportanceReport {
    /// What is added: `qlike`, `log_loss` or `negative_rank_ic`.
    loss: &'static str,
    /// Its mean over days as it is.
    mean_loss: f64,
    days: usize,
    folds: Vec<usize>,
    groups: Vec<GroupImportance>,
    /// Groups whose interval lies above 0, as `features.groups` and `features.with` take them.
    kept: Vec<String>,
}

/// What is added to the loss of each day of each fold, in order of time.
type AddedLosses = Vec<Vec<f64>>;

impl ImportanceArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// A run that is not finished, candles that are not there, a fold that there is not.
    pub fn run(&self) -> anyhow::Result<()> {
        let report = self.report()?;
        if self.json {
            println!("{}", serde_json::to_string(&report)?);
            return Ok(());
        }
        print!("{}", table(&report).render());
        let kept = match report.kept.is_empty() {
            true => "none".to_owned(),
            false => report.kept.join(", "),
        };
        println!(
            "Added {} a day over {} days; interval: {DRAWS} draws of days in blocks of {BLOCK_DAYS}.\n\
             Interval above 0: {kept}.",
            report.loss, report.days
        );
        Ok(())
    }

    fn report(&self) -> anyhow::Result<ImportanceReport> {
        let kinds = kinds(self.device);
        let (table, config) = kinds.config(&self.run, &self.set)?;
        kinds.of(&table, &self.run)?.prepare()?;
        let dataset = Dataset::load(&config)?;
        let forecasts = ForecastTable::read(&RunDir::new(self.run.clone()).forecasts())?;
        let part = only_part(&forecasts, &self.run)?;
        let folds = match self.folds.is_empty() {
            true => dataset.plan.folds.iter().collect(),
            false => run::folds_named(&dataset, &self.folds, "--folds")?,
        };
        let task = config.target.init(config.data.interval).task();
        let loss = Loss::of(task, config.regime.classes().len());
        let work = Work {
            args: self,
            kinds: &kinds,
            dataset: &dataset,
            part,
            loss,
        };
        let features = config.features.chosen(config.data.interval);
        let parts = features.parts();
        let bar = cli::progress_bar("importance", (folds.len() * parts.len()) as u64);
        let mut all = Vec::new();
        let mut groups: Vec<AddedLosses> = vec![AddedLosses::new(); parts.len()];
        for fold in &folds {
            let plain = work.rows(fold, None)?;
            all.extend(loss.by_day(&plain).into_values());
            for (group, (_, names)) in groups.iter_mut().zip(&parts) {
                let of_repeat = |repeat| {
                    let exchanged = work.rows(fold, Some((names.as_slice(), repeat)))?;
                    Ok(loss.added(&plain, &exchanged))
                };
                let repeats = (1..=self.repeats.max(1)).map(of_repeat);
                group.push(mean_of(&repeats.collect::<anyhow::Result<Vec<_>>>()?));
                bar.inc(1);
            }
        }
        bar.finish_and_clear();
        let mut found: Vec<GroupImportance> = parts
            .iter()
            .zip(&groups)
            .map(|((name, _), losses)| importance(name, losses))
            .collect();
        found.sort_by(|a, b| b.added_loss.total_cmp(&a.added_loss));
        let is_kept =
            |group: &&GroupImportance| group.interval.is_some_and(|[lower, _]| lower > 0.0);
        Ok(ImportanceReport {
            loss: loss.name(),
            mean_loss: mean(&all),
            days: all.len(),
            folds: folds.iter().map(|fold| fold.number).collect(),
            kept: found
                .iter()
                .filter(is_kept)
                .map(|group| group.name.clone())
                .collect(),
            groups: found,
        })
    }
}

/// The rows of a run of one horizon and panel.
fn only_part<'a>(table: &'a ForecastTable, run: &std::path::Path) -> anyhow::Result<&'a TablePart> {
    match table.parts() {
        [part] => Ok(part),
        parts => Err(anyhow!(
            "{}: found {} horizons and panels, expected one",
            run.display(),
            parts.len()
        )
        .hint("name the folder of one horizon, such as RUN/horizon-1h")),
    }
}

/// A run's models on their scored rows.
struct Work<'a> {
    args: &'a ImportanceArgs,
    kinds: &'a Kinds,
    dataset: &'a Dataset,
    part: &'a TablePart,
    loss: Loss,
}

impl Work<'_> {
    /// A fold's scored rows, forecast anew; with the named features exchanged, in an order that the
    /// number decides.
    fn rows(
        &self,
        fold: &Fold,
        exchanged: Option<(&[&str], u64)>,
    ) -> anyhow::Result<Vec<ScoredRow>> {
        let mut rows = Vec::new();
        for fit in fold.fits() {
            let at_ms = self.dataset.panel.time_ms(fit.score.start);
            let loaded = self.kinds.load(
                &self.args.run,
                (Some(fold.number), Some(at_ms)),
                &self.args.set,
            )?;
            let own = self.rows_of(fold.number, fit.score.clone());
            rows.extend(self.scored(&*loaded.forecaster, &own, exchanged)?);
        }
        Ok(rows)
    }

    /// Places in the table of the rows of a fold that were scored at these rows of the panel, in
    /// order of time.
    fn rows_of(&self, fold: usize, span: Range<usize>) -> Vec<usize> {
        let panel = &self.dataset.panel;
        let times = panel.time_ms(span.start)..panel.time_ms(span.end);
        let is_own = |row: &usize| {
            self.part.fold[*row] as usize == fold && times.contains(&self.part.time_ms[*row])
        };
        (0..self.part.len()).filter(is_own).collect()
    }

    /// The rows of the table with what the forecaster says of them now.
    fn scored(
        &self,
        forecaster: &dyn Forecaster,
        places: &[usize],
        exchanged: Option<(&[&str], u64)>,
    ) -> anyhow::Result<Vec<ScoredRow>> {
        let (panel, part) = (&self.dataset.panel, self.part);
        let row_of = |place: &usize| {
            let time_ms = part.time_ms[*place];
            panel.row_of(time_ms).with_context(|| {
                format!(
                    "{} is not among the candles that were loaded",
                    dataset::format_time(time_ms)
                )
            })
        };
        let at: Vec<usize> = places.iter().map(row_of).collect::<anyhow::Result<_>>()?;
        let mut ends = at.clone();
        ends.dedup();
        let (Some(&first), Some(&last)) = (ends.first(), ends.last()) else {
            return Ok(Vec::new());
        };
        let from = (first + 1).saturating_sub(forecaster.history_bars());
        let mut stretch = panel
            .stretch(from..last + 1)
            .with_jump_ratio(panel.jump_ratio());
        if let Some((names, seed)) = exchanged {
            let rows = (first - from..last + 1 - from, panel.coins());
            stretch = stretch.with_shuffle(FeatureShuffle::new(names, rows, seed));
        }
        let local: Vec<usize> = ends.iter().map(|end| end - from).collect();
        let answers = forecaster.forecast(&stretch, &local)?;
        let classes = match self.loss {
            Loss::Logarithmic { .. } => forecaster.probabilities(&stretch, &local)?,
            Loss::Qlike | Loss::NegativeRankIc => None,
        };
        let coin_of = |place: usize| {
            let symbol = part.symbol_of(place);
            panel.symbols().iter().position(|other| other == symbol)
        };
        let mut scored = Vec::with_capacity(places.len());
        for (&place, row) in places.iter().zip(at) {
            let coin = coin_of(place).context("a coin of the table is not in the panel")?;
            let end = ends.partition_point(|end| *end < row);
            let cell = end * panel.coins() + coin;
            // A forecaster may refuse a row whose features were exchanged.
            let Ok(forecast) = &answers[cell] else {
                continue;
            };
            let own = classes.as_ref().and_then(|all| all[cell].clone());
            scored.push(ScoredRow::new(part, place, *forecast, own));
        }
        Ok(scored)
    }
}

/// The mean of several series, of the days that all of them have.
fn mean_of(series: &[BTreeMap<i64, f64>]) -> Vec<f64> {
    let days = series.first().into_iter().flat_map(BTreeMap::keys);
    days.filter_map(|day| {
        let values: Option<Vec<f64>> = series.iter().map(|one| one.get(day).copied()).collect();
        values.map(|values| mean(&values))
    })
    .collect()
}

fn importance(name: &str, folds: &AddedLosses) -> GroupImportance {
    let days = folds.concat();
    let draws = circular_block_indices(days.len(), BLOCK_DAYS.min(days.len()), DRAWS, SEED);
    let draw = |indices: &Vec<usize>| {
        indices.iter().map(|&day| days[day]).sum::<f64>() / indices.len() as f64
    };
    let means: Vec<f64> = draws.iter().map(draw).collect();
    let has_blocks = days.len() >= 2 * BLOCK_DAYS;
    let interval = percentile_interval(&means, CONFIDENCE).filter(|_| has_blocks);
    GroupImportance {
        name: name.to_owned(),
        added_loss: mean(&days),
        interval,
        folds: folds.iter().map(|days| mean(days)).collect(),
    }
}

fn table(report: &ImportanceReport) -> terminal::Table {
    let folds = report.folds.iter().map(|fold| format!("fold {fold}"));
    let header = [
        "group".to_owned(),
        format!("added {}", report.loss),
        "95 %".to_owned(),
    ];
    let mut table = terminal::Table::new(header.into_iter().chain(folds));
    for group in &report.groups {
        let interval = match group.interval {
            Some([lower, upper]) => format!("{lower:.4} to {upper:.4}"),
            None => "-".to_owned(),
        };
        let folds = group.folds.iter().map(|value| format!("{value:.4}"));
        let cells = [format!("{:.4}", group.added_loss), interval];
        table.push(&group.name, cells.into_iter().chain(folds));
    }
    table
}
