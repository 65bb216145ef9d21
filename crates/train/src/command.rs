//! `train`: from arguments to a run on disk, as a table of contents.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Parser;
use cli::{ConfigArgs, WithHint};
use dataset::{Dataset, Fold, RunDir, Scratch};
use linear::recipe_on_base;
use run::{FitOptions, RunReport, check_coverage, fit_run, folds_named, gather, stored_config};

use crate::config::TrainConfig;
use crate::dry_run;
use crate::recipe::NetworkRecipe;

/// Train the network fold by fold and score it out of sample
#[derive(Debug, Parser)]
#[command(version)]
pub struct Args {
    #[command(flatten)]
    config: ConfigArgs,
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
    /// Keep candles, features and targets in files without a name in this folder, which the system
    /// maps into memory as they are used, instead of in memory: for panels that are larger than it.
    /// Nothing is left of the files afterwards
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
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

impl Args {
    /// What fits a run of this config into a folder, or goes on with it.
    pub(crate) fn new(config: ConfigArgs, run: &Path, device: model::DeviceChoice) -> Self {
        Self {
            config,
            run: Some(run.to_owned()),
            device,
            resume: true,
            dry_run: false,
            scratch: None,
            folds: None,
            seed: None,
            seeds: None,
            warm_start: None,
            gather: false,
            json: false,
        }
    }
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
    let scratch = match &args.scratch {
        Some(folder) => Scratch::in_folder(folder.clone())?,
        None => Scratch::default(),
    };
    let dataset = Dataset::load_in(&config.shared, &scratch)?;
    let mut config = TrainConfig {
        shared: dataset.config.clone(),
        ..config
    };
    let (folds, seeds) = pieces(args, &config, &dataset)?;
    let stored = stored_config(&run)?
        .map(|table| TrainConfig::new(&table))
        .transpose()?;
    if args.gather && stored.is_none() {
        return Err(holds_no_run(&run));
    }
    let device = args.device.open()?;
    if let Some(note) = &device.note {
        cli::note(note);
    }
    let of_stored = stored.as_ref().map(|stored| stored.training.precision);
    let precision = config.training.precision;
    config.training.precision = precision.resolved(of_stored, &device).map_err(cli::usage)?;
    let stored = stored.map(|stored| stored.to_toml()).transpose()?;
    let resolved = config.to_toml()?;
    if args.dry_run {
        return dry_run::print(&config, &dataset, &device);
    }
    check_coverage(&dataset)?;
    run.begin(&resolved, stored.as_deref())?;
    let recipe = NetworkRecipe {
        config,
        device,
        resume: args.resume,
    };
    let recipe = recipe_on_base(Box::new(recipe), &dataset)?;
    if args.gather {
        return gather(&*recipe, &run, &dataset, &folds, args.json).map(|_| ());
    }
    let options = FitOptions {
        folds,
        seeds,
        again: false,
        report: RunReport::scores(args.json),
    };
    fit_run(&*recipe, &run, &dataset, &resolved, &options).map(|_| ())
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
    anyhow!("{} holds no run", run.path().display()).with_hint(|| {
        RunDir::did_you_mean(run.path())
            .unwrap_or_else(|| "--run DIR says which run, --config FILE begins one".to_owned())
    })
}

/// The folds and seeds that this process trains.
fn pieces<'a>(
    args: &Args,
    config: &TrainConfig,
    dataset: &'a Dataset,
) -> anyhow::Result<(Vec<&'a Fold>, Vec<u64>)> {
    let folds = match &args.folds {
        None => dataset.plan.folds.iter().collect(),
        Some(list) => folds_named(dataset, &cli::folds(list)?, "--folds")?,
    };
    let seeds = match args.seed {
        None => (1..=config.training.seeds).collect(),
        Some(seed) if (1..=config.training.seeds).contains(&seed) => vec![seed],
        Some(seed) => {
            return Err(cli::usage(
                anyhow!(
                    "--seed {seed}: expected a seed from 1 to training.seeds, which is {}",
                    config.training.seeds
                )
                .hint(format!("--seeds {seed}")),
            ));
        }
    };
    Ok((folds, seeds))
}
