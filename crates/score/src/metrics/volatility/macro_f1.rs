//! F1 of the classes alike.

use super::base::REGIME;
use super::sums::{confusion, of_regimes};
use crate::metrics::metric::Metric;

/// Mean over classes of F1.
pub const METRIC: Metric = Metric {
    name: "macro_f1",
    title: "macro F1",
    legend: "mean over classes of F1, the harmonic mean of precision and recall: rare classes count as \
        common ones",
    formula: "mean over classes of 2 hits / (rows of the class + rows forecast as it); 0 of a class \
        that neither came nor was forecast",
    interval: Some("macro_f1_interval"),
    of: |sample| {
        let classes = sample.level().and_then(|level| level.regimes.as_ref());
        let classes = classes.map_or(&[0, 1, 2][..], |regimes| regimes.places());
        of_regimes(sample, confusion, |cells| {
            let sum: f64 = classes.iter().map(|&class| f1(cells, class)).sum();
            Some(sum / classes.len() as f64)
        })
    },
    ..REGIME
};

/// F1 of a class from the nine cells of realized by forecast class.
fn f1(cells: &[f64; 9], class: usize) -> f64 {
    let came: f64 = cells[3 * class..3 * class + 3].iter().sum();
    let said: f64 = cells.iter().skip(class).step_by(3).sum();
    2.0 * cells[4 * class] / (came + said).max(1.0)
}
