//! What coefficients are of: features and products of features.

use serde::{Deserialize, Serialize};

/// A product of features of the set `relative`, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Term(pub Vec<String>);

/// The prefix of the features that are the same for all coins.
const MARKET: &str = "market_";

/// The products of the coins' own parts. What a coin fell behind comes back the more, the less it
/// is traded, and large moves do so in another proportion than small ones.
const PRODUCTS: [&[&str]; 4] = [
    &["liquidity", "deviation_30m"],
    &["liquidity", "return_5m"],
    &["deviation_30m", "deviation_30m", "deviation_30m"],
    &["return_5m", "return_5m", "return_5m"],
];

/// What the market's part is drawn towards: a market that left its mean comes back a little. It is
/// what a control forecasts without any fit.
const REVERSAL: [(&str, f64); 2] = [
    ("market_deviation_30m", -0.03),
    ("market_deviation_4h", -0.03),
];

impl Term {
    /// The features with a sign between them.
    pub fn name(&self) -> String {
        self.0.join(" x ")
    }

    /// The coefficient that the market's part is drawn towards.
    pub fn reversal(&self) -> f64 {
        let found = REVERSAL.iter().find(|(name, _)| self.0 == [*name]);
        found.map_or(0.0, |(_, coefficient)| *coefficient)
    }

    fn of(features: &[&str]) -> Self {
        Self(features.iter().map(|&name| name.to_owned()).collect())
    }

    /// The terms of the coins' own parts: their features and [`PRODUCTS`].
    pub fn own(features: &[&str]) -> Vec<Self> {
        let own = features.iter().filter(|name| !name.starts_with(MARKET));
        own.map(|&name| Self::of(&[name]))
            .chain(PRODUCTS.map(Self::of))
            .collect()
    }

    /// The terms of the market's part: its features.
    pub fn market(features: &[&str]) -> Vec<Self> {
        let market = features.iter().filter(|name| name.starts_with(MARKET));
        market.map(|&name| Self::of(&[name])).collect()
    }
}

/// Terms by the places of their features.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FeatureIndices(Vec<Vec<usize>>);

impl FeatureIndices {
    /// The places of the terms' features among `features`.
    ///
    /// # Errors
    /// The name of a feature that is not among them.
    pub fn of(terms: &[Term], features: &[&str]) -> Result<Self, String> {
        let place = |name: &String| {
            let place = features.iter().position(|feature| feature == name);
            place.ok_or_else(|| name.clone())
        };
        let of_term = |term: &Term| term.0.iter().map(place).collect();
        Ok(Self(terms.iter().map(of_term).collect::<Result<_, _>>()?))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Writes the terms' values; false where one is unknown.
    pub fn values(&self, features: &[f32], out: &mut [f64]) -> bool {
        for (out, places) in out.iter_mut().zip(&self.0) {
            *out = places
                .iter()
                .map(|&place| f64::from(features[place]))
                .product();
        }
        out.iter().all(|value| value.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dataset::{FeatureSet, Features};

    #[test]
    fn every_feature_is_of_one_part() {
        let names = Features::all(FeatureSet::RELATIVE).names();
        let (own, market) = (Term::own(&names), Term::market(&names));
        assert_eq!((own.len(), market.len(), names.len()), (26, 6, 28));
        assert!(
            FeatureIndices::of(&own, &names).is_ok() && FeatureIndices::of(&market, &names).is_ok()
        );
        let unknown = FeatureIndices::of(&[Term::of(&["mood"])], &names);
        assert_eq!(unknown, Err("mood".to_owned()));
    }

    #[test]
    fn a_product_is_of_its_features() {
        let terms = [Term::of(&["a"]), Term::of(&["b", "b", "a"])];
        let places = FeatureIndices::of(&terms, &["a", "b"]).unwrap();
        let mut out = [0.0; 2];
        assert!(places.values(&[2.0, 3.0], &mut out));
        assert_eq!(out, [2.0, 18.0]);
        assert!(!places.values(&[f32::NAN, 3.0], &mut out));
    }
}
