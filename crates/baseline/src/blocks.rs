//! Trees of a fold's training rows block by block: how many to grow, and forecasts of rows that they
//! did not see.

use std::sync::atomic::AtomicBool;

use anyhow::anyhow;
use cli::WithHint;
use dataset::{Dataset, Fit, Fold, Targets};
use run::{OutOfBlock, TrainingBlock, training_blocks};

use crate::GrowthConfig;
use crate::fold::{FoldModel, FoldTraining};
use crate::recipe::TreeRecipe;

/// A fold of a data set, with the targets that trees are fitted to.
pub(crate) type FoldOf<'a> = (&'a Dataset, &'a Fold, &'a Targets);

impl TreeRecipe {
    /// The number of rounds, up to the config's, whose mean squared error, or log loss of classes, is least on average
    /// over blocks of the training rows, each validated by trees that were grown on the others.
    ///
    /// # Errors
    /// Too few training rows for blocks, a library that fails, Ctrl-C.
    pub(crate) fn best_rounds(
        &self,
        of: FoldOf<'_>,
        interrupted: &AtomicBool,
    ) -> anyhow::Result<usize> {
        let (dataset, fold, _) = of;
        let blocks = training_blocks(dataset, fold);
        let rounds = self.config.trees.growth().rounds;
        let curve = |_: &FoldTraining<'_>, trained: &FoldModel| {
            Ok(trained.metrics.iter().filter_map(|line| line.l2).collect())
        };
        let curves = blocks
            .iter()
            .map(|block| self.on_block(of, block, rounds, interrupted, curve));
        let mut curves: Vec<Vec<f64>> = curves.collect::<anyhow::Result<_>>()?;
        // A block within the warm-up of the features has no row to validate on.
        curves.retain(|curve| !curve.is_empty());
        least_mean(&curves).ok_or_else(|| {
            anyhow!("{fold}: found no blocks of training rows to validate trees on, expected 4")
                .hint("fewer folds (--set split.folds=N), more candles, or --protocol honest")
        })
    }

    /// Forecasts of the training rows of a fold, each by so many trees that were grown on other
    /// blocks; None where there are no blocks, or where trees learn parts of the target, further
    /// panels or shuffled days.
    ///
    /// # Errors
    /// A library that fails.
    pub(crate) fn forecast_blocks(
        &self,
        (dataset, fold): (&Dataset, &Fold),
        rounds: usize,
    ) -> anyhow::Result<Option<OutOfBlock>> {
        let target = &self.config.shared.target;
        let is_plain = target.fit == Fit::Whole && target.shuffle_seed.is_none();
        let blocks = training_blocks(dataset, fold);
        if blocks.is_empty() || !is_plain || !dataset.further.is_empty() {
            return Ok(None);
        }
        let mut found = OutOfBlock {
            rows: Vec::new(),
            forecasts: Vec::new(),
            is_corrected: true,
        };
        let of = (dataset, fold, &dataset.targets);
        for block in &blocks {
            let held =
                |training: &FoldTraining<'_>, trained: &FoldModel| training.held_forecasts(trained);
            let held = self.on_block(of, block, rounds, &AtomicBool::new(false), held)?;
            found.rows.extend(held.rows);
            found.forecasts.extend(held.forecasts);
        }
        Ok(Some(found))
    }

    /// Grows so many trees on all training rows but those of a block, and hands them to `then`.
    fn on_block<T>(
        &self,
        (dataset, fold, targets): FoldOf<'_>,
        block: &TrainingBlock,
        rounds: usize,
        interrupted: &AtomicBool,
        then: impl FnOnce(&FoldTraining<'_>, &FoldModel) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let growth = GrowthConfig {
            patience: None,
            ..self.config.trees.growth()
        };
        let training = FoldTraining {
            config: &self.config,
            growth,
            library: self.library,
            dataset,
            features: &self.features,
            fold,
            targets,
            further: Vec::new(),
            block: Some(block),
            interrupted,
        };
        let trained = training.train(None, rounds)?;
        then(&training, &trained)
    }
}

/// The number of trees with the least mean of several curves, which have a loss for each number from
/// 1 on; a curve that ends early stays at its last loss. None without curves.
fn least_mean(curves: &[Vec<f64>]) -> Option<usize> {
    let longest = curves.iter().map(Vec::len).max()?;
    let mean = |trees: usize| {
        let at = |curve: &Vec<f64>| curve.get(trees).or(curve.last()).copied();
        let losses: Option<Vec<f64>> = curves.iter().map(at).collect();
        losses.map(|losses| losses.iter().sum::<f64>() / losses.len() as f64)
    };
    let means: Option<Vec<f64>> = (0..longest).map(mean).collect();
    let means = means?.into_iter().enumerate();
    means
        .min_by(|one, other| one.1.total_cmp(&other.1))
        .map(|(place, _)| place + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_mean_loss_decides() {
        let curves = [vec![3.0, 1.0, 2.0], vec![4.0, 3.0, 1.0]];
        // Means 3.5, 2.0, 1.5.
        assert_eq!(least_mean(&curves), Some(3));
        // One that ends early stays where it was: means 3.0, 2.0, 2.5.
        assert_eq!(least_mean(&[vec![3.0, 1.0, 2.0], vec![3.0]]), Some(2));
        assert_eq!(least_mean(&[]), None);
        assert_eq!(least_mean(&[vec![1.0], Vec::new()]), None);
    }
}
