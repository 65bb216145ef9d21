//! What came of the positions, per coin and of all together.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use statistics::{max_drawdown, sharpe_ratio};
use terminal::Table;

use crate::Position;

const DAY_MS: i64 = 86_400_000;

/// Trading days of a year: coins trade on all.
const DAYS_A_YEAR: f64 = 365.0;

/// A Sharpe ratio of fewer days is noise.
pub const FEWEST_DAYS: usize = 30;

/// What came of one coin's positions, or of all. Profits are fractions of the line's capital.
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
    /// Share of the capital that each position has: 1 on a coin's line, unless the coin had
    /// several at a time; on that of all an equal part for each coin, or for each position
    /// where more were open at a time.
    pub share: f64,
    /// Sum of profits before costs.
    pub gross: f64,
    /// Sum of profits after costs.
    pub net: f64,
    /// UTC days from the first forecast to the last end of a position.
    pub days: usize,
    /// Mean over standard deviation of the days' profits after costs, times the root of 365; NaN
    /// below [`FEWEST_DAYS`] days.
    ///
    /// Positions of coins that move together are no independent trades: their days are what there
    /// is to count.
    pub sharpe: f64,
    /// Largest loss from a peak on, after costs, at the ends of positions: those of a UTC day are added
    /// up, and days are compounded; 0 or less.
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
        by_coin
            .entry(position.symbol.as_str())
            .or_default()
            .push(position);
    }
    let mut lines: Vec<CoinSummary> = by_coin
        .into_iter()
        .map(|(symbol, of_coin)| line(symbol, &of_coin))
        .collect();
    lines.push(line("all", &positions.iter().collect::<Vec<_>>()));
    lines
}

fn line(symbol: &str, positions: &[&Position]) -> CoinSummary {
    let coins: BTreeSet<&str> = positions
        .iter()
        .map(|position| position.symbol.as_str())
        .collect();
    let share = 1.0 / coins.len().max(most_at_once(positions)).max(1) as f64;
    let net: Vec<f64> = positions
        .iter()
        .filter_map(|position| position.net())
        .collect();
    let days = daily(positions, share);
    CoinSummary {
        symbol: symbol.to_owned(),
        trades: net.len(),
        open: positions.len() - net.len(),
        win_rate: net.iter().filter(|profit| **profit > 0.0).count() as f64 / net.len() as f64,
        share,
        // An empty sum is -0.0.
        gross: positions
            .iter()
            .filter_map(|position| position.gross())
            .sum::<f64>()
            * share
            + 0.0,
        net: net.iter().sum::<f64>() * share + 0.0,
        days: days.len(),
        sharpe: if days.len() < FEWEST_DAYS {
            f64::NAN
        } else {
            sharpe_ratio(&days, DAYS_A_YEAR)
        },
        max_drawdown: max_drawdown(&steps_within_days(positions, share)),
    }
}

/// Most positions that were open at one time.
pub(crate) fn most_at_once(positions: &[&Position]) -> usize {
    let ends = positions
        .iter()
        .map(|position| (position.exit_ms.unwrap_or(position.due_ms), -1));
    // At one time ends come before beginnings.
    let mut events: Vec<(i64, i64)> = positions
        .iter()
        .map(|position| (position.entry_ms, 1))
        .chain(ends)
        .collect();
    events.sort_unstable();
    let mut open = 0;
    let counts = events.iter().map(|(_, change)| {
        open += change;
        open
    });
    counts
        .max()
        .and_then(|most| usize::try_from(most).ok())
        .unwrap_or(0)
}

/// The capital's profit of each UTC day from the first forecast to the last end, each position on
/// the day of its end; no day where none is closed.
fn daily(positions: &[&Position], share: f64) -> Vec<f64> {
    let day = |time_ms: i64| time_ms.div_euclid(DAY_MS);
    let first = positions
        .iter()
        .map(|position| day(position.forecast_ms))
        .min();
    let last = positions
        .iter()
        .filter_map(|position| position.exit_ms)
        .map(day)
        .max();
    let Some((first, last)) = first.zip(last) else {
        return Vec::new();
    };
    let mut days = vec![0.0; usize::try_from(last - first + 1).unwrap_or(0)];
    for position in positions {
        let Some((exit_ms, net)) = position.exit_ms.zip(position.net()) else {
            continue;
        };
        if let Some(profit) = usize::try_from(day(exit_ms) - first)
            .ok()
            .and_then(|place| days.get_mut(place))
        {
            *profit += net * share;
        }
    }
    days
}

/// By how much each end of positions changes the capital, in order of time: profits of a UTC day are
/// added up on the capital that it begins with, so that a whole day's steps make up its profit.
fn steps_within_days(positions: &[&Position], share: f64) -> Vec<f64> {
    let mut ends: BTreeMap<i64, f64> = BTreeMap::new();
    for (exit_ms, net) in (positions.iter()).filter_map(|each| each.exit_ms.zip(each.net())) {
        *ends.entry(exit_ms).or_default() += net * share;
    }
    let mut before = (i64::MIN, 0.0);
    let step = |(exit_ms, profit): (i64, f64)| {
        let day = exit_ms.div_euclid(DAY_MS);
        let so_far = if day == before.0 { before.1 } else { 0.0 };
        before = (day, so_far + profit);
        (1.0 + so_far + profit) / (1.0 + so_far) - 1.0
    };
    ends.into_iter().map(step).collect()
}

/// Titles of the columns of [`CoinSummary::cells`], after that of the coins.
pub const SUMMARY_COLUMNS: [&str; 8] = [
    "trades",
    "open",
    "win rate",
    "before fees",
    "after fees",
    "days",
    "Sharpe",
    "drawdown",
];

impl CoinSummary {
    /// Its figures as text, under [`SUMMARY_COLUMNS`].
    pub fn cells(&self) -> [String; 8] {
        let known = |value: f64, text: String| match value.is_finite() {
            true => text,
            false => "-".to_owned(),
        };
        let percent = |value: f64| known(value, format!("{:+.2} %", value * 100.0));
        [
            self.trades.to_string(),
            self.open.to_string(),
            known(self.win_rate, format!("{:.0} %", self.win_rate * 100.0)),
            percent(self.gross),
            percent(self.net),
            self.days.to_string(),
            known(self.sharpe, format!("{:.2}", self.sharpe)),
            percent(self.max_drawdown),
        ]
    }
}

/// The lines as a table, and what their numbers are of.
pub fn summary_table(lines: &[CoinSummary]) -> String {
    let mut table = Table::new(std::iter::once("coin").chain(SUMMARY_COLUMNS));
    for line in lines {
        table.push(&line.symbol, line.cells());
    }
    match lines.last() {
        Some(all) => format!("{}\n{}\n", table.render(), summary_note(all)),
        None => table.render(),
    }
}

/// What the numbers of the lines are of, where `all` is the line of all.
pub fn summary_note(all: &CoinSummary) -> String {
    format!(
        "A coin's line is of a capital of that coin's own, all of it in each position. The line of all is of one\n\
         capital: each position has {:.2} % of it, whatever was gained or lost before. Profits are sums, nothing is\n\
         compounded but for the drawdown, which looks at every end of a position and compounds UTC days. Sharpe is of UTC\n\
         days (a position counts on the day of its end), times the root of 365, from {FEWEST_DAYS} days on.",
        all.share * 100.0
    )
}
