//! Pretend positions, and what came of them.

use serde::Serialize;
use trading::{CoinSummary, Position, summarize};
use utoipa::ToSchema;

/// A pretend position. Times are open times of candles at whose close it opens and ends, UTC ms.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PositionLine {
    /// The coin.
    pub symbol: String,
    /// `buy` or `sell`.
    pub side: &'static str,
    /// The forecast that it was opened on.
    pub forecast: f64,
    /// When it opens.
    pub opened_at: i64,
    /// Price at that close; null until the candle is there.
    pub entry_price: Option<f64>,
    /// When it is due.
    pub due_at: i64,
    /// When it ended; null while it is open.
    pub closed_at: Option<i64>,
    /// Price at that close.
    pub exit_price: Option<f64>,
    /// Profit before costs, a fraction of its value; null while it is open.
    pub gross: Option<f64>,
    /// The same after costs.
    pub net: Option<f64>,
}

/// What positions came to, one capital for all coins.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Equity {
    /// Closed positions.
    pub trades: usize,
    /// Open positions.
    pub open: usize,
    /// Share of the closed ones that gained after costs; null where there are none.
    pub win_rate: Option<f64>,
    /// Mean profit of a position after costs, a fraction of its value; null where there are none.
    pub mean_net: Option<f64>,
    /// Part of the capital that each position has.
    pub share: f64,
    /// Sharpe ratio of the days' profits after costs, a year; null before 30 days.
    pub sharpe: Option<f64>,
    /// UTC days from the first position to the last end.
    pub days: usize,
    /// Largest fall of the sum of profits, as a fraction of the capital; 0 or less.
    pub max_drawdown: f64,
    /// Time (UTC ms) and sum of profits after costs as a fraction of the capital, at each end of a
    /// position.
    #[schema(value_type = Vec<Vec<f64>>)]
    pub points: Vec<(i64, f64)>,
}

impl PositionLine {
    /// What the ledger says of a position.
    pub fn new(position: &Position) -> Self {
        Self {
            symbol: position.symbol.to_string(),
            side: position.side.name(),
            forecast: position.forecast,
            opened_at: position.entry_ms,
            entry_price: position.entry_price,
            due_at: position.due_ms,
            closed_at: position.exit_ms,
            exit_price: position.exit_price,
            gross: position.gross(),
            net: position.net(),
        }
    }
}

/// Days from which on a Sharpe ratio is told.
const SHARPE_DAYS: usize = 30;

impl Equity {
    /// What came of some positions.
    pub fn new(positions: &[Position]) -> Self {
        let lines = summarize(positions);
        let Some(all) = lines.last() else {
            return Self::default();
        };
        let mut ends: Vec<(i64, f64)> = (positions.iter())
            .filter_map(|position| position.exit_ms.zip(position.net()))
            .collect();
        ends.sort_by_key(|(time, _)| *time);
        let mut points: Vec<(i64, f64)> = Vec::new();
        let (mut sum, mut peak, mut max_drawdown) = (0.0, 0.0_f64, 0.0_f64);
        for (time, net) in ends {
            sum += net * all.share;
            match points.last_mut() {
                Some(last) if last.0 == time => last.1 = sum,
                _ => points.push((time, sum)),
            }
        }
        for (_, sum) in &points {
            peak = peak.max(*sum);
            max_drawdown = max_drawdown.min(sum - peak);
        }
        let of_trades = |value: f64| Some(value).filter(|_| all.trades > 0);
        Self {
            trades: all.trades,
            open: all.open,
            win_rate: of_trades(all.win_rate),
            mean_net: of_trades(all.net / all.share / all.trades as f64),
            share: all.share,
            sharpe: sharpe(all),
            days: all.days,
            max_drawdown,
            points,
        }
    }
}

fn sharpe(all: &CoinSummary) -> Option<f64> {
    Some(all.sharpe).filter(|sharpe| all.days >= SHARPE_DAYS && sharpe.is_finite())
}
