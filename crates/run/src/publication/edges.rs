//! Where a coin's regimes begin, from training rows.

use dataset::{EdgeScope, RegimeConfig, TrainingTargets};
use statistics::quantile;

/// A coin with fewer training rows takes the pooled edges.
const LEAST_ROWS: usize = 30;

/// Edges of the regimes, in the unit of the target.
#[derive(Debug, Clone, PartialEq)]
pub struct RegimeEdges {
    /// Those of all coins together; empty where no coin has a training row.
    pub pooled: Vec<f64>,
    /// Those of each coin, `[coins]`; None for a coin that takes the pooled ones.
    pub own: Vec<Option<Vec<f64>>>,
}

impl RegimeEdges {
    /// Quantiles of the targets of training rows, linear between order statistics.
    pub fn fit(config: &RegimeConfig, training: &TrainingTargets) -> Self {
        let edges = |mut values: Vec<f64>| -> Vec<f64> {
            values.sort_unstable_by(f64::total_cmp);
            let edge = |share: &f64| quantile(&values, *share);
            config.quantiles.iter().filter_map(edge).collect()
        };
        let own = |values: &Vec<f64>| match config.edges {
            EdgeScope::PerCoin if values.len() >= LEAST_ROWS => Some(edges(values.clone())),
            EdgeScope::PerCoin | EdgeScope::Pooled => None,
        };
        Self {
            own: training.iter().map(own).collect(),
            pooled: edges(training.concat()),
        }
    }

    /// The class of a coin's target, 0 the lowest: the number of edges that it is above. None where
    /// there are no edges.
    pub fn class_of(&self, coin: usize, target: f64) -> Option<usize> {
        let own = self.own.get(coin).and_then(Option::as_ref);
        let edges = own.unwrap_or(&self.pooled);
        let above = edges.iter().filter(|edge| target > **edge).count();
        (!edges.is_empty() && !target.is_nan()).then_some(above)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(edges: EdgeScope, quantiles: &[f64]) -> RegimeConfig {
        RegimeConfig {
            edges,
            quantiles: quantiles.to_vec(),
            ..RegimeConfig::default()
        }
    }

    /// `numpy.quantile(numpy.arange(31), [1/3, 2/3])` is 10 and 20.
    #[test]
    fn a_coin_with_few_rows_takes_the_edges_of_all() {
        let many: Vec<f64> = (0..31).rev().map(f64::from).collect();
        let few = vec![100.0; 29];
        let terciles = [1.0 / 3.0, 2.0 / 3.0];
        let found = RegimeEdges::fit(
            &config(EdgeScope::PerCoin, &terciles),
            &vec![many.clone(), few.clone(), Vec::new()],
        );
        let near = |found: &[f64], expected: [f64; 2]| {
            found
                .iter()
                .zip(expected)
                .all(|(a, b)| (a - b).abs() < 1e-12)
                && found.len() == 2
        };
        assert!(
            found.own[0]
                .as_ref()
                .is_some_and(|own| near(own, [10.0, 20.0])),
            "{found:?}"
        );
        assert_eq!(found.own[1..], [None, None]);
        // Of 60 values, 0 to 30 and 29 times 100: places 19 2/3 and 39 1/3.
        assert!(near(&found.pooled, [59.0 / 3.0, 100.0]), "{found:?}");
        let pooled = RegimeEdges::fit(&config(EdgeScope::Pooled, &[0.5]), &vec![many, few]);
        assert_eq!(pooled.own, [None, None]);
        assert_eq!(pooled.pooled, [29.5]);
    }

    #[test]
    fn nothing_has_no_edges() {
        let found = RegimeEdges::fit(&RegimeConfig::default(), &vec![Vec::new()]);
        assert!(found.pooled.is_empty() && found.own == [None]);
    }
}
