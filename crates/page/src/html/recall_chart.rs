//! Precision over recall: how right calls are by how much of a class they find.

use plotters::prelude::*;

use super::charts::{ChartSeries, INK, figure, legend, svg};
use super::diagonal_chart::named_axes;

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
        let axes = [
            "recall: share of the class that is called",
            "precision: share of the calls that came",
        ];
        let mut chart = named_axes(&area, [0.0..1.0, 0.0..1.0], axes)?;
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
