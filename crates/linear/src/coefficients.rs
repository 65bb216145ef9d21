//! The coefficients of one time, on rows of features.

use run::{Contribution, Explanation, ExplanationMethod};

use crate::terms::{FeatureIndices, Term};
use crate::units::mean_of_known;

/// The coefficients of one time.
pub(crate) struct Coefficients<'a> {
    /// Of the coins' own parts.
    pub own: Part<'a>,
    /// Of the market's part.
    pub market: Part<'a>,
    /// What the market's part is multiplied with.
    pub market_share: f64,
}

/// The coefficients of a part.
pub(crate) struct Part<'a> {
    pub terms: &'a [Term],
    /// Where the terms' features are in a row.
    pub places: FeatureIndices,
    pub coefficients: &'a [f32],
}

impl Part<'_> {
    /// The values of the terms; None where one is unknown.
    fn values(&self, features: &[f32]) -> Option<Vec<f64>> {
        let mut values = vec![0.0; self.places.len()];
        self.places.values(features, &mut values).then_some(values)
    }

    /// The part of a row; NaN where a term is unknown, and without a row.
    fn sum(&self, cell: Option<&[f32]>) -> f64 {
        let values = cell.and_then(|features| self.values(features));
        values.map_or(f64::NAN, |values| {
            let pairs = values.iter().zip(self.coefficients);
            pairs.map(|(value, &c)| value * f64::from(c)).sum()
        })
    }

    /// What each term adds to the part of a row of which the part of `less` is taken away, times `unit`.
    fn added(&self, values: &[f64], less: &[f64], unit: f64) -> Vec<Contribution> {
        let pairs = values.iter().zip(less).zip(self.coefficients);
        let added = pairs.map(|((value, less), &c)| f64::from(c) * (value - less) * unit);
        let named = self.terms.iter().zip(values).zip(added);
        named
            .map(|((term, &value), added)| Contribution::new(term.name(), value, added))
            .collect()
    }
}

impl Coefficients<'_> {
    /// The forecasts of coins by their features, None for a coin without a candle, each times its coin's
    /// unit: a coin's own part less the mean of all, and the market's part. Where there is none, the
    /// reason.
    pub fn forecasts(&self, cells: &[Option<&[f32]>], units: &[f64]) -> Vec<Result<f64, String>> {
        let own: Vec<f64> = cells.iter().map(|cell| self.own.sum(*cell)).collect();
        let mean = mean_of_known(&own);
        let forecast = |((cell, own), unit): ((&Option<&[f32]>, &f64), &f64)| {
            let market = self.market_share * self.market.sum(*cell);
            let forecast = (own - mean + market) * unit;
            let reason = "no closed candle with all features at this time";
            if forecast.is_finite() {
                Ok(forecast)
            } else {
                Err(reason.to_owned())
            }
        };
        cells.iter().zip(&own).zip(units).map(forecast).collect()
    }

    /// What each term added to the forecasts of [`Coefficients::forecasts`]; None for a coin without
    /// one. A term of an own part counts by what it differs from the mean of the coins.
    pub fn explanations(
        &self,
        cells: &[Option<&[f32]>],
        units: &[f64],
    ) -> Vec<Option<Explanation>> {
        let own = cells.iter().map(|cell| self.own.values((*cell)?));
        let own: Vec<Option<Vec<f64>>> = own.collect();
        let known: Vec<&Vec<f64>> = own.iter().flatten().collect();
        let mean = |term: usize| {
            let values = known.iter().map(|values| values[term]);
            values.sum::<f64>() / known.len() as f64
        };
        let means: Vec<f64> = (0..self.own.places.len()).map(mean).collect();
        let zeros = vec![0.0; self.market.places.len()];
        let rows = cells.iter().zip(&own).zip(units);
        rows.map(|((cell, own), &unit)| {
            let market = self.market.values((*cell)?)?;
            let mut contributions = self.own.added(own.as_ref()?, &means, unit);
            contributions.extend(self.market.added(&market, &zeros, self.market_share * unit));
            let method = ExplanationMethod::Linear;
            let explanation = Explanation::of_forecast(method, 0.0, contributions);
            explanation.sum().is_finite().then_some(explanation)
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part<'a>(terms: &'a [Term], coefficients: &'a [f32]) -> Part<'a> {
        Part {
            terms,
            places: FeatureIndices::of(terms, &["a", "b", "market_a"]).unwrap(),
            coefficients,
        }
    }

    /// The numbers are those of numpy: own parts 2a - ab/2, of the market 0.5 * 3 * market_a, units 2, 1
    /// and 4.
    #[test]
    fn contributions_add_up_to_the_forecasts() {
        let term = |names: &[&str]| Term(names.iter().map(|&name| name.to_owned()).collect());
        let own_terms = [term(&["a"]), term(&["a", "b"])];
        let market_terms = [term(&["market_a"])];
        let all = Coefficients {
            own: part(&own_terms, &[2.0, -0.5]),
            market: part(&market_terms, &[3.0]),
            market_share: 0.5,
        };
        let rows: [&[f32]; 3] = [
            &[1.0, 2.0, 0.25],
            &[3.0, -1.0, 0.25],
            &[-2.0, 1.0, f32::NAN],
        ];
        let cells = [Some(rows[0]), Some(rows[1]), Some(rows[2]), None];
        let units = [2.0, 1.0, 4.0, 1.0];
        let forecasts = all.forecasts(&cells, &units);
        let explanations = all.explanations(&cells, &units);
        let expected = [-0.916_666_666_666_666_6, 6.041_666_666_666_667];
        for (coin, expected) in expected.into_iter().enumerate() {
            let forecast = forecasts[coin].as_ref().unwrap();
            assert!((forecast - expected).abs() < 1e-12, "{forecast}");
            let explained = explanations[coin].as_ref().unwrap();
            assert!((explained.sum() - expected).abs() < 1e-12, "{explained:?}");
        }
        let names: Vec<&str> = (explanations[0].iter())
            .flat_map(|one| one.contributions.iter().map(|part| part.name.as_str()))
            .collect();
        assert_eq!(names, ["a", "a x b", "market_a"]);
        let added = &explanations[1].as_ref().unwrap().contributions;
        assert!((added[0].added - 14.0 / 3.0).abs() < 1e-12, "{added:?}");
        assert!((added[2].added - 0.375).abs() < 1e-12, "{added:?}");
        for coin in [2, 3] {
            assert!(forecasts[coin].is_err() && explanations[coin].is_none());
        }
    }
}
