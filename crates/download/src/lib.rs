//! Fills the candle store from files and says what it holds.

mod audit;
mod import;
mod read;
mod simulate;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use market::{Interval, Market};

/// Fill the candle store and look at what it holds
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
pub struct Args {
    #[command(flatten)]
    config: cli::ConfigArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Take candles from Parquet, CSV or the exchange's own archive files into the store
    Import(ImportArgs),
    /// Put a simulated market (data.simulated.*) into the store, for trying things at any size
    Simulate,
    /// Print range, rows and holes of every symbol in the store
    Audit(AuditArgs),
}

/// `download import`
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// Parquet, CSV or archive zip files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Whether the candles are spot or futures [default: data.market]
    #[arg(long)]
    market: Option<Market>,
    /// Bar length [default: from an archive file's name, else the most common step between candles]
    #[arg(long)]
    interval: Option<Interval>,
    /// Overwrite stored candles that have other values instead of refusing the file
    #[arg(long)]
    replace: bool,
}

/// `download audit`
#[derive(Debug, clap::Args)]
pub struct AuditArgs {
    /// How many holes to list for each symbol
    #[arg(long, default_value_t = 3)]
    holes: usize,
}

/// Runs one command.
///
/// # Errors
/// A config or file that is refused; what the system says.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let data: dataset::DataConfig = args.config.load()?.section("data")?;
    match &args.command {
        Command::Import(import) => import::run(&data, import),
        Command::Simulate => simulate::run(&data),
        Command::Audit(audit) => audit::run(&data, audit),
    }
}
