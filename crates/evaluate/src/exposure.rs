//! `quarterhour exposure RUN...`: how much of coins to keep, by forecasts of their volatility.

use std::path::PathBuf;

use dataset::check_named_output;
use page::{exposure_html, exposure_table};
use rules::{AlarmCosts, Error, ExposureOptions, ExposureReport, exposure};
use run::next_returns;
use score::{Options, controls};
use storage::write_atomically;

use crate::part::PartArgs;
use crate::runs::Runs;

/// Arguments of `quarterhour exposure`.
#[derive(Debug, clap::Args)]
pub struct ExposureArgs {
    /// Runs with target.kind = "volatility": folders with run.toml and forecasts.parquet
    #[arg(value_name = "RUN", required = true, value_parser = registry::run_folder)]
    runs: Vec<PathBuf>,
    #[command(flatten)]
    part: PartArgs,
    /// Folds to follow, such as 1-5 or 1-5,7; without it all of them
    #[arg(long, value_name = "FOLDS")]
    folds: Option<String>,
    /// Exposure of a coin that is forecast High, or in its top, in place of 1
    #[arg(long, value_name = "SHARE", default_value_t = ExposureOptions::default().reduced)]
    reduced: f64,
    /// Share of a coin's earlier forecasts below those that count as its top
    #[arg(long, value_name = "SHARE", default_value_t = ExposureOptions::default().top_share)]
    top_share: f64,
    /// Volatility a year that exposure aims at: .8 is 80 %
    #[arg(long, value_name = "NUMBER", default_value_t = ExposureOptions::default().target_volatility)]
    target_volatility: f64,
    /// Largest exposure of the rule with a target
    #[arg(long, value_name = "NUMBER", default_value_t = ExposureOptions::default().cap)]
    cap: f64,
    /// Coin that is sold short while others are High
    #[arg(long, value_name = "SYMBOL", default_value_t = ExposureOptions::default().hedge)]
    hedge: String,
    /// Short position for each unit of a coin at High
    #[arg(long, value_name = "NUMBER", default_value_t = ExposureOptions::default().hedge_ratio)]
    hedge_ratio: f64,
    /// Cost of a change of exposure by 1, in basis points
    #[arg(long, value_name = "BPS", default_value_t = ExposureOptions::default().cost_bps)]
    cost_bps: f64,
    /// Cost of a High that is not called, beside --alarm-cost: High is called by the cut on its
    /// probability that cost least on earlier folds [default: regime.miss_cost of the first run]
    #[arg(long, value_name = "NUMBER", requires = "alarm_cost")]
    miss_cost: Option<f64>,
    /// Cost of calling High where it does not come [default: regime.alarm_cost of the first run]
    #[arg(long, value_name = "NUMBER", requires = "miss_cost")]
    alarm_cost: Option<f64>,
    /// Days of a block of the bootstrap
    #[arg(long, value_name = "DAYS", default_value_t = Options::default().block_days)]
    block_days: usize,
    /// Bootstrap draws, at least 2000
    #[arg(long, default_value_t = Options::default().draws)]
    draws: usize,
    /// Seed of the bootstrap
    #[arg(long, default_value_t = Options::default().seed)]
    seed: u64,
    /// Also write the tables with charts to one HTML file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
}

impl ExposureArgs {
    fn options(&self) -> Result<ExposureOptions, Error> {
        Ok(ExposureOptions {
            reduced: self.reduced,
            top_share: self.top_share,
            target_volatility: self.target_volatility,
            cap: self.cap,
            hedge_ratio: self.hedge_ratio,
            hedge: self.hedge.clone(),
            cost_bps: self.cost_bps,
            alarm_costs: AlarmCosts::of(self.miss_cost, self.alarm_cost)?,
            bootstrap: Options {
                draws: self.draws,
                seed: self.seed,
                block_days: self.block_days,
                ..Options::default()
            },
        })
    }
}

/// Reads, follows every rule, prints and draws.
///
/// # Errors
/// Runs that cannot be read or forecast no volatility, candles that are not there, settings out of
/// range, a file that cannot be written.
pub fn run(args: &ExposureArgs) -> anyhow::Result<()> {
    if let Some(path) = &args.html {
        check_named_output(path, "html")?;
    }
    let mut options = args.options().map_err(cli::usage)?;
    options.validate().map_err(cli::usage)?;
    let folds = args.folds.as_deref().map_or(Ok(Vec::new()), cli::folds)?;
    let runs = Runs::read(&args.runs, &folds, &args.part)?;
    if options.alarm_costs.is_none() {
        let (miss, alarm) = runs.all[0].regime_costs();
        options.alarm_costs = AlarmCosts::of(miss, alarm)?;
    }
    let report = report(&runs, &options)?;
    if let Some(path) = &args.html {
        let command = format!("quarterhour {}", cli::arguments());
        write_atomically(path, exposure_html(&report, &command).as_bytes())?;
        cli::note(format!("the report is in {}", path.display()));
    }
    let text = match args.json {
        true => serde_json::to_string_pretty(&report)? + "\n",
        false => exposure_table(&report),
    };
    Ok(cli::print(&text)?)
}

fn report(runs: &Runs, options: &ExposureOptions) -> anyhow::Result<ExposureReport> {
    let joined = runs.join(runs.only_part()?)?;
    let mut forecasters = joined.forecasters;
    forecasters.extend(controls(&joined.rows));
    let returns = next_returns(&runs.all[0].prices()?, &joined.rows);
    exposure(&joined.rows, &forecasters, &returns, options).map_err(|error| match error {
        Error::Setting { .. } => cli::usage(error),
        error => error.into(),
    })
}
