//! The page's sections on the shape of a forecaster's skill: over time, and over its forecasts.

use maud::html;
use statistics::{RowSpans, ic_per_timestamp};

use super::captions;
use super::charts::{self, ChartSeries, SeriesRoles};
use super::content::{Page, model_series, models};
use super::deciles::{Decile, deciles};
use super::document::{PageRow, chart, part, table};
use crate::document::Section;

/// Most points of a line: about two a pixel.
const MOST_POINTS: usize = 1500;

/// The correlation across coins, added up over time, of returns with entry a bar later: as the IC a
/// day, no bounce of the price can lift it.
pub(super) fn cumulative(page: &Page<'_>) -> Section {
    let spans = RowSpans::new(&page.rows.fold, &page.rows.time_ms);
    let labels = page.report.labels();
    let shown: Vec<usize> = models(page).collect();
    // The last return is the mirror image of its negation.
    let is_drawn =
        |place: &usize| shown.contains(place) || page.forecasters[*place].name != "last_return";
    let drawn = (0..labels.len()).filter(is_drawn);
    let lines = drawn.map(|place| (place, cumulative_line(page, &spans, place)));
    let mut kinds = SeriesRoles::default();
    let series: Vec<ChartSeries<(i64, f64)>> = lines
        .filter(|(_, points)| !points.is_empty())
        .map(|(place, points)| ChartSeries {
            label: labels[place].clone(),
            role: kinds.next(shown.contains(&place)),
            points,
        })
        .collect();
    if series.is_empty() {
        return Section::new("");
    }
    let marks = fold_starts(page, &spans);
    let ends: Vec<(&str, Option<f64>)> = series
        .iter()
        .map(|one| (&*one.label, one.points.last().map(|(_, sum)| *sum)))
        .collect();
    let caption = captions::line_ends("Added up, the correlation across coins is", &ends);
    let svg = charts::lines("Cumulative IC", &series, &marks, "cumulative IC");
    part(
        "Cumulative IC",
        html! {
            p {
                "The correlation across coins at each time, added up over time (dates are UTC, month and day; lines upwards \
                mark where folds begin). As in the IC a day, what is realized begins a bar after the forecast. A steady \
                rise is skill; a few steps are luck or a few events."
            }
            (chart(svg, &caption))
        },
    )
}

/// The line of one forecaster, thinned; empty where it has no correlation at any time.
fn cumulative_line(page: &Page<'_>, spans: &RowSpans, place: usize) -> Vec<(i64, f64)> {
    let forecast = &page.forecasters[place].forecast;
    let values = ic_per_timestamp(&spans.times, forecast, &page.rows.realized_delayed);
    if values.iter().all(Option::is_none) {
        return Vec::new();
    }
    let mut sum = 0.0;
    let lines = values.iter().zip(&spans.times).map(|(value, rows)| {
        sum += value.unwrap_or(0.0);
        (page.rows.time_ms[rows.start], sum)
    });
    let line: Vec<(i64, f64)> = lines.collect();
    let step = line.len().div_ceil(MOST_POINTS).max(1);
    let last = line.len().saturating_sub(1);
    line.into_iter()
        .enumerate()
        .filter(|(place, _)| place % step == 0 || *place == last)
        .map(|(_, point)| point)
        .collect()
}

/// Times at which folds begin.
pub(super) fn fold_starts(page: &Page<'_>, spans: &RowSpans) -> Vec<i64> {
    let folds = spans.folds.iter();
    folds
        .map(|fold| page.rows.time_ms[fold.rows.start])
        .collect()
}

/// What was realized in each tenth of the forecasts.
pub(super) fn tenths(page: &Page<'_>) -> Section {
    let of_forecaster = |place: usize| -> Vec<Decile> {
        let score = &page.report.forecasters[place];
        deciles(
            page.rows,
            score,
            &page.forecasters[place].forecast,
            page.options,
        )
    };
    let series = model_series(page, of_forecaster);
    let told: Vec<(&str, &[Decile])> = series
        .iter()
        .map(|one| (&*one.label, &*one.points))
        .collect();
    let points =
        |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{:+.2}", value * 1e4));
    let header = std::iter::once(String::new()).chain((1..=10).map(|tenth| tenth.to_string()));
    let rows = series.iter().map(|one| {
        let cells = one.points.iter().map(|decile| points(decile.mean));
        PageRow::new(one.label.clone(), cells)
    });
    part(
        "Forecast deciles against what was realized",
        html! {
            p {
                "All forecasts of a fold, lowest tenth first, and the mean that was realized, in basis points, before any \
                cost. Tenths are of a whole fold, so this shows the shape of the relation and is no rule that could have \
                been traded; equal forecasts share a tenth."
            }
            (chart(charts::deciles(&series), &captions::tenths(&told)))
            (table(header, rows))
        },
    )
}
