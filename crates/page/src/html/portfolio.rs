//! The page of portfolios: capital over time, and the tables at each fee.

use maud::{Markup, html};
use rules::{PortfolioReport, PortfolioResult};

use super::charts::{self, ChartSeries, SeriesRoles};
use super::document::{PageRow, chart, document, section, table};
use crate::text::{
    fee_heading, portfolio_cells, portfolio_columns, portfolio_headline, portfolio_label,
    portfolio_notes,
};

/// Portfolios as one HTML file that needs nothing else. `command` makes the page again.
pub fn portfolio_html(report: &PortfolioReport, command: &str) -> String {
    let title = "Portfolios";
    let body = html! {
        h1 { (title) }
        p { (portfolio_headline(report)) }
        @for fee_bps in &report.config.fees_bps { (at_fee(report, *fee_bps)) }
        (section("What the figures are", &html! {
            ul { @for note in portfolio_notes(report) { li { (note) } } }
            p { "This page again:" }
            pre { code { (command) } }
        }))
    };
    document(title, &body)
}

fn at_fee(report: &PortfolioReport, fee_bps: f64) -> Markup {
    let header = std::iter::once("").chain(portfolio_columns(report));
    let rows = report.at_fee(fee_bps).map(|result| {
        let label = portfolio_label(report, result);
        PageRow::new(label, portfolio_cells(report, &result.figures))
            .soft(!result.holding.is_of_a_run())
    });
    section(
        &format!("At {}", fee_heading(fee_bps)),
        &html! {
            (chart(capital_chart(report, fee_bps)))
            (table(header, rows))
        },
    )
}

/// The profit so far at one fee, day by day.
fn capital_chart(report: &PortfolioReport, fee_bps: f64) -> String {
    let mut roles = SeriesRoles::default();
    let line = |result: &PortfolioResult| {
        let mut capital = 0.0;
        let profits = result.day_ms.iter().zip(&result.profit);
        let points = profits.map(|(day_ms, profit)| {
            capital += profit * 100.0;
            (*day_ms, capital)
        });
        ChartSeries {
            label: portfolio_label(report, result),
            points: points.collect(),
            role: roles.next(result.holding.is_of_a_run()),
        }
    };
    let lines: Vec<ChartSeries<(i64, f64)>> = report.at_fee(fee_bps).map(line).collect();
    charts::lines(
        "Profit so far",
        &lines,
        &[],
        "profit so far (% of the capital)",
    )
}
