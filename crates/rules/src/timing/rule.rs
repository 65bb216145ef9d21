//! The decision at the close of one bar. Offline scores and the watch ask the same functions.

use serde::{Deserialize, Serialize};

use crate::trade::Side;

/// Coins below which a forecast cannot be compared with the others.
pub(super) const LEAST_COINS: usize = 3;

/// Forecasts are equal where their standard deviation is no more than this share of their size: it
/// is rounding.
const ROUNDING: f64 = 1e-12;

/// The patience that was chosen on the first three folds of two panels, of five-minute and of
/// one-minute bars (docs/src/results/timing.md).
pub const PATIENCE: f64 = 0.2;

/// What is done with an order at the close of a bar. It is filled at the close of the next bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimingDecision {
    /// Nothing is traded: the price is expected to move in the order's favour.
    Wait,
    /// Nothing is known of the coin at this time, so that an even share of what is left is traded:
    /// what is left, divided by the bars that are left.
    Slice,
    /// All that is left is traded.
    Trade,
}

impl TimingDecision {
    /// `wait`, `trade a slice` or `trade now`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Slice => "trade a slice",
            Self::Trade => "trade now",
        }
    }

    /// The share of what is left that is traded.
    pub fn share(self, bars_left: usize) -> f64 {
        match self {
            Self::Wait => 0.0,
            Self::Slice => 1.0 / bars_left.max(1) as f64,
            Self::Trade => 1.0,
        }
    }
}

/// The rule of optimal stopping: trade once the forecast is against waiting by more than a limit
/// that falls to 0 at the deadline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimingRule {
    /// The limit is this many standard deviations of the coins' forecasts, times the natural
    /// logarithm of the bars that are left. 0: the sign of the forecast decides.
    pub patience: f64,
}

impl Default for TimingRule {
    fn default() -> Self {
        Self { patience: PATIENCE }
    }
}

impl TimingRule {
    /// What to do at the close of a bar.
    ///
    /// `z` is the coin's [z-score](z_scores) at that bar, None where it is not known. `bars_left`
    /// counts the closes at which the order may still be filled; at the last one it is traded
    /// whatever is forecast.
    ///
    /// # Examples
    /// ```
    /// use rules::{Side, TimingDecision, TimingRule};
    /// let rule = TimingRule { patience: 0.3 };
    /// // The price is expected to rise: who buys trades now, who sells waits.
    /// assert_eq!(rule.decide(Side::Buy, Some(1.0), 12), TimingDecision::Trade);
    /// assert_eq!(rule.decide(Side::Sell, Some(1.0), 12), TimingDecision::Wait);
    /// // With 12 bars left a small rise is waited out, as a better bar may come.
    /// assert_eq!(rule.decide(Side::Buy, Some(0.5), 12), TimingDecision::Wait);
    /// assert_eq!(rule.decide(Side::Buy, Some(0.5), 2), TimingDecision::Trade);
    /// ```
    pub fn decide(&self, side: Side, z: Option<f64>, bars_left: usize) -> TimingDecision {
        if bars_left <= 1 {
            return TimingDecision::Trade;
        }
        let limit = self.patience * (bars_left as f64).ln();
        match z {
            None => TimingDecision::Slice,
            Some(z) if side.sign() * z > limit => TimingDecision::Trade,
            Some(_) => TimingDecision::Wait,
        }
    }
}

/// How far each coin's forecast is from the mean of the coins that are forecast at the same time,
/// in standard deviations of these forecasts.
///
/// The market's part of the forecasts drops out: it is the noisy one. None where a coin has no
/// forecast, and everywhere where fewer than three coins have one or all are equal.
///
/// # Shapes
/// `forecasts` and the result have one entry a coin.
pub fn z_scores(forecasts: &[Option<f64>]) -> Vec<Option<f64>> {
    let known = || forecasts.iter().flatten().filter(|value| value.is_finite());
    let count = known().count();
    if count < LEAST_COINS {
        return vec![None; forecasts.len()];
    }
    let mean = known().sum::<f64>() / count as f64;
    let variance = known().map(|value| (value - mean).powi(2)).sum::<f64>() / count as f64;
    let (std, largest) = (
        variance.sqrt(),
        known().fold(0.0, |most: f64, value| most.max(value.abs())),
    );
    let z = |forecast: &Option<f64>| {
        forecast
            .filter(|value| value.is_finite() && std > ROUNDING * largest)
            .map(|value| (value - mean) / std)
    };
    forecasts.iter().map(z).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn z_scores_are_those_of_the_known_forecasts() {
        let found = z_scores(&[Some(1.0), None, Some(2.0), Some(6.0), Some(f64::NAN)]);
        // Mean 3, standard deviation the root of (4 + 1 + 9) / 3.
        let std = (14.0_f64 / 3.0).sqrt();
        let expected = [
            Some(-2.0 / std),
            None,
            Some(-1.0 / std),
            Some(3.0 / std),
            None,
        ];
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!(found.is_some(), expected.is_some());
            assert!((found.unwrap_or(0.0) - expected.unwrap_or(0.0)).abs() < 1e-12);
        }
    }

    #[test]
    fn forecasts_that_are_equal_or_few_say_nothing() {
        // The mean of three times 0.1 is not 0.1 in floating point.
        for forecast in [0.0, 0.1, 1e-9, -3e5] {
            assert_eq!(z_scores(&[Some(forecast); 3]), [None; 3], "{forecast}");
        }
        assert_eq!(z_scores(&[Some(1.0), Some(2.0), None]), [None; 3]);
        assert_eq!(z_scores(&[]), []);
    }

    #[test]
    fn the_deadline_and_what_is_unknown_decide_before_the_forecast() {
        let rule = TimingRule::default();
        for side in Side::ALL {
            for bars_left in [0, 1] {
                assert_eq!(rule.decide(side, None, bars_left), TimingDecision::Trade);
                assert_eq!(
                    rule.decide(side, Some(-9.0 * side.sign()), bars_left),
                    TimingDecision::Trade
                );
            }
            assert_eq!(rule.decide(side, None, 4), TimingDecision::Slice);
            assert_eq!(rule.decide(side, Some(0.0), 4), TimingDecision::Wait);
        }
        assert_eq!(TimingDecision::Slice.share(4), 0.25);
        assert_eq!(TimingDecision::Slice.share(0), 1.0);
    }
}
