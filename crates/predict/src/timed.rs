//! Orders of a ledger: what came of them, and the check of their decisions.

use std::collections::BTreeMap;

use dataset::format_time;
use market::{Candle, Symbol};
use rules::Side;
use serde::Serialize;
use terminal::Table;
use trading::{Ledger, LoggedForecast, OrderStep, by_order, part_left};

use crate::watch::{SignalPolicy, known_z_scores};

/// What came of an order. Prices are closes without the spread.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OrderLine {
    symbol: Symbol,
    side: Side,
    /// Open time of the candle at whose close it arrived, UTC ms.
    arrival_ms: i64,
    /// Open time of the candle at whose close the last of it is filled, UTC ms.
    deadline_ms: i64,
    /// The part that is not traded.
    left: f64,
    /// Mean price of its parts; None while one of them is not filled.
    price: Option<f64>,
    /// What it saved against an equal part at each close, basis points of that mean; None where a
    /// close is not known.
    saved_twap_bps: Option<f64>,
    /// The same against the first close.
    saved_at_once_bps: Option<f64>,
}

/// All orders of a ledger.
///
/// # Errors
/// A ledger that cannot be read.
pub fn order_lines(ledger: &Ledger) -> Result<Vec<OrderLine>, trading::Error> {
    let steps = ledger.order_steps()?;
    by_order(&steps)
        .filter_map(|steps| line(ledger, steps).transpose())
        .collect()
}

fn line(ledger: &Ledger, steps: &[OrderStep]) -> Result<Option<OrderLine>, trading::Error> {
    let Some(OrderStep {
        order,
        time_ms,
        fill_ms,
        ..
    }) = steps.first()
    else {
        return Ok(None);
    };
    let bar_ms = fill_ms - time_ms;
    let (from_ms, until_ms) = (order.arrival_ms + bar_ms, order.deadline_ms + bar_ms);
    let candles = ledger.candles(&order.symbol, from_ms, until_ms)?;
    let closes: Vec<f64> = candles.iter().map(|candle| candle.close).collect();
    let is_whole = closes.len() as i64 * bar_ms == until_ms - from_ms;
    let left = part_left(steps);
    let parts = steps.iter().filter(|step| step.part > 0.0);
    let paid: Option<f64> = parts.map(|step| Some(step.part * step.price?)).sum();
    let price = paid.filter(|_| left <= 0.0);
    let saved = |benchmark: f64| Some((benchmark / price? - 1.0) * order.side.sign() * 1e4);
    let twap = closes.iter().sum::<f64>() / closes.len() as f64;
    let first = candles
        .first()
        .filter(|candle| candle.open_time_ms == from_ms);
    Ok(Some(OrderLine {
        symbol: order.symbol.clone(),
        side: order.side,
        arrival_ms: order.arrival_ms,
        deadline_ms: order.deadline_ms,
        left,
        price,
        saved_twap_bps: Some(twap).filter(|_| is_whole).and_then(saved),
        saved_at_once_bps: first.and_then(|candle| saved(candle.close)),
    }))
}

/// The orders as a table; empty where there are none.
pub fn orders_table(lines: &[OrderLine]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let header = [
        "order",
        "side",
        "arrived at",
        "deadline",
        "left",
        "price",
        "saved bp: TWAP",
        "at once",
    ];
    let mut table = Table::new(header).left([1, 2, 3]).unbroken();
    let number = |value: Option<f64>, text: fn(f64) -> String| value.map_or("-".to_owned(), text);
    for line in lines {
        let cells = [
            line.side.name().to_owned(),
            format_time(line.arrival_ms),
            format_time(line.deadline_ms),
            format!("{:.0} %", line.left * 100.0),
            number(line.price, |price| price.to_string()),
            number(line.saved_twap_bps, |bps| format!("{bps:+.2}")),
            number(line.saved_at_once_bps, |bps| format!("{bps:+.2}")),
        ];
        table.push(line.symbol.as_str(), cells);
    }
    format!("\n{}", table.render())
}

/// What the check of decisions found.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct OrderCheck {
    /// Decisions that were made again.
    pub decisions: usize,
    /// Decisions that came out otherwise.
    pub wrong_decisions: usize,
    /// Parts at another price than the close of the candle that they belong to.
    pub wrong_fills: usize,
}

impl OrderCheck {
    /// The check in a line; empty where there was nothing to decide.
    pub fn in_words(&self) -> String {
        if self.decisions == 0 {
            return String::new();
        }
        format!(
            "{} decisions about orders: {} differ, {} filled at a wrong price\n",
            self.decisions, self.wrong_decisions, self.wrong_fills
        )
    }
}

/// Makes every decision again from the logged forecasts: it must be the logged one bit for bit, and
/// filled at the candle's close.
pub fn check_orders(
    policy: &SignalPolicy,
    forecasts: &[LoggedForecast],
    steps: &[OrderStep],
    coins: &[(Symbol, BTreeMap<i64, Candle>)],
) -> OrderCheck {
    let mut check = OrderCheck::default();
    for steps in by_order(steps) {
        let mut left = 1.0;
        for step in steps {
            let first = forecasts.partition_point(|logged| logged.time_ms < step.time_ms);
            let until = forecasts.partition_point(|logged| logged.time_ms <= step.time_ms);
            let minute = forecasts.get(first..until).unwrap_or_default();
            let of_coin = minute
                .iter()
                .position(|logged| logged.symbol == step.order.symbol);
            let z = of_coin.and_then(|place| *known_z_scores(minute, policy).get(place)?);
            let mut again = step.order.step((step.time_ms, policy.bar_ms), z, left);
            again.price = step.price;
            left -= again.part;
            check.decisions += 1;
            check.wrong_decisions += usize::from(again != *step);
            let candles = coins
                .iter()
                .find(|(symbol, _)| *symbol == step.order.symbol);
            let candle = candles.and_then(|(_, candles)| candles.range(step.fill_ms..).next());
            let close = candle.map(|(_, candle)| candle.close);
            check.wrong_fills += usize::from(step.price.is_some() && step.price != close);
        }
    }
    check
}
