//! `baseline`: from arguments to a run on disk, as a table of contents.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use anyhow::{Context, anyhow};
use clap::Parser;
use cli::ConfigTable;
use dataset::{
    Dataset, FeatureRows, Fold, ForecastTable, RunDir, check_named_output, write_atomically,
};
use tracking::Tracker;

use crate::config::{BaselineConfig, Protocol};
use crate::fold::FoldTraining;
use crate::saved::{FoldRecord, RECORD_FILE, model_file, read_model};
use crate::{Library, export, report};

/// Train LightGBM fold by fold on the data set of `train`, and score it out of sample
#[derive(Debug, Parser)]
#[command(version)]
pub struct Args {
    #[command(flatten)]
    config: cli::ConfigArgs,
    /// Where the run goes [default: checkpoints/<config's name>-lightgbm]
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// What early stopping is decided on: honest (the end of the training time) or seed (the
    /// scored fold itself: optimistic) [default: lightgbm.protocol, which is honest]
    #[arg(long)]
    protocol: Option<Protocol>,
    /// Add up to N rounds to every fold that is trained already
    #[arg(long, value_name = "N", conflicts_with = "retrain")]
    continue_rounds: Option<usize>,
    /// Train folds anew that are trained already
    #[arg(long)]
    retrain: bool,
    /// Compute features anew that are kept on disk (features.cache)
    #[arg(long)]
    recompute: bool,
    /// Train this fold alone, so that folds can run anywhere; the last one to finish joins them
    #[arg(long, value_name = "K")]
    fold: Option<usize>,
    /// Write the rows, features and targets to a Parquet file, with the run's folds.json beside
    /// run.toml, and stop
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
}

/// Runs the binary.
///
/// # Errors
/// No library, a config that is refused, missing candles, an interrupted training.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let began = Instant::now();
    // Before anything starts threads.
    let library = Library::open()?;
    let default = || PathBuf::from("checkpoints").join(format!("{}-lightgbm", args.config.name()));
    let run = RunDir::new(args.run.clone().unwrap_or_else(default));
    let mut config = BaselineConfig::new(&args.config.load()?, library)?;
    config.lightgbm.protocol = args.protocol.unwrap_or(config.lightgbm.protocol);
    config.set_name();
    if config.lightgbm.protocol == Protocol::Seed {
        cli::warn(
            "protocol seed: early stopping looks at the scored fold itself, so the score is optimistic; it serves to \
             compare with results made that way. --protocol honest is what a forecaster would have had",
        );
    }
    let dataset = Dataset::load(&config.shared)?;
    config.shared = dataset.config.clone();
    let features = feature_rows(&config, &dataset, args.recompute)?;
    if args.continue_rounds == Some(0) {
        return Err(cli::usage(anyhow!(
            "--continue-rounds 0: expected at least 1 round\nhint: --continue-rounds 100"
        )));
    }
    let folds = folds(args, &dataset)?;
    args.export
        .as_deref()
        .map_or(Ok(()), |path| check_named_output(path, "parquet"))?;
    let stored = stored_config(&run)?
        .map(|table| BaselineConfig::new(&table, library)?.to_toml())
        .transpose()?;
    run.begin(&config.to_toml()?, stored.as_deref())?;
    report::write_folds(&run, &dataset)?;
    if let Some(path) = &args.export {
        return export::matrix(path, &dataset, &features);
    }
    let tracker = Tracker::from_env("quarterhour", &run.name());
    let training = Run {
        args,
        run,
        config,
        library,
        dataset,
        features,
        tracker: tracker.as_ref(),
        began,
    };
    let done = training.train(&folds);
    if let Some(Err(error)) = tracker.map(|tracker| tracker.finish(done.is_ok())) {
        cli::warn(error.to_string());
    }
    done
}

/// What the trees see of each row: from disk where `features.cache` keeps it, else computed as it
/// is asked for.
fn feature_rows(
    config: &BaselineConfig,
    dataset: &Dataset,
    recompute: bool,
) -> anyhow::Result<FeatureRows> {
    if !config.shared.features.cache {
        if recompute {
            return Err(cli::usage(anyhow!(
                "--recompute: no features are kept\nhint: --set features.cache=true"
            )));
        }
        return Ok(FeatureRows::computed(config.features()));
    }
    let began = Instant::now();
    let dir = config.shared.data.dir.join("features");
    let (rows, was_there) = FeatureRows::kept(config.features(), &dataset.panel, &dir, recompute)?;
    let done = if was_there {
        "read from"
    } else {
        "computed and kept in"
    };
    cli::note(format!(
        "features: {done} {}, {:.1} s",
        dir.display(),
        began.elapsed().as_secs_f64()
    ));
    Ok(rows)
}

/// A run with all that its folds share.
struct Run<'a> {
    args: &'a Args,
    run: RunDir,
    config: BaselineConfig,
    library: &'static Library,
    dataset: Dataset,
    features: FeatureRows,
    tracker: Option<&'a Tracker>,
    began: Instant,
}

impl Run<'_> {
    /// Trains the folds that are not finished, and joins all once they are there.
    fn train(&self, folds: &[Fold]) -> anyhow::Result<()> {
        let interrupted = cli::watch_for_interrupt("stopping after this round")?;
        if let Some(tracker) = self.tracker {
            tracker.params(cli::flattened(&self.config.to_toml()?)?);
            tracker.artifact(&self.run.config(), "");
        }
        for fold in folds {
            self.train_fold(fold, &interrupted)?;
        }
        let memory = cli::peak_memory().map_or(String::new(), |bytes| {
            format!(", at most {} MiB of memory", bytes >> 20)
        });
        cli::note(format!(
            "panel, training and forecasts: {:.1} s{memory}",
            self.began.elapsed().as_secs_f64()
        ));
        if report::is_complete(&self.run, &self.dataset) {
            report::gather(
                &self.run,
                &self.config,
                self.library,
                &self.dataset,
                self.features.features(),
                self.tracker,
                self.args.json,
            )
        } else {
            cli::note("other folds are still to be trained; the last one to finish joins them");
            Ok(())
        }
    }

    /// Trains and scores one fold; a finished one is left as it is unless told otherwise.
    fn train_fold(&self, fold: &Fold, interrupted: &AtomicBool) -> anyhow::Result<()> {
        let Self {
            args,
            config,
            library,
            dataset,
            features,
            ..
        } = self;
        let folder = self.run.fold(fold.number);
        let is_done = folder.join(RunDir::FORECASTS_FILE).exists();
        if is_done && !args.retrain && args.continue_rounds.is_none() {
            return Ok(());
        }
        let held = match cli::hold(&folder.join("lock"))? {
            Ok(held) => held,
            Err(holder) => {
                cli::note(format!(
                    "fold {} of {} is being trained by {holder}; this process goes on with the others",
                    fold.number,
                    self.run.path().display()
                ));
                return Ok(());
            }
        };
        // Another process may have finished it before the lock was free.
        if !is_done && folder.join(RunDir::FORECASTS_FILE).exists() {
            return Ok(());
        }
        let targets = dataset.fitted_targets(fold);
        let training = FoldTraining {
            config,
            library,
            dataset,
            features,
            fold,
            targets: &targets,
            interrupted,
        };
        let trained = match args.continue_rounds {
            None => training.train(None, config.lightgbm.rounds)?,
            Some(rounds) => {
                let (trees, record) = read_model(&folder, library)?;
                training.train(Some((&trees, &record)), rounds)?
            }
        };
        let (rows, _) = training.score(&trained)?;
        let table = ForecastTable::new(rows, &folder)?;
        let record = FoldRecord {
            scored_pearson: report::pooled_pearson(&table),
            ..trained.record.clone()
        };
        cli::note(format!(
            "fold {}: {} of {} trees, {} rows in {:.1} s, Pearson {}",
            fold.number,
            record.trees(),
            record.rounds + record.market.map_or(0, |market| market.rounds),
            record.train_rows,
            record.train_secs,
            record
                .scored_pearson
                .map_or("-".to_owned(), |score| format!("{score:+.4}")),
        ));
        if let Some(tracker) = self.tracker {
            report::track_fold(tracker, &record, &trained.metrics);
        }
        let lines = trained
            .metrics
            .iter()
            .map(|line| Ok(serde_json::to_string(line)? + "\n"));
        let metrics: String = lines.collect::<anyhow::Result<_>>()?;
        let shap = training.contributions(&trained, config.lightgbm.shap_rows)?;
        export::contributions(
            &folder.join(export::SHAP_FILE),
            dataset,
            features.features(),
            &shap,
        )?;
        write_atomically(&folder.join("metrics.jsonl"), metrics.as_bytes())?;
        for (part, model) in &trained.models {
            write_atomically(&folder.join(model_file(*part)), model.as_bytes())?;
        }
        let text = serde_json::to_string_pretty(&record).context("a record is JSON")?;
        write_atomically(&folder.join(RECORD_FILE), text.as_bytes())?;
        // Last, as it marks the fold as finished.
        table.write(&folder.join(RunDir::FORECASTS_FILE))?;
        drop(held);
        Ok(())
    }
}

/// The config that the run began with, if it has begun.
fn stored_config(run: &RunDir) -> anyhow::Result<Option<ConfigTable>> {
    let path = run.config();
    if path.exists() {
        ConfigTable::read(&path).map(Some)
    } else {
        Ok(None)
    }
}

/// The folds that this process trains.
fn folds(args: &Args, dataset: &Dataset) -> anyhow::Result<Vec<Fold>> {
    let all = &dataset.plan.folds;
    match args.fold {
        None => Ok(all.clone()),
        Some(number) => match all.get(number.wrapping_sub(1)) {
            Some(fold) => Ok(vec![fold.clone()]),
            None => Err(cli::usage(anyhow!(
                "--fold {number}: expected a fold from 1 to {}\nhint: without --fold all are trained",
                all.len()
            ))),
        },
    }
}
