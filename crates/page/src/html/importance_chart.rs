//! What features are worth as bars.

use plotters::prelude::*;

use super::charts::{
    Area, COLOURS, DrawResult, Tips, WIDTH, figure, names_at_the_left, quiet, svg, tick,
};
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
    // A share needs no unit: contributions are in that of the target.
    let total: f64 = importance
        .features
        .iter()
        .filter_map(|feature| feature.shap)
        .sum();
    let shap: Option<Vec<f64>> = features
        .iter()
        .map(|feature| Some(feature.shap? / total * 100.0).filter(|share| share.is_finite()))
        .collect();
    svg(
        "Importance of features",
        80 + 24 * names.len() as u32,
        |area, tips| {
            let half = if shap.is_some() { 3 * WIDTH / 5 } else { WIDTH };
            let (left, right) = area.split_horizontally(half);
            let gain = Bars {
                names: &names,
                values: &gain,
                unit: "share of the gain (%)",
                colour: COLOURS[0],
            };
            gain.draw(&left, true, tips)?;
            let shap = shap.as_ref().map(|values| Bars {
                names: &names,
                values,
                unit: "share of mean |SHAP| (%)",
                colour: COLOURS[1],
            });
            shap.map_or(Ok(()), |shap| shap.draw(&right, false, tips))
        },
    )
}

/// One bar a feature.
struct Bars<'a> {
    names: &'a [String],
    values: &'a [f64],
    unit: &'a str,
    colour: RGBColor,
}

impl Bars<'_> {
    fn draw(&self, area: &Area<'_>, is_named: bool, tips: &Tips) -> DrawResult {
        let high = self.values.iter().copied().fold(0.0, f64::max).max(1e-9) * 1.05;
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .margin_right(24)
            .x_label_area_size(40)
            .y_label_area_size(if is_named { 210 } else { 10 })
            .build_cartesian_2d(0.0..high, self.values.len() as f64 - 0.5..-0.5)?;
        quiet(&mut chart.configure_mesh())
            .disable_y_mesh()
            .x_labels(6)
            .y_labels(0)
            .x_label_formatter(&|value| tick(*value))
            .x_desc(self.unit)
            .draw()?;
        if is_named {
            names_at_the_left(area, &chart, self.names)?;
        }
        let named = self.names.iter().zip(self.values).enumerate();
        for (place, (name, value)) in named {
            let corners = [(0.0, place as f64 - 0.35), (*value, place as f64 + 0.35)];
            chart.draw_series([Rectangle::new(corners, self.colour.filled())])?;
            let pixels = corners.map(|corner| chart.plotting_area().map_coordinate(&corner));
            tips.over(pixels, &format!("{name}: {} {}", figure(*value), self.unit));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::importance::FeatureImportance;

    /// Contributions to the logarithm of a volatility are no basis points.
    #[test]
    fn contributions_are_shares_whatever_their_unit() {
        let feature = |name: &str, shap| FeatureImportance {
            name: name.to_owned(),
            gain: 0.5,
            split: 0.5,
            shap: Some(shap),
        };
        let importance = Importance {
            features: vec![feature("a", 0.3), feature("b", 0.1)],
            ..Importance::default()
        };
        let text = importance_svg(&importance);
        assert!(text.contains("a: 75.00 share of mean |SHAP| (%)") && !text.contains("basis"));
    }
}
