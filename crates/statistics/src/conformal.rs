//! Prediction intervals from the errors that earlier forecasts made.
//!
//! A score is the size of a forecast's error, in whatever unit errors compare in. The interval
//! around the next forecast is as wide as all but a few of the scores: Vovk, Gammerman and Shafer,
//! "Algorithmic Learning in a Random World" (2005); Lei et al., "Distribution-Free Predictive
//! Inference for Regression", JASA 113 (2018).

/// A place that misses a whole number by less is that number: 0.07 times 100 is a little above 7.
const WHOLE: f64 = 1e-9;

/// The score that a new one exceeds with probability `1 - coverage` at most, where all are
/// exchangeable: the `ceil((n + 1) coverage)`-th of n. `None` where n is too small for that
/// coverage.
///
/// # Shapes
/// `scores` are sorted in ascending order.
///
/// # Examples
/// ```
/// let scores = [0.1, 0.2, 0.3, 0.4];
/// assert_eq!(statistics::conformal_quantile(&scores, 0.8), Some(0.4));
/// assert_eq!(statistics::conformal_quantile(&scores, 0.9), None);
/// ```
pub fn conformal_quantile(scores: &[f64], coverage: f64) -> Option<f64> {
    let place = ((scores.len() + 1) as f64 * coverage - WHOLE).ceil();
    match place >= 1.0 {
        true => scores.get(place as usize - 1).copied(),
        false => Some(0.0).filter(|_| !scores.is_empty()),
    }
}

/// The coverage that is asked of [`conformal_quantile`] so that intervals hold what they should
/// even where scores drift: more after misses, less after hits.
///
/// Gibbs and Candès, "Adaptive Conformal Inference Under Distribution Shift", NeurIPS 34 (2021),
/// equation 2; their alpha is one minus the coverage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdaptiveCoverage {
    nominal: f64,
    step: f64,
    current: f64,
}

impl AdaptiveCoverage {
    /// Starts at the nominal coverage; `step` is their gamma.
    pub fn new(nominal: f64, step: f64) -> Self {
        Self {
            nominal,
            step,
            current: nominal,
        }
    }

    /// The coverage to ask for now. It may leave the range from 0 to 1.
    pub fn current(self) -> f64 {
        self.current
    }

    /// Takes in the share of the intervals of one step that missed.
    pub fn update(&mut self, missed: f64) {
        self.current += self.step * (missed - (1.0 - self.nominal));
    }

    /// The half width to use now: the quantile of the sorted scores at [`current`](Self::current),
    /// the largest score where more is asked for than they can tell. `None` without scores.
    pub fn half_width(self, scores: &[f64]) -> Option<f64> {
        conformal_quantile(scores, self.current).or(scores.last().copied())
    }
}

/// The interval score: the width of an interval, and where the value lies outside also its distance
/// times `2 / (1 - coverage)`. Of two forecasters of intervals, the one with the lower mean is
/// better: wide intervals and misses both cost.
///
/// Gneiting and Raftery, "Strictly Proper Scoring Rules", JASA 102 (2007), equation 43.
///
/// # Examples
/// ```
/// assert_eq!(statistics::interval_score([-1.0, 1.0], 0.5, 0.5), 2.0);
/// assert_eq!(statistics::interval_score([-1.0, 1.0], 2.0, 0.5), 6.0);
/// ```
pub fn interval_score([lower, upper]: [f64; 2], realized: f64, coverage: f64) -> f64 {
    let outside = (lower - realized).max(realized - upper).max(0.0);
    upper - lower + 2.0 / (1.0 - coverage) * outside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_place_is_not_rounded_up() {
        let scores: Vec<f64> = (1..=99).map(f64::from).collect();
        for percent in 1..=99_u32 {
            let found = conformal_quantile(&scores, f64::from(percent) / 100.0);
            assert_eq!(found, Some(f64::from(percent)));
        }
    }

    #[test]
    fn too_few_scores_tell_nothing() {
        let scores: Vec<f64> = (1..=18).map(f64::from).collect();
        assert_eq!(conformal_quantile(&scores, 0.95), None);
        assert_eq!(conformal_quantile(&[], 0.5), None);
        assert_eq!(AdaptiveCoverage::new(0.95, 0.1).half_width(&[]), None);
        let largest = AdaptiveCoverage::new(0.95, 0.1).half_width(&scores);
        assert_eq!(largest, Some(18.0));
    }

    /// However scores drift, the share of misses over T steps is within
    /// (largest distance + step) / (step T) of what was asked for: proposition 4.1 of the paper.
    #[test]
    fn adaptive_intervals_hold_what_they_should_under_drift() {
        let (nominal, step, steps) = (0.9, 0.05, 4_000);
        let scores: Vec<f64> = (1..=200).map(|place| f64::from(place) / 200.0).collect();
        let mut adaptive = AdaptiveCoverage::new(nominal, step);
        let (mut misses, mut state) = (0, 1_u64);
        for time in 0..steps {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let uniform = (state >> 11) as f64 / (1_u64 << 53) as f64;
            // Errors grow from half to almost the whole of what the scores know.
            let error = uniform * (0.5 + 0.45 * f64::from(time) / f64::from(steps));
            let is_missed = adaptive.half_width(&scores).is_none_or(|half| error > half);
            misses += i32::from(is_missed);
            adaptive.update(f64::from(u8::from(is_missed)));
        }
        let share = f64::from(misses) / f64::from(steps);
        let bound = (nominal + step) / (step * f64::from(steps));
        assert!((share - 0.1).abs() <= bound, "{share} within {bound}");
    }
}
