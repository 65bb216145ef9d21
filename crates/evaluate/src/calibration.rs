//! `quarterhour calibration RUN...`: what was realized for a forecast of so much, coin by coin.

use std::path::PathBuf;

use page::{calibration_coins, calibration_table};
use score::{Options, calibration};

use crate::part::PartArgs;
use crate::runs::Runs;

/// Arguments of `quarterhour calibration`.
#[derive(Debug, clap::Args)]
pub struct CalibrationArgs {
    /// Runs: folders with run.toml and forecasts.parquet
    #[arg(value_name = "RUN", required = true, value_parser = registry::run_folder)]
    runs: Vec<PathBuf>,
    #[command(flatten)]
    part: PartArgs,
    /// Folds to look at, such as 1-5 or 1-5,7; without it all of them
    #[arg(long, value_name = "FOLDS")]
    folds: Option<String>,
    /// Print every coin's line too
    #[arg(long)]
    coins: bool,
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

/// Reads, compares and prints.
///
/// # Errors
/// Runs that cannot be read or forecast no return, settings out of range.
pub fn run(args: &CalibrationArgs) -> anyhow::Result<()> {
    let options = Options {
        draws: args.draws,
        seed: args.seed,
        ..Options::default()
    };
    options.validate().map_err(cli::usage)?;
    let folds = args.folds.as_deref().map_or(Ok(Vec::new()), cli::folds)?;
    let runs = Runs::read(&args.runs, &folds, &args.part)?;
    runs.check_returns("calibration is for runs with target.kind = \"return\"")?;
    let joined = runs.join(runs.only_part()?)?;
    let report = calibration(&joined.rows, &joined.forecasters, &options)?;
    let text = if args.json {
        serde_json::to_string_pretty(&report)? + "\n"
    } else if args.coins {
        format!(
            "{}\n{}",
            calibration_table(&report),
            calibration_coins(&report)
        )
    } else {
        calibration_table(&report)
    };
    Ok(cli::print(&text)?)
}
