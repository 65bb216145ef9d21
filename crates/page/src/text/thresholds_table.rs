//! The tuning as text for a terminal, at most 120 columns wide.

use rules::{
    Calibration, CoinTuning, Portfolio, SideTuning, TradeStatistics, Tuning, TuningProtocol,
};
use terminal::Table;

use crate::text::format::{
    basis_points, counted, dash, grouped, interval_points, number, signed_percent, wrapped,
};
use crate::text::thresholds_lines::{headline, notes, rules_line, thresholds_conclusion};

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

/// Everything a reader of the search needs: what was tuned, how it did afterwards, and how
/// figures were made.
pub fn thresholds_table(tuning: &Tuning) -> String {
    let mut sections = vec![
        wrapped(&headline(tuning)) + &wrapped(&rules_line(tuning)),
        tuned_section(tuning),
        judged_section(tuning),
        wrapped(&thresholds_conclusion(tuning)),
        notes(tuning).iter().map(|note| wrapped(note)).collect(),
    ];
    sections.retain(|section| !section.is_empty());
    sections.join("\n")
}

/// Rows of the table of what was tuned: label and cells under [`tuned_header`].
pub(crate) fn tuned_rows(tuning: &Tuning) -> Vec<(String, bool, Vec<String>)> {
    let row = |(coin, side): (&CoinTuning, &SideTuning)| {
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
    tuning.sides().map(row).collect()
}

/// Titles of [`tuned_rows`].
pub(crate) fn tuned_header() -> Vec<&'static str> {
    let mut header = vec!["taken bp", "best bp"];
    header.extend(COLUMNS);
    header.extend(["deflated", "by chance"]);
    header
}

/// Rows of the table of how what was taken did: label and cells under [`COLUMNS`] and the
/// drawdown.
pub(crate) fn judged_rows(tuning: &Tuning) -> Vec<(String, Vec<String>)> {
    let row = |(coin, side): (&CoinTuning, &SideTuning)| {
        let judged = side.judged.as_ref()?;
        let mut row = cells(judged);
        row.push(judged.max_drawdown.map_or_else(dash, signed_percent));
        Some((format!("{} {}", coin.symbol, side.side.name()), row))
    };
    let rows = tuning.sides().filter_map(row);
    let portfolio = tuning.portfolio.iter().map(|portfolio| {
        let mut row = cells(&portfolio.trades);
        row.push(dash());
        ("all".to_owned(), row)
    });
    rows.chain(portfolio).collect()
}

/// What stands above the table of what was taken.
pub(crate) fn judged_title(tuning: &Tuning) -> &'static str {
    match tuning.protocol {
        TuningProtocol::Honest => "Judged on the later span, one position a coin at a time",
        TuningProtocol::Seed => {
            "The same thresholds on the last part of the span they were tuned on, without overlap"
        }
    }
}

fn tuned_section(tuning: &Tuning) -> String {
    let header = std::iter::once("Tuned: coin, side").chain(tuned_header());
    let mut table = Table::new(header);
    for (label, _, cells) in tuned_rows(tuning) {
        table.push(&label, cells);
    }
    format!("{}{}", table.render(), calibration_lines(tuning))
}

fn calibration_lines(tuning: &Tuning) -> String {
    let line = |calibration: Calibration| {
        format!(
            "slope {:+.3}, intercept {:+.2} bp",
            calibration.slope,
            calibration.intercept * 1e4
        )
    };
    let lines = tuning
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

fn judged_section(tuning: &Tuning) -> String {
    let Some(portfolio) = &tuning.portfolio else {
        return String::new();
    };
    let header = ["coin, side"]
        .into_iter()
        .chain(COLUMNS)
        .chain(["drawdown"]);
    let mut table = Table::new(header);
    for (label, cells) in judged_rows(tuning) {
        table.push(&label, cells);
    }
    format!(
        "{}\n\n{}\n{}",
        judged_title(tuning),
        table.render(),
        wrapped(&portfolio_line(portfolio))
    )
}

/// The days' figures in a sentence.
pub(crate) fn portfolio_line(portfolio: &Portfolio) -> String {
    format!(
        "Capital in equal parts on {}, {}: {} in all, Sharpe ratio {} a year, drawdown {}.",
        counted(portfolio.coins, "coin"),
        counted(portfolio.days, "day"),
        signed_percent(portfolio.total),
        number(portfolio.sharpe, 2),
        portfolio.max_drawdown.map_or_else(dash, signed_percent),
    )
}
