//! What a forecast of a logarithm says of the value itself: from the errors that the forecaster
//! made of rows that it was not fitted on.

use crate::bootstrap::quantile;

/// No class is published with a smaller probability, before all are divided by their sum.
const LEAST_PROBABILITY: f64 = 1e-4;

/// The residuals e of a forecaster of logarithms: what came minus its forecast, each of a row that it
/// had not seen.
///
/// Around a new forecast f the value is taken to be distributed as exp(f + e), so that its mean is
/// `exp(f)` times the mean of exp e (Duan, "Smearing Estimate: A Nonparametric Retransformation
/// Method", JASA 78, 1983), that of its square `exp(2 f)` times the mean of exp 2e, and its quantiles
/// are `exp(f + quantile of e)`.
#[derive(Debug, Clone, PartialEq)]
pub struct ResidualDistribution {
    sorted: Vec<f64>,
}

impl ResidualDistribution {
    /// The distribution of these residuals, in any order. Those that are no finite numbers are left
    /// out; None where no other is there.
    pub fn new(mut residuals: Vec<f64>) -> Option<Self> {
        residuals.retain(|residual| residual.is_finite());
        residuals.sort_unstable_by(f64::total_cmp);
        (!residuals.is_empty()).then_some(Self { sorted: residuals })
    }

    /// The residuals in ascending order: at least one.
    pub fn sorted(&self) -> &[f64] {
        &self.sorted
    }

    /// The mean of exp(k e): what makes `exp(k f)` the mean of the value's k-th power.
    ///
    /// # Examples
    /// ```
    /// let residuals = statistics::ResidualDistribution::new(vec![0.0, 2.0_f64.ln()]);
    /// assert_eq!(residuals.map(|residuals| residuals.mean_exp(2.0)), Some(2.5));
    /// ```
    pub fn mean_exp(&self, k: f64) -> f64 {
        let powers = self.sorted.iter().map(|residual| (k * residual).exp());
        powers.sum::<f64>() / self.sorted.len() as f64
    }

    /// The quantile of a share from 0 to 1, linear between order statistics as in `numpy.quantile`.
    pub fn quantile(&self, share: f64) -> f64 {
        // There is at least one residual.
        quantile(&self.sorted, share).unwrap_or(f64::NAN)
    }

    /// The share of the residuals that are at or below `bound`.
    pub fn cdf(&self, bound: f64) -> f64 {
        let below = self.sorted.partition_point(|residual| *residual <= bound);
        below as f64 / self.sorted.len() as f64
    }

    /// Probability of each class around a forecast: the first one reaches up to the first edge, with
    /// the edge, and the last one from above the last edge on. Each is at least 1e-4 before all are
    /// divided by their sum, so that no outcome is called impossible.
    ///
    /// # Shapes
    /// `edges` ascend, in the unit of the forecast; there is one class more than edges.
    pub fn class_probabilities(&self, forecast: f64, edges: &[f64]) -> Vec<f64> {
        let mut below = 0.0;
        let mut probabilities = Vec::with_capacity(edges.len() + 1);
        let bounds = edges.iter().map(|edge| self.cdf(edge - forecast));
        for bound in bounds.chain([1.0]) {
            probabilities.push((bound - below).max(LEAST_PROBABILITY));
            below = bound;
        }
        let sum: f64 = probabilities.iter().sum();
        probabilities.iter_mut().for_each(|share| *share /= sum);
        probabilities
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the residuals below by numpy: the means of exp e and exp 2e, three quantiles, a share.
    const EXPECTED: [f64; 6] = [
        1.045_636_644_389_756,
        1.732_534_680_270_089_8,
        -0.957_555_272_827_836_3,
        0.921_976_439_934_104_7,
        -0.995_679_173_291_687_9,
        0.7,
    ];

    /// Residuals sin(i^2) of i = 1..20.
    fn residuals() -> ResidualDistribution {
        let sines = (1..=20).map(|i| f64::from(i * i).sin());
        ResidualDistribution::new(sines.collect()).unwrap()
    }

    #[test]
    fn factors_quantiles_and_shares_equal_those_of_numpy() {
        let residuals = residuals();
        let found = [
            residuals.mean_exp(1.0),
            residuals.mean_exp(2.0),
            residuals.quantile(0.1),
            residuals.quantile(0.9),
            residuals.quantile(0.025),
            residuals.cdf(0.25),
        ];
        for (found, expected) in found.into_iter().zip(EXPECTED) {
            assert!(
                (found - expected).abs() < 1e-12,
                "{found} is not {expected}"
            );
        }
    }

    #[test]
    fn classes_equal_those_of_numpy_and_none_is_impossible() {
        let probabilities = residuals().class_probabilities(-2.5, &[-2.7, -2.2]);
        for (found, expected) in probabilities.iter().zip([0.6, 0.15, 0.25]) {
            assert!((found - expected).abs() < 1e-12, "{probabilities:?}");
        }
        let sure = residuals().class_probabilities(9.0, &[-2.7, -2.2]);
        assert_eq!(sure[0], sure[1]);
        assert!((sure[0] - 1e-4 / 1.0002).abs() < 1e-15, "{sure:?}");
        let two = residuals().class_probabilities(0.0, &[0.25]);
        assert!((two[0] - EXPECTED[5]).abs() < 1e-12, "{two:?}");
    }

    #[test]
    fn an_edge_belongs_to_the_class_below_it() {
        let one = ResidualDistribution::new(vec![0.5, 0.5, 1.0, f64::NAN]).unwrap();
        assert_eq!(one.cdf(0.5), 2.0 / 3.0);
        assert_eq!(one.cdf(0.499), 0.0);
        assert_eq!(one.sorted(), [0.5, 0.5, 1.0]);
    }

    #[test]
    fn nothing_has_no_distribution() {
        assert_eq!(ResidualDistribution::new(Vec::new()), None);
        assert_eq!(ResidualDistribution::new(vec![f64::NAN]), None);
    }
}
