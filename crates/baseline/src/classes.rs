//! Classes that trees forecast the probabilities of, and the level that each stands for.

use std::collections::BTreeMap;

use dataset::{Dataset, TrainingTargets};
use market::Symbol;
use run::RegimeEdges;
use serde::{Deserialize, Serialize};
use statistics::mean;

/// What the classes of a fold mean for a level: the mean target of the training rows of each class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassLevels {
    /// Names of the classes, from low to high.
    pub classes: Vec<String>,
    /// Mean target of all coins' training rows of each class; None of a class without rows.
    pub pooled: Vec<Option<f64>>,
    /// The same of each coin.
    pub coins: BTreeMap<String, Vec<Option<f64>>>,
}

impl ClassLevels {
    /// The levels of the classes that begin at these edges, by the training targets of each coin.
    pub(crate) fn fit(dataset: &Dataset, training: TrainingTargets, edges: &RegimeEdges) -> Self {
        let classes = dataset.config.regime.classes();
        let mut pooled: Vec<Vec<f64>> = vec![Vec::new(); classes.len()];
        let mut coins = BTreeMap::new();
        for ((coin, symbol), targets) in dataset.panel.symbols().iter().enumerate().zip(training) {
            let mut own: Vec<Vec<f64>> = vec![Vec::new(); classes.len()];
            for target in targets {
                let class = edges.class_of(coin, target);
                if let Some(values) = class.and_then(|class| own.get_mut(class)) {
                    values.push(target);
                }
            }
            coins.insert(symbol.to_string(), means(&own));
            for (all, own) in pooled.iter_mut().zip(own) {
                all.extend(own);
            }
        }
        Self {
            classes: classes.iter().map(ToString::to_string).collect(),
            pooled: means(&pooled),
            coins,
        }
    }

    /// Names of the classes that no training row belongs to.
    pub(crate) fn empty(&self) -> Vec<&str> {
        let named = self.classes.iter().zip(&self.pooled);
        let empty = named.filter(|(_, level)| level.is_none());
        empty.map(|(name, _)| name.as_str()).collect()
    }

    /// The level that the probabilities of a coin's classes stand for: their mean level, where the
    /// coin has no row of a class by that of all coins, and without the classes that have none.
    pub(crate) fn level(&self, symbol: &Symbol, probabilities: &[f64]) -> f64 {
        let own = self.coins.get(symbol.as_str());
        let level = |class: usize| {
            let own = own.and_then(|own| own.get(class).copied().flatten());
            own.or_else(|| self.pooled.get(class).copied().flatten())
        };
        let known = probabilities.iter().enumerate();
        let known = known.filter_map(|(class, share)| Some((level(class)?, *share)));
        let [sum, shares] = known.fold([0.0; 2], |[sum, shares], (level, share)| {
            [sum + level * share, shares + share]
        });
        sum / shares
    }

    /// The levels of some rows, by the coin and the probabilities of each.
    pub(crate) fn levels(
        &self,
        symbols: &[Symbol],
        cells: &[(usize, usize)],
        probabilities: &[f64],
    ) -> Vec<f64> {
        let rows = probabilities.chunks_exact(self.classes.len().max(1));
        let rows = cells.iter().zip(rows);
        rows.map(|(&(_, coin), row)| self.level(&symbols[coin], row))
            .collect()
    }
}

fn means(values: &[Vec<f64>]) -> Vec<Option<f64>> {
    let of = |values: &Vec<f64>| (!values.is_empty()).then(|| mean(values));
    values.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_the_mean_of_the_classes_levels() {
        let levels = ClassLevels {
            classes: ["low", "medium", "high"].map(str::to_owned).to_vec(),
            pooled: vec![Some(-4.0), Some(-3.0), None],
            coins: [("A".to_owned(), vec![Some(-5.0), None, None])].into(),
        };
        let [a, b] = ["A", "B"].map(|name| Symbol::new(name).unwrap());
        // Of its own level of low, and that of all coins of medium; nothing is known of high.
        let found = levels.level(&a, &[0.4, 0.4, 0.2]);
        assert!((found - (-5.0 * 0.5 - 3.0 * 0.5)).abs() < 1e-12, "{found}");
        let found = levels.levels(&[a, b], &[(0, 1), (0, 0)], &[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
        assert_eq!(found, [-4.0, -5.0]);
        assert_eq!(levels.empty(), ["high"]);
    }
}
