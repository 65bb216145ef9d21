//! The page's section on prediction intervals.

use maud::{Markup, html};
use score::{INTERVAL_METRICS, IntervalReport, IntervalScores};

use super::content::Page;
use super::document::{PageCell, PageRow, part, table};
use crate::document::Section;
use crate::text::format::interval_title;
use crate::text::intervals_table::{
    differences, figures, interval_heading, part_cells, part_titles,
};
use crate::text::{interval_label, interval_verdicts};

/// How much prediction intervals hold and how wide they are; nothing where there are none.
pub(super) fn intervals(page: &Page<'_>) -> Section {
    let reports = &page.report.intervals;
    part(
        "Prediction intervals",
        html! { @for one in reports { (of_nominal(page, one)) } },
    )
}

fn of_nominal(page: &Page<'_>, one: &IntervalReport) -> Markup {
    let labels = page.report.labels();
    let row = |scores: &IntervalScores, cells: Vec<String>| {
        let label = interval_label(page.report, &labels, scores).to_owned();
        PageRow::new(label, cells).soft(scores.run.is_none())
    };
    let control = one.forecasters.last().map_or("", |control| &control.name);
    let models = || one.forecasters.iter().filter(|scores| scores.run.is_some());
    let minus = models().map(|scores| {
        let label = interval_label(page.report, &labels, scores);
        PageRow::new(
            format!("{label} minus {control}"),
            stacked(differences(scores)),
        )
    });
    let overall = (one.forecasters.iter()).map(|scores| {
        let label = interval_label(page.report, &labels, scores).to_owned();
        PageRow::new(label, stacked(figures(scores))).soft(scores.run.is_none())
    });
    let ends = interval_title(page.report.confidence);
    let titles = INTERVAL_METRICS
        .iter()
        .map(|metric| PageCell::stacked(vec![metric.title.to_owned(), ends.clone()]));
    html! {
        p { (interval_heading(one)) "." }
        @for sentence in interval_verdicts(page.report, one, &labels) { p { (sentence) } }
        (table(std::iter::once("".into()).chain(titles), overall.chain(minus)))
        @for metric in 0..INTERVAL_METRICS.len() {
            (table(
                part_titles(page.report, metric),
                one.forecasters.iter().map(|scores| row(scores, part_cells(scores, metric))),
            ))
        }
    }
}

/// Values with their intervals below.
fn stacked(cells: Vec<String>) -> Vec<PageCell> {
    cells
        .chunks(2)
        .map(|pair| PageCell::stacked(pair.to_vec()))
        .collect()
}
