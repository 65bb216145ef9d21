//! Bins as a chart: the mean realized in each with its interval above, the cumulative return of
//! each below.

use plotters::prelude::*;
use rules::{Quantile, QuantileReport};

use super::charts::{
    Area, COLOURS, DrawResult, INK, Point, Tips, padded, point_words, quiet, svg, tick,
};

const HEIGHT: u32 = 640;

/// Bins above which an interval may leave the picture: that of a bin of few rows would flatten all
/// others.
const MANY_BINS: usize = 100;

/// Bins as an SVG file of its own.
pub fn quantiles_svg(report: &QuantileReport) -> String {
    let mean = |one: &Quantile| {
        (
            one.mean.map(|mean| mean * 1e4),
            one.interval.map(|ends| ends.map(|end| end * 1e4)),
        )
    };
    let means: Vec<Point> = report.quantiles.iter().map(mean).collect();
    let totals: Vec<Point> = report
        .quantiles
        .iter()
        .map(|one| (Some(one.cumulative * 100.0), None))
        .collect();
    svg(
        "Mean and cumulative return of each bin",
        HEIGHT,
        |area, tips| {
            let (above, below) = area.split_vertically(HEIGHT / 2);
            panel(&above, &means, ["mean realized (bp)", ""], COLOURS[0], tips)?;
            panel(
                &below,
                &totals,
                ["cumulative (%)", "bin, lowest forecasts first"],
                COLOURS[1],
                tips,
            )
        },
    )
}

/// A bar from 0 for each bin, with its interval.
fn panel(
    area: &Area<'_>,
    bars: &[Point],
    [unit, below]: [&str; 2],
    colour: RGBColor,
    tips: &Tips,
) -> DrawResult {
    let mut sizes: Vec<f64> = bars
        .iter()
        .flat_map(|(_, ends)| ends.iter().flatten().map(|end| end.abs()))
        .collect();
    sizes.sort_unstable_by(f64::total_cmp);
    let usual = sizes.get(sizes.len() * 9 / 10).copied().unwrap_or(0.0);
    let sets_scale = |end: &f64| bars.len() <= MANY_BINS || end.abs() <= usual;
    let (low, high) = padded(bars.iter().flat_map(|(value, ends)| {
        let ends = ends.iter().flatten().copied().filter(sets_scale);
        value.iter().copied().chain(ends).collect::<Vec<f64>>()
    }));
    let right = bars.len() as f64 + 0.6;
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(70)
        .build_cartesian_2d(0.4..right, low..high)?;
    quiet(&mut chart.configure_mesh())
        .disable_x_mesh()
        .x_labels(bars.len().min(11))
        .y_labels(7)
        .x_label_formatter(&|bin| tick(bin.round()))
        .y_label_formatter(&|value| tick(*value))
        .x_desc(below)
        .y_desc(unit)
        .draw()?;
    for (place, (value, ends)) in bars.iter().enumerate() {
        let bin = place as f64 + 1.0;
        if let Some(value) = value {
            let corners = [(bin - 0.38, 0.0), (bin + 0.38, *value)];
            chart.draw_series([Rectangle::new(corners, colour.mix(0.75).filled())])?;
            let pixels = corners.map(|corner| chart.plotting_area().map_coordinate(&corner));
            let words = point_words(unit, &format!("bin {bin}"), &(Some(*value), *ends), 1.0);
            tips.over(pixels, &words);
        }
        if let Some([from, until]) = ends {
            let whisker = [(bin, from.max(low)), (bin, until.min(high))];
            chart.draw_series(LineSeries::new(whisker, INK.stroke_width(1)))?;
        }
    }
    chart.draw_series(LineSeries::new(
        [(0.4, 0.0), (right, 0.0)],
        INK.stroke_width(1),
    ))?;
    Ok(())
}
