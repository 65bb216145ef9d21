//! Portfolios as text.

use notation::format_time;
use rules::{FoldFit, OrderKind, PortfolioConfig, PortfolioFigures, PortfolioReport, SpreadModel};
use statistics::ConfidenceInterval;
use terminal::Table;

use super::portfolio_labels::{fee_heading, portfolio_label};
use super::portfolio_verdict::portfolio_verdict;
use crate::document::Grid;
use crate::text::format::{counted, dash, grouped, number, percent, signed_percent, span, wrapped};

/// Titles of the columns that [`portfolio_cells`] fills.
pub(crate) fn portfolio_columns(report: &PortfolioReport) -> Vec<&'static str> {
    let mut columns = COLUMNS.to_vec();
    if has_funding(report) {
        columns.push("funding a year");
    }
    if report.config.has_own_spreads() {
        columns.push("half spread bp");
    }
    if report.config.orders == OrderKind::Limit {
        columns.extend(["orders", "without fill", "unfilled", "chase bp"]);
    }
    columns
}

/// Columns that every table has.
const COLUMNS: [&str; 12] = [
    "a year",
    "Sharpe",
    "95 %",
    "without best 3",
    "drawdown",
    "turnover",
    "gross",
    "net",
    "filled",
    "break-even",
    "95 %",
    "deflated",
];

/// Whether anything is paid for funding.
fn has_funding(report: &PortfolioReport) -> bool {
    let mut results = report.results.iter();
    results.any(|result| result.figures.funding != 0.0)
}

/// The figures of a portfolio under [`portfolio_columns`].
pub(crate) fn portfolio_cells(report: &PortfolioReport, figures: &PortfolioFigures) -> Vec<String> {
    let share = |value: Option<f64>| value.map_or_else(dash, signed_percent);
    let mut cells = vec![
        signed_percent(figures.annual_return),
        number(figures.sharpe, 2),
        ends(figures.sharpe_interval),
        share(figures.without_best_three),
        share(figures.drawdown),
        number(Some(figures.turnover), 2),
        number(Some(figures.exposure), 2),
        number(Some(figures.net_exposure), 2),
        percent(figures.filled),
        number(figures.break_even_bps, 2),
        ends(figures.break_even_interval),
        number(figures.deflated_sharpe, 3),
    ];
    if has_funding(report) {
        cells.push(signed_percent(figures.funding));
    }
    if report.config.has_own_spreads() {
        cells.push(number(figures.half_spread_bps, 2));
    }
    if report.config.orders == OrderKind::Limit {
        let missed = figures.limit_orders;
        cells.extend([
            missed.map_or_else(dash, |missed| grouped(missed.orders)),
            missed.map_or_else(dash, |missed| grouped(missed.without_fill)),
            percent(missed.and_then(|missed| missed.unfilled)),
            number(missed.and_then(|missed| missed.chase_bps), 2),
        ]);
    }
    cells
}

fn ends(interval: Option<ConfidenceInterval>) -> String {
    interval.map_or_else(dash, |[low, high]| format!("{low:.2} to {high:.2}"))
}

/// Everything a reader of the comparison needs.
pub fn portfolio_table(report: &PortfolioReport) -> String {
    let mut table = Table::new(std::iter::once("").chain(portfolio_columns(report))).unbroken();
    for fee_bps in &report.config.fees_bps {
        table.heading(&fee_heading(*fee_bps));
        for result in report.at_fee(*fee_bps) {
            let cells = portfolio_cells(report, &result.figures);
            table.push(&portfolio_label(report, result), cells);
        }
    }
    let notes: String = portfolio_notes(report)
        .iter()
        .map(|note| wrapped(note))
        .collect();
    let verdict: String = portfolio_verdict(report)
        .iter()
        .map(|sentence| wrapped(sentence))
        .collect();
    format!(
        "{}{verdict}\n{}\n{}\n{notes}",
        wrapped(&portfolio_headline(report)),
        table.render(),
        fits_table(&report.fits)
    )
}

fn fits_table(fits: &[FoldFit]) -> String {
    let mut table = Table::new(std::iter::once("fitted before").chain(FIT_COLUMNS));
    for fit in fits {
        table.push(&fit.run, fit_cells(fit));
    }
    table.render()
}

/// What was fitted before each fold, as a table of a page.
pub(crate) fn fits_grid(fits: &[FoldFit]) -> Grid {
    let mut grid = Grid::new("fitted before", FIT_COLUMNS);
    for fit in fits {
        grid.row(fit.run.as_str(), fit_cells(fit));
    }
    grid
}

const FIT_COLUMNS: [&str; 4] = ["fold", "slope", "coins differ by", "speed"];

fn fit_cells(fit: &FoldFit) -> [String; 4] {
    [
        fit.fold.to_string(),
        number(Some(fit.slope), 3),
        number(Some(fit.slope_spread), 3),
        number(Some(fit.speed), 3),
    ]
}

/// What was traded, when.
pub(crate) fn portfolio_headline(report: &PortfolioReport) -> String {
    let folds: Vec<String> = report.folds.iter().map(u32::to_string).collect();
    let [from, until] = report.span_ms.map(format_time);
    format!(
        "Portfolios of {}, {from} to {until} UTC, {} {}; forecasts of the next {}.",
        counted(report.coins, "coin"),
        if folds.len() == 1 { "fold" } else { "folds" },
        folds.join(", "),
        span(report.reach_bars, report.bar_ms),
    )
}

/// What fills pay beside the fee.
fn half_spread(config: &PortfolioConfig) -> String {
    let least = format!("{} bp", config.half_spread_bps);
    let of_coins = match config.spread {
        SpreadModel::Same => least,
        SpreadModel::Tick => format!("{least} or half a tick of the coin, whichever is more"),
        SpreadModel::AbdiRanaldo => format!(
            "{least}, half a tick of the coin, or half the spread by Abdi and Ranaldo, whichever is most"
        ),
    };
    match config.half_spreads_bps.len() {
        0 => of_coins,
        known => format!("{of_coins}; of {} the config's own", counted(known, "coin")),
    }
}

/// What the figures are, one paragraph each.
pub(crate) fn portfolio_notes(report: &PortfolioReport) -> Vec<String> {
    let config = &report.config;
    let mut notes = vec![
        format!(
            "The rule: a coin's expected return is its forecast minus the mean over coins, times a slope of the coin that \
             earlier folds say, drawn to that of all coins. Together with betas and residual variances of the last {} days it gives an aim. A position goes \
             part of the way to it (speed), where the forecast promises more over its life than the fill costs. Orders are \
             filled {}. Hedged: the market's moves are taken out by {}, and its fills are charged.",
            config.covariance_days,
            match config.orders {
                OrderKind::Taker => "at the next close",
                OrderKind::Limit => "at the last close, in the next bar, where the price trades through it",
            },
            config.hedge
        ),
        format!(
            "All figures are parts of the capital, {} in the quote currency; profits are not reinvested. Positions are \
             sized for a volatility of {:.0} % a year on earlier folds, at most {:.0} % a coin and {:.0} % together before \
             the hedge; a fill takes at most {} % of its bar's volume, and what is left is not filled. Half a spread: {}; \
             funding: the rates that are stored beside the candles, and {} bp a day on long positions of coins without \
             any.",
            config.capital,
            config.target_volatility * 100.0,
            config.coin_cap * 100.0,
            config.gross_cap * 100.0,
            config.volume_share * 100.0,
            half_spread(config),
            config.funding_bps_per_day,
        ),
        "Break-even is the fee of a fill at which a row's own fills earn nothing, half a spread paid. Intervals draw whole days again. Best 3 \
         days out: the profit a year of the other days. Positions that are held at the end are not closed."
            .to_owned(),
    ];
    if config.orders == OrderKind::Limit {
        notes.push(
            "Limit orders stand for one bar and are ordered anew. A price that only touches one does not fill it. They pay no \
             half a spread; what is held beside the forecasts is bought by a taker. Chase: how much worse than its limit the \
             unfilled part would have been at the bar's close; a taker's fee and half a spread come on top."
                .to_owned(),
        );
    }
    if let Some(trials) = report.trials {
        notes.push(format!(
            "Deflated: the probability that the true Sharpe ratio is above what the best of {} of this study so far \
             (trials.jsonl beside the first run) would show if none was worth anything.",
            counted(trials.count, "trial")
        ));
    }
    notes
}
