//! What a feature's values do to forecasts, a panel for each of the features that do the most.

use plotters::prelude::*;

use super::charts::{Area, COLOURS, DrawResult, INK, Tips, figure, padded, quiet, svg, tick};
use crate::importance::{Dependence, DependenceBin, Importance};

const HEIGHT: u32 = 280;

/// Width of a panel: a third of a chart.
const PANEL_WIDTH: u32 = 320;

/// The mean contribution to a forecast by the value of each feature in `importance.dependence`, with
/// a bar from the lowest to the highest tenth of the contributions. At most three are drawn.
pub fn dependence_svg(importance: &Importance) -> String {
    svg(
        "Contribution by the value of a feature",
        HEIGHT,
        |area, tips| {
            let mut rest = area.clone();
            for dependence in importance.dependence.iter().take(3) {
                let (own, right) = rest.split_horizontally(PANEL_WIDTH);
                panel(&own, dependence, tips)?;
                rest = right;
            }
            Ok(())
        },
    )
}

fn panel(area: &Area<'_>, dependence: &Dependence, tips: &Tips) -> DrawResult {
    let bins = &dependence.bins;
    let (low, high) = padded(bins.iter().flat_map(|bin| [bin.low, bin.high]));
    let values = || bins.iter().map(|bin| bin.value);
    let left = values().fold(f64::INFINITY, f64::min);
    let right = values().fold(f64::NEG_INFINITY, f64::max);
    let room = ((right - left) * 0.05).max(1e-6);
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .x_label_area_size(40)
        .y_label_area_size(62)
        .build_cartesian_2d(left - room..right + room, low..high)?;
    quiet(&mut chart.configure_mesh())
        .disable_x_mesh()
        .x_labels(4)
        .y_labels(6)
        .x_label_formatter(&|value| tick(*value))
        .y_label_formatter(&|value| tick(*value))
        .x_desc(dependence.name.as_str())
        .y_desc("mean SHAP")
        .draw()?;
    for DependenceBin {
        value, low, high, ..
    } in bins
    {
        let whisker = [(*value, *low), (*value, *high)];
        chart.draw_series(LineSeries::new(whisker, INK.mix(0.4).stroke_width(1)))?;
    }
    let curve = bins.iter().map(|bin| (bin.value, bin.shap));
    chart.draw_series(LineSeries::new(curve.clone(), COLOURS[0].stroke_width(2)))?;
    chart.draw_series(
        curve
            .clone()
            .map(|at| Circle::new(at, 3, COLOURS[0].filled())),
    )?;
    for at in curve {
        let words = format!("{} {}: {}", dependence.name, figure(at.0), figure(at.1));
        tips.at(chart.plotting_area().map_coordinate(&at), &words);
    }
    Ok(())
}
