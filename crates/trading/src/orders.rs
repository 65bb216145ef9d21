//! Orders in the ledger.

use market::Symbol;
use rusqlite::params;

use crate::ledger::Price;
use crate::order::OrderStep;
use crate::rows::{ORDER_STEP, order_step};
use crate::schema::SINCE_ORDERS;
use crate::{Error, Ledger};

impl Ledger {
    /// All decisions about orders, by order and time.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn order_steps(&self) -> Result<Vec<OrderStep>, Error> {
        self.steps("")
    }

    fn steps(&self, which: &str) -> Result<Vec<OrderStep>, Error> {
        if self.version < SINCE_ORDERS {
            return Ok(Vec::new());
        }
        let text = format!(
            "SELECT {ORDER_STEP} FROM order_steps {which} ORDER BY arrival_ms, symbol, side, time"
        );
        self.query(&text, [], order_step)
    }

    /// Writes down the prices of all parts of orders whose candle is there by now; returns these
    /// parts. `price` is as in [`Ledger::settle`].
    ///
    /// # Errors
    /// What SQLite says.
    pub fn fill_orders(
        &mut self,
        price: impl Fn(&Symbol, i64) -> Option<Price>,
    ) -> Result<Vec<OrderStep>, Error> {
        let mut waiting = self.steps("WHERE price IS NULL AND part > 0")?;
        waiting.retain_mut(|step| {
            step.price = price(&step.order.symbol, step.fill_ms).map(|found| found.close);
            step.price.is_some()
        });
        if waiting.is_empty() {
            return Ok(waiting);
        }
        self.transaction(|transaction| {
            let mut update = transaction.prepare(
                "UPDATE order_steps SET price = ?5
                 WHERE symbol = ?1 AND side = ?2 AND arrival_ms = ?3 AND time = ?4 AND price IS NULL",
            )?;
            for OrderStep { order, time_ms, price, .. } in &waiting {
                let (symbol, side) = (order.symbol.as_str(), order.side.name());
                update.execute(params![symbol, side, order.arrival_ms, time_ms, price])?;
            }
            Ok(())
        })?;
        Ok(waiting)
    }
}
