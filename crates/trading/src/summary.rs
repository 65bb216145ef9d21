//! What came of the positions, per coin and in all.

use std::collections::BTreeMap;
use std::fmt::Write;

use evaluate::{max_drawdown, sharpe_ratio};
use serde::Serialize;

use crate::Position;

/// Milliseconds of a year of 365 days.
const YEAR_MS: f64 = 365.0 * 86_400_000.0;

/// A Sharpe ratio of fewer trades is noise.
pub const FEWEST_TRADES: usize = 10;

/// What came of one coin's positions, or of all. Profits are fractions of the value of one position.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CoinSummary {
    /// The coin; `all` for the sum.
    pub symbol: String,
    /// Positions that are closed.
    pub trades: usize,
    /// Positions that are open.
    pub open: usize,
    /// Share of the closed ones that gained after costs.
    pub win_rate: f64,
    /// Sum of profits before costs.
    pub gross: f64,
    /// Sum of profits after costs.
    pub net: f64,
    /// Mean over standard deviation of the profits after costs, annualized by how often was traded; NaN below
    /// [`FEWEST_TRADES`] trades.
    pub sharpe: f64,
    /// Largest loss from a peak on, of all profits after costs compounded in the order of their ends; 0 or less.
    pub max_drawdown: f64,
}

/// One line a coin and one of all, in the order of the symbols.
///
/// # Examples
/// ```
/// assert_eq!(trading::summarize(&[]).len(), 1, "the line of all");
/// ```
pub fn summarize(positions: &[Position]) -> Vec<CoinSummary> {
    let mut by_coin: BTreeMap<&str, Vec<&Position>> = BTreeMap::new();
    for position in positions {
        by_coin.entry(position.symbol.as_str()).or_default().push(position);
    }
    let mut lines: Vec<CoinSummary> = by_coin.into_iter().map(|(symbol, of_coin)| line(symbol, of_coin)).collect();
    lines.push(line("all", positions.iter().collect()));
    lines
}

fn line(symbol: &str, mut positions: Vec<&Position>) -> CoinSummary {
    positions.sort_by_key(|position| (position.exit_ms, position.id));
    let net: Vec<f64> = positions.iter().filter_map(|position| position.net()).collect();
    let first_ms = positions.iter().map(|position| position.forecast_ms).min();
    let last_ms = positions.iter().filter_map(|position| position.exit_ms).max();
    let span_ms = first_ms.zip(last_ms).map_or(0.0, |(first, last)| (last - first) as f64);
    let trades_a_year = if span_ms > 0.0 { net.len() as f64 * YEAR_MS / span_ms } else { f64::NAN };
    CoinSummary {
        symbol: symbol.to_owned(),
        trades: net.len(),
        open: positions.len() - net.len(),
        win_rate: net.iter().filter(|profit| **profit > 0.0).count() as f64 / net.len() as f64,
        // An empty sum is -0.0.
        gross: positions.iter().filter_map(|position| position.gross()).sum::<f64>() + 0.0,
        net: net.iter().sum::<f64>() + 0.0,
        sharpe: if net.len() < FEWEST_TRADES { f64::NAN } else { sharpe_ratio(&net, trades_a_year) },
        max_drawdown: max_drawdown(&net),
    }
}

/// The lines as a table.
pub fn summary_table(lines: &[CoinSummary]) -> String {
    let mut text = format!(
        "{:<12} {:>7} {:>5} {:>9} {:>11} {:>11} {:>8} {:>9}\n",
        "coin", "trades", "open", "win rate", "before fees", "after fees", "Sharpe", "drawdown"
    );
    for line in lines {
        let percent = |value: f64| if value.is_nan() { "-".to_owned() } else { format!("{:+.2} %", value * 100.0) };
        let number = |value: f64| if value.is_nan() { "-".to_owned() } else { format!("{value:.2}") };
        let share = |value: f64| if value.is_nan() { "-".to_owned() } else { format!("{:.0} %", value * 100.0) };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{:<12} {:>7} {:>5} {:>9} {:>11} {:>11} {:>8} {:>9}",
            line.symbol,
            line.trades,
            line.open,
            share(line.win_rate),
            percent(line.gross),
            percent(line.net),
            number(line.sharpe),
            percent(line.max_drawdown),
        );
    }
    text
}
