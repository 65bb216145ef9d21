//! `train`: from arguments to a run on disk, as a table of contents.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{anyhow, bail};
use clap::Parser;
use cli::ConfigTable;
use dataset::{Dataset, Fold, ForecastTable, RunDir, content_hash, write_atomically};
use model::{Network, OpenDevice, Windows, forecast};
use tracking::Tracker;

use crate::config::TrainConfig;
use crate::pieces::piece_folder;
use crate::training::{Piece, Trained, WEIGHTS_FILE};
use crate::{dry_run, report};

/// Held by the process that trains a piece.
const LOCK_FILE: &str = "lock";

/// Train the network fold by fold and score it out of sample
#[derive(Debug, Parser)]
#[command(version)]
pub struct Args {
    #[command(flatten)]
    config: cli::ConfigArgs,
    /// Where the run goes [default: checkpoints/<config's name>]
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// auto, gpu, cpu, wgpu, flex or ndarray
    #[arg(long, default_value = "auto")]
    device: model::DeviceChoice,
    /// Continue a training that was broken off
    #[arg(long)]
    resume: bool,
    /// Print rows, drops, parameters, memory and estimated time, and stop
    #[arg(long)]
    dry_run: bool,
    /// Train these folds alone, such as 1-5 or 7, so that folds can run anywhere
    #[arg(long, alias = "fold", value_name = "LIST")]
    folds: Option<String>,
    /// Train this seed alone
    #[arg(long, value_name = "S", conflicts_with = "gather")]
    seed: Option<u64>,
    /// How many seeds the run has, 1 to N: the same as --set training.seeds=N
    #[arg(long, value_name = "N")]
    seeds: Option<u64>,
    /// Every fold after the first goes on from the weights of the fold before in this run, which
    /// may be the run itself: the same as --set training.warm_start=RUN
    #[arg(long, value_name = "RUN")]
    warm_start: Option<PathBuf>,
    /// Train nothing: join the pieces that are there; with --folds only those, and no model for
    /// predict
    #[arg(long, conflicts_with = "dry_run")]
    gather: bool,
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
}

/// Runs the binary.
///
/// # Errors
/// A config that is refused, missing candles, a device that is not there, a training that diverged
/// or was interrupted.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let run = RunDir::new(
        args.run
            .clone()
            .unwrap_or_else(|| PathBuf::from("checkpoints").join(args.config.name())),
    );
    let config = resolve_config(args, &run)?;
    let dataset = Dataset::load(&config.shared)?;
    let config = TrainConfig {
        shared: dataset.config.clone(),
        ..config
    };
    let (folds, seeds) = pieces(args, &config, &dataset)?;
    let stored = stored_config(&run)?
        .map(|table| TrainConfig::new(&table)?.to_toml())
        .transpose()?;
    if args.gather {
        if stored.is_none() {
            return Err(holds_no_run(&run));
        }
        run.begin(&config.to_toml()?, stored.as_deref())?;
        return report::gather(&run, &config, &dataset, &folds, None, args.json);
    }
    let device = args.device.open()?;
    if let Some(note) = &device.note {
        cli::note(note);
    }
    if args.dry_run {
        return dry_run::print(&config, &dataset, &device);
    }
    run.begin(&config.to_toml()?, stored.as_deref())?;
    let tracker = Tracker::from_env("quarterhour", &run.name());
    let done = Run {
        args,
        run,
        config,
        dataset: &dataset,
        device,
        tracker: tracker.as_ref(),
    }
    .train(&folds, &seeds);
    if let Some(Err(error)) = tracker.map(|tracker| tracker.finish(done.is_ok())) {
        cli::warn(error.to_string());
    }
    done
}

/// `--resume` without a config takes the run's own.
fn resolve_config(args: &Args, run: &RunDir) -> anyhow::Result<TrainConfig> {
    let changes_nothing =
        args.config.set.is_empty() && args.seeds.is_none() && args.warm_start.is_none();
    if (args.resume || args.gather) && args.config.config.is_none() && changes_nothing {
        let Some(table) = stored_config(run)? else {
            return Err(holds_no_run(run));
        };
        return TrainConfig::new(&table);
    }
    let mut arguments = args.config.clone();
    arguments
        .set
        .extend(args.seeds.map(|seeds| format!("training.seeds={seeds}")));
    arguments.set.extend(
        args.warm_start
            .as_ref()
            .map(|run| format!("training.warm_start={:?}", run.display())),
    );
    TrainConfig::new(&arguments.load()?)
}

fn holds_no_run(run: &RunDir) -> anyhow::Error {
    anyhow!(
        "{} holds no run\nhint: --run DIR says which run, --config FILE begins one",
        run.path().display()
    )
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

/// The folds and seeds that this process trains.
fn pieces<'a>(
    args: &Args,
    config: &TrainConfig,
    dataset: &'a Dataset,
) -> anyhow::Result<(Vec<&'a Fold>, Vec<u64>)> {
    let all = &dataset.plan.folds;
    let find = |number: usize| {
        let fold = all.get(number.wrapping_sub(1));
        fold.ok_or_else(|| {
            cli::usage(anyhow!(
                "--folds {number}: expected folds from 1 to {}\nhint: --dry-run lists them",
                all.len()
            ))
        })
    };
    let folds = match &args.folds {
        None => all.iter().collect(),
        Some(list) => cli::folds(list)?
            .into_iter()
            .map(find)
            .collect::<anyhow::Result<_>>()?,
    };
    let seeds = match args.seed {
        None => (1..=config.training.seeds).collect(),
        Some(seed) if (1..=config.training.seeds).contains(&seed) => vec![seed],
        Some(seed) => {
            return Err(cli::usage(anyhow!(
                "--seed {seed}: expected a seed from 1 to training.seeds, which is {}\n\
                 hint: --seeds {seed}",
                config.training.seeds
            )));
        }
    };
    Ok((folds, seeds))
}

/// A run with all that its pieces share.
struct Run<'a> {
    args: &'a Args,
    run: RunDir,
    config: TrainConfig,
    dataset: &'a Dataset,
    device: OpenDevice,
    tracker: Option<&'a Tracker>,
}

impl Run<'_> {
    /// Trains the pieces that are not finished, and joins all once they are there.
    fn train(&self, folds: &[&Fold], seeds: &[u64]) -> anyhow::Result<()> {
        let interrupted = cli::watch_for_interrupt("stopping after this step")?;
        if let Some(tracker) = self.tracker {
            tracker.params(cli::flattened(&self.config.to_toml()?)?);
            tracker.artifact(&self.run.config(), "");
        }
        for fold in folds {
            self.train_fold(fold, seeds, &interrupted)?;
        }
        let all: Vec<&Fold> = self.dataset.plan.folds.iter().collect();
        if report::is_complete(&self.run, &self.config, &all) {
            report::gather(
                &self.run,
                &self.config,
                self.dataset,
                &all,
                self.tracker,
                self.args.json,
            )
        } else {
            cli::note(
                "other folds or seeds are still to be trained; `train --gather` joins them once they are there, \
                 `train --gather --folds LIST` joins some",
            );
            Ok(())
        }
    }

    /// Trains and scores all seeds of one fold; finished pieces are left as they are.
    fn train_fold(
        &self,
        fold: &Fold,
        seeds: &[u64],
        interrupted: &AtomicBool,
    ) -> anyhow::Result<()> {
        let Self {
            run,
            config,
            dataset,
            device,
            ..
        } = self;
        let is_done = |seed: u64| {
            piece_folder(run, fold.number, seed)
                .join(RunDir::FORECASTS_FILE)
                .exists()
        };
        if seeds.iter().all(|&seed| is_done(seed)) {
            return Ok(());
        }
        // Computed for each fold, and normalized in place: a year of 20 coins is 336 MB, and a
        // second's work.
        let features = dataset.features();
        let channels = features.channels();
        let normalizer = dataset.fit_normalizer(&features, fold, &run.name())?;
        let stats = normalizer.to_json();
        write_atomically(
            &run.fold(fold.number).join(RunDir::STATS_FILE),
            stats.as_bytes(),
        )?;
        let matrix = Arc::new(normalizer.apply(features));
        let lookback = config.shared.features.lookback_bars;
        let windows = Windows::new(matrix, channels, lookback, &device.device);
        let targets = dataset.fitted_targets(fold);
        let scales = dataset.target_scales(&normalizer);
        for &seed in seeds {
            let held = match cli::hold(&piece_folder(run, fold.number, seed).join(LOCK_FILE))? {
                Ok(held) => held,
                Err(holder) => {
                    cli::note(format!(
                        "fold {} seed {seed} of {} is being trained by {holder}; this process goes on with the others",
                        fold.number,
                        run.path().display()
                    ));
                    continue;
                }
            };
            // Another process may have finished it before the lock was free.
            if is_done(seed) {
                continue;
            }
            let piece = Piece {
                config,
                dataset,
                fold,
                targets: &targets,
                normalizer: &normalizer,
                scales: &scales,
                stats_hash: &content_hash(stats.as_bytes()),
                windows: &windows,
                seed,
                dir: piece_folder(run, fold.number, seed),
                device: &device.device,
                interrupted,
                tracker: self.tracker,
            };
            match piece.train(self.args.resume)? {
                Trained::Done => {
                    // Scored from the file, so that what is scored is what `predict` loads.
                    let network = piece.load(&piece.dir.join(WEIGHTS_FILE))?;
                    let table = score(&piece, &network)?;
                    table.write(&piece.dir.join(RunDir::FORECASTS_FILE))?;
                    drop(held);
                }
                Trained::Interrupted(step) => bail!(
                    "interrupted in fold {} seed {seed} after step {step}; all is saved in {}\n\
                     hint: the same command with --resume continues",
                    fold.number,
                    piece.dir.display()
                ),
            }
        }
        Ok(())
    }
}

/// Out-of-sample forecasts of the piece's fold.
fn score(piece: &Piece<'_>, network: &Network) -> anyhow::Result<ForecastTable> {
    let Piece {
        dataset,
        fold,
        scales,
        ..
    } = piece;
    let target_std = piece.normalizer.target_std();
    let set = dataset.scored_windows(fold.score.clone(), &target_std);
    let bar = cli::progress_bar(&format!("fold {} scoring", fold.number), set.len() as u64);
    let outputs = forecast(network, piece.windows, &set.ends, &mut |done| {
        bar.set_position(done as u64)
    })?;
    bar.finish_and_clear();
    let coins = dataset.panel.coins();
    let deviations = dataset.deviations(fold);
    let rows = (0..outputs.len())
        .filter(|&place| set.counts[place])
        .map(|place| {
            let (row, coin) = (set.ends[place / coins], place % coins);
            let forecast = scales.in_unit_of_target(row, coin, outputs[place]);
            dataset.forecast_row((fold, &deviations), (row, coin), target_std[coin], forecast)
        })
        .collect();
    Ok(ForecastTable::new(rows, &piece.dir)?)
}
