//! The `[regime]` section.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Error;

/// The `[regime]` section: where Low, Medium and High volatility begin, for forecasts of
/// `target.kind = "volatility"`. Edges are quantiles of the targets of a fold's training rows, so
/// that nothing of the scored time decides what counts as High.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RegimeConfig {
    /// Whose training rows the edges are quantiles of.
    pub edges: EdgeScope,
    /// Where a class ends and the next begins, as shares of the training rows in ascending order.
    /// Two make Low, Medium and High; one makes Low and High, such as `[0.8]`.
    pub quantiles: Vec<f64>,
    /// Cost of a High that is not called, beside `alarm_cost`. With both, exposure rules and live
    /// forecasts call High where its probability is at or above the cut that costs least over the
    /// outcomes known before; without them where it is the likeliest class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub miss_cost: Option<f64>,
    /// Cost of calling High where it does not come, beside `miss_cost`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarm_cost: Option<f64>,
    /// Volatilities per day, such as `[0.05]` for 5 %: forecasts say how probable it is that the one to come
    /// is above each of them, in the columns `probability_above_LEVEL` of the table and live.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub above: Vec<f64>,
}

/// Whose training rows the edges of a coin's regimes are quantiles of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EdgeScope {
    /// The coin's own, so that High is high for this coin. A coin with fewer than 30 rows takes
    /// the pooled edges.
    PerCoin,
    /// Those of all coins, so that the class says mostly which coin it is.
    Pooled,
}

impl Default for RegimeConfig {
    fn default() -> Self {
        Self {
            edges: EdgeScope::PerCoin,
            quantiles: vec![1.0 / 3.0, 2.0 / 3.0],
            miss_cost: None,
            alarm_cost: None,
            above: Vec::new(),
        }
    }
}

impl RegimeConfig {
    /// Returns true where every key has its default: then `run.toml` does not name the section.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Names of the classes, from low to high, as the columns `probability_CLASS` have them.
    pub fn classes(&self) -> &'static [&'static str] {
        match self.quantiles.len() {
            1 => &["low", "high"],
            _ => &["low", "medium", "high"],
        }
    }

    /// Checks every value that its type alone does not.
    ///
    /// # Errors
    /// [`Error::Config`] with the key, the value found and what is expected.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        let is_share = |share: &f64| *share > 0.0 && *share < 1.0;
        let is_ascending = self.quantiles.is_sorted_by(|low, high| low < high);
        let is_right = (1..=2).contains(&self.quantiles.len())
            && is_ascending
            && self.quantiles.iter().all(is_share);
        if !is_right {
            let expected =
                "one or two shares above 0 and below 1 in ascending order, such as [0.333, 0.667]";
            let found = format!("{:?}", self.quantiles);
            return Err(Error::config("regime.quantiles", found, expected));
        }
        let is_level = |level: &f64| *level > 0.0 && level.is_finite();
        if !(self.above.iter().all(is_level) && self.above.is_sorted_by(|low, high| low < high)) {
            let expected = "volatilities per day above 0 in ascending order, such as [0.05]";
            let found = format!("{:?}", self.above);
            return Err(Error::config("regime.above", found, expected));
        }
        let costs = [
            ("regime.miss_cost", self.miss_cost, self.alarm_cost),
            ("regime.alarm_cost", self.alarm_cost, self.miss_cost),
        ];
        for (key, found, other) in costs {
            match found {
                Some(cost) if !(cost > 0.0 && cost.is_finite()) => {
                    return Err(Error::config(key, cost, "a number above 0"));
                }
                None if other.is_some() => {
                    let expected = "a number above 0, as the other of both costs is given";
                    return Err(Error::config(key, "missing", expected));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_one_or_two_shares_in_order() {
        let of = |quantiles: &[f64]| RegimeConfig {
            quantiles: quantiles.to_vec(),
            ..RegimeConfig::default()
        };
        for good in [&[0.8][..], &[0.2, 0.8], &RegimeConfig::default().quantiles] {
            assert!(of(good).validate().is_ok(), "{good:?}");
        }
        assert_eq!(of(&[0.8]).classes(), ["low", "high"]);
        assert_eq!(of(&[0.2, 0.8]).classes(), ["low", "medium", "high"]);
        let costs = |miss_cost, alarm_cost| RegimeConfig {
            miss_cost,
            alarm_cost,
            ..RegimeConfig::default()
        };
        assert!(costs(Some(5.0), Some(1.0)).validate().is_ok());
        let above = |levels: &[f64]| RegimeConfig {
            above: levels.to_vec(),
            ..RegimeConfig::default()
        };
        assert!(above(&[0.05, 0.1]).validate().is_ok());
        for bad in [&[0.0][..], &[0.1, 0.05], &[f64::INFINITY], &[f64::NAN]] {
            assert!(above(bad).validate().is_err(), "{bad:?}");
        }
        for bad in [costs(Some(5.0), None), costs(Some(-1.0), Some(1.0))] {
            assert!(bad.validate().is_err(), "{bad:?}");
        }
        for bad in [
            &[][..],
            &[0.8, 0.2],
            &[0.5, 0.5],
            &[0.0],
            &[1.0],
            &[f64::NAN],
            &[0.1, 0.2, 0.3],
        ] {
            assert!(of(bad).validate().is_err(), "{bad:?}");
        }
    }
}
