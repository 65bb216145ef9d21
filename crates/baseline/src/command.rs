//! `baseline`: from arguments to a run on disk, as a table of contents.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::anyhow;
use clap::Parser;
use cli::{ConfigArgs, WithHint};
use dataset::{Dataset, FeatureRows, Fold, FurtherPanel, RunDir, check_named_output};
use linear::recipe_on_base;
use run::{
    FitOptions, RunReport, ScoredRun, fit_by_horizon, fit_run, folds_named, stored_config,
    write_fit_times,
};

use crate::recipe::TreeRecipe;
use crate::{BaselineConfig, BaselineOptions, Loaded, StoppingProtocol, export};

/// Train LightGBM or XGBoost fold by fold on the data set of `train`, and score it out of sample
#[derive(Debug, Parser)]
#[command(version)]
pub struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Where the run goes [default: checkpoints/<config's name>-lightgbm, or -xgboost by baseline.trees]
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// What early stopping is decided on: honest (the end of the training time), blocks (four blocks
    /// of it) or seed (the scored fold itself: optimistic) [default: protocol of the library's section,
    /// which is honest]
    #[arg(long)]
    protocol: Option<StoppingProtocol>,
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

impl Args {
    /// What fits a run of this config into a folder, or goes on with it.
    pub(crate) fn new(config: ConfigArgs, run: &Path) -> Self {
        Self {
            config,
            run: Some(run.to_owned()),
            protocol: None,
            continue_rounds: None,
            retrain: false,
            recompute: false,
            fold: None,
            export: None,
            json: false,
        }
    }
}

/// Runs the binary.
///
/// # Errors
/// No library, a config that is refused, missing candles, an interrupted training.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let began = Instant::now();
    let table = args.config.load()?;
    let options: BaselineOptions = table.section("baseline")?;
    // Before anything starts threads.
    let library = Loaded::open(options.trees)?;
    let mut config = BaselineConfig::new(&table, library)?;
    let name = format!("{}-{}", args.config.name(), config.kind().name());
    let default = || PathBuf::from("checkpoints").join(name);
    let run = RunDir::new(args.run.clone().unwrap_or_else(default));
    if let Some(protocol) = args.protocol {
        config.trees.set_protocol(protocol);
    }
    config.set_name();
    warn_of_optimism(&config);
    let dataset = Dataset::load(&config.shared)?;
    config.shared = dataset.config.clone();
    if args.continue_rounds == Some(0) {
        return Err(cli::usage(
            anyhow!("--continue-rounds 0: expected at least 1 round").hint("--continue-rounds 100"),
        ));
    }
    let folds: Vec<_> = match args.fold {
        None => dataset.plan.folds.iter().collect(),
        Some(number) => folds_named(&dataset, &[number], "--fold")?,
    };
    let check = |path: &Path| check_named_output(path, "parquet");
    args.export.as_deref().map_or(Ok(()), check)?;
    if !dataset.config.target.horizons.is_empty() {
        refuse_to_export(args)?;
        begin(&run, &config, library)?;
    }
    let fit = |run: &RunDir, dataset: &Dataset| {
        let mut config = config.clone();
        config.shared = dataset.config.clone();
        fit_horizon(args, config, library, (run, dataset), folds.clone())
    };
    fit_by_horizon(&run, &dataset, fit)?;
    if args.export.is_some() {
        return Ok(());
    }
    let memory = cli::peak_memory().map_or(String::new(), |bytes| {
        format!(", at most {} MiB of memory", bytes >> 20)
    });
    cli::note(format!(
        "panel, training and forecasts: {:.1} s{memory}",
        began.elapsed().as_secs_f64()
    ));
    Ok(())
}

/// Fits the trees of one horizon, or writes what they would see.
fn fit_horizon(
    args: &Args,
    config: BaselineConfig,
    library: Loaded,
    (run, dataset): (&RunDir, &Dataset),
    folds: Vec<&Fold>,
) -> anyhow::Result<Option<ScoredRun>> {
    let features = feature_rows(&config, dataset, args.recompute)?;
    let of_panel = |panel: &FurtherPanel| feature_rows(&config, &panel.dataset, args.recompute);
    let further = dataset.further.iter().map(of_panel);
    let further = further.collect::<anyhow::Result<_>>()?;
    let resolved = begin(run, &config, library)?;
    write_fit_times(
        &run.path().join("folds.json"),
        &dataset.panel,
        &dataset.plan.folds,
    )?;
    if let Some(path) = &args.export {
        export::matrix(path, dataset, &features)?;
        return Ok(None);
    }
    let recipe = TreeRecipe {
        config,
        library,
        features,
        further,
        continue_rounds: args.continue_rounds,
    };
    let options = FitOptions {
        folds,
        seeds: vec![1],
        again: args.retrain || args.continue_rounds.is_some(),
        report: RunReport::scores(args.json),
    };
    let recipe = recipe_on_base(Box::new(recipe), dataset)?;
    fit_run(&*recipe, run, dataset, &resolved, &options)
}

/// Begins a run, or goes on with one of the same config; returns the content of its run.toml.
fn begin(run: &RunDir, config: &BaselineConfig, library: Loaded) -> anyhow::Result<String> {
    let stored = stored_config(run)?
        .map(|table| BaselineConfig::new(&table, library)?.to_toml())
        .transpose()?;
    let resolved = config.to_toml()?;
    run.begin(&resolved, stored.as_deref())?;
    Ok(resolved)
}

/// A file of rows has one column of targets.
fn refuse_to_export(args: &Args) -> anyhow::Result<()> {
    match &args.export {
        None => Ok(()),
        Some(path) => Err(cli::usage(
            anyhow!(
                "--export {}: found target.horizons, expected one horizon",
                path.display()
            )
            .hint("--set target.horizons= --set target.horizon=1h for instance"),
        )),
    }
}

fn warn_of_optimism(config: &BaselineConfig) {
    if config.trees.growth().protocol == StoppingProtocol::Seed {
        cli::warn(
            "protocol seed: early stopping looks at the scored fold itself, so the score is optimistic; it serves to \
             compare with results made that way. --protocol honest is what a forecaster would have had",
        );
    }
}

/// What the trees see of each row: from disk where `features.cache` keeps it, else computed as it
/// is asked for.
fn feature_rows(
    config: &BaselineConfig,
    dataset: &Dataset,
    recompute: bool,
) -> anyhow::Result<FeatureRows> {
    let features = config.features_of(dataset.panel.interval());
    if !config.shared.features.cache {
        if recompute {
            return Err(cli::usage(
                anyhow!("--recompute: no features are kept").hint("--set features.cache=true"),
            ));
        }
        return Ok(FeatureRows::computed(features));
    }
    let began = Instant::now();
    let dir = dataset.config.data.dir.join("features");
    let (rows, was_there) = FeatureRows::kept(features, &dataset.panel, &dir, recompute)?;
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
