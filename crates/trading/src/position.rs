//! A pretend position.

use market::Symbol;
use rules::{Costs, Side};

/// A pretend position from its forecast to its end. All times are open times of candles, UTC ms;
/// prices are closes.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// Its number in the ledger.
    pub id: i64,
    /// The coin.
    pub symbol: Symbol,
    /// The direction.
    pub side: Side,
    /// The forecast that it was opened on.
    pub forecast: f64,
    /// The last candle that the forecast knew.
    pub forecast_ms: i64,
    /// The candle at whose close it opens.
    pub entry_ms: i64,
    /// That close; None until the candle is there.
    pub entry_price: Option<f64>,
    /// The candle at whose close it is due.
    pub due_ms: i64,
    /// The candle at whose close it was closed: the due one, or the first after it where the
    /// exchange has none, or the last one that there is.
    pub exit_ms: Option<i64>,
    /// That close; None while the position is open.
    pub exit_price: Option<f64>,
    /// Whether that is the coin's last known price from before the due time, as the coin was gone
    /// by then.
    pub is_last_known: bool,
    /// What each of its two fills costs.
    pub costs: Costs,
    /// Which model of which run, or which rule, made the forecast; None where an older ledger does
    /// not say.
    pub forecaster: Option<String>,
}

impl Position {
    /// Whether it still waits for its due candle.
    pub fn is_open(&self) -> bool {
        self.exit_price.is_none()
    }

    /// Profit before costs as a fraction of the value at entry; None while it is open.
    pub fn gross(&self) -> Option<f64> {
        Some(self.side.sign() * self.price_return()?)
    }

    /// Profit after costs as a fraction of the value at entry; None while it is open.
    pub fn net(&self) -> Option<f64> {
        Some(self.costs.net(self.side, self.price_return()?))
    }

    fn price_return(&self) -> Option<f64> {
        Some(self.exit_price? / self.entry_price? - 1.0)
    }
}
