//! The IC a day of each fold as a chart of its own: runs beside the controls.

use notation::format_time;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use score::{Quantity, Report};

use super::charts::{
    Area, Chart, ChartSeries, DrawResult, INK, Point, SeriesRole, SeriesRoles, Tips, legend_with,
    month_and_day, point_words, quiet, range, svg, tick, write,
};
use super::level_scores::folds_chart;
use crate::text::format::{counted, interval_title};

const HEIGHT: u32 = 480;

/// Behind the scores of all folds together.
const SHADE: RGBColor = RGBColor(243, 245, 247);

/// Width of a fold from which its dates fit below it.
const WIDE_FOLD: i32 = 92;

/// Corners of the controls' marks, one shape each, around their point.
const SHAPES: [&[(i32, i32)]; 4] = [
    &[(-4, -4), (4, -4), (4, 4), (-4, 4)],
    &[(0, -6), (6, 0), (0, 6), (-6, 0)],
    &[(0, -5), (5, 4), (-5, 4)],
    &[(0, 5), (5, -4), (-5, -4)],
];

/// The IC a day (of volatilities: QLIKE) of each fold and of all of them as an SVG file of its own: runs in colour, controls
/// in grey, each with its interval. The same report gives the same bytes.
pub fn folds_svg(report: &Report) -> String {
    if report.quantity == Quantity::LogVolatility {
        return folds_chart(report, "qlike");
    }
    let title = format!(
        "IC a day of each fold, with its {}: {}",
        interval_title(report.confidence),
        counted(report.coins, "coin")
    );
    let series = series(report);
    let (low, high) = range(series.iter().flat_map(|one| &one.points), 1.0);
    let folds = report.fold_numbers.len() as f64;
    svg(&title, HEIGHT, |area, tips| {
        let (above, below) = area.split_vertically(38);
        write(
            &above,
            &title,
            17,
            (74, 24),
            Pos::new(HPos::Left, VPos::Center),
        )?;
        let area = legend_with(&below, &series, mark)?;
        let mut chart = ChartBuilder::on(&area)
            .margin(12)
            .x_label_area_size(66)
            .y_label_area_size(74)
            .build_cartesian_2d(-0.5..folds + 0.5, low..high)?;
        let all = [(folds - 0.5, low), (folds + 0.5, high)];
        chart.draw_series([Rectangle::new(all, SHADE.filled())])?;
        quiet(&mut chart.configure_mesh())
            .disable_x_mesh()
            .x_labels(0)
            .y_labels(8)
            .y_label_formatter(&|value| tick(*value))
            .x_desc(span_words(report))
            .y_desc("IC a day (correlation)")
            .draw()?;
        for fold in 1..report.fold_numbers.len() {
            let x = fold as f64 - 0.5;
            chart.draw_series(LineSeries::new(
                [(x, low), (x, high)],
                SHADE.stroke_width(2),
            ))?;
        }
        let zero = [(-0.5, 0.0), (folds + 0.5, 0.0)];
        chart.draw_series(LineSeries::new(zero, INK.stroke_width(1)))?;
        names(&area, &chart, report)?;
        points(&area, &chart, &series, tips)
    })
}

/// The forecasters that have a score, with those of all folds at the end.
fn series(report: &Report) -> Vec<ChartSeries<Point>> {
    let mut kinds = SeriesRoles::default();
    let labelled = report.labels().into_iter().zip(&report.forecasters);
    // The last return is the mirror image of its negation.
    let shown = labelled.filter(|(_, score)| {
        score.value("ic_a_day").is_some() && !(score.is_control() && score.name == "last_return")
    });
    shown
        .map(|(label, score)| {
            let folds = score.ic_a_day_folds.iter();
            let folds = folds.zip(&score.ic_a_day_fold_intervals);
            let all = score.metric("ic_a_day");
            ChartSeries {
                label,
                role: kinds.next(!score.is_control()),
                points: folds
                    .map(|(value, ends)| (*value, *ends))
                    .chain([(all.value, all.interval)])
                    .collect(),
            }
        })
        .collect()
}

/// A point of a forecaster at a pixel: a circle for a model, a shape of its own for each control.
fn mark(area: &Area<'_>, kind: SeriesRole, (x, y): (i32, i32)) -> DrawResult {
    let style = kind.colour().filled();
    match kind {
        SeriesRole::Model(_) => area.draw(&Circle::new((x, y), 5, style))?,
        SeriesRole::Control(place) => {
            let corners = SHAPES[place % SHAPES.len()].iter();
            let corners: Vec<(i32, i32)> = corners.map(|(dx, dy)| (x + dx, y + dy)).collect();
            area.draw(&Polygon::new(corners, style))?;
        }
    }
    Ok(())
}

/// The forecasters side by side in each fold.
fn points(
    area: &Area<'_>,
    chart: &Chart<'_, '_>,
    series: &[ChartSeries<Point>],
    tips: &Tips,
) -> DrawResult {
    let plot = chart.plotting_area();
    let (left, top) = area.get_base_pixel();
    let pixel = |x: f64, y: f64| {
        let (x, y) = plot.map_coordinate(&(x, y));
        (x - left, y - top)
    };
    let step = 0.72 / series.len().max(1) as f64;
    for (index, one) in series.iter().enumerate() {
        let offset = (index as f64 - (series.len() as f64 - 1.0) / 2.0) * step;
        let width = if matches!(one.role, SeriesRole::Model(_)) {
            2
        } else {
            1
        };
        for (fold, (value, ends)) in one.points.iter().enumerate() {
            let x = fold as f64 + offset;
            if let Some([low, high]) = ends {
                let bar = vec![pixel(x, *low), pixel(x, *high)];
                area.draw(&PathElement::new(
                    bar,
                    one.role.colour().stroke_width(width),
                ))?;
            }
            if let Some(value) = value {
                mark(area, one.role, pixel(x, *value))?;
                let words = point_words(&one.label, "", &(Some(*value), *ends), 1.0);
                tips.at(plot.map_coordinate(&(x, *value)), &words);
            }
        }
    }
    Ok(())
}

/// Numbers of the folds below the plot, with their dates where these fit.
fn names(area: &Area<'_>, chart: &Chart<'_, '_>, report: &Report) -> DrawResult {
    let plot = chart.plotting_area();
    let (left, top) = area.get_base_pixel();
    let (across, down) = plot.get_pixel_range();
    let folds = report.fold_numbers.len();
    let fits = (across.end - across.start) / (folds as i32 + 1) >= WIDE_FOLD;
    let centre = Pos::new(HPos::Center, VPos::Top);
    let write_below = |place: usize, line: i32, words: &str| {
        let (x, _) = plot.map_coordinate(&(place as f64, 0.0));
        write(
            area,
            words,
            13,
            (x - left, down.end - top + 8 + 17 * line),
            centre,
        )
    };
    for (place, number) in report.fold_numbers.iter().enumerate() {
        write_below(place, 0, &format!("fold {number}"))?;
        if let Some(span) = report.fold_spans_ms.get(place).filter(|_| fits) {
            let [from, until] = span.map(month_and_day);
            write_below(place, 1, &format!("{from} to {until}"))?;
        }
    }
    write_below(folds, 0, "all folds")
}

/// What the horizontal axis is, with the years that the dates leave out.
fn span_words(report: &Report) -> String {
    let first = report.fold_spans_ms.iter().map(|span| span[0]).min();
    let last = report.fold_spans_ms.iter().map(|span| span[1]).max();
    let day = |time: Option<i64>| {
        let text = format_time(time.unwrap_or_default());
        text.split(' ').next().unwrap_or_default().to_owned()
    };
    format!(
        "scored days of each fold (UTC), {} to {}",
        day(first),
        day(last)
    )
}
