//! Rows of the ledger's tables, and what they are rows of.

use market::Symbol;
use rules::{Side, TimingDecision};
use rusqlite::types::Type;
use rusqlite::{Row, Transaction, params};

use crate::order::{Order, OrderStep};

/// The columns of [`order_step`], in their order.
pub(crate) const ORDER_STEP: &str = "symbol, side, arrival_ms, deadline_ms, patience, half_spread_bps, time, z, \
                                     decision, part, fill_ms, price";

/// A coin.
pub(crate) fn symbol(row: &Row<'_>, column: usize) -> rusqlite::Result<Symbol> {
    let text: String = row.get(column)?;
    Symbol::new(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}

/// A side.
pub(crate) fn side(row: &Row<'_>, column: usize) -> rusqlite::Result<Side> {
    let side: String = row.get(column)?;
    Ok(if side == Side::Sell.name() {
        Side::Sell
    } else {
        Side::Buy
    })
}

/// A step of an order.
pub(crate) fn order_step(row: &Row<'_>) -> rusqlite::Result<OrderStep> {
    let decision: String = row.get(8)?;
    let known = [
        TimingDecision::Wait,
        TimingDecision::Slice,
        TimingDecision::Trade,
    ];
    let found = known.into_iter().find(|known| known.words() == decision);
    Ok(OrderStep {
        order: Order {
            symbol: symbol(row, 0)?,
            side: side(row, 1)?,
            arrival_ms: row.get(2)?,
            deadline_ms: row.get(3)?,
            patience: row.get(4)?,
            half_spread_bps: row.get(5)?,
        },
        time_ms: row.get(6)?,
        z: row.get(7)?,
        decision: found.ok_or_else(|| {
            let reason = format!("decision {decision}, expected wait, trade a slice or trade now");
            rusqlite::Error::FromSqlConversionFailure(8, Type::Text, reason.into())
        })?,
        part: row.get(9)?,
        fill_ms: row.get(10)?,
        price: row.get(11)?,
    })
}

/// Adds a step of an order; one that is there stays as it is.
pub(crate) fn insert_order_step(
    transaction: &Transaction<'_>,
    step: &OrderStep,
) -> rusqlite::Result<()> {
    let order = &step.order;
    let text = format!(
        "INSERT OR IGNORE INTO order_steps ({ORDER_STEP}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, NULL)"
    );
    let values = params![
        order.symbol.as_str(),
        order.side.name(),
        order.arrival_ms,
        order.deadline_ms,
        order.patience,
        order.half_spread_bps,
        step.time_ms,
        step.z,
        step.decision.words(),
        step.part,
        step.fill_ms,
    ];
    transaction.prepare(&text)?.execute(values).map(|_| ())
}
