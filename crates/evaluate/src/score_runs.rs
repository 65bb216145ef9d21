//! `evaluate RUN...` and its subcommands: reads tables, hands them to the library, prints.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Parser, Subcommand};
use dataset::{
    Config, Dataset, FoldForecasts, ForecastTable, PartKey, TableMetadata, TimeSpan,
    check_named_output,
};
use page::{Importance, Page, RunPart, coins_table, folds_svg, parts_html, score_table};
use rules::with_break_even;
use run::{JoinedRows, NamedTable, ScoredCandles, join};
use score::{
    ForecastColumn, Options, PredictionIntervals, Quantity, Report, Rows, controls, score,
    score_intervals,
};
use storage::write_atomically;

use crate::across::{self, AcrossArgs};
use crate::backtest::{self, BacktestArgs};
use crate::cadence::{self, CadenceArgs};
use crate::calibration::{self, CalibrationArgs};
use crate::exposure::{self, ExposureArgs};
use crate::oracle::oracle;
use crate::part::PartArgs;
use crate::portfolio::{self, PortfolioArgs};
use crate::quantiles::{self, QuantileArgs};
use crate::runs::{EvaluatedRun, Runs, of_folds};
use crate::thresholds::{self, TuneArgs};
use crate::timing::{self, TimingArgs};

/// Score forecasts on the rows that all of them have
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Runs: folders with run.toml and forecasts.parquet
    #[arg(value_name = "RUN", required = true, value_parser = registry::run_folder)]
    runs: Vec<PathBuf>,
    #[command(flatten)]
    part: PartArgs,
    #[command(flatten)]
    output: Output,
}

/// What is done with forecasts beside scoring runs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Score what needs no run: zero, the last return, the closes' distance from their means,
    /// shuffled orders
    Controls(ControlArgs),
    /// Find the forecasts from which on a coin is worth trading; write RUN/thresholds.toml, .html
    /// and charts
    Thresholds(TuneArgs),
    /// Compare expected with realized returns: slope and intercept of each coin, reliability by bin
    Calibration(CalibrationArgs),
    /// Put forecasts into bins of equal count and print what was realized in each
    Quantiles(QuantileArgs),
    /// Hold the coins with the highest (lowest) forecasts bar by bar, before and after fees
    Backtest(BacktestArgs),
    /// Buy or sell by a deadline: what waiting by the forecasts saves against TWAP, VWAP and at once
    Timing(TimingArgs),
    /// Hold all coins by the forecasts, raw and hedged, at several fees, beside what anyone could hold
    Portfolio(PortfolioArgs),
    /// Keep more or less of coins by forecasts of their volatility, beside the same average exposure
    Exposure(ExposureArgs),
    /// Fit a config anew every day, every week and so on, and score what each cadence forecast
    Cadence(CadenceArgs),
    /// Score the same forecasters on several panels: each panel, and the mean over panels
    Across(AcrossArgs),
}

/// Arguments of `quarterhour controls`.
#[derive(Debug, clap::Args)]
pub struct ControlArgs {
    #[command(flatten)]
    config: cli::ConfigArgs,
    #[command(flatten)]
    output: Output,
}

/// What is scored and how it is printed.
#[derive(Debug, Clone, clap::Args)]
struct Output {
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
    /// Print every coin's correlation and break-even fee too
    #[arg(long)]
    coins: bool,
    /// Folds to score, such as 1-5 or 1-5,7; without it all of them
    #[arg(long, value_name = "FOLDS")]
    folds: Option<String>,
    /// Also score an oracle of volatility: the Garman-Klass volatility of the very bars to come
    #[arg(long)]
    oracle: bool,
    /// Also write the comparison with charts to one HTML file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Also draw the IC a day of each fold beside the controls into an SVG file
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Bootstrap draws, at least 2000
    #[arg(long, default_value_t = Options::default().draws)]
    draws: usize,
    /// Seed of the bootstrap and of the shuffled orders of days
    #[arg(long, default_value_t = Options::default().seed)]
    seed: u64,
    /// Days of a block of the bootstrap of scores of volatility
    #[arg(long, value_name = "DAYS", default_value_t = Options::default().block_days)]
    block_days: usize,
}

impl Output {
    fn folds(&self) -> anyhow::Result<Vec<usize>> {
        self.folds.as_deref().map_or(Ok(Vec::new()), cli::folds)
    }

    /// Refuses files that are in the way of what is to be written.
    fn check_files(&self) -> anyhow::Result<()> {
        for (path, extension) in [(&self.html, "html"), (&self.plot, "svg")] {
            path.as_ref()
                .map_or(Ok(()), |path| check_named_output(path, extension))?;
        }
        Ok(())
    }

    /// Writes the page of these parts, if one is asked for.
    fn write_page(&self, parts: &[RunPart]) -> anyhow::Result<()> {
        let Some(path) = &self.html else {
            return Ok(());
        };
        write_atomically(path, parts_html(parts).as_bytes())?;
        cli::note(format!("the report is in {}", path.display()));
        Ok(())
    }

    /// The same without the files that show all coins.
    fn without_files(&self) -> Self {
        Self {
            html: None,
            plot: None,
            ..self.clone()
        }
    }
}

/// Scores runs, or runs one of the other commands.
///
/// # Errors
/// A run that cannot be read, runs of different targets, no common rows.
pub fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Some(command) => command.run(),
        None => score_runs(&args.runs, &args.part, &args.output),
    }
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// A run, config or panel that is refused, a file that cannot be written.
    pub fn run(&self) -> anyhow::Result<()> {
        match self {
            Self::Controls(args) => score_controls(args),
            Self::Thresholds(args) => thresholds::run(args),
            Self::Calibration(args) => calibration::run(args),
            Self::Quantiles(args) => quantiles::run(args),
            Self::Backtest(args) => backtest::run(args),
            Self::Timing(args) => timing::run(args),
            Self::Portfolio(args) => portfolio::run(args),
            Self::Exposure(args) => exposure::run(args),
            Self::Cadence(args) => cadence::run(args),
            Self::Across(args) => across::run(args),
        }
    }
}

fn score_controls(args: &ControlArgs) -> anyhow::Result<()> {
    let config: Config = args.config.load()?.parse()?;
    let rows = control_rows(&config, &args.output.folds()?)?;
    let target = config.target.init(config.data.interval);
    let scored = ScoreInputs {
        rows: &rows,
        forecasters: &controls(&rows),
        intervals: &[],
        dropped: &[],
        importance: &[],
        is_return: target.earned().is_return(),
        candles: None,
    };
    args.output.check_files()?;
    let (report, page) = scored.report(&args.output, "")?;
    args.output.write_page(page.as_slice())?;
    print(&[(String::new(), None, report)], &args.output)
}

fn score_runs(paths: &[PathBuf], part: &PartArgs, output: &Output) -> anyhow::Result<()> {
    let runs = Runs::read(paths, &output.folds()?, part)?;
    let is_single = runs.parts().len() == 1;
    if output.plot.is_some() {
        // A picture shows one horizon and panel.
        runs.only_part()?;
    }
    output.check_files()?;
    // Pages and JSON tell what the candles say; tables do not.
    let needs_candles = output.json || output.html.is_some();
    let first = runs.all.first().filter(|_| needs_candles);
    let candles = first.and_then(EvaluatedRun::scored_candles);
    let (mut reports, mut pages) = (Vec::new(), Vec::new());
    for part in runs.parts() {
        let key = runs.key(part).filter(|_| !is_single);
        let joined = runs.join(part)?;
        let kinds = match output.json {
            true => Vec::new(),
            false => by_training(&runs, &joined.rows),
        };
        let title = key.map_or_else(String::new, ToString::to_string);
        let (report, page) = score_part((&runs, candles.as_ref()), joined, output, &title)?;
        pages.extend(page);
        reports.push((title, key, report));
        for (trained, title) in kinds {
            let joined = runs.join_coins(part, trained)?;
            let (report, _) = score_part((&runs, None), joined, &output.without_files(), "")?;
            reports.push((title, key, report));
        }
    }
    output.write_page(&pages)?;
    print(&reports, output)
}

/// Whether coins were trained on, with a title for the scores of each kind; nothing where all coins
/// are of one kind.
fn by_training(runs: &Runs, rows: &Rows) -> Vec<(bool, String)> {
    let is_trained = |coin: &&String| runs.is_trained(coin);
    let trained = rows.symbols.iter().filter(is_trained).count();
    let others = rows.symbols.len() - trained;
    match trained == 0 || others == 0 {
        true => Vec::new(),
        false => vec![
            (true, format!("Coins that were trained on: {trained}")),
            (false, format!("Coins that were not trained on: {others}")),
        ],
    }
}

/// Scores the rows of one horizon and panel, and makes their part of the page if one is asked for.
fn score_part(
    (runs, candles): (&Runs, Option<&ScoredCandles>),
    joined: JoinedRows,
    output: &Output,
    title: &str,
) -> anyhow::Result<(Report, Option<RunPart>)> {
    let mut forecasters = joined.forecasters;
    forecasters.extend(controls(&joined.rows));
    if let (true, Quantity::LogVolatility, Some(run)) =
        (output.oracle, joined.rows.quantity, runs.all.first())
    {
        forecasters.push(oracle(run, &joined.rows)?);
    }
    let paths = || runs.all.iter().map(|run| run.path.clone());
    let dropped: Vec<(String, usize)> = paths().zip(joined.dropped).collect();
    let importance: Vec<(String, Importance)> = runs
        .all
        .iter()
        .filter_map(|run| Some((run.path.clone(), run.importance.clone()?)))
        .collect();
    let scored = ScoreInputs {
        rows: &joined.rows,
        forecasters: &forecasters,
        intervals: &joined.intervals,
        dropped: &dropped,
        importance: &importance,
        is_return: runs.all.iter().all(EvaluatedRun::is_return),
        candles,
    };
    scored.report(output, title)
}

/// What is scored, and what the page says of it.
struct ScoreInputs<'a> {
    rows: &'a Rows,
    forecasters: &'a [ForecastColumn],
    /// Their prediction intervals; empty where none has any.
    intervals: &'a [PredictionIntervals],
    dropped: &'a [(String, usize)],
    importance: &'a [(String, Importance)],
    /// Whether a position between two prices earns what is forecast.
    is_return: bool,
    /// What the candles of the first run say beside, where that is asked for.
    candles: Option<&'a ScoredCandles>,
}

impl ScoreInputs<'_> {
    /// Scores, draws the picture and makes the part of the page, as far as they are asked for.
    fn report(&self, output: &Output, title: &str) -> anyhow::Result<(Report, Option<RunPart>)> {
        let options = Options {
            draws: output.draws,
            seed: output.seed,
            block_days: output.block_days,
            ..Options::default()
        };
        options.validate().map_err(cli::usage)?;
        let ScoreInputs {
            rows,
            forecasters,
            intervals,
            dropped,
            importance,
            is_return,
            candles,
        } = self;
        let mut report = score(rows, forecasters, &options)?;
        report.intervals = score_intervals(rows, intervals, &options)?;
        if let Some(candles) = candles {
            report.largest_coins = candles.largest_coins(rows);
        }
        if output.coins && *is_return {
            report = with_break_even(report, rows, forecasters, &options)?;
        }
        let exposure = candles
            .filter(|_| output.html.is_some())
            .and_then(|candles| candles.exposure(rows, forecasters, &options));
        let part = output.html.as_ref().map(|_| {
            let command = &format!("quarterhour {}", cli::arguments());
            let page = Page {
                rows,
                forecasters,
                report: &report,
                is_return: *is_return,
                options: &options,
                dropped,
                exposure: exposure.as_ref(),
                importance,
                command,
            };
            RunPart::new(title, &page)
        });
        if let Some(path) = &output.plot {
            write_atomically(path, folds_svg(&report).as_bytes())?;
            cli::note(format!("the chart is in {}", path.display()));
        }
        Ok((report, part))
    }
}

/// Prints the reports, each below its title, if it has one; as JSON with its horizon and panel where
/// there are several.
fn print(reports: &[(String, Option<&PartKey>, Report)], output: &Output) -> anyhow::Result<()> {
    let text = match reports {
        [(_, _, report)] if output.json => serde_json::to_string_pretty(report)? + "\n",
        reports if output.json => {
            let of_part = |(_, key, report): &(String, Option<&PartKey>, Report)| PartReport {
                horizon: key.map(|key| key.horizon),
                panel: key.map(|key| key.panel.clone()),
                report: report.clone(),
            };
            let parts: Vec<PartReport> = reports.iter().map(of_part).collect();
            serde_json::to_string_pretty(&parts)? + "\n"
        }
        reports => {
            let of_part = |(title, _, report): &(String, Option<&PartKey>, Report)| {
                let title = match title.as_str() {
                    "" => String::new(),
                    title => format!("{title}\n\n"),
                };
                let coins = if output.coins {
                    format!("\n{}", coins_table(report))
                } else {
                    String::new()
                };
                title + &score_table(report) + &coins
            };
            reports.iter().map(of_part).collect::<Vec<_>>().join("\n")
        }
    };
    Ok(cli::print(&text)?)
}

/// The scores of one horizon and panel among several, as JSON.
#[derive(serde::Serialize)]
struct PartReport {
    horizon: Option<TimeSpan>,
    panel: Option<String>,
    #[serde(flatten)]
    report: Report,
}

/// All (time, coin) pairs of the scored folds that have a target, whatever any forecaster could say
/// there; of the folds in `wanted`, or of all if it is empty.
fn control_rows(config: &Config, wanted: &[usize]) -> anyhow::Result<Rows> {
    let dataset = Dataset::load(config)?;
    let origin = Path::new("controls");
    let (metadata, mut parts) = (TableMetadata::new(&dataset.config), Vec::new());
    for fold in &dataset.plan.folds {
        let target_std = dataset::target_std(&dataset.targets, fold.train.clone());
        let mut forecasts = FoldForecasts::new(&dataset, fold);
        for row in fold.score.clone() {
            for coin in (0..dataset.panel.coins())
                .filter(|&coin| !dataset.targets.value(row, coin).is_nan())
            {
                forecasts.push((row, coin), target_std[coin], 0.0);
            }
        }
        parts.extend(forecasts.table(origin)?.into_inner().1);
    }
    let table = ForecastTable::new(metadata, parts, origin)?;
    let table = of_folds(table, wanted, "the panel")?;
    let source = NamedTable {
        name: "zero",
        run: None,
        table: &table,
    };
    Ok(join(&[source]).context("no rows to score")?.rows)
}
