//! `volatility`: from arguments to a run on disk.

use std::path::{Path, PathBuf};

use clap::Parser;
use cli::ConfigArgs;
use dataset::{Dataset, RunDir};
use run::{FitOptions, RunReport, fit_by_horizon, fit_run, folds_named};

use crate::config::{SUFFIX, VolatilityConfig};
use crate::recipe::VolatilityRecipe;
use crate::variants::{fit_variants, variants};

/// Fit a classical model of volatility (HAR, GARCH, EWMA and others), and score it out of sample
#[derive(Debug, Parser)]
#[command(version)]
pub struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Where the run goes [default: checkpoints/<config's name>-volatility]
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// Fit these folds alone, such as 1-5 or 7; the last process to finish joins all
    #[arg(long, value_name = "LIST")]
    folds: Option<String>,
    /// Fit several runs over one reading of the candles, without reports: each --variant is a run in a folder
    /// of --run, with its name and what differs, such as --variant weekly split.refit_every=7d
    #[arg(long, value_names = ["NAME", "KEY=VALUE"], num_args = 1.., conflicts_with = "folds")]
    variant: Vec<String>,
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
            variant: Vec::new(),
            json: false,
        }
    }
}

/// Runs the subcommand.
///
/// # Errors
/// A config that is refused, missing candles, too few rows to fit to.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let default = || PathBuf::from("checkpoints").join(args.config.name() + SUFFIX);
    let run = RunDir::new(args.run.clone().unwrap_or_else(default));
    let table = args.config.load()?;
    if !args.variant.is_empty() {
        return fit_variants(&table, variants(&args.variant)?, run.path(), args.json);
    }
    let mut config = VolatilityConfig::new(&table)?;
    let dataset = Dataset::load(&config.shared)?;
    config.shared = dataset.config.clone();
    let folds: Vec<_> = match &args.folds {
        None => dataset.plan.folds.iter().collect(),
        Some(list) => folds_named(&dataset, &cli::folds(list)?, "--folds")?,
    };
    if !dataset.config.target.horizons.is_empty() {
        config.begin(&run)?;
    }
    fit_by_horizon(&run, &dataset, |run, dataset| {
        let mut config = config.clone();
        config.shared = dataset.config.clone();
        let recipe = VolatilityRecipe::new(config.clone(), dataset);
        let resolved = config.begin(run)?;
        let options = FitOptions {
            folds: folds.clone(),
            seeds: vec![1],
            again: false,
            report: RunReport::scores(args.json),
        };
        fit_run(&recipe, run, dataset, &resolved, &options)
    })
}
