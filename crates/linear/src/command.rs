//! `ridge`: from arguments to a run on disk.

use std::path::{Path, PathBuf};

use clap::Parser;
use cli::ConfigArgs;
use dataset::{Dataset, RunDir};
use run::{FitOptions, RunReport, fit_by_horizon, fit_run, folds_named, stored_config};

use crate::config::RidgeConfig;
use crate::recipe::RidgeRecipe;

/// Fit a ridge regression that is refitted every day, and score it out of sample
#[derive(Debug, Parser)]
#[command(version)]
pub struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Where the run goes [default: checkpoints/<config's name>]
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// Fit these folds alone, such as 1-5 or 7; the last process to finish joins all
    #[arg(long, value_name = "LIST")]
    folds: Option<String>,
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
}

impl Args {
    /// What fits a run of this config into a folder, or goes on with it.
    pub(crate) fn new(config: ConfigArgs, run: &Path) -> Self {
        Self {
            config,
            run: Some(run.to_owned()),
            folds: None,
            json: false,
        }
    }
}

/// Runs the subcommand.
///
/// # Errors
/// A config that is refused, missing candles, too few rows to fit to.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let default = || PathBuf::from("checkpoints").join(args.config.name());
    let run = RunDir::new(args.run.clone().unwrap_or_else(default));
    let mut config = RidgeConfig::new(&args.config.load()?)?;
    let dataset = Dataset::load(&config.shared)?;
    config.shared = dataset.config.clone();
    let folds: Vec<_> = match &args.folds {
        None => dataset.plan.folds.iter().collect(),
        Some(list) => folds_named(&dataset, &cli::folds(list)?, "--folds")?,
    };
    if !dataset.config.target.horizons.is_empty() {
        begin(&run, &config)?;
    }
    fit_by_horizon(&run, &dataset, |run, dataset| {
        let mut config = config.clone();
        config.shared = dataset.config.clone();
        let recipe = RidgeRecipe::new(config.clone(), dataset)?;
        let resolved = begin(run, &config)?;
        let options = FitOptions {
            folds: folds.clone(),
            seeds: vec![1],
            again: false,
            report: RunReport::scores(args.json),
        };
        fit_run(&recipe, run, dataset, &resolved, &options)
    })
}

/// Begins a run, or goes on with one of the same config; returns the content of its run.toml.
fn begin(run: &RunDir, config: &RidgeConfig) -> anyhow::Result<String> {
    let stored = stored_config(run)?
        .map(|table| RidgeConfig::new(&table)?.to_toml())
        .transpose()?;
    let resolved = config.to_toml()?;
    run.begin(&resolved, stored.as_deref())?;
    Ok(resolved)
}
