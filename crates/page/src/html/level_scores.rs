//! The page's tables of scores of volatility, and what they are fold by fold.

use maud::{Markup, html};
use score::{Metric, Report, ReportSection, Score, Unit, Value};

use super::captions;
use super::charts::{self, ChartSeries, Point};
use super::content::Page;
use super::document::{PageCell, PageRow, chart, part, table};
use super::scores::{differences, estimate, estimate_header, estimates, forecaster_rows};
use crate::document::Section;
use crate::text::format::{capitalized, interval_title, metric_header, metric_value};
use crate::text::{COMPARISON_WORDS, has_regimes, level_verdicts, mcs};

/// The metric that is decided on.
const DECISIVE: &str = "qlike";

/// Most models in a chart: as many as there are colours.
const MOST_MODELS: usize = 6;

/// Scores with intervals, differences, and further scores.
pub(super) fn level_scores(page: &Page<'_>) -> Section {
    let (report, labels) = (page.report, page.report.labels());
    let [(mcs_title, _), _] = COMPARISON_WORDS;
    let header = estimate_header(report, "")
        .into_iter()
        .chain([mcs_title.into()]);
    let scored = forecaster_rows(page, |score| {
        let cells = estimates(report, |metric| score.metric(metric));
        cells.into_iter().chain([mcs(score).into()]).collect()
    });
    part(
        "Scores",
        html! {
            (table(header, scored))
            @for sentence in level_verdicts(report, &labels) { p { (sentence) } }
            ul { @for (word, meaning) in COMPARISON_WORDS { li { b { (word) } ": " (meaning) "." } } }
            (differences(report, &labels))
            (values(page, ReportSection::Further))
            @if has_regimes(report) {
                h3 { "Classes" }
                (values(page, ReportSection::Regimes))
            }
        },
    )
}

/// The values of the metrics of a place, with their intervals.
fn values(page: &Page<'_>, place: ReportSection) -> Markup {
    known_values(page, &|metric| metric.section == place).unwrap_or_default()
}

/// The values of some metrics, with their intervals, of the forecasters that have one; None where none has.
pub(super) fn known_values(page: &Page<'_>, is_wanted: &dyn Fn(&Metric) -> bool) -> Option<Markup> {
    let metrics = page.report.metrics.iter();
    let metrics: Vec<&Metric> = metrics.filter(|metric| is_wanted(metric)).collect();
    let scores = page.report.forecasters.iter();
    let known: Vec<PageRow> = scores
        .zip(page.report.labels())
        .filter(|(score, _)| metrics.iter().any(|one| score.value(one.name).is_some()))
        .map(|(score, label)| {
            let cells = metrics.iter();
            let cells = cells.map(|metric| estimate(metric, score.metric(metric.name)));
            PageRow::new(label, cells).soft(score.is_control())
        })
        .collect();
    let ends = interval_title(page.report.confidence);
    let titles = metrics.iter();
    let titles = titles.map(|metric| PageCell::stacked(metric_header(metric, &ends)));
    let header = std::iter::once(PageCell::default()).chain(titles);
    (!known.is_empty()).then(|| table(header, known))
}

/// QLIKE and hits of each fold.
pub(super) fn level_folds(page: &Page<'_>) -> Vec<Section> {
    let of = |name: &str, words: &str| {
        let mut metrics = page.report.metrics.iter();
        let metric = metrics.find(|metric| metric.name == name)?;
        let header = std::iter::once(String::new()).chain(fold_names(page.report));
        let rows = forecaster_rows(page, |score| {
            let values = of_folds(score, name);
            values
                .map(|value| metric_value(metric, value).into())
                .collect()
        });
        let heading = capitalized(&format!("{} of each fold", metric.title));
        // The page opens with the picture of what is decided on.
        let picture = (name != DECISIVE).then(|| {
            let folds = |score: &Score| of_folds(score, name).collect();
            let shown = |value| metric_value(metric, value);
            let caption = captions::ends_of_folds(page, metric.title, folds, shown);
            chart(folds_chart(page.report, name), &caption)
        });
        Some(part(
            &heading,
            html! {
                p { (words) }
                @if let Some(picture) = picture {
                    (picture)
                    details { summary { "As a table" } (table(header, rows)) }
                } @else {
                    (table(header, rows))
                }
            },
        ))
    };
    let sections = [
        of(
            DECISIVE,
            "The loss that forecasters are compared by. A forecaster that is ahead of the controls in one fold alone \
             has not been seen to work.",
        ),
        of(
            "top20_hit",
            "Of the fifth of the coins with the highest forecasts, the share that is among the fifth with the \
             highest volatility. By chance it is 20 %.",
        ),
    ];
    sections.into_iter().flatten().collect()
}

fn fold_names(report: &Report) -> impl Iterator<Item = String> {
    report
        .fold_numbers
        .iter()
        .map(|number| format!("fold {number}"))
}

fn of_folds<'a>(score: &'a Score, name: &str) -> impl Iterator<Item = Option<f64>> + 'a {
    let folds = score.level.as_ref().and_then(|level| level.folds.get(name));
    folds.into_iter().flatten().copied()
}

/// A metric of each fold as a chart: controls in grey, and the models with the lowest QLIKE.
pub(crate) fn folds_chart(report: &Report, name: &str) -> String {
    let labels = report.labels();
    let shown = shown_models(report);
    let mut roles = charts::SeriesRoles::default();
    let is_shown = |place: &usize| report.forecasters[*place].is_control() || shown.contains(place);
    let series: Vec<ChartSeries<Point>> = (0..labels.len())
        .filter(is_shown)
        .map(|place| ChartSeries {
            label: labels[place].clone(),
            role: roles.next(!report.forecasters[place].is_control()),
            points: of_folds(&report.forecasters[place], name)
                .map(|value| (value, None))
                .collect(),
        })
        .collect();
    let names: Vec<String> = fold_names(report).collect();
    let metric = report.metrics.iter().find(|metric| metric.name == name);
    let title = metric.map_or(name, |metric| metric.title);
    let axis = match metric.map(|metric| metric.unit) {
        Some(Unit::Share) => (format!("{title} (%)"), 100.0),
        _ => (title.to_owned(), 1.0),
    };
    charts::groups(
        &format!("{title} of each fold"),
        &names,
        &series,
        (&axis.0, axis.1),
    )
}

/// Places of the models with the lowest QLIKE, in the order of the report.
pub(super) fn shown_models(report: &Report) -> Vec<usize> {
    let qlike = |place: &usize| {
        let Value { value, .. } = report.forecasters[*place].metric("qlike");
        value.unwrap_or(f64::INFINITY)
    };
    let scores = 0..report.forecasters.len();
    let mut models: Vec<usize> = scores
        .filter(|&place| !report.forecasters[place].is_control())
        .collect();
    models.sort_by(|a, b| qlike(a).total_cmp(&qlike(b)));
    models.truncate(MOST_MODELS);
    models.sort_unstable();
    models
}

/// One row a forecaster from the cells of its score.
pub(super) fn model_rows(
    page: &Page<'_>,
    cells: impl Fn(&Score) -> Option<Vec<PageCell>>,
) -> Vec<PageRow> {
    let labelled = page
        .report
        .labels()
        .into_iter()
        .zip(&page.report.forecasters);
    let row = |(label, score): (String, &Score)| Some(PageRow::new(label, cells(score)?));
    labelled.filter_map(row).collect()
}
