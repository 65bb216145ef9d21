//! The page of portfolios: capital over time, and the tables at each fee.

use rules::{PortfolioReport, PortfolioResult};

use super::charts::{self, ChartSeries, Point, SeriesRoles};
use super::document::figures_section;
use crate::document::{Block, Document, Grid, Section};
use crate::picture::Chart;
use crate::text::format::{number, signed_percent};
use crate::text::{
    fee_heading, fits_grid, portfolio_cells, portfolio_columns, portfolio_headline,
    portfolio_label, portfolio_notes, portfolio_verdict,
};

/// Portfolios as one HTML file that needs nothing else. `command` makes the page again.
pub fn portfolio_html(report: &PortfolioReport, command: &str) -> String {
    let verdict = portfolio_verdict(report).into_iter().map(Block::Verdict);
    let fees = report.config.fees_bps.iter();
    Document::new("Portfolios")
        .openings(verdict)
        .opening(Block::Chart(sharpe_chart(report)))
        .opening(Block::Text(portfolio_headline(report)))
        .sections(fees.map(|fee_bps| at_fee(report, *fee_bps)))
        .section(
            Section::new("What was fitted before each fold")
                .text(
                    "Slope: the expected return for a forecast of 1, of all coins together. Coins differ by: the standard deviation \
                     of their true slopes. Speed: the part of the way to its aim that a position goes in a bar.",
                )
                .table(fits_grid(&report.fits)),
        )
        .section(figures_section(portfolio_notes(report), command))
        .html()
}

fn at_fee(report: &PortfolioReport, fee_bps: f64) -> Section {
    let mut grid = Grid::new("", portfolio_columns(report));
    for result in report.at_fee(fee_bps) {
        let label = portfolio_label(report, result);
        let cells = portfolio_cells(report, &result.figures);
        match result.holding.is_of_a_run() {
            true => grid.row(label, cells),
            false => grid.soft_row(label, cells),
        }
    }
    Section::new(format!("At {}", fee_heading(fee_bps)))
        .chart(Chart::new(capital_chart(report, fee_bps)).caption(caption(report, fee_bps)))
        .table(grid)
}

/// Where each line of the capital ends.
fn caption(report: &PortfolioReport, fee_bps: f64) -> String {
    let end = |result: &PortfolioResult| {
        let total: f64 = result.profit.iter().sum();
        let label = portfolio_label(report, result);
        format!("{label} {}", signed_percent(total))
    };
    let ends: Vec<String> = report.at_fee(fee_bps).map(end).collect();
    format!(
        "Profit over the traded days after costs, in parts of the capital that is not reinvested: {}.",
        ends.join(", ")
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

/// The Sharpe ratio of every portfolio at every fee.
fn sharpe_chart(report: &PortfolioReport) -> Chart {
    let fees = &report.config.fees_bps;
    let Some(first) = fees.first() else {
        return Chart::default();
    };
    let names: Vec<String> = fees.iter().map(|fee| fee_heading(*fee)).collect();
    let mut roles = SeriesRoles::default();
    let of_holding = |(place, one): (usize, &PortfolioResult)| ChartSeries {
        label: portfolio_label(report, one),
        role: roles.next(one.holding.is_of_a_run()),
        points: fees
            .iter()
            .map(|fee| {
                let found = report.at_fee(*fee).nth(place);
                let found = found.filter(|other| other.holding == one.holding);
                found.map_or((None, None), |other| {
                    (other.figures.sharpe, other.figures.sharpe_interval)
                })
            })
            .collect(),
    };
    let series: Vec<ChartSeries<Point>> =
        report.at_fee(*first).enumerate().map(of_holding).collect();
    let told = |fee: &f64| {
        let mut runs = report.at_fee(*fee).filter(|one| one.holding.is_of_a_run());
        let run = runs.next()?;
        Some(format!(
            "{} at {}",
            number(run.figures.sharpe, 2),
            fee_heading(*fee)
        ))
    };
    let label = series.first().map_or("", |one| one.label.as_str());
    let found: Vec<String> = fees.iter().filter_map(told).collect();
    Chart::new(charts::groups(
        "Sharpe ratio of each portfolio",
        &names,
        &series,
        ("Sharpe ratio a year", 1.0),
    ))
    .caption(format!(
        "Sharpe ratio a year after costs with its 95 % interval, in grey what needs no run; that of {label} is {}.",
        found.join(", ")
    ))
}
