//! `quarterhour ledger`: what a watch did, and whether it did it right.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;

use anyhow::anyhow;
use cli::WithHint;
use dataset::{CandleReader, CandleTable, format_time};
use market::{Candle, Symbol};
use rules::may_open;
use terminal::Table;
use trading::{Ledger, LoggedForecast, Position, summarize, summary_table};

use crate::checkpoint::Request;
use crate::timed::{OrderVerdict, check_orders, order_lines, orders_table};
use crate::watch::{Acting, SETTLE_WITHOUT_AFTER_BARS, WatchArgs, why_not};
use crate::{Checkpoint, Fallback, History, forecast_at};

/// Print what a watch did: trades, win rate, profit before and after fees, Sharpe, drawdown
#[derive(Debug, clap::Args)]
pub struct LedgerArgs {
    /// The run that was watched with
    #[arg(long, value_name = "DIR")]
    run: PathBuf,
    #[command(flatten)]
    watch: WatchArgs,
    /// Overrides a key of [data], [universe], [trading] or [watch] (may be repeated)
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// List every position too
    #[arg(long)]
    trades: bool,
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

/// What a ledger is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Candles {
    /// The candles as the watch knew them.
    Ledger,
    /// The candle store in `data.dir`.
    Store,
}

/// What the check found.
#[derive(Debug, Default, serde::Serialize)]
struct Verdict {
    /// Minutes with forecasts.
    minutes: usize,
    /// Forecasts that were made again.
    forecasts: usize,
    /// Forecasts that came out otherwise.
    wrong_forecasts: usize,
    /// Forecasts that had to do without an absent coin: not made again.
    incomplete_forecasts: usize,
    /// Forecasts of another model, or of the indicator rule: not made again.
    others_forecasts: usize,
    /// Positions that the forecasts ask for.
    trades: usize,
    /// Positions that are missing.
    lost_trades: usize,
    /// Positions that the forecasts do not ask for.
    extra_trades: usize,
    /// Positions with another price than the close of the candle they belong to.
    wrong_prices: usize,
    /// Positions that are closed.
    settled: usize,
    /// Positions that are open although the watch has forecast since they were due: their candle
    /// was there, or had been missing for long.
    unsettled: usize,
    /// Decisions about orders.
    orders: OrderVerdict,
}

/// Runs the command.
///
/// # Errors
/// No ledger; a run that does not load; a check that found something wrong.
pub fn run(args: &LedgerArgs) -> anyhow::Result<()> {
    let ledger = Ledger::read_only(&args.watch.ledger_path(&args.run))?;
    let positions = ledger.all_positions()?;
    let lines = summarize(&positions);
    let orders = order_lines(&ledger)?;
    let in_sample: BTreeSet<(i64, Symbol)> = ledger
        .forecasts(0)?
        .into_iter()
        .filter(|logged| Checkpoint::is_label_in_sample(&logged.forecaster))
        .map(|logged| (logged.time_ms, logged.symbol))
        .collect();
    let verdict = args
        .verify
        .map(|candles| verify(args, &ledger, &positions, candles))
        .transpose()?;
    if args.json {
        let json = serde_json::json!({
            "summary": lines, "orders": orders, "verdict": verdict, "in_sample_forecasts": in_sample.len()
        });
        cli::print(&(serde_json::to_string_pretty(&json)? + "\n"))?;
    } else {
        let mut text = summary_table(&lines) + &orders_table(&orders);
        if args.trades {
            text.push('\n');
            text.push_str(&trades_table(&positions, &in_sample));
        }
        if !in_sample.is_empty() {
            writeln!(
                text,
                "\n{} forecasts are in sample: model or thresholds had seen their time, and what they earned says nothing.",
                in_sample.len()
            )?;
        }
        if let Some(verdict) = &verdict {
            text.push_str(&verdict.in_words());
        }
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

impl Verdict {
    /// Whether the ledger is not what it should be.
    fn is_bad(&self) -> bool {
        self.wrong_forecasts
            + self.lost_trades
            + self.extra_trades
            + self.wrong_prices
            + self.unsettled
            + self.orders.wrong_decisions
            + self.orders.wrong_fills
            > 0
    }

    fn in_words(&self) -> String {
        format!(
            "\n{} minutes: {} forecasts made again, {} differ ({} without an absent coin and {} of another model left \
             out)\n{} trades asked for: {} lost, {} extra, {} at a wrong price; {} settled, {} overdue\n",
            self.minutes,
            self.forecasts,
            self.wrong_forecasts,
            self.incomplete_forecasts,
            self.others_forecasts,
            self.trades,
            self.lost_trades,
            self.extra_trades,
            self.wrong_prices,
            self.settled,
            self.unsettled
        ) + &self.orders.in_words()
    }
}

fn trades_table(positions: &[Position], in_sample: &BTreeSet<(i64, Symbol)>) -> String {
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
        let is_in_sample = in_sample.contains(&(position.forecast_ms, position.symbol.clone()));
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

fn verify(
    args: &LedgerArgs,
    ledger: &Ledger,
    positions: &[Position],
    candles: Candles,
) -> anyhow::Result<Verdict> {
    let (overrides, _) = WatchArgs::split(&args.set);
    let forecasts = ledger.forecasts(0)?;
    let checkpoint = load(args, &overrides, forecasts.first())?;
    let (trading, watch) = args.watch.settings(&args.run, &args.set)?;
    let bar_ms = checkpoint.config.data.interval.ms();
    let acting = Acting::new(trading, &watch, args.watch.thresholds(&args.run)?, bar_ms);
    let mut verdict = Verdict::default();
    let Some((first, last)) = forecasts.first().zip(forecasts.last()) else {
        return Ok(verdict);
    };

    let from_ms = first.time_ms - checkpoint.history_bars() as i64 * bar_ms;
    let steps = ledger.order_steps()?;
    let filled = steps.iter().filter(|step| step.price.is_some());
    let until_ms = positions
        .iter()
        .filter_map(|position| position.exit_ms)
        .chain(filled.map(|step| step.fill_ms))
        .fold(last.time_ms, i64::max)
        + bar_ms;
    let coins = read_candles(&checkpoint, ledger, candles, (from_ms, until_ms))?;
    check_forecasts(&checkpoint, &forecasts, &coins, &mut verdict)?;
    check_trades(&acting, &forecasts, positions, &mut verdict);
    check_prices(positions, &coins, (last.time_ms, bar_ms), &mut verdict);
    verdict.orders = check_orders(&acting, &forecasts, &steps, &coins);
    Ok(verdict)
}

/// The model that was watched with: without being told, the last fold's, or the one that the first
/// forecast names.
fn load(
    args: &LedgerArgs,
    overrides: &[String],
    first: Option<&LoggedForecast>,
) -> anyhow::Result<Checkpoint> {
    let request = Request {
        fallback: Fallback::Rule,
        run: &args.run,
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

/// Every coin's candles by open time.
type CoinCandles = Vec<(Symbol, BTreeMap<i64, Candle>)>;

fn read_candles(
    checkpoint: &Checkpoint,
    ledger: &Ledger,
    candles: Candles,
    (from_ms, until_ms): (i64, i64),
) -> anyhow::Result<CoinCandles> {
    let config = &checkpoint.config;
    let reader = CandleReader::new(&config.data)?;
    let of_coin = |symbol: &Symbol| -> anyhow::Result<(Symbol, BTreeMap<i64, Candle>)> {
        let read = match candles {
            Candles::Ledger => ledger.candles(symbol, from_ms, until_ms)?,
            Candles::Store => {
                let table = reader.read(symbol, &checkpoint.columns(), from_ms, until_ms)?;
                (0..table.len()).map(|index| table.candle(index)).collect()
            }
        };
        Ok((
            symbol.clone(),
            read.into_iter()
                .map(|candle| (candle.open_time_ms, candle))
                .collect(),
        ))
    };
    config.universe.symbols.iter().map(of_coin).collect()
}

/// Makes every complete minute's forecasts again: they must be the logged ones bit for bit.
fn check_forecasts(
    checkpoint: &Checkpoint,
    logged: &[LoggedForecast],
    coins: &CoinCandles,
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    let bar_ms = checkpoint.config.data.interval.ms();
    let minutes = logged.chunk_by(|left, right| left.time_ms == right.time_ms);
    let bar = cli::progress_bar("minutes", minutes.clone().count() as u64);
    for minute in minutes {
        bar.inc(1);
        verdict.minutes += 1;
        let time_ms = minute[0].time_ms;
        if minute.iter().any(|logged| !logged.is_complete) {
            verdict.incomplete_forecasts += minute.len();
            continue;
        }
        if minute
            .iter()
            .any(|logged| !checkpoint.has_label(&logged.forecaster))
        {
            verdict.others_forecasts += minute.len();
            continue;
        }
        let from_ms = time_ms - (checkpoint.history_bars() as i64 - 1) * bar_ms;
        let of_coin = |(symbol, candles): &(Symbol, BTreeMap<i64, Candle>)| {
            let used = candles.range(from_ms..=time_ms).map(|(_, candle)| *candle);
            (symbol.clone(), used.collect::<CandleTable>())
        };
        let history = History {
            at_ms: time_ms,
            coins: coins.iter().map(of_coin).collect(),
        };
        checkpoint.check_columns(&history)?;
        let again = forecast_at(checkpoint, &history)?;
        for logged in minute {
            let coin = again
                .coins
                .iter()
                .find(|coin| coin.symbol == logged.symbol.as_str());
            let forecast = coin.and_then(|coin| coin.forecast);
            verdict.forecasts += 1;
            if forecast.map(f64::to_bits) != logged.forecast.map(f64::to_bits) {
                verdict.wrong_forecasts += 1;
                cli::note(format!(
                    "{} at {}: logged {:?}, made again {forecast:?}",
                    logged.symbol,
                    format_time(time_ms),
                    logged.forecast
                ));
            }
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// Goes through the forecasts in order and asks what should have been opened: that, and nothing
/// else, must be there.
fn check_trades(
    acting: &Acting,
    logged: &[LoggedForecast],
    positions: &[Position],
    verdict: &mut Verdict,
) {
    let mut last_due: BTreeMap<&Symbol, i64> = BTreeMap::new();
    let mut asked = BTreeMap::new();
    for forecast in logged {
        let Some(side) = acting
            .side(forecast)
            .filter(|_| why_not(acting, forecast).is_none())
        else {
            continue;
        };
        if may_open(
            forecast.time_ms,
            last_due.get(&forecast.symbol).copied(),
            acting.trading.overlapping,
        ) {
            let signal = acting.signal(forecast, side);
            last_due.insert(&forecast.symbol, signal.due_ms);
            asked.insert(
                (&forecast.symbol, forecast.time_ms),
                (side, signal.entry_ms, signal.due_ms),
            );
        }
    }
    verdict.trades = asked.len();
    for position in positions {
        let found = (position.side, position.entry_ms, position.due_ms);
        match asked.remove(&(&position.symbol, position.forecast_ms)) {
            Some(expected) if expected == found => {}
            _ => verdict.extra_trades += 1,
        }
    }
    verdict.lost_trades = asked.len();
}

/// Compares prices with closes. Before a forecast is written down whatever is due is settled: an
/// open position is overdue by what the candles were at the last forecast, `forecast_ms`, and not
/// by those of a minute in which the watch was stopped.
fn check_prices(
    positions: &[Position],
    coins: &CoinCandles,
    (forecast_ms, bar_ms): (i64, i64),
    verdict: &mut Verdict,
) {
    for position in positions {
        let candles = coins
            .iter()
            .find(|(symbol, _)| *symbol == position.symbol)
            .map(|(_, candles)| candles);
        // The candle itself, or the first one after a hole.
        let close = |time_ms: i64| {
            candles?
                .range(time_ms..)
                .next()
                .map(|(time_ms, candle)| (*time_ms, candle.close))
        };
        if position.is_last_known {
            // The coin was gone: the last candle before, whatever came later.
            let last = candles.and_then(|candles| candles.range(..=position.due_ms).next_back());
            let found = position.exit_ms.zip(position.exit_price);
            let is_last = |(time_ms, price)| {
                candles
                    .and_then(|known| known.get(&time_ms))
                    .map(|c| c.close)
                    == Some(price)
            };
            verdict.settled += 1;
            verdict.wrong_prices += usize::from(last.is_none() || !found.is_some_and(is_last));
            continue;
        }
        if position
            .entry_price
            .is_some_and(|price| close(position.entry_ms).map(|(_, close)| close) != Some(price))
        {
            verdict.wrong_prices += 1;
        }
        match (
            position.exit_ms.zip(position.exit_price),
            close(position.due_ms),
        ) {
            // A candle that is missing is waited for.
            (None, expected) => {
                let is_there = expected.is_some_and(|(time_ms, _)| time_ms == position.due_ms);
                let waits_until_ms = position.due_ms
                    + if is_there {
                        0
                    } else {
                        SETTLE_WITHOUT_AFTER_BARS * bar_ms
                    };
                let known = candles.and_then(|candles| candles.range(..=forecast_ms).next_back());
                verdict.unsettled +=
                    usize::from(known.is_some_and(|(known_ms, _)| *known_ms >= waits_until_ms));
            }
            (exit, expected) => {
                verdict.settled += 1;
                verdict.wrong_prices += usize::from(exit != expected);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rules::{Costs, Side};

    use super::*;

    #[test]
    fn a_due_candle_that_is_missing_is_waited_for_and_a_position_that_forgot_its_own_is_found() {
        let symbol = Symbol::new("BTCUSDT").unwrap();
        let position = Position {
            id: 1,
            symbol: symbol.clone(),
            side: Side::Buy,
            forecast: 0.01,
            forecast_ms: 0,
            entry_ms: 0,
            entry_price: Some(1.0),
            due_ms: 2,
            exit_ms: None,
            exit_price: None,
            is_last_known: false,
            costs: Costs::default(),
        };
        let unsettled = |bars: &[i64], forecast: i64| {
            let candles = bars
                .iter()
                .map(|&bar| (bar, Candle::close_only(bar, 1.0)))
                .collect();
            let mut verdict = Verdict::default();
            let coins = vec![(symbol.clone(), candles)];
            check_prices(
                std::slice::from_ref(&position),
                &coins,
                (forecast, 1),
                &mut verdict,
            );
            assert_eq!((verdict.wrong_prices, verdict.settled), (0, 0));
            verdict.unsettled
        };
        assert_eq!(unsettled(&[0, 1], 1), 0, "not due yet");
        assert_eq!(unsettled(&[0, 1, 3, 4], 4), 0, "it may yet come");
        assert_eq!(unsettled(&[0, 1, 2], 1), 0, "stopped before it came");
        assert_eq!(unsettled(&[0, 1, 2], 2), 1);
        assert_eq!(
            unsettled(&[0, 1, 3, 62], 62),
            1,
            "settled without it by now"
        );
    }
}
