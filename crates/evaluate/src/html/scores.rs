//! The page's tables of scores: forecasters, differences, further scores, concentration.

use maud::{Markup, html};

use super::document::{Cell, Row, section, table};
use super::page::{Page, models};
use crate::controls::is_control;
use crate::format::{
    concentration_titles, metric_cells, metric_header, metric_value, narrow_warning, shares,
};
use crate::metrics::{Place, Value};
use crate::report::{Report, Score};

pub(super) fn scores(page: &Page<'_>) -> Markup {
    let (report, labels) = (page.report, page.report.labels());
    let shuffled = report.shuffled.iter().map(|shuffled| {
        let cells = estimates(report, |metric| shuffled.value(metric));
        Row::new(shuffled.label(), cells).soft(true)
    });
    let scored = forecaster_rows(page, |score| {
        estimates(report, |metric| score.metric(metric))
    });
    let further = || report.metrics_at(Place::Further);
    let titles = std::iter::once("").chain(further().map(|metric| metric.title));
    let further = forecaster_rows(page, |score| {
        let value = |metric| metric_value(metric, score.value(metric.name)).into();
        further().map(value).collect()
    });
    section(
        "Scores",
        &html! {
            (table(estimate_header(report, ""), scored.into_iter().chain(shuffled)))
            @for sentence in report.verdicts(&labels) { p { (sentence) } }
            @if !report.differences.is_empty() {
                (table(estimate_header(report, "difference"), difference_rows(report, &labels)))
            }
            (table(titles, further))
            (concentration(page))
        },
    )
}

/// The titles of the metrics that forecasters are compared by; their intervals stand below.
fn estimate_header(report: &Report, label: &str) -> Vec<Cell> {
    let ends = report.interval_title();
    let columns = report.metrics_at(Place::Scores);
    let titles = columns.map(|metric| Cell::stacked(metric_header(metric, &ends)));
    std::iter::once(label.into()).chain(titles).collect()
}

/// The cells under [`estimate_header`].
fn estimates(report: &Report, of: impl Fn(&str) -> Value) -> Vec<Cell> {
    let columns = report.metrics_at(Place::Scores);
    columns
        .map(|metric| Cell::stacked(metric_cells(metric, of(metric.name))))
        .collect()
}

fn difference_rows(report: &Report, labels: &[String]) -> Vec<Row> {
    let label =
        |name: &str, run: &Option<String>| report.label_of(labels, name, run.as_deref()).to_owned();
    let rows = report.differences.iter().map(|difference| {
        let (a, b) = (
            label(&difference.a, &difference.a_run),
            label(&difference.b, &difference.b_run),
        );
        Row::new(
            format!("{a} minus {b}"),
            estimates(report, |metric| difference.metric(metric)),
        )
    });
    rows.collect()
}

/// How much of each score lies in how little time, and a warning where it is much.
fn concentration(page: &Page<'_>) -> Markup {
    let titles = std::iter::once("").chain(concentration_titles(&page.report.metrics));
    let rows = forecaster_rows(page, |score| {
        score
            .concentration
            .versions()
            .map(|one| shares(one).into())
            .to_vec()
    });
    let labels = page.report.labels();
    let warnings = models(page).filter_map(|place| {
        let concentration = &page.report.forecasters[place].concentration;
        narrow_warning(&labels[place], concentration, &page.report.metrics)
    });
    html! {
        p.soft { "Share of the covariance in the best day | the best 1 % of hours:" }
        (table(titles, rows))
        @for warning in warnings { p.note { (warning) } }
    }
}

/// One row a forecaster, controls soft.
pub(super) fn forecaster_rows(page: &Page<'_>, cells: impl Fn(&Score) -> Vec<Cell>) -> Vec<Row> {
    let scores = &page.report.forecasters;
    let labelled = page.report.labels().into_iter().zip(scores);
    let row = |(label, score): (String, &Score)| {
        Row::new(label, cells(score)).soft(is_control(&score.name, score.run.as_deref()))
    };
    labelled.map(row).collect()
}
