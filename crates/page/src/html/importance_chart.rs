//! What features are worth as bars.

use plotters::prelude::*;

use super::charts::{Area, COLOURS, DrawResult, WIDTH, names_at_the_left, quiet, svg, tick};
use crate::importance::Importance;

/// Most bars of an importance chart.
const MOST_FEATURES: usize = 20;

/// Bars of the features with most gain, and of their mean SHAP contributions, as a chart of its
/// own.
pub fn importance_svg(importance: &Importance) -> String {
    let mut features = importance.features.clone();
    features.sort_by(|a, b| b.gain.total_cmp(&a.gain));
    features.truncate(MOST_FEATURES);
    let names: Vec<String> = features
        .iter()
        .map(|feature| feature.name.clone())
        .collect();
    let gain: Vec<f64> = features
        .iter()
        .map(|feature| feature.gain * 100.0)
        .collect();
    let shap: Option<Vec<f64>> = features
        .iter()
        .map(|feature| Some(feature.shap? * 1e4))
        .collect();
    svg(
        "Importance of features",
        80 + 24 * names.len() as u32,
        |area, _| {
            let half = if shap.is_some() { 3 * WIDTH / 5 } else { WIDTH };
            let (left, right) = area.split_horizontally(half);
            bars(&left, &names, &gain, "share of the gain (%)", COLOURS[0])?;
            match &shap {
                Some(shap) => bars(&right, &[], shap, "mean |SHAP| (basis points)", COLOURS[1]),
                None => Ok(()),
            }
        },
    )
}

fn bars(
    area: &Area<'_>,
    names: &[String],
    values: &[f64],
    unit: &str,
    colour: RGBColor,
) -> DrawResult {
    let high = values.iter().copied().fold(0.0, f64::max).max(1e-9) * 1.05;
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .margin_right(24)
        .x_label_area_size(40)
        .y_label_area_size(if names.is_empty() { 10 } else { 210 })
        .build_cartesian_2d(0.0..high, values.len() as f64 - 0.5..-0.5)?;
    quiet(&mut chart.configure_mesh())
        .disable_y_mesh()
        .x_labels(6)
        .y_labels(0)
        .x_label_formatter(&|value| tick(*value))
        .x_desc(unit)
        .draw()?;
    names_at_the_left(area, &chart, names)?;
    let bar = |(place, &value): (usize, &f64)| {
        Rectangle::new(
            [(0.0, place as f64 - 0.35), (value, place as f64 + 0.35)],
            colour.filled(),
        )
    };
    chart.draw_series(values.iter().enumerate().map(bar))?;
    Ok(())
}
