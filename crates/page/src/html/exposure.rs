//! The page of exposure rules: capital over time, and the tables of each rule.

use rules::{CutReport, ExposureReport, ExposureResult, ExposureRule};

use super::charts::{self, ChartSeries, Point, SeriesRoles};
use super::document::figures_section;
use crate::document::{Block, Document, Grid, GridCell, Section};
use crate::picture::Chart;
use crate::text::format::capitalized;
use crate::text::{
    CUT_COLUMNS, EXPOSURE_COLUMNS, MINUS_COLUMNS, cut_headline, cut_rows, cut_verdict,
    exposure_cells, exposure_headline, exposure_label, exposure_notes, exposure_verdicts,
    minus_cells, rule_title, rule_words,
};

/// Rules of exposure as one HTML file that needs nothing else. `command` makes the page again.
pub fn exposure_html(report: &ExposureReport, command: &str) -> String {
    let verdict = exposure_verdicts(report).into_iter().map(Block::Verdict);
    Document::new("Exposure by forecasts of volatility")
        .openings(verdict)
        .opening(Block::Chart(minus_chart(report)))
        .opening(Block::Text(exposure_headline(report)))
        .section(cuts(report))
        .sections(rules_of(report))
        .section(figures_section(exposure_notes(report), command))
        .html()
}

/// Exposure as one section of the page of a run.
pub(super) fn exposure_section(report: &ExposureReport) -> Section {
    let section = Section::new("Exposure by the forecasts")
        .text(exposure_headline(report))
        .list(exposure_verdicts(report))
        .chart(minus_chart(report));
    let parts = std::iter::once(cuts(report)).chain(rules_of(report));
    let parts = parts.filter(|part| !part.is_empty());
    let section = parts.fold(section, |section, part| {
        section.heading(part.heading).blocks(part.blocks)
    });
    section
        .heading("How these figures are made")
        .list(exposure_notes(report))
}

/// The sections of the rules, those that nobody follows without blocks.
fn rules_of(report: &ExposureReport) -> impl Iterator<Item = Section> + use<'_> {
    let rules = ExposureRule::ALL.into_iter();
    rules.map(|rule| of_rule(report, rule))
}

/// Where High is called and what that costs; nothing where mistakes have no costs.
fn cuts(report: &ExposureReport) -> Section {
    let section = Section::new("Where High is called");
    let Some(costs) = report.options.alarm_costs else {
        return section;
    };
    let of_run = |section: Section, cuts: &CutReport| {
        let mut grid = Grid::new(cuts.forecaster.as_str(), CUT_COLUMNS);
        for (name, cells) in cut_rows(cuts) {
            grid.row(name, cells);
        }
        section.table(grid).text(cut_verdict(cuts))
    };
    report
        .cuts
        .iter()
        .fold(section.text(cut_headline(costs)), of_run)
}

/// A rule's section; nothing where nobody could follow it.
fn of_rule(report: &ExposureReport, rule: ExposureRule) -> Section {
    let own: Vec<&ExposureResult> = report
        .results
        .iter()
        .filter(|result| result.rule == rule)
        .collect();
    let section = Section::new(capitalized(rule_title(rule)));
    if own.is_empty() {
        return section;
    }
    let titled = |columns: &[&str]| -> Vec<Vec<String>> {
        let ends = |title: &&str| vec![(*title).to_owned(), "95 % interval".to_owned()];
        columns.iter().map(ends).collect()
    };
    let stacked = |cells: Vec<Vec<String>>| cells.into_iter().map(GridCell::from);
    let [exposure, others @ ..] = EXPOSURE_COLUMNS;
    let mut grid = Grid::grouped(
        "",
        [vec![vec![exposure.to_owned()]], titled(&others)].concat(),
    );
    grid.soft_row(
        "hold all coins",
        stacked(exposure_cells(&report.hold).to_vec()),
    );
    let mut minus = Grid::grouped(
        "minus its average exposure held constantly",
        titled(&MINUS_COLUMNS),
    );
    for result in &own {
        let label = exposure_label(report, result);
        let cells = stacked(exposure_cells(&result.figures).to_vec());
        let differences = stacked(minus_cells(result).to_vec());
        match result.run.is_some() {
            true => {
                grid.row(label.as_str(), cells);
                minus.row(label.as_str(), differences);
            }
            false => {
                grid.soft_row(label.as_str(), cells);
                minus.soft_row(label.as_str(), differences);
            }
        }
        let constant = stacked(exposure_cells(&result.constant).to_vec());
        grid.soft_row(format!("{label}, constantly"), constant);
    }
    section
        .text(capitalized(&format!("{}.", rule_words(report, rule))))
        .chart(Chart::new(capital_chart(report, &own)).caption(caption(report, &own)))
        .table(grid)
        .table(minus)
}

/// What the capital grew by, of those that follow the rule.
fn caption(report: &ExposureReport, own: &[&ExposureResult]) -> String {
    let grown = |capital: &[(i64, f64)]| {
        let last = capital.last().map_or(f64::NAN, |(_, capital)| *capital);
        format!("{:+.1} %", (last - 1.0) * 100.0)
    };
    let of_one = |result: &&ExposureResult| {
        let label = exposure_label(report, result);
        format!(
            "{label} {} ({} with its average exposure held constantly)",
            grown(&result.capital),
            grown(&result.constant_capital)
        )
    };
    let all: Vec<String> = own.iter().map(of_one).collect();
    format!(
        "Growth of the capital after costs, {}: {}; all coins held {}.",
        exposure_span(report),
        all.join(", "),
        grown(&report.hold_capital)
    )
}

fn exposure_span(report: &ExposureReport) -> String {
    let [from, until] = report.span_ms.map(|time| {
        let text = notation::format_time(time);
        text.get(..10).map_or(text.clone(), str::to_owned)
    });
    format!("{from} to {until}")
}

/// Every rule's Sharpe ratio minus that of its average exposure held constantly.
fn minus_chart(report: &ExposureReport) -> Chart {
    let followed = |rule: &ExposureRule| report.results.iter().any(|one| one.rule == *rule);
    let rules: Vec<ExposureRule> = ExposureRule::ALL.into_iter().filter(followed).collect();
    let names: Vec<String> = rules
        .iter()
        .map(|rule| rule_title(*rule).to_owned())
        .collect();
    let mut labels: Vec<(String, bool)> = Vec::new();
    for result in &report.results {
        let label = (exposure_label(report, result), result.run.is_some());
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    let mut roles = SeriesRoles::default();
    let series: Vec<ChartSeries<Point>> = labels
        .iter()
        .map(|(label, is_model)| ChartSeries {
            label: label.clone(),
            role: roles.next(*is_model),
            points: rules
                .iter()
                .map(|rule| {
                    let is_it = |one: &&ExposureResult| {
                        one.rule == *rule && exposure_label(report, one) == *label
                    };
                    let found = report.results.iter().find(is_it);
                    found.map_or((None, None), |one| {
                        let minus = one.sharpe_minus_constant;
                        (minus.value, minus.interval)
                    })
                })
                .collect(),
        })
        .collect();
    let told = report.results.iter().filter(|one| one.run.is_some());
    let (mut above, mut below, mut all) = (0, 0, 0);
    for result in told {
        let ends = result.sharpe_minus_constant.interval;
        all += 1;
        above += usize::from(ends.is_some_and(|[low, _]| low > 0.0));
        below += usize::from(ends.is_some_and(|[_, high]| high < 0.0));
    }
    let svg = charts::groups(
        "Sharpe ratio minus that of the same average exposure",
        &names,
        &series,
        ("Sharpe ratio minus constant", 1.0),
    );
    Chart::new(svg).caption(format!(
        "Sharpe ratio a year minus that of the same average exposure held constantly, with its 95 % interval: of {all} rules that \
         follow a run {above} are above 0 and {below} below; oracle knows what comes, grey are controls."
    ))
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
