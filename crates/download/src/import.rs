//! `quarterhour import`: every file is checked as a whole before any candle of it enters the store.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use dataset::{CandleTable, Column, DataConfig, Idle, Store, format_time};
use jiff::Timestamp;
use market::{Interval, Market, Symbol};
use terminal::Table;

use crate::file_candles::{BadRows, FileCandles};
use crate::lock::lock;
use crate::read::{ReadOptions, read_file};
use crate::spacing::interval_of;

/// Names of columns and forms of files, for `import --help`.
pub(crate) const FORMS: &str = "\
Files: .parquet, .feather (version 2), .csv, .json (lists as Binance's klines, or objects), .zip (the exchange's archive).
Columns, whatever their case: a time (open_time, timestamp, unix, time, datetime, date) and close are needed; open, high, low,
  volume, quote_volume, count, taker_buy_volume, taker_buy_quote_volume, target, market_cap and circulating_supply are taken
  where they are, also by the names of python-binance, ccxt, freqtrade, CryptoDataDownload and Kaggle's sets (`Volume BTC`,
  `Number of trades`, `Asset_ID`). volume is in units of the coin: call one in the quote currency quote_volume. Others are
  named and left out. Without names: Binance's 12 columns, or ccxt's 6.
Symbol: a column (symbol, pair, ticker; BTC/USDT is BTCUSDT), else the file's name (BTCUSDT-1m-2024-01.csv,
  BTC_USDT-1m.feather, BTC-USDT.parquet), else --symbol.
Times: seconds, milliseconds or microseconds since 1970, or ISO 8601, in UTC unless they have a zone; of the candle's open.";

/// `quarterhour import`
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    #[command(flatten)]
    pub(crate) config: cli::ConfigArgs,
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

/// How many bad rows are listed one by one.
const LISTED_ROWS: usize = 20;

/// What came of one coin's candles.
#[derive(Debug, Default)]
struct ImportTotal {
    read: usize,
    added: usize,
    range_ms: Option<(i64, i64)>,
}

impl ImportArgs {
    /// How files are read.
    fn reading(&self, market: Market) -> ReadOptions {
        ReadOptions {
            bad_rows: match self.drop_bad_rows {
                true => BadRows::Drop,
                false => BadRows::Refuse,
            },
            symbol: self.symbol.clone(),
            market: Some(market),
            most_coins: None,
        }
    }
}

pub fn run(data: &DataConfig, args: &ImportArgs) -> anyhow::Result<()> {
    let market = args.market.unwrap_or(data.market);
    let reading = args.reading(market);
    let mut totals: BTreeMap<(Interval, Symbol), ImportTotal> = BTreeMap::new();
    for path in &args.files {
        let mut file = read_file(path, &reading)?;
        let interval = interval_of(&file, args.interval)?;
        let coins = file.checked(interval, Timestamp::now().as_millisecond())?;
        say_what_was_left_out(path, &file);
        let store = Store::new(&data.dir, market, interval);
        let _lock = if args.dry_run {
            None
        } else {
            Some(lock(&store)?)
        };
        let bar = cli::progress_bar(&file_name(path), coins.len() as u64);
        for (symbol, candles) in coins {
            if args.dry_run {
                say_what_is_there(&symbol, &candles, interval);
            }
            let put = if args.dry_run {
                Store::would_append
            } else {
                Store::append
            };
            let added = put(&store, &symbol, &candles, args.replace)
                .with_context(|| format!("{}", path.display()))?;
            totals
                .entry((interval, symbol))
                .or_default()
                .add(&candles, added);
            bar.inc(1);
        }
        bar.finish_and_clear();
    }
    let header = ["symbol", "market", "interval", "read", "new"];
    let spans = ["first", "last"].into_iter().filter(|_| args.dry_run);
    let mut table = Table::new(header.into_iter().chain(spans)).left([1, 2, 5, 6]);
    for ((interval, symbol), total) in &totals {
        let cells = [
            market.to_string(),
            interval.to_string(),
            total.read.to_string(),
            total.added.to_string(),
        ];
        let span = total.range_ms.filter(|_| args.dry_run);
        let span = span.map(|(first, last)| [first, last].map(format_time));
        table.push(
            symbol.as_str(),
            cells.into_iter().chain(span.into_iter().flatten()),
        );
    }
    cli::print(&table.render())?;
    if args.dry_run {
        cli::note("a dry run: nothing was stored");
    }
    Ok(())
}

impl ImportTotal {
    fn add(&mut self, candles: &CandleTable, added: usize) {
        self.read += candles.len();
        self.added += added;
        for &time in &candles.open_time_ms {
            let (first, last) = self.range_ms.unwrap_or((time, time));
            self.range_ms = Some((first.min(time), last.max(time)));
        }
    }
}

/// Columns, targets and rows of a file that do not go into the store.
fn say_what_was_left_out(path: &Path, file: &FileCandles) {
    let name = file_name(path);
    if !file.not_taken.is_empty() {
        let s = if file.not_taken.len() == 1 { "" } else { "s" };
        cli::note(format!(
            "{name}: column{s} not taken: {}",
            file.not_taken.join(", ")
        ));
    }
    if let Some(row) = file.infinite_targets.first() {
        let count = file.infinite_targets.len();
        cli::note(format!(
            "{name}: infinite targets: {count}, the first in row {row}; these rows have none"
        ));
    }
    for (column, rows) in &file.unknown_sizes {
        cli::note(format!(
            "{name}: {column} is 0 or missing in {rows} rows, which have none"
        ));
    }
    for (row, reason) in file.left_out.iter().take(LISTED_ROWS) {
        cli::note(format!("{name}: row {row} left out: {reason}"));
    }
    let more = file.left_out.len().saturating_sub(LISTED_ROWS);
    if more > 0 {
        cli::note(format!("{name}: and {more} more rows left out"));
    }
}

/// For a dry run: the columns of a coin, and whether its market is settled.
fn say_what_is_there(symbol: &Symbol, candles: &CandleTable, interval: Interval) {
    let columns: Vec<Column> = Column::ALL
        .into_iter()
        .filter(|&column| candles.has(column))
        .collect();
    cli::note(format!("{symbol}: would take {}", Column::list(&columns)));
    if let Some(idle) = Idle::longest(candles, interval) {
        cli::note(format!("{symbol}: {idle}"));
    }
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}
