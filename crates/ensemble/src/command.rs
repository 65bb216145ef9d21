//! `ensemble`: from arguments to a run on disk, as a table of contents.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Parser;
use cli::{ConfigTable, WithHint};
use dataset::{
    Config, ControlColumn, ControlSign, Dataset, Fold, ForecastTable, IntervalsConfig,
    NamedColumns, PartKey, RunConfig, RunDir, Source, TableMetadata, TablePart,
};
use market::Symbol;
use run::{
    Appendix, FinishedRun, JoinedRows, join_horizons, stored_config, with_intervals,
    with_publication,
};
use score::Rows;
use tracking::Tracker;

use crate::gains::gains;
use crate::members::{Member, check_agreement, joined, seen_from, with_rule, with_units};
use crate::offline::combined;
use crate::report::{gains_table, weights_table};
use crate::rule::Rule;
use crate::training_rows::out_of_block;
use crate::{EnsembleConfig, EnsembleOptions, Method, SavedWeights, fold_weights};

/// Forecast with several runs at once, weighed by what they were worth on earlier folds, and score
/// it out of sample
#[derive(Debug, Parser)]
pub struct Args {
    #[command(flatten)]
    config: cli::ConfigArgs,
    /// Where the run goes [default: checkpoints/<config's name>]
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// The members: folders with run.toml and forecasts.parquet [default: ensemble.members of the
    /// config]
    #[arg(value_name = "MEMBER")]
    members: Vec<PathBuf>,
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
}

impl Args {
    /// What combines the members that a config names into a folder, or goes on with it.
    pub(crate) fn new(config: cli::ConfigArgs, run: &Path) -> Self {
        Self {
            config,
            run: Some(run.to_owned()),
            members: Vec::new(),
            json: false,
        }
    }
}

/// Runs the binary.
///
/// # Errors
/// Members that are no runs or do not forecast the same, a run that was begun with others.
pub fn run(args: &Args) -> anyhow::Result<()> {
    check_overrides(args)?;
    let table = args.config.load()?;
    let options = EnsembleOptions::new(&table)?;
    let default = || PathBuf::from("checkpoints").join(args.config.name());
    let run = RunDir::new(args.run.clone().unwrap_or_else(default));
    let members = read_members(args, &options, &run)?;
    let own = (options, own_intervals(&table)?);
    let horizons = members.first().map(|member| &member.config.target.horizons);
    let horizons = horizons.cloned().unwrap_or_default();
    if horizons.is_empty() {
        return combine_one(&run, members, own, args.json);
    }
    // Each horizon is a run of its own in a folder of the run.
    begin(&run, &config(&members, own.clone(), &run)?)?;
    for &horizon in &horizons {
        cli::note(format!("horizon {horizon}"));
        let members = members.iter().map(|member| member.at_horizon(horizon));
        let members = members.collect::<anyhow::Result<_>>()?;
        combine_one(&run.horizon(horizon), members, own.clone(), args.json)?;
    }
    join_horizons(&run, &horizons)
}

/// Fits the weights of one horizon, and forecasts and scores it.
fn combine_one(
    run: &RunDir,
    members: Vec<Member>,
    own: (EnsembleOptions, Option<IntervalsConfig>),
    json: bool,
) -> anyhow::Result<()> {
    let config = config(&members, own, run)?;
    begin(run, &config)?;
    let names: Vec<String> = members
        .iter()
        .map(|member| RunDir::new(member.path.clone()).name())
        .chain(config.ensemble.rule.clone())
        .collect();
    let paths: Vec<PathBuf> = members.iter().map(|member| member.path.clone()).collect();
    let joined = forecast_rows(&members, &config.ensemble)?;
    drop(members);
    let forecasts: Vec<&[f64]> = joined
        .forecasters
        .iter()
        .map(|member| member.forecast.as_slice())
        .collect();
    let (rows, options) = (&joined.rows, &config.ensemble);
    let embargo_bars = config.shared.embargo_bars();
    let folds = fold_weights(rows, &forecasts, options, embargo_bars)?;
    let saved = SavedWeights {
        method: options.method,
        members: options.members.clone(),
        rule: options.rule.clone(),
        folds,
    };
    let saved = saved.publish(run.path())?;
    let table = forecast_table(rows, &forecasts, &config.shared, &saved, run.path())?;
    let table = with_intervals(table, &config.shared, run)?;
    let table = published(table, &config, run, (&paths, &saved))?;
    table.write(&run.forecasts())?;
    let gains = gains(rows, &forecasts, &saved.folds, options, embargo_bars)?;

    let tracker = Tracker::from_env("quarterhour", &run.name());
    let appendix = Appendix {
        texts: (std::iter::once(weights_table(&saved, &names)))
            .chain(gains_table(&gains, &names))
            .map(|table| table.trim_end().to_owned())
            .collect(),
        importance: None,
        artifacts: vec![run.config(), run.path().join(SavedWeights::FILE)],
        next: next(run),
    };
    let done = publish((run, &config), table, appendix, tracker.as_ref(), json);
    if let Some(Err(error)) = tracker.map(|tracker| tracker.finish(done.is_ok())) {
        cli::warn_with_hints(error.to_string(), error.hint());
    }
    done
}

/// The table with what its forecasts are published as, where they are logarithms of volatilities.
fn published(
    table: ForecastTable,
    config: &EnsembleConfig,
    run: &RunDir,
    (members, saved): (&[PathBuf], &SavedWeights),
) -> anyhow::Result<ForecastTable> {
    let target = config.shared.target.init(config.shared.data.interval);
    if !target.task().is_of_volatility() {
        return Ok(table);
    }
    let dataset = Dataset::load(&config.shared)?;
    let weights = (saved, config.ensemble.method);
    let residuals = |dataset: &Dataset, fold: &Fold| out_of_block(members, weights, dataset, fold);
    with_publication(table, &dataset, run, &residuals)
}

/// Begins a run, or goes on with one of the same config.
fn begin(run: &RunDir, config: &EnsembleConfig) -> anyhow::Result<()> {
    let stored = stored_config(run)?
        .map(|table| resolved(&table))
        .transpose()?;
    Ok(run.begin(&config.to_toml()?, stored.as_deref())?)
}

/// All but `[ensemble]` and `[intervals]` is the members'.
fn check_overrides(args: &Args) -> anyhow::Result<()> {
    let is_own = |text: &&String| text.starts_with("ensemble.") || text.starts_with("intervals.");
    if let Some(text) = args.config.set.iter().find(|text| !is_own(text)) {
        return Err(cli::usage(
            anyhow!(
                "{}: expected a key of [ensemble] or [intervals]; all else is the members'",
                cli::shown_override(text)
            )
            .hint("--set ensemble.method=average"),
        ));
    }
    Ok(())
}

/// The `[intervals]` of the ensemble's own config; None where it has no such section, and those of
/// the first member are taken.
fn own_intervals(table: &ConfigTable) -> anyhow::Result<Option<IntervalsConfig>> {
    let intervals: IntervalsConfig = table.section("intervals")?;
    intervals.validate().map_err(cli::usage)?;
    Ok((intervals != IntervalsConfig::default()).then_some(intervals))
}

/// What comes after an ensemble was made, for people.
fn next(run: &RunDir) -> String {
    let path = cli::quoted(run.path().display());
    format!(
        "`quarterhour evaluate {path} MEMBER...` compares, \
         `quarterhour predict --run {path}` forecasts"
    )
}

/// The members that the command line names, else those of the config.
fn read_members(
    args: &Args,
    options: &EnsembleOptions,
    run: &RunDir,
) -> anyhow::Result<Vec<Member>> {
    let of_config = || {
        options
            .members
            .iter()
            .map(|member| run.path().join(member))
            .collect()
    };
    let paths: Vec<PathBuf> = if args.members.is_empty() {
        of_config()
    } else {
        args.members.clone()
    };
    if paths.len() < 2 {
        return Err(cli::usage(
            anyhow!("{} members, expected at least 2 runs", paths.len()).hint(
                "quarterhour ensemble --run checkpoints/both checkpoints/NAME \
                 checkpoints/NAME-lightgbm",
            ),
        ));
    }
    let members: Vec<Member> = paths
        .iter()
        .map(|path| Member::read(path))
        .collect::<anyhow::Result<_>>()?;
    check_agreement(&members)?;
    Ok(members)
}

/// The rows that can be forecast, with the forecasts of every member, the rule's last.
fn forecast_rows(members: &[Member], options: &EnsembleOptions) -> anyhow::Result<JoinedRows> {
    let joined = joined(members)?;
    let joined = match options.method {
        Method::Stacked | Method::Average | Method::Mean | Method::Qlike => return Ok(joined),
        Method::IcADay => with_units(joined)?,
    };
    match &options.rule {
        None => Ok(joined),
        Some(name) => with_rule(joined, name),
    }
}

/// The content of run.toml: the first member's shared sections and what the ensemble is made of.
fn config(
    members: &[Member],
    (options, intervals): (EnsembleOptions, Option<IntervalsConfig>),
    run: &RunDir,
) -> anyhow::Result<EnsembleConfig> {
    let first = members.first().context("an ensemble has members")?;
    let mut shared = first.config.clone();
    shared.intervals = intervals.unwrap_or(shared.intervals);
    if let Some(rule) = &options.rule {
        Rule::new(rule, &shared)?;
    }
    fs::create_dir_all(run.path())
        .with_context(|| format!("cannot make {}", run.path().display()))?;
    let paths = members
        .iter()
        .map(|member| seen_from(run.path(), &member.path));
    let options = EnsembleOptions {
        members: paths.collect::<anyhow::Result<_>>()?,
        ..options
    };
    // What holds for a member holds for the ensemble: such a name is never taken for something
    // else.
    let any = |text: &str| {
        members
            .iter()
            .any(|member| member.forecaster.contains(text))
    };
    let seed = if any("_seed") { "_seed" } else { "" };
    let shuffled = if any("_shuffled_days") {
        "_shuffled_days"
    } else {
        ""
    };
    let forecaster = format!("ensemble{seed}{shuffled}");
    let kind = RunConfig {
        kind: EnsembleConfig::KIND.to_owned(),
        forecaster,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    Ok(EnsembleConfig {
        run: kind,
        shared,
        ensemble: options,
    })
}

/// A stored config as this code writes it.
fn resolved(table: &ConfigTable) -> anyhow::Result<String> {
    let shared: Config = table.parse()?;
    let run = RunConfig {
        kind: EnsembleConfig::KIND.to_owned(),
        ..table.section("run")?
    };
    let ensemble = EnsembleOptions::new(table)?;
    EnsembleConfig {
        run,
        shared,
        ensemble,
    }
    .to_toml()
}

/// The ensemble's forecasts of all rows.
fn forecast_table(
    rows: &Rows,
    members: &[&[f64]],
    config: &Config,
    saved: &SavedWeights,
    run: &Path,
) -> anyhow::Result<ForecastTable> {
    let mut part = TablePart::empty(PartKey::new(config));
    part.symbols = rows
        .symbols
        .iter()
        .map(|name| Symbol::new(name))
        .collect::<Result<_, _>>()?;
    part.symbol.clone_from(&rows.symbol);
    part.fold.clone_from(&rows.fold);
    part.time_ms.clone_from(&rows.time_ms);
    part.realized.clone_from(&rows.realized);
    part.realized_delayed.clone_from(&rows.realized_delayed);
    part.close.clone_from(&rows.close);
    part.volatility.clone_from(&rows.volatility);
    part.weight.clone_from(&rows.weight);
    part.trailing_volatility = match &rows.trailing_volatility {
        Some(values) => values.clone(),
        None => vec![f64::NAN; rows.len()],
    };
    let metadata = TableMetadata::new(config);
    part.controls = control_columns(&metadata.controls, rows);
    part.forecast = combined(rows, members, &saved.folds, saved.method)?;
    Ok(ForecastTable::new(metadata, vec![part], run)?)
}

/// The columns that make the controls of the rows.
fn control_columns(columns: &[ControlColumn], rows: &Rows) -> NamedColumns {
    let values = |column: &ControlColumn| {
        let name = &column.name;
        let values = match column.sign {
            ControlSign::AsIs | ControlSign::Both => rows.control(name)?.to_vec(),
            ControlSign::Negated => {
                let negated = rows.control(&format!("negated_{name}"))?;
                negated.iter().map(|value| -value).collect()
            }
        };
        Some((name.clone(), values))
    };
    columns.iter().filter_map(values).collect()
}

/// Scores the forecasts, writes the report and prints the tables.
fn publish(
    (run, config): (&RunDir, &EnsembleConfig),
    table: ForecastTable,
    appendix: Appendix,
    tracker: Option<&Tracker>,
    json: bool,
) -> anyhow::Result<()> {
    if let Some(tracker) = tracker {
        tracker.params(cli::flattened(&config.to_toml()?)?);
    }
    let simulated = match config.shared.data.source {
        Source::Simulated => Some(Dataset::load(&config.shared)?),
        Source::Store => None,
    };
    let finished = FinishedRun {
        run,
        forecaster: &config.run.forecaster,
        config: &config.shared,
        simulated: simulated.as_ref(),
        tracker,
        json,
    };
    finished.publish(table, appendix).map(|_| ())
}
