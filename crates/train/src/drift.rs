//! How far a live window's features are from those of training.

use dataset::{FeatureMatrix, Normalizer};
use run::Drift;

/// The drift of every coin's window, which is the last `lookback_bars` rows of `features`; None
/// where nothing is known.
pub(crate) fn drifts(
    features: &FeatureMatrix,
    normalizer: &Normalizer,
    lookback_bars: usize,
) -> Vec<Option<Drift>> {
    let rows = features.rows().saturating_sub(lookback_bars)..features.rows();
    let of_coin = |coin: usize| {
        let stats = &normalizer.coins[coin];
        let drift = |feature: usize| {
            let known = rows
                .clone()
                .map(|row| f64::from(features.cell(row, coin)[feature]))
                .filter(|x| !x.is_nan());
            let (sum, count) = known.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
            let std = (sum / f64::from(count) - f64::from(stats.mean[feature]))
                / f64::from(stats.std[feature]);
            Drift {
                feature: normalizer.features[feature].clone(),
                std,
            }
        };
        let known = (0..features.per_coin())
            .map(drift)
            .filter(|drift| drift.std.is_finite());
        known.max_by(|a, b| a.std.abs().total_cmp(&b.std.abs()))
    };
    (0..normalizer.coins.len()).map(of_coin).collect()
}
