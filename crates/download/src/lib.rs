//! Fills the candle store from the exchange and from files, and says what it holds.

mod audit;
mod columns;
mod fetch;
mod import;
mod lock;
mod name;
mod read;
mod rows;
mod simulate;
mod spacing;
mod time;

use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Parser, Subcommand};
use cli::WithHint;
use dataset::{Config, DataConfig};
use market::{Interval, Market, Symbol};

/// Fetch candles from the exchange into the store
///
/// The candles of universe.symbols from data.from to data.until are fetched: months and days from
/// the exchange's archive, checked by their SHA-256, and the newest days by REST. The same command
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

/// `download` without a command
#[derive(Debug, clap::Args)]
pub struct FetchArgs {
    // As attributes: rustdoc would take the addresses for links.
    #[arg(
        long,
        value_name = "URL",
        help = "Address of the archive [default: https://data.binance.vision]"
    )]
    archive_url: Option<String>,
    #[arg(
        long,
        value_name = "URL",
        help = "Address of the REST interface [default: https://data-api.binance.vision or https://fapi.binance.com]"
    )]
    base_url: Option<String>,
    /// Do not ask whether the checksums of files that are there already have changed
    #[arg(long)]
    trust_known: bool,
    /// How many coin months are fetched at once
    #[arg(long, default_value_t = 8, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    at_once: u16,
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

/// Names of columns and forms of files, for `import --help`.
const FORMS: &str = "\
Files: .parquet, .feather (version 2), .csv, .json (lists as Binance's klines, or objects), .zip (the exchange's archive).
Columns, whatever their case: a time (open_time, timestamp, unix, time, datetime, date) and close are needed; open, high, low,
  volume, quote_volume, count, taker_buy_volume, taker_buy_quote_volume and target are taken where they are, also by the names of
  python-binance, ccxt, freqtrade, CryptoDataDownload and Kaggle's sets (`Volume BTC`, `Number of trades`, `Asset_ID`). Others
  are named and left out. Without names: Binance's 12 columns, or ccxt's 6.
Symbol: a column (symbol, pair, ticker; BTC/USDT is BTCUSDT), else the file's name (BTCUSDT-1m-2024-01.csv,
  BTC_USDT-1m.feather, BTC-USDT.parquet), else --symbol.
Times: seconds, milliseconds or microseconds since 1970, or ISO 8601, in UTC unless they have a zone; of the candle's open.";

/// `quarterhour import`
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    #[command(flatten)]
    config: cli::ConfigArgs,
    /// Parquet, Feather, CSV, JSON or archive zip files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Whether the candles are spot or futures [default: data.market]
    #[arg(long)]
    market: Option<Market>,
    /// Bar length [default: from an archive file's name or close times, else the step between
    /// candles]
    #[arg(long)]
    interval: Option<Interval>,
    /// The coin of files that do not say theirs
    #[arg(long)]
    symbol: Option<Symbol>,
    /// Overwrite stored candles that have other values instead of refusing the file
    #[arg(long)]
    replace: bool,
    /// Say what would be taken, and store nothing
    #[arg(long)]
    dry_run: bool,
    /// Leave out and list rows that cannot be instead of refusing the file
    #[arg(long)]
    drop_bad_rows: bool,
}

/// `quarterhour simulate`
#[derive(Debug, clap::Args)]
pub struct SimulateArgs {
    #[command(flatten)]
    config: cli::ConfigArgs,
}

/// `quarterhour audit`
#[derive(Debug, clap::Args)]
pub struct AuditArgs {
    #[command(flatten)]
    config: cli::ConfigArgs,
    /// How many holes to list for each symbol
    #[arg(long, default_value_t = 3)]
    holes: usize,
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
