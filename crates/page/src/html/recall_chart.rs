//! Precision over recall: how right calls are by how much of a class they find.

use plotters::prelude::*;

use super::charts::{ChartSeries, INK, figure, legend, quiet, svg, tick};

/// A point of a curve: the recall, the precision, and the least probability that is called.
pub(super) type RecallPoint = (f64, f64, f64);

/// Curves from 0 to 1 on both axes, with a dashed line at what chance has. Empty without points.
pub(super) fn recall_chart(
    title: &str,
    series: &[ChartSeries<RecallPoint>],
    chance: f64,
) -> String {
    if series.iter().all(|one| one.points.is_empty()) {
        return String::new();
    }
    svg(title, 400, |area, tips| {
        let area = legend(area, series)?;
        let mut chart = ChartBuilder::on(&area)
            .margin(12)
            .margin_right(30)
            .x_label_area_size(44)
            .y_label_area_size(70)
            .build_cartesian_2d(0.0..1.0, 0.0..1.0)?;
        quiet(&mut chart.configure_mesh())
            .x_labels(11)
            .y_labels(6)
            .x_label_formatter(&|value| tick(*value))
            .y_label_formatter(&|value| tick(*value))
            .x_desc("recall: share of the class that is called")
            .y_desc("precision: share of the calls that came")
            .draw()?;
        let level = [(0.0, chance), (1.0, chance)];
        chart.draw_series(DashedLineSeries::new(level, 6, 4, INK.stroke_width(1)))?;
        for one in series {
            let colour = one.role.colour();
            let points = || one.points.iter().map(|point| (point.0, point.1));
            chart.draw_series(LineSeries::new(points(), colour.stroke_width(2)))?;
            chart.draw_series(points().map(|at| Circle::new(at, 3, colour.filled())))?;
            for (recall, precision, threshold) in &one.points {
                let words = format!(
                    "{}: called at {} or more, precision {}, recall {}",
                    one.label,
                    figure(*threshold),
                    figure(*precision),
                    figure(*recall)
                );
                let at = chart.plotting_area().map_coordinate(&(*recall, *precision));
                tips.at(at, &words);
            }
        }
        Ok(())
    })
}
