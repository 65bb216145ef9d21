//! `quarterhour ledger`: what a watch did, and whether it did it right.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::anyhow;
use cli::WithHint;
use dataset::{CandleReader, CandleTable, DataConfig, format_time};
use market::Symbol;
use registry::RunArgument;
use storage::write_atomically;
use terminal::Table;
use trading::{CoinSummary, Ledger, LoggedForecast, OrderStep, Position, summarize, summary_table};

use crate::checkpoint::Request;
use crate::kinds::kinds;
use crate::ledger_check::{
    CandlesByTime, LedgerCheck, check_forecasts, check_prices, check_trades,
};
use crate::ledger_keeping::{BackupArgs, PruneArgs};
use crate::ledger_plot::{LedgerPage, check_name};
use crate::timed::{check_orders, order_lines, orders_table};
use crate::watch::{SignalPolicy, WatchArgs, local_ms, run_name};
use crate::{Checkpoint, Fallback};

/// Print what a watch did: trades, win rate, profit before and after fees, Sharpe, drawdown
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct LedgerArgs {
    #[command(subcommand)]
    command: Option<LedgerCommand>,
    /// The run that was watched with
    #[arg(long, visible_alias = "model", value_name = "RUN", required = true)]
    run: Option<RunArgument>,
    #[command(flatten)]
    watch: WatchArgs,
    /// Overrides a key of [data], [universe], [trading] or [watch] (may be repeated)
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// List every position too
    #[arg(long)]
    trades: bool,
    /// Write every position as CSV to this file too; times are UTC
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Draw the equity after costs and the rolling correlation with its interval into this HTML file too
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
    /// The fold that it was watched with [default: the last]
    #[arg(long, value_name = "K")]
    fold: Option<usize>,
    /// Make every forecast again from candles of the ledger or the store, every trade from the
    /// forecasts, and compare
    #[arg(long, value_name = "CANDLES")]
    verify: Option<Candles>,
    /// auto, gpu, cpu, wgpu, flex or ndarray: what the forecasts were made on
    #[arg(long, default_value = "auto")]
    device: model::DeviceChoice,
}

/// What keeps a ledger over months.
#[derive(Debug, clap::Subcommand)]
enum LedgerCommand {
    /// Copy the ledger as it is at one moment to a new file, also while a watch writes it
    Backup(BackupArgs),
    /// Take old forecasts and candles out of the ledger, also while a watch writes it; positions and
    /// orders stay
    Prune(PruneArgs),
}

/// What a ledger is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Candles {
    /// The candles as the watch knew them.
    Ledger,
    /// The candle store in `data.dir`.
    Store,
}

impl LedgerArgs {
    fn run(&self) -> anyhow::Result<&RunArgument> {
        self.run.as_ref().ok_or_else(|| {
            let error = anyhow!("--run RUN is missing");
            cli::usage(error.hint("ls checkpoints/ shows the runs there are"))
        })
    }
}

/// Runs the command.
///
/// # Errors
/// No ledger; a run that does not load; a check that found something wrong.
pub fn run(args: &LedgerArgs) -> anyhow::Result<()> {
    match &args.command {
        Some(LedgerCommand::Backup(args)) => return args.run(),
        Some(LedgerCommand::Prune(args)) => return args.run(),
        None => {}
    }
    if let Some(path) = &args.plot {
        check_name(path)?;
    }
    let ledger = Ledger::read_only(&args.watch.ledger_path(args.run()?))?;
    let positions = ledger.all_positions()?;
    let lines = summarize(&positions);
    let orders = order_lines(&ledger)?;
    let in_sample = (ledger.forecasts(0)?.iter())
        .filter(|logged| Checkpoint::is_label_in_sample(&logged.forecaster))
        .count();
    let verdict = args
        .verify
        .map(|candles| verify(args, &ledger, &positions, candles))
        .transpose()?;
    let plot = (args.plot.as_ref())
        .map(|path| anyhow::Ok((path, page(args, &ledger, (&positions, &lines, in_sample))?)))
        .transpose()?;
    // A reader of the same file would be in the way of what is written below.
    drop(ledger);
    if let Some(verdict) = &verdict {
        let path = args.watch.ledger_path(args.run()?);
        if let Err(error) = Ledger::set_verification(&path, &verdict.verification(local_ms())) {
            cli::note(format!("a watch does not see what was found: {error}"));
        }
    }
    if let Some(path) = &args.csv {
        write_atomically(path, positions_csv(&positions).as_bytes())?;
        cli::note(format!("{}: {} positions", path.display(), positions.len()));
    }
    if let Some((path, html)) = plot {
        write_atomically(path, html.as_bytes())?;
        cli::note(format!("{} is drawn", path.display()));
    }
    if args.json {
        let json = serde_json::json!({
            "summary": lines, "orders": orders, "verdict": verdict, "in_sample_forecasts": in_sample
        });
        cli::print(&(serde_json::to_string_pretty(&json)? + "\n"))?;
    } else {
        let mut text = summary_table(&lines) + &orders_table(&orders);
        if args.trades {
            text.push('\n');
            text.push_str(&trades_table(&positions));
        }
        text.push_str(&in_sample_note(in_sample));
        text.push_str(&(verdict.as_ref()).map_or_else(String::new, |verdict| verdict.in_words()));
        cli::print(&text)?;
    }
    if verdict.is_some_and(|verdict| verdict.is_bad()) {
        return Err(
            anyhow!("the ledger is not what the candles and forecasts say")
                .hint("were fold, device, thresholds or [trading] others?"),
        );
    }
    Ok(())
}

/// What is said of forecasts that are in sample; empty where none is.
fn in_sample_note(forecasts: usize) -> String {
    match forecasts {
        0 => String::new(),
        _ => format!(
            "\n{forecasts} forecasts are in sample: model or thresholds had seen their time, and what they earned says nothing.\n"
        ),
    }
}

/// The page of `--plot`.
fn page(
    args: &LedgerArgs,
    ledger: &Ledger,
    (positions, lines, in_sample): (&[Position], &[CoinSummary], usize),
) -> anyhow::Result<String> {
    let run = args.run()?;
    let (overrides, _) = WatchArgs::split(&args.set);
    let (_, config) = kinds(args.device).config(&run.folder, &overrides)?;
    let (_, settings) = args.watch.settings(&run.folder, &args.set)?;
    let name = match &run.model {
        Some(model) => model.name.to_string(),
        None => run_name(&run.folder),
    };
    let page = LedgerPage {
        run: &name,
        config: &config,
        pearson_forecasts: settings.pearson_forecasts,
        positions,
        lines,
        in_sample,
    };
    page.html(ledger)
}

fn trades_table(positions: &[Position]) -> String {
    let header = [
        "coin",
        "side",
        "forecast (bp)",
        "opened at",
        "price",
        "closed at",
        "price",
        "net (bp)",
        "",
    ];
    let mut table = Table::new(header).left([1, 3, 5, 8]).unbroken();
    let price = |price: Option<f64>| price.map_or("-".to_owned(), |price| price.to_string());
    let points = |value: f64| format!("{:+.2}", value * 1e4);
    for position in positions {
        let label = position.forecaster.as_deref();
        let is_in_sample = label.is_some_and(Checkpoint::is_label_in_sample);
        let notes = [
            (
                position.is_last_known,
                "last known price: the coin was gone",
            ),
            (is_in_sample, "in sample"),
        ];
        let notes = notes.iter().filter(|(holds, _)| *holds);
        let cells = [
            position.side.name().to_owned(),
            points(position.forecast),
            format_time(position.entry_ms),
            price(position.entry_price),
            position.exit_ms.map_or("open".to_owned(), format_time),
            price(position.exit_price),
            position.net().map_or("-".to_owned(), points),
            notes.map(|(_, note)| *note).collect::<Vec<_>>().join("  "),
        ];
        table.push(position.symbol.as_str(), cells);
    }
    table.render() + "\nA time is the open time of the candle whose close is the price.\n"
}

/// Every position as a line of CSV: no value has a comma or a quote.
fn positions_csv(positions: &[Position]) -> String {
    let mut text =
        "symbol,side,forecast,forecast_time,entry_time,entry_price,due_time,exit_time,exit_price,\
                    fee_bps,slippage_bps,gross,net,last_known,in_sample\n"
            .to_owned();
    for position in positions {
        let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
        let label = position.forecaster.as_deref();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}",
            position.symbol,
            position.side.name(),
            position.forecast,
            format_time(position.forecast_ms),
            format_time(position.entry_ms),
            number(position.entry_price),
            format_time(position.due_ms),
            position.exit_ms.map_or(String::new(), format_time),
            number(position.exit_price),
            position.costs.fee_bps,
            position.costs.slippage_bps,
            number(position.gross()),
            number(position.net()),
            position.is_last_known,
            label.is_some_and(Checkpoint::is_label_in_sample),
        );
    }
    text
}

fn verify(
    args: &LedgerArgs,
    ledger: &Ledger,
    positions: &[Position],
    candles: Candles,
) -> anyhow::Result<LedgerCheck> {
    let (overrides, _) = WatchArgs::split(&args.set);
    let forecasts = ledger.forecasts(0)?;
    let checkpoint = load(args, &overrides, forecasts.first())?;
    let folder = &args.run()?.folder;
    let (trading, watch) = args.watch.settings(folder, &args.set)?;
    let bar_ms = checkpoint.config.data.interval.ms();
    let policy = SignalPolicy::new(trading, &watch, args.watch.thresholds(folder)?, bar_ms);
    let mut verdict = LedgerCheck::default();
    let Some((first, last)) = forecasts.first().zip(forecasts.last()) else {
        return Ok(verdict);
    };

    let from_ms = first.time_ms - checkpoint.history_bars() as i64 * bar_ms;
    let steps = whole_orders(ledger.order_steps()?, first.time_ms);
    let kept_positions = (positions.iter())
        .filter(|position| position.forecast_ms >= first.time_ms)
        .cloned()
        .collect::<Vec<_>>();
    let filled = steps.iter().filter(|step| step.price.is_some());
    let until_ms = kept_positions
        .iter()
        .filter_map(|position| position.exit_ms)
        .chain(filled.map(|step| step.fill_ms))
        .fold(last.time_ms, i64::max)
        + bar_ms;
    let source = VerifiedCandles {
        checkpoint: &checkpoint,
        ledger,
        from: candles,
        span_ms: (from_ms, until_ms),
    };
    check_forecasts(&checkpoint, &forecasts, &source.joined()?, &mut verdict)?;
    let coins = source.own()?;
    let paused = ledger.paused_bars(first.time_ms)?;
    check_trades(&policy, (&forecasts, &paused), positions, &mut verdict);
    check_prices(
        &kept_positions,
        &coins,
        (last.time_ms, bar_ms),
        &mut verdict,
    );
    verdict.orders = check_orders(&policy, &forecasts, &steps, &coins);
    Ok(verdict)
}

/// The decisions of the orders that have none from before the first forecast, which was pruned.
fn whole_orders(steps: Vec<OrderStep>, first_ms: i64) -> Vec<OrderStep> {
    let (cut, kept): (Vec<OrderStep>, Vec<OrderStep>) =
        steps.into_iter().partition(|step| step.time_ms < first_ms);
    let is_whole = |step: &OrderStep| cut.iter().all(|early| early.order != step.order);
    kept.into_iter().filter(is_whole).collect()
}

/// The model that was watched with: without being told, the last fold's, or the one that the first
/// forecast names.
fn load(
    args: &LedgerArgs,
    overrides: &[String],
    first: Option<&LoggedForecast>,
) -> anyhow::Result<Checkpoint> {
    let request = Request {
        // By the indicator rule nothing would be made again, and the ledger would be called right.
        fallback: Fallback::Refuse,
        run: &args.run()?.folder,
        registered: None,
        fold: args.fold,
        at_ms: first.map(|logged| logged.time_ms),
        overrides,
        device: args.device,
    };
    let last = request.load()?;
    let named = first.and_then(|logged| Checkpoint::fold_of_label(&logged.forecaster));
    match (args.fold, first, named) {
        (None, Some(logged), Some(fold)) if !last.has_label(&logged.forecaster) => {
            let of_fold = Request {
                fold: Some(fold),
                ..request
            }
            .load()?;
            Ok(if of_fold.has_label(&logged.forecaster) {
                of_fold
            } else {
                last
            })
        }
        _ => Ok(last),
    }
}

/// The candles that a ledger is compared with.
struct VerifiedCandles<'a> {
    checkpoint: &'a Checkpoint,
    ledger: &'a Ledger,
    from: Candles,
    /// Open times, the second one exclusive, UTC ms.
    span_ms: (i64, i64),
}

impl VerifiedCandles<'_> {
    /// As the exchange serves them under each coin's last name: what prices are of.
    fn own(&self) -> anyhow::Result<CandlesByTime> {
        let reader = self.reader(&DataConfig {
            symbols_file: None,
            ..self.checkpoint.config.data.clone()
        })?;
        self.of_coins(|symbol| self.of_name(&reader, symbol))
    }

    /// Under all names of each coin, in its first unit: what forecasts are of.
    fn joined(&self) -> anyhow::Result<CandlesByTime> {
        let reader = self.reader(&self.checkpoint.config.data)?;
        self.of_coins(|symbol| match self.from {
            Candles::Store => self.of_name(&reader, symbol),
            Candles::Ledger => {
                let events = reader.events();
                events.joined(symbol, &|name: &Symbol| self.of_name(&reader, name))
            }
        })
    }

    fn reader(&self, data: &DataConfig) -> anyhow::Result<CandleReader> {
        Ok(CandleReader::new(data)?)
    }

    fn of_name(&self, reader: &CandleReader, name: &Symbol) -> anyhow::Result<CandleTable> {
        let (from_ms, until_ms) = self.span_ms;
        Ok(match self.from {
            Candles::Store => reader.read(name, &self.checkpoint.columns(), from_ms, until_ms)?,
            Candles::Ledger => {
                let candles = self.ledger.candles(name, from_ms, until_ms)?;
                candles.into_iter().collect()
            }
        })
    }

    fn of_coins(
        &self,
        read: impl Fn(&Symbol) -> anyhow::Result<CandleTable>,
    ) -> anyhow::Result<CandlesByTime> {
        let of_coin = |symbol: &Symbol| {
            let table = read(symbol)?;
            let candles = (0..table.len()).map(|index| table.candle(index));
            let by_time = candles.map(|candle| (candle.open_time_ms, candle));
            Ok((symbol.clone(), by_time.collect()))
        };
        let symbols = &self.checkpoint.config.universe.symbols;
        symbols.iter().map(of_coin).collect()
    }
}
