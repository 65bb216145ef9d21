//! The page of exposure rules: capital over time, and the tables of each rule.

use maud::{Markup, html};
use rules::{CutReport, ExposureReport, ExposureResult, ExposureRule};

use super::charts::{self, ChartSeries, SeriesRoles};
use super::document::{PageCell, PageRow, chart, document, section, table};
use crate::text::{
    CUT_COLUMNS, EXPOSURE_COLUMNS, MINUS_COLUMNS, cut_headline, cut_rows, cut_verdict,
    exposure_cells, exposure_headline, exposure_label, exposure_notes, exposure_verdicts,
    minus_cells, rule_title, rule_words,
};

/// Rules of exposure as one HTML file that needs nothing else. `command` makes the page again.
pub fn exposure_html(report: &ExposureReport, command: &str) -> String {
    let title = "Exposure by forecasts of volatility";
    let body = html! {
        h1 { (title) }
        p { (exposure_headline(report)) }
        @for sentence in exposure_verdicts(report) { p { (sentence) } }
        (cuts(report))
        @for rule in ExposureRule::ALL { (of_rule(report, rule)) }
        (section("What the figures are", &html! {
            ul { @for note in exposure_notes(report) { li { (note) } } }
            p { "This page again:" }
            pre { code { (command) } }
        }))
    };
    document(title, &body)
}

/// Where High is called and what that costs; nothing where mistakes have no costs.
fn cuts(report: &ExposureReport) -> Markup {
    let Some(costs) = report.options.alarm_costs else {
        return Markup::default();
    };
    let header = |name: &str| -> Vec<PageCell> {
        let titles = std::iter::once(name).chain(CUT_COLUMNS);
        titles.map(PageCell::from).collect()
    };
    let rows = |cuts: &CutReport| -> Vec<PageRow> {
        let rows = cut_rows(cuts).into_iter();
        rows.map(|(name, cells)| PageRow::new(name, cells.into_iter().map(PageCell::from)))
            .collect()
    };
    section(
        "Where High is called",
        &html! {
            p { (cut_headline(costs)) }
            @for cuts in &report.cuts {
                (table(header(&cuts.forecaster), rows(cuts)))
                p { (cut_verdict(cuts)) }
            }
        },
    )
}

/// A rule's section; nothing where nobody could follow it.
fn of_rule(report: &ExposureReport, rule: ExposureRule) -> Markup {
    let own: Vec<&ExposureResult> = report
        .results
        .iter()
        .filter(|result| result.rule == rule)
        .collect();
    if own.is_empty() {
        return Markup::default();
    }
    let titled = |label: &str, columns: &[&str]| -> Vec<PageCell> {
        let titles = columns.iter().map(|title| PageCell::from(*title));
        std::iter::once(PageCell::from(label))
            .chain(titles)
            .collect()
    };
    let stacked = |cells: Vec<Vec<String>>| cells.into_iter().map(PageCell::stacked);
    let hold = PageRow::new(
        "hold all coins".to_owned(),
        stacked(exposure_cells(&report.hold).to_vec()),
    );
    let rows = own.iter().flat_map(|result| {
        let label = exposure_label(report, result);
        let is_control = result.run.is_none();
        let constant = stacked(exposure_cells(&result.constant).to_vec());
        [
            PageRow::new(
                label.clone(),
                stacked(exposure_cells(&result.figures).to_vec()),
            )
            .soft(is_control),
            PageRow::new(format!("{label}, constantly"), constant).soft(true),
        ]
    });
    let minus = own.iter().map(|result| {
        let cells = stacked(minus_cells(result).to_vec());
        PageRow::new(exposure_label(report, result), cells).soft(result.run.is_none())
    });
    section(
        rule_title(rule),
        &html! {
            p { (rule_words(report, rule)) "." }
            (chart(capital_chart(report, &own)))
            (table(titled("", &EXPOSURE_COLUMNS), std::iter::once(hold.soft(true)).chain(rows)))
            (table(titled("minus its average exposure held constantly", &MINUS_COLUMNS), minus))
        },
    )
}

/// The capital after costs: holding, the naive control and the oracle in grey.
fn capital_chart(report: &ExposureReport, own: &[&ExposureResult]) -> String {
    let mut roles = SeriesRoles::default();
    let mut line = |label: String, is_model: bool, capital: &[(i64, f64)]| ChartSeries {
        label,
        role: roles.next(is_model),
        points: capital
            .iter()
            .map(|(time, capital)| (*time, (capital - 1.0) * 100.0))
            .collect(),
    };
    let mut lines = vec![line(
        "hold all coins".to_owned(),
        false,
        &report.hold_capital,
    )];
    for result in own {
        let label = exposure_label(report, result);
        let is_model = result.run.is_some();
        if is_model {
            let constant = format!("{label}, constantly");
            lines.push(line(label, true, &result.capital));
            lines.push(line(constant, false, &result.constant_capital));
        } else {
            lines.push(line(label, false, &result.capital));
        }
    }
    charts::lines(
        "Growth of the capital",
        &lines,
        &[],
        "growth of the capital (%)",
    )
}
