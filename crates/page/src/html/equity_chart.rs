//! A backtest as a chart: capital before and after fees above, the alpha factor below.

use plotters::prelude::*;
use rules::{Backtest, Curve};

use super::charts::{
    Area, ChartSeries, DrawResult, INK, SeriesRole, Tips, legend, line_tips, quiet, svg, tick,
    time_on_axis,
};

const HEIGHT: u32 = 640;

/// Most points of a line: about two a pixel.
const MOST_POINTS: usize = 1500;

/// Capital and alpha factor of the best rule as an SVG file of its own.
pub fn backtest_svg(found: &Backtest) -> String {
    let curve = &found.curve;
    let equity =
        |values: &[f64]| thinned(&curve.time_ms, values, |stretch| stretch.last().copied());
    let alpha = thinned(&curve.time_ms, &curve.alpha, |stretch| {
        let known: Vec<f64> = stretch
            .iter()
            .copied()
            .filter(|value| !value.is_nan())
            .collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    });
    let line = |label: &str, kind: SeriesRole, points: Vec<(f64, f64)>| ChartSeries {
        label: label.to_owned(),
        role: kind,
        points,
    };
    let capital = [
        line(
            "capital before fees",
            SeriesRole::Model(0),
            equity(&curve.equity_before_fees),
        ),
        line("after fees", SeriesRole::Model(1), equity(&curve.equity)),
    ];
    let alpha = [line("alpha factor", SeriesRole::Control(0), alpha)];
    svg("Capital and alpha factor", HEIGHT, |area, tips| {
        let (above, below) = area.split_vertically(HEIGHT * 3 / 5);
        panel(&above, &capital, curve, 1.0, tips)?;
        panel(&below, &alpha, curve, 0.0, tips)
    })
}

/// A line of at most so many points: one value of each stretch, at the stretch's last time.
pub(super) fn thinned(
    time_ms: &[i64],
    values: &[f64],
    of_stretch: impl Fn(&[f64]) -> Option<f64>,
) -> Vec<(f64, f64)> {
    let step = values.len().div_ceil(MOST_POINTS).max(1);
    let point =
        |(times, values): (&[i64], &[f64])| Some((*times.last()? as f64, of_stretch(values)?));
    time_ms
        .chunks(step)
        .zip(values.chunks(step))
        .filter_map(point)
        .collect()
}

/// Lines over time with a horizontal one at `level`.
fn panel(
    area: &Area<'_>,
    lines: &[ChartSeries<(f64, f64)>],
    curve: &Curve,
    level: f64,
    tips: &Tips,
) -> DrawResult {
    let ends = (
        curve.time_ms.first().copied().unwrap_or(0),
        curve.time_ms.last().copied().unwrap_or(1),
    );
    let (from, until) = (ends.0 as f64, ends.1.max(ends.0 + 1) as f64);
    let values = || {
        lines
            .iter()
            .flat_map(|line| line.points.iter().map(|point| point.1))
            .chain([level])
    };
    let (low, high) = (
        values().fold(f64::INFINITY, f64::min),
        values().fold(f64::NEG_INFINITY, f64::max),
    );
    let room = ((high - low) * 0.05).max(1e-6);
    let area = legend(area, lines)?;
    let mut chart = ChartBuilder::on(&area)
        .margin(12)
        .margin_right(30)
        .x_label_area_size(30)
        .y_label_area_size(70)
        .build_cartesian_2d(from..until, low - room..high + room)?;
    quiet(&mut chart.configure_mesh())
        .disable_x_mesh()
        .x_labels(8)
        .y_labels(6)
        .x_label_formatter(&|time| time_on_axis(*time as i64, ends.1 - ends.0))
        .y_label_formatter(&|value| tick(*value))
        .draw()?;
    chart.draw_series(LineSeries::new(
        [(from, level), (until, level)],
        INK.stroke_width(1),
    ))?;
    for line in lines {
        chart.draw_series(LineSeries::new(
            line.points.iter().copied(),
            line.role.colour().stroke_width(2),
        ))?;
    }
    let told = lines.iter().map(|line| ChartSeries {
        label: line.label.clone(),
        role: line.role,
        points: (line.points.iter())
            .map(|(time, value)| (*time as i64, *value))
            .collect(),
    });
    let told: Vec<ChartSeries<(i64, f64)>> = told.collect();
    line_tips(&chart, &told, [ends.0, ends.1.max(ends.0 + 1)], tips);
    Ok(())
}
