//! `evaluate RUN...` and its subcommands: reads tables, hands them to the library, prints.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use cli::ConfigTable;
use dataset::{Config, Dataset, ForecastTable, RunConfig, TargetKind, write_atomically};
use evaluate::{Forecaster, Importance, Options, Page, Rows, Source, controls, controls_of, html, join, score};

use crate::backtest_command::{self, BacktestArgs};
use crate::quantiles_command::{self, QuantileArgs};
use crate::tune_command::{self, TuneArgs};

/// Score forecasts on the rows that all of them have
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Runs: folders with run.toml and forecasts.parquet
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Score zero, last return, negated last return and a shuffled forecast, without any run
    Controls {
        #[command(flatten)]
        config: cli::ConfigArgs,
        #[command(flatten)]
        output: Output,
    },
    /// Find the forecasts from which on a coin is worth trading; write RUN/thresholds.toml, .html and charts
    Thresholds(TuneArgs),
    /// Put forecasts into bins of equal count and print what was realized in each
    Quantiles(QuantileArgs),
    /// Hold the coins with the highest (lowest) forecasts bar by bar, before and after fees
    Backtest(BacktestArgs),
}

#[derive(Debug, Clone, clap::Args)]
struct Output {
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
    /// Print every coin's correlation too
    #[arg(long)]
    coins: bool,
    /// Also write the comparison with charts to one HTML file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Bootstrap draws, at least 2000
    #[arg(long, default_value_t = Options::default().draws)]
    draws: usize,
    /// Seed of the bootstrap and of the shuffled control
    #[arg(long, default_value_t = Options::default().seed)]
    seed: u64,
}

/// Runs the binary.
///
/// # Errors
/// A run that cannot be read, runs of different targets, no common rows.
pub fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Some(Command::Controls { config, output }) => {
            let rows = control_rows(&config.load()?.parse()?)?;
            let forecasters = controls(&rows, output.seed);
            let command = "evaluate controls".to_owned();
            print(&Scored { rows: &rows, forecasters: &forecasters, dropped: &[], importance: &[], command }, output)
        }
        Some(Command::Thresholds(args)) => tune_command::run(args),
        Some(Command::Quantiles(args)) => quantiles_command::run(args),
        Some(Command::Backtest(args)) => backtest_command::run(args),
        None => score_runs(&args.runs, &args.output),
    }
}

fn score_runs(runs: &[PathBuf], output: &Output) -> anyhow::Result<()> {
    let runs: Vec<Run> = runs.iter().map(|path| Run::read(path)).collect::<anyhow::Result<_>>()?;
    let Some(first) = runs.first() else { bail!("no runs, expected at least one folder") };
    let sources: Vec<Source<'_>> =
        runs.iter().map(|run| Source { name: &run.name, run: Some(&run.path), table: &run.table }).collect();
    if let Some(other) = runs.iter().find(|run| (run.bar_ms, run.reach_bars) != (first.bar_ms, first.reach_bars)) {
        bail!(
            "{} forecasts {} bars of {} ms ahead, {} does {} of {} ms; expected one interval and reach\n\
             hint: compare runs of one [data] and [target] section",
            other.path,
            other.reach_bars,
            other.bar_ms,
            first.path,
            first.reach_bars,
            first.bar_ms
        );
    }
    let joined = join(&sources, first.bar_ms, first.reach_bars)?;
    for (run, &dropped) in runs.iter().zip(&joined.dropped) {
        if dropped > 0 {
            cli::note(format!("{dropped} rows of {} are not in every run and are not scored", run.path));
        }
    }
    let mut forecasters = joined.forecasters;
    forecasters.extend(controls_of(&joined.rows, &forecasters[0], output.seed));
    let paths = || runs.iter().map(|run| run.path.clone());
    let dropped: Vec<(String, usize)> = paths().zip(joined.dropped).collect();
    let importance: Vec<(String, Importance)> =
        runs.iter().filter_map(|run| Some((run.path.clone(), run.importance.clone()?))).collect();
    let command = format!("evaluate {}", paths().collect::<Vec<_>>().join(" "));
    let scored =
        Scored { rows: &joined.rows, forecasters: &forecasters, dropped: &dropped, importance: &importance, command };
    print(&scored, output)
}

/// What is scored, and what the page says of it.
struct Scored<'a> {
    rows: &'a Rows,
    forecasters: &'a [Forecaster],
    dropped: &'a [(String, usize)],
    importance: &'a [(String, Importance)],
    command: String,
}

fn print(scored: &Scored<'_>, output: &Output) -> anyhow::Result<()> {
    let options = Options { draws: output.draws, seed: output.seed, ..Options::default() };
    options.validate().map_err(cli::usage)?;
    let Scored { rows, forecasters, dropped, importance, command } = scored;
    let report = score(rows, forecasters, &options)?;
    if let Some(path) = &output.html {
        let command =
            &format!("cargo run -p evaluate --release -- {} --html {}", &command["evaluate ".len()..], path.display());
        let page = Page { rows, forecasters, report: &report, options: &options, dropped, importance, command };
        write_atomically(path, html(&page).as_bytes())?;
        cli::note(format!("the report is in {}", path.display()));
    }
    let text = if output.json {
        serde_json::to_string_pretty(&report)? + "\n"
    } else if output.coins {
        format!("{}\n{}", report.table(), report.coins_table())
    } else {
        report.table()
    };
    Ok(cli::print(&text)?)
}

/// A run as far as scoring and tuning need it.
pub struct Run {
    /// The folder.
    pub path: String,
    /// What forecast.
    pub name: String,
    /// Its forecasts.
    pub table: ForecastTable,
    /// Length of a bar in milliseconds.
    pub bar_ms: i64,
    /// Bars from a forecast to the last price its target uses.
    pub reach_bars: usize,
    /// What the forecasts are of.
    pub target: TargetKind,
    importance: Option<Importance>,
}

impl Run {
    /// Reads a run's folder.
    ///
    /// # Errors
    /// A folder that is no run, a run without forecasts, files that cannot be read.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let not_a_run = || {
            format!(
                "{} is no run\nhint: a run is a folder with run.toml and forecasts.parquet, such as checkpoints/NAME",
                path.display()
            )
        };
        let config_path = path.join("run.toml");
        if !config_path.exists() {
            bail!("{}", not_a_run());
        }
        let config_table = ConfigTable::read(&config_path)?;
        let run: RunConfig = config_table.section("run")?;
        let config: Config = config_table.parse()?;
        let forecasts = path.join("forecasts.parquet");
        if !forecasts.exists() {
            bail!(
                "{} has no forecasts.parquet yet\nhint: `cargo run -p train --release -- --resume --run {}` finishes it",
                path.display(),
                path.display()
            );
        }
        Ok(Self {
            path: path.display().to_string(),
            name: if run.forecaster.is_empty() { "unnamed".to_owned() } else { run.forecaster },
            table: ForecastTable::read(&forecasts)?,
            bar_ms: config.data.interval.ms(),
            reach_bars: config.target.reach_bars(),
            target: config.target.kind,
            importance: read_importance(&path.join("importance.json"))?,
        })
    }
}

/// The importance of features, of runs that say it.
fn read_importance(path: &Path) -> anyhow::Result<Option<Importance>> {
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let importance =
        serde_json::from_str(&text).with_context(|| format!("{}: no importance of features", path.display()))?;
    Ok(Some(importance))
}

/// All (time, coin) pairs of the scored folds that have a target, whatever any forecaster could say there.
fn control_rows(config: &Config) -> anyhow::Result<Rows> {
    let dataset = Dataset::load(config)?;
    let mut rows = Vec::new();
    for fold in &dataset.plan.folds {
        let target_std = dataset::target_std(&dataset.targets, fold.train.clone());
        for row in fold.score.clone() {
            for coin in (0..dataset.panel.coins()).filter(|&coin| !dataset.targets.value(row, coin).is_nan()) {
                rows.push(dataset.forecast_row(fold, (row, coin), target_std[coin], 0.0));
            }
        }
    }
    let table = ForecastTable::new(rows, Path::new("controls"))?;
    let (bar_ms, reach_bars) = (dataset.config.data.interval.ms(), dataset.config.target.reach_bars());
    let source = Source { name: "zero", run: None, table: &table };
    Ok(join(&[source], bar_ms, reach_bars).context("no rows to score")?.rows)
}
