//! What a feature of a coin is normalized by.

use super::ranks::normal_score;

/// What one feature of one coin is normalized by.
pub(super) enum Channel<'a> {
    /// Its coin had no training rows.
    Missing,
    /// Mean and standard deviation.
    MeanStd(f64, f64),
    /// Quantiles.
    Rank(&'a [f32]),
}

impl Channel<'_> {
    /// The normalized value; NaN for what is missing.
    pub fn normalized(&self, value: f64) -> f64 {
        match self {
            Self::Missing => f64::NAN,
            Self::MeanStd(mean, std) => (value - mean) / std,
            Self::Rank(knots) => normal_score(knots, value),
        }
    }
}

/// Puts the mean over the coins that have a feature in the place of those that lack it.
pub(super) fn fill_with_market(row: &mut [f32], features: usize) {
    for feature in 0..features {
        let known = || {
            row.iter()
                .skip(feature)
                .step_by(features)
                .filter(|value| !value.is_nan())
        };
        let mean = known().sum::<f32>() / known().count().max(1) as f32;
        for value in row
            .iter_mut()
            .skip(feature)
            .step_by(features)
            .filter(|value| value.is_nan())
        {
            *value = mean;
        }
    }
}
