//! How well High is told from the rest.

use super::areas::auc;
use super::base::REGIME;
use crate::metrics::metric::Metric;

/// Area under the ROC curve of High against the rest.
pub const METRIC: Metric = Metric {
    name: "auc_high",
    title: "AUC of High",
    legend: "probability that a row that came High has a higher probability of High than one that did \
        not: .5 by chance",
    formula: "area under the ROC curve of P(High), from average ranks. Hanley and McNeil, Radiology \
        143 (1982). Interval: of P(High) in 50 bins of equal count",
    interval: Some("auc_high_interval"),
    of: |sample| auc(sample, 2),
    ..REGIME
};
