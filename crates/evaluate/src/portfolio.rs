//! `quarterhour portfolio RUN...`: positions in all coins by the forecasts, raw and hedged, at
//! several fees.

use std::path::{Path, PathBuf};

use dataset::{Column, Panel, check_named_output};
use page::{portfolio_html, portfolio_table};
use rules::{
    Error, OrderKind, PortfolioConfig, PortfolioOptions, PortfolioReport, PriceRange, SpreadModel,
    Trials, portfolio,
};
use run::TrialLine;
use score::{ForecastColumn, Options, controls};
use serde_json::{Value, json};
use storage::write_atomically;

use crate::part::PartArgs;
use crate::runs::Runs;
use crate::study::log_trials;
use crate::timing::{prices, values};

/// Arguments of `quarterhour portfolio`.
#[derive(Debug, clap::Args)]
pub struct PortfolioArgs {
    /// Runs: folders with run.toml and forecasts.parquet; each is a portfolio of its own
    #[arg(value_name = "RUN", required = true, value_parser = registry::run_folder)]
    runs: Vec<PathBuf>,
    #[command(flatten)]
    part: PartArgs,
    #[command(flatten)]
    config: cli::ConfigArgs,
    /// Folds to trade, such as 4-5; the folds before them say what forecasts are worth. Without it
    /// all but the first
    #[arg(long, value_name = "FOLDS")]
    folds: Option<String>,
    /// Also write the tables with the capital over time to one HTML file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
    /// Bootstrap draws, at least 2000
    #[arg(long, default_value_t = Options::default().draws)]
    draws: usize,
    /// Seed of the bootstrap
    #[arg(long, default_value_t = Options::default().seed)]
    seed: u64,
}

impl PortfolioArgs {
    fn options(&self) -> anyhow::Result<PortfolioOptions> {
        let config: PortfolioConfig = self.config.load()?.section("portfolio")?;
        config.validate().map_err(cli::usage)?;
        Ok(PortfolioOptions {
            config,
            folds: self.folds.as_deref().map_or(Ok(Vec::new()), cli::folds)?,
            bootstrap: Options {
                draws: self.draws,
                seed: self.seed,
                ..Options::default()
            },
        })
    }
}

/// Reads, trades, logs the trials, prints and draws.
///
/// # Errors
/// Runs that cannot be read or forecast no return, candles that are not there, settings out of
/// range, a file that cannot be written.
pub fn run(args: &PortfolioArgs) -> anyhow::Result<()> {
    if let Some(path) = &args.html {
        check_named_output(path, "html")?;
    }
    let options = args.options()?;
    let runs = Runs::read(&args.runs, &[], &args.part)?;
    let mut report = report(&runs, &options)?;
    let first = args.runs.first().map_or(Path::new("."), PathBuf::as_path);
    let horizon = runs.key(runs.only_part()?).map(ToString::to_string);
    let known = log_trials(first, &trial_lines(&report, first, horizon.as_deref())?)?;
    let sharpes: Vec<f64> = known
        .iter()
        .filter_map(|trial| trial.daily_sharpe)
        .collect();
    if let Some(trials) = Trials::new(&sharpes) {
        // Those without a Sharpe ratio, of a search, were tried too.
        let count = known.len();
        report = report.deflated(Trials { count, ..trials });
    }
    if let Some(path) = &args.html {
        let command = format!("quarterhour {}", cli::arguments());
        write_atomically(path, portfolio_html(&report, &command).as_bytes())?;
        cli::note(format!("the report is in {}", path.display()));
    }
    let text = if args.json {
        serde_json::to_string_pretty(&report)? + "\n"
    } else {
        portfolio_table(&report)
    };
    Ok(cli::print(&text)?)
}

fn report(runs: &Runs, options: &PortfolioOptions) -> anyhow::Result<PortfolioReport> {
    runs.check_returns("portfolios are for runs with target.kind = \"return\"")?;
    let joined = runs.join(runs.only_part()?)?;
    let mut forecasters = joined.forecasters;
    let known = |control: &ForecastColumn| control.forecast.iter().any(|value| *value != 0.0);
    forecasters.extend(controls(&joined.rows).into_iter().filter(known));
    let panel = runs.all[0].prices()?;
    let mut prices = prices(&panel);
    prices.funding = runs.all[0].funding(panel.symbols())?;
    let config = &options.config;
    if config.orders == OrderKind::Limit || config.spread == SpreadModel::AbdiRanaldo {
        prices.range = range(&panel);
    }
    portfolio(&joined.rows, &forecasters, &prices, options).map_err(|error| match error {
        Error::Setting { .. } => cli::usage(error),
        error => error.into(),
    })
}

/// How far prices went within the bars of a panel; None where its candles do not say.
fn range(panel: &Panel) -> Option<PriceRange> {
    let [low, high] = [Column::Low, Column::High].map(|column| values(panel, column));
    let is_known = |values: &[f64]| values.iter().any(|value| value.is_finite());
    (is_known(&low) && is_known(&high)).then_some(PriceRange { low, high })
}

/// The lines of the log of trials; a portfolio that held nothing has no Sharpe ratio and is none.
fn trial_lines(
    report: &PortfolioReport,
    first: &Path,
    horizon: Option<&str>,
) -> anyhow::Result<Vec<TrialLine>> {
    let mut config = serde_json::to_value(&report.config)?;
    if let Value::Object(keys) = &mut config {
        keys.remove("fees_bps");
    }
    let first = first.to_string_lossy();
    let name = |run: &str| {
        let name = Path::new(run).file_name();
        name.map_or_else(
            || run.to_owned(),
            |name| name.to_string_lossy().into_owned(),
        )
    };
    let trials = report.results.iter().filter(|one| one.holding.is_trial());
    let of_result = |one: &rules::PortfolioResult| {
        Some(TrialLine {
            setting: json!({
                "command": "portfolio",
                "run": name(one.holding.run().unwrap_or(&first)),
                "part": horizon,
                "portfolio": one.holding.label(),
                "folds": report.folds,
                "fee_bps": one.fee_bps,
                "config": config,
            }),
            days: Some(one.figures.days),
            daily_sharpe: Some(one.daily_sharpe()?),
            result: None,
        })
    };
    Ok(trials.filter_map(of_result).collect())
}
