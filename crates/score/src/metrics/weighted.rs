//! The pooled correlation with coins of unequal weight.

use statistics::weighted_pearson;

use crate::metrics::metric::Metric;

/// Pearson with the coins' weights.
pub const METRIC: Metric = Metric {
    name: "weighted",
    title: "weighted",
    legend: "Pearson with the coins' weights",
    formula: "mean over folds of the weighted correlation of Kaggle's G-Research Crypto \
        Forecasting, with the rows' weights",
    of: |sample| {
        let rows = sample.rows();
        sample.fold_mean(|fold| {
            weighted_pearson(
                &sample.forecast()[fold.clone()],
                &rows.realized[fold.clone()],
                &rows.weight[fold],
            )
        })
    },
    ..Metric::FURTHER
};
