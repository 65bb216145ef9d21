//! How well each class is told from the others.

use super::areas::mean_auc;
use super::base::REGIME;
use crate::metrics::metric::Metric;

/// Mean over classes of the area under the ROC curve against the others.
pub const METRIC: Metric = Metric {
    name: "auc_ovr",
    title: "AUC",
    legend: "as AUC of High, each class against the others, the mean over classes",
    formula: "mean over classes that came of the area under the ROC curve of their probability",
    interval: Some("auc_ovr_interval"),
    of: mean_auc,
    ..REGIME
};
