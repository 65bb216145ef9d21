//! The pooled rank correlation, which no single large return decides.

use statistics::pearson;

use crate::metrics::metric::Metric;

/// Spearman over all pairs of a fold; the mean over folds.
pub const METRIC: Metric = Metric {
    name: "rank_correlation",
    title: "rank corr",
    legend: "Spearman over all pairs of a fold; the mean over folds",
    formula: "mean over folds of Pearson's correlation of ranks within the fold, equal values \
        with their mean rank",
    of: |sample| {
        let (ranks, realized) = sample.fold_ranks();
        sample.fold_mean(|fold| pearson(&ranks[fold.clone()], &realized[fold]))
    },
    ..Metric::FURTHER
};
