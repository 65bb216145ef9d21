//! The page's tables of scores: forecasters, differences, further scores, concentration.

use maud::{Markup, html};
use score::{Difference, Metric, Quantity, Report, ReportSection, Score, Value};

use super::content::{Page, models};
use super::document::{PageCell, PageRow, part, table};
use crate::document::Section;
use crate::text::format::{
    concentration_titles, interval_title, metric_cells, metric_header, metric_value,
    narrow_warning, price_metrics, shares, t,
};
use crate::text::{T_TITLE, verdicts};

pub(super) fn scores(page: &Page<'_>) -> Section {
    let (report, labels) = (page.report, page.report.labels());
    let shuffled = report.shuffled.iter().map(|shuffled| {
        let cells = estimates(report, |metric| shuffled.value(metric));
        PageRow::new(shuffled.label(), cells).soft(true)
    });
    let scored = forecaster_rows(page, |score| {
        estimates(report, |metric| score.metric(metric))
    });
    let further = || report.metrics_at(ReportSection::Further);
    let titles = std::iter::once("").chain(further().map(|metric| metric.title));
    let further = forecaster_rows(page, |score| {
        let value = |metric| metric_value(metric, score.value(metric.name)).into();
        further().map(value).collect()
    });
    part(
        "Scores",
        html! {
            (table(estimate_header(report, ""), scored.into_iter().chain(shuffled)))
            @for sentence in verdicts(report, &labels) { p { (sentence) } }
            (differences(report, &labels))
            (prices(page))
            (table(titles, further))
            (concentration(page))
        },
    )
}

/// The titles of the metrics that forecasters are compared by; their intervals stand below.
pub(super) fn estimate_header(report: &Report, label: &str) -> Vec<PageCell> {
    let ends = interval_title(report.confidence);
    let columns = report.metrics_at(ReportSection::Scores);
    let titles = columns.map(|metric| PageCell::stacked(metric_header(metric, &ends)));
    std::iter::once(label.into()).chain(titles).collect()
}

/// The cells under [`estimate_header`].
pub(super) fn estimates(report: &Report, of: impl Fn(&str) -> Value) -> Vec<PageCell> {
    let columns = report.metrics_at(ReportSection::Scores);
    columns
        .map(|metric| estimate(metric, of(metric.name)))
        .collect()
}

/// A metric's value with its interval and t below.
pub(super) fn estimate(metric: &Metric, found: Value) -> PageCell {
    let mut cells = metric_cells(metric, found);
    // It stands below the interval, where only its name tells it from that.
    if let Some(t) = cells
        .last_mut()
        .filter(|_| metric.has_t && found.t.is_some())
    {
        t.insert_str(0, "t ");
    }
    PageCell::stacked(cells)
}

/// One table for every forecaster that others are subtracted from.
pub(super) fn differences(report: &Report, labels: &[String]) -> Markup {
    let label = |name: &str, run: &Option<String>| report.label_of(labels, name, run.as_deref());
    let groups = report
        .differences
        .chunk_by(|left, right| (&left.a, &left.a_run) == (&right.a, &right.a_run));
    let t_title = (report.quantity == Quantity::LogVolatility).then_some(T_TITLE);
    let row = |difference: &Difference| {
        let cells = estimates(report, |metric| difference.metric(metric));
        let cells = cells
            .into_iter()
            .chain(t_title.map(|_| t(difference.qlike_t).into()));
        PageRow::new(label(&difference.b, &difference.b_run).to_owned(), cells)
    };
    html! {
        @for group in groups {
            @if let Some(first) = group.first() {
                @let title = format!("{} minus", label(&first.a, &first.a_run));
                @let t_title = t_title.map(PageCell::from);
                @let header = estimate_header(report, &title).into_iter().chain(t_title);
                (table(header, group.iter().map(row)))
            }
        }
    }
}

/// Scores of prices, where the prices are known.
fn prices(page: &Page<'_>) -> Markup {
    let ends = interval_title(page.report.confidence);
    let of = |metrics: Vec<&Metric>| {
        let titles = metrics.iter();
        let titles = titles.map(|metric| PageCell::stacked(metric_header(metric, &ends)));
        let header: Vec<PageCell> = std::iter::once("".into()).chain(titles).collect();
        let rows = forecaster_rows(page, |score| {
            let cells = metrics.iter();
            cells
                .map(|metric| estimate(metric, score.metric(metric.name)))
                .collect()
        });
        table(header, rows)
    };
    html! {
        @for metrics in price_metrics(page.report).into_iter().flatten() { (of(metrics)) }
    }
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
pub(super) fn forecaster_rows(
    page: &Page<'_>,
    cells: impl Fn(&Score) -> Vec<PageCell>,
) -> Vec<PageRow> {
    let scores = &page.report.forecasters;
    let labelled = page.report.labels().into_iter().zip(scores);
    let row = |(label, score): (String, &Score)| {
        PageRow::new(label, cells(score)).soft(score.is_control())
    };
    labelled.map(row).collect()
}
