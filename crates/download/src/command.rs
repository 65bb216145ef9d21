//! The subcommands, from arguments to the store.

use anyhow::anyhow;
use clap::{Parser, Subcommand};
use cli::WithHint;
use dataset::{Config, DataConfig};

use crate::import::FORMS;
use crate::{AuditArgs, FetchArgs, ImportArgs, SimulateArgs, audit, fetch, import, simulate};

/// Fetch candles from the exchange into the store
///
/// The candles of universe.symbols from data.from to data.until are fetched: months and days from
/// the exchange's archive, checked by their SHA-256, and the newest days by REST; of futures the
/// funding rates too. The same command
/// goes on where an earlier one was stopped or killed, brings what is new since, and replaces files
/// that the exchange has replaced.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(flatten)]
    config: cli::ConfigArgs,
    #[command(flatten)]
    fetch: FetchArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What is done with the store beside fetching.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Take candles from files of many kinds into the store
    #[command(after_help = FORMS)]
    Import(ImportArgs),
    /// Put a simulated market (data.simulated.*) into the store, for trying things at any size
    Simulate(SimulateArgs),
    /// Print range, rows and holes of every symbol in the store
    Audit(AuditArgs),
}

/// Fetches, or runs one of the other commands.
///
/// # Errors
/// A config or file that is refused; what the system says.
pub fn run(args: &Args) -> anyhow::Result<()> {
    if let Some(command) = &args.command {
        return command.run();
    }
    let config = args.config.load()?;
    let data: DataConfig = config.section("data")?;
    // The whole history of the default universe is hours of work: nobody gets it by leaving
    // something out.
    if args.config.config.is_none() && data.from.is_none() {
        return Err(cli::usage(
            anyhow!(
                "found neither --config nor data.from, expected one that says what to \
                 fetch"
            )
            .hint(
                "--config configs/binance20.toml fetches 20 coins x a year; --set \
                 data.from=2017-07-01 all there is; --help lists the commands",
            ),
        ));
    }
    let config = Config {
        data,
        universe: config.section("universe")?,
        ..Config::default()
    };
    fetch::run(&config, &args.fetch)
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// A config or file that is refused; what the system says.
    pub fn run(&self) -> anyhow::Result<()> {
        let data = |config: &cli::ConfigArgs| config.load()?.section::<DataConfig>("data");
        match self {
            Self::Import(args) => import::run(&data(&args.config)?, args),
            Self::Simulate(args) => simulate::run(&data(&args.config)?),
            Self::Audit(args) => audit::run(&data(&args.config)?, args),
        }
    }
}
