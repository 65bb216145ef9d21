//! The tuning as text for a terminal, at most 120 columns wide.

use terminal::Table;

use super::options::Protocol;
use super::result::{Portfolio, Tuning};
use super::statistics::TradeStatistics;
use crate::Calibration;
use crate::bootstrap::Interval;
use crate::format::{counted, grouped, wrapped};

/// A fraction in basis points with its sign; `-` where undefined.
pub(crate) fn basis_points(value: Option<f64>) -> String {
    value.map_or_else(dash, |value| format!("{:+.1}", value * 1e4))
}

/// Both ends of an interval in basis points.
pub(crate) fn interval_points(ends: Option<Interval>) -> String {
    ends.map_or_else(dash, |[low, high]| {
        format!("{:+.1} to {:+.1}", low * 1e4, high * 1e4)
    })
}

/// A fraction in percent with its sign.
pub(crate) fn signed_percent(value: f64) -> String {
    if value == 0.0 {
        return "0.00 %".to_owned();
    }
    format!("{:+.2} %", value * 100.0)
}

/// A plain number; `-` where undefined.
pub(crate) fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(dash, |value| format!("{value:.digits$}"))
}

fn dash() -> String {
    "-".to_owned()
}

/// Titles of the columns that [`cells`] fills, before those that only one of the tables has.
pub(crate) const COLUMNS: [&str; 6] = ["trades", "mean bp", "t", "interval bp", "total", "Sharpe"];

/// The figures of some trades as cells under [`COLUMNS`].
pub(crate) fn cells(statistics: &TradeStatistics) -> Vec<String> {
    vec![
        grouped(statistics.trades),
        basis_points(statistics.mean),
        number(statistics.t, 2),
        interval_points(statistics.interval),
        signed_percent(statistics.total),
        number(statistics.sharpe, 3),
    ]
}

impl Tuning {
    /// Everything a reader of the search needs: what was tuned, how it did afterwards, and how
    /// figures were made.
    pub fn table(&self) -> String {
        let mut sections = vec![
            wrapped(&self.headline()) + &wrapped(&self.rules_line()),
            self.tuned_section(),
            self.judged_section(),
            wrapped(&self.conclusion()),
            self.notes().iter().map(|note| wrapped(note)).collect(),
        ];
        sections.retain(|section| !section.is_empty());
        sections.join("\n")
    }

    /// Rows of the table of what was tuned: label and cells under [`Tuning::tuned_header`].
    pub(crate) fn tuned_rows(&self) -> Vec<(String, bool, Vec<String>)> {
        let row = |(coin, side): (&super::CoinTuning, &super::SideTuning)| {
            let best = side.best();
            let mut row = vec![
                basis_points(side.threshold),
                basis_points(best.map(|best| best.threshold)),
            ];
            match best {
                Some(best) => {
                    row.extend(cells(&best.tuned));
                    row.push(number(best.tuned.deflated_sharpe, 3));
                    row.push(number(best.tuned.deflated_by_chance, 3));
                }
                None => row.extend(std::iter::repeat_with(dash).take(COLUMNS.len() + 2)),
            }
            (
                format!("{} {}", coin.symbol, side.side.name()),
                side.threshold.is_none(),
                row,
            )
        };
        self.sides().map(row).collect()
    }

    /// Titles of [`Tuning::tuned_rows`].
    pub(crate) fn tuned_header(&self) -> Vec<&'static str> {
        let mut header = vec!["taken bp", "best bp"];
        header.extend(COLUMNS);
        header.extend(["deflated", "by chance"]);
        header
    }

    /// Rows of the table of how what was taken did: label and cells under [`COLUMNS`] and the
    /// drawdown.
    pub(crate) fn judged_rows(&self) -> Vec<(String, Vec<String>)> {
        let row = |(coin, side): (&super::CoinTuning, &super::SideTuning)| {
            let judged = side.judged.as_ref()?;
            let mut row = cells(judged);
            row.push(judged.max_drawdown.map_or_else(dash, signed_percent));
            Some((format!("{} {}", coin.symbol, side.side.name()), row))
        };
        let rows = self.sides().filter_map(row);
        let portfolio = self.portfolio.iter().map(|portfolio| {
            let mut row = cells(&portfolio.trades);
            row.push(dash());
            ("all".to_owned(), row)
        });
        rows.chain(portfolio).collect()
    }

    /// What stands above the table of what was taken.
    pub(crate) fn judged_title(&self) -> &'static str {
        match self.protocol {
            Protocol::Honest => "Judged on the later span, one position a coin at a time",
            Protocol::Seed => {
                "The same thresholds on the last part of the span they were tuned on, without overlap"
            }
        }
    }

    fn tuned_section(&self) -> String {
        let header = std::iter::once("Tuned: coin, side").chain(self.tuned_header());
        let mut table = Table::new(header);
        for (label, _, cells) in self.tuned_rows() {
            table.push(&label, cells);
        }
        format!("{}{}", table.render(), self.calibration_lines())
    }

    fn calibration_lines(&self) -> String {
        let line = |calibration: Calibration| {
            format!(
                "slope {:+.3}, intercept {:+.2} bp",
                calibration.slope,
                calibration.intercept * 1e4
            )
        };
        let lines = self
            .coins
            .iter()
            .filter_map(|coin| Some(format!("  {}: {}\n", coin.symbol, line(coin.calibration?))));
        let lines: String = lines.collect();
        if lines.is_empty() {
            lines
        } else {
            format!("\nForecasts were calibrated first, on the span tuned on:\n{lines}")
        }
    }

    fn judged_section(&self) -> String {
        let Some(portfolio) = &self.portfolio else {
            return String::new();
        };
        let header = ["coin, side"]
            .into_iter()
            .chain(COLUMNS)
            .chain(["drawdown"]);
        let mut table = Table::new(header);
        for (label, cells) in self.judged_rows() {
            table.push(&label, cells);
        }
        format!(
            "{}\n\n{}\n{}",
            self.judged_title(),
            table.render(),
            wrapped(&portfolio.line())
        )
    }
}

impl Portfolio {
    /// The days' figures in a sentence.
    pub(crate) fn line(&self) -> String {
        format!(
            "Capital in equal parts on {}, {}: {} in all, Sharpe ratio {} a year, drawdown {}.",
            counted(self.coins, "coin"),
            counted(self.days, "day"),
            signed_percent(self.total),
            number(self.sharpe, 2),
            self.max_drawdown.map_or_else(dash, signed_percent),
        )
    }
}
