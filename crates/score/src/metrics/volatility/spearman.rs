//! The order of all rows.

use super::base::VOLATILITY;
use super::cross_section::centred_ranks;
use super::sums::of_rows;
use crate::metrics::metric::Metric;

/// Spearman's correlation over all rows.
pub const METRIC: Metric = Metric {
    name: "spearman",
    title: "Spearman",
    legend: "Spearman over all rows: coins and times together",
    formula: "Pearson's correlation of the average ranks over all rows. Ranks are computed once, and \
        not again in each draw of the interval",
    interval: Some("spearman_interval"),
    of: |sample| {
        let (x, y) = (
            centred_ranks(sample.forecast()),
            centred_ranks(&sample.rows().realized),
        );
        of_rows(
            sample,
            |_, row, _| {
                let (x, y) = (x[row], y[row]);
                Some([x, y, x * x, y * y, x * y, 1.0])
            },
            |[x, y, xx, yy, xy, count]| {
                let covariance = xy / count - x / count * (y / count);
                let variance = |squares: f64, sum: f64| squares / count - (sum / count).powi(2);
                Some(covariance / (variance(*xx, *x) * variance(*yy, *y)).sqrt())
            },
        )
    },
    ..VOLATILITY
};
