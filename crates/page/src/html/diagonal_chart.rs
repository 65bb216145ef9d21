//! What came over what was said, as points beside the diagonal.

use std::ops::Range;

use plotters::prelude::*;

use super::charts::{Area, Chart, ChartSeries, INK, figure, legend, padded, quiet, svg, tick};

/// A point of a diagram: expected, realized, and the interval of the latter.
pub(super) type DiagramPoint = (f64, f64, Option<[f64; 2]>);

/// Two axes with these ends and names.
pub(super) fn named_axes<'a, 'b>(
    area: &'a Area<'b>,
    [x, y]: [Range<f64>; 2],
    [x_name, y_name]: [&str; 2],
) -> Result<Chart<'a, 'b>, Box<dyn std::error::Error>> {
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .margin_right(30)
        .x_label_area_size(44)
        .y_label_area_size(70)
        .build_cartesian_2d(x, y)?;
    quiet(&mut chart.configure_mesh())
        .x_labels(9)
        .y_labels(7)
        .x_label_formatter(&|value| tick(*value))
        .y_label_formatter(&|value| tick(*value))
        .x_desc(x_name)
        .y_desc(y_name)
        .draw()?;
    Ok(chart)
}

/// Realized over expected with the diagonal, between axes of these names; intervals only where they
/// are asked for. Empty without points.
pub(super) fn diagonal_chart(
    title: &str,
    series: &[ChartSeries<DiagramPoint>],
    axes: [&str; 2],
    has_intervals: bool,
) -> String {
    let points = || series.iter().flat_map(|one| &one.points);
    if points().next().is_none() {
        return String::new();
    }
    let (left, right) = padded(points().map(|point| point.0));
    let (low, high) = padded(points().flat_map(|(_, realized, ends)| {
        let ends = ends.filter(|_| has_intervals).unwrap_or([*realized; 2]);
        [*realized, ends[0], ends[1]]
    }));
    svg(title, 420, |area, tips| {
        let area = legend(area, series)?;
        let mut chart = named_axes(&area, [left..right, low..high], axes)?;
        let (from, until) = (left.max(low), right.min(high));
        let diagonal = [(from, from), (until, until)];
        chart.draw_series(DashedLineSeries::new(diagonal, 6, 4, INK.stroke_width(1)))?;
        for one in series {
            let colour = one.role.colour();
            for (expected, realized, ends) in &one.points {
                if let Some([low, high]) = ends.filter(|_| has_intervals) {
                    let whisker = [(*expected, low), (*expected, high)];
                    chart.draw_series(LineSeries::new(whisker, colour.stroke_width(2)))?;
                }
                chart.draw_series([Circle::new((*expected, *realized), 4, colour.filled())])?;
                let words = format!(
                    "{}: {} expected, {} came",
                    one.label,
                    figure(*expected),
                    figure(*realized)
                );
                tips.at(
                    chart
                        .plotting_area()
                        .map_coordinate(&(*expected, *realized)),
                    &words,
                );
            }
        }
        Ok(())
    })
}
