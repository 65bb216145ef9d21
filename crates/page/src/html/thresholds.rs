//! The page of thresholds: what was tuned, how it did afterwards, and one chart a coin.

use rules::{CoinTuning, Tuning};

use super::document::figures_section;
use super::threshold_chart::thresholds_svg;
use crate::document::{Block, Document, Grid, Section};
use crate::picture::Chart;
use crate::text::format::{counted, grouped, interval_points};
use crate::text::{
    TRADE_COLUMNS, headline, judged_rows, judged_title, portfolio_line, rules_line,
    thresholds_conclusion, thresholds_notes, thresholds_warnings, tuned_header, tuned_rows,
};

/// All coins' thresholds as one HTML file that needs nothing else. `command` makes the page again.
pub fn thresholds_html(tuning: &Tuning, command: &str) -> String {
    let warnings = thresholds_warnings(tuning).into_iter();
    Document::new(format!("Thresholds of {}", tuning.forecaster))
        .opening(Block::Verdict(thresholds_conclusion(tuning)))
        .openings(judged_verdict(tuning).map(Block::Verdict))
        .openings(warnings.map(|warning| Block::Note(format!("Warning: {warning}."))))
        .opening(Block::Text(format!("{}.", headline(tuning))))
        .opening(Block::Text(rules_line(tuning)))
        .section(judged(tuning))
        .section(tuned(tuning))
        .section(charts(tuning))
        .section(figures_section(thresholds_notes(tuning), command))
        .html()
}

fn judged(tuning: &Tuning) -> Section {
    let section = Section::new(judged_title(tuning));
    let Some(portfolio) = &tuning.portfolio else {
        return section;
    };
    let mut grid = Grid::new("", TRADE_COLUMNS.into_iter().chain(["drawdown"]));
    for (label, cells) in judged_rows(tuning) {
        grid.row(label, cells);
    }
    section.table(grid).text(portfolio_line(portfolio))
}

fn tuned(tuning: &Tuning) -> Section {
    let mut grid = Grid::new("", tuned_header());
    for (label, is_soft, cells) in tuned_rows(tuning) {
        match is_soft {
            true => grid.soft_row(label, cells),
            false => grid.row(label, cells),
        }
    }
    Section::new("On the span tuned on")
        .text(
            "The best threshold of every coin and side; grey is what was not taken. These figures are the best of many and say what \
             was chosen, not what to expect.",
        )
        .table(grid)
}

fn charts(tuning: &Tuning) -> Section {
    let section = Section::new("Threshold against profit").text(format!(
        "On the span tuned on, after costs: above the mean of a trade with its interval and, along the top, the number of trades; \
         below the total. Grey points had fewer than {} trades; a vertical line is a threshold that was taken. A mean that rises with \
         the threshold is what a useful forecast looks like; a total that falls far below 0 on the left is what costs take from many \
         small moves.",
        tuning.min_trades
    ));
    let chart = |coin: &CoinTuning| {
        Block::Chart(
            Chart::new(thresholds_svg(coin, tuning.min_trades)).caption(caption(tuning, coin)),
        )
    };
    section.blocks(tuning.coins.iter().map(chart))
}

/// What the thresholds that were taken brought afterwards, read off the interval of a trade's mean.
fn judged_verdict(tuning: &Tuning) -> Option<String> {
    let portfolio = tuning.portfolio.as_ref()?;
    let trades = &portfolio.trades;
    let mean = trades.mean? * 1e4;
    let told = match trades.interval {
        Some([low, high]) if low > 0.0 || high < 0.0 => format!(
            "a trade {} {:.1} basis points in the mean after costs (95 % interval: {})",
            if low > 0.0 { "gains" } else { "loses" },
            mean.abs(),
            interval_points(trades.interval)
        ),
        Some(_) => format!(
            "it cannot be told whether a trade gains or loses: {mean:+.1} basis points in the mean after costs (95 % interval: {}, \
             which contains 0)",
            interval_points(trades.interval)
        ),
        None => format!(
            "it cannot be told whether a trade gains or loses: {mean:+.1} basis points in the mean after costs, without an interval"
        ),
    };
    Some(format!(
        "{}: {told}, {} of them.",
        judged_title(tuning),
        grouped(trades.trades)
    ))
}

/// The thresholds of a coin that were taken.
fn caption(tuning: &Tuning, coin: &CoinTuning) -> String {
    let sides = tuning
        .sides()
        .filter(|(other, _)| other.symbol == coin.symbol);
    let taken: Vec<String> = sides
        .filter_map(|(_, side)| {
            let threshold = side.threshold?;
            let trades = side.best().map_or(0, |best| best.tuned.trades);
            Some(format!(
                "{} at {:+.1} basis points ({})",
                side.side.name(),
                threshold * 1e4,
                counted(trades, "trade")
            ))
        })
        .collect();
    match taken.is_empty() {
        true => format!("{}: no threshold was taken.", coin.symbol),
        false => format!("{}: {} was taken.", coin.symbol, taken.join(" and ")),
    }
}
