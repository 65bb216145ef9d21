//! How much of the best trial's gain may be luck.

use std::collections::BTreeMap;

use statistics::{
    Moments, Overfitting, deflated_sharpe_ratio, expected_maximum_sharpe,
    probability_of_overfitting,
};

/// Slices of time of the probability of overfitting; an even number.
const SLICES: usize = 10;

/// How much of the best trial's gain may be luck; None where trials or days are too few to tell.
#[derive(Debug, Default)]
pub(crate) struct Luck {
    /// Gain to be expected of the best of as many trials that are all worth as much as the config as
    /// it is.
    pub expected_maximum: Option<f64>,
    /// Probability that the best trial's gain a day is more than the best of so many worthless ones
    /// would have shown.
    pub deflated: Option<f64>,
    /// Of all complete trials.
    pub overfitting: Option<Overfitting>,
}

impl Luck {
    /// Of the gains a day of complete trials, the best first, of so many that were tried.
    pub fn new(gains: &[BTreeMap<i64, f64>], tried: usize) -> Self {
        let mut luck = Self::default();
        // Days that all have a score on.
        let is_common = |day: &&i64| gains.iter().all(|other| other.contains_key(day));
        let Some(first) = gains.first().filter(|_| gains.len() >= 2) else {
            return luck;
        };
        let days: Vec<i64> = first.keys().filter(is_common).copied().collect();
        let of = |one: &BTreeMap<i64, f64>| days.iter().map(|day| one[day]).collect();
        let series: Vec<Vec<f64>> = gains.iter().map(of).collect();
        if days.len() < 2 {
            return luck;
        }
        let moments: Vec<Moments> = series.iter().map(|one| Moments::new(one)).collect();
        let means: Vec<f64> = moments.iter().map(|one| one.mean).collect();
        let spread = Moments::new(&means).sample_std();
        luck.expected_maximum = finite(expected_maximum_sharpe(tried, spread * spread));
        // A trial that is the config as it is has no spread, and a ratio of 0.
        let ratio = |one: &Moments| match one.sample_std() {
            0.0 => 0.0,
            deviation => one.mean / deviation,
        };
        let ratios: Vec<f64> = moments.iter().map(ratio).collect();
        let variance = Moments::new(&ratios).sample_std().powi(2);
        let best = &moments[0];
        luck.deflated = finite(deflated_sharpe_ratio(
            ratios[0],
            days.len(),
            best.skewness(),
            best.kurtosis(),
            tried,
            variance,
        ));
        let series: Vec<&[f64]> = series.iter().map(Vec::as_slice).collect();
        luck.overfitting = probability_of_overfitting(&series, SLICES);
        luck
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn series(mean: f64, seed: usize) -> BTreeMap<i64, f64> {
        let noise = |day: usize| ((day * 7919 + seed * 104_729) % 1009) as f64 / 1009.0 - 0.5;
        (0..100)
            .map(|day| (day as i64, mean + noise(day)))
            .collect()
    }

    #[test]
    fn more_trials_leave_less_of_a_gain() {
        let gains: Vec<BTreeMap<i64, f64>> = (1..=8)
            .map(|seed| series(0.3 / seed as f64, seed))
            .collect();
        let (few, many) = (Luck::new(&gains, 8), Luck::new(&gains, 800));
        assert!(few.expected_maximum.unwrap() < many.expected_maximum.unwrap());
        assert!(few.deflated.unwrap() > many.deflated.unwrap());
        let overfitting = few.overfitting.unwrap();
        assert_eq!((overfitting.slices, overfitting.splits), (10, 252));
        assert!(overfitting.probability < 0.1, "{overfitting:?}");
    }

    #[test]
    fn one_trial_says_nothing_of_luck() {
        let luck = Luck::new(&[series(0.1, 1)], 1);
        assert_eq!((luck.expected_maximum, luck.deflated), (None, None));
        assert!(luck.overfitting.is_none());
    }
}
