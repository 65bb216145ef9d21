//! Growing trees round by round, until early stopping or for a fixed number of rounds.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{anyhow, bail};
use cli::WithHint;
use dataset::Fold;
use serde::Serialize;
use statistics::{pearson, rank_ic_per_timestamp, summarize_ic};

use crate::part::TargetPart;
use crate::tree_library::{GrowingTrees, TreeTables};
use crate::{GrowthConfig, Validation};

/// One line of metrics.jsonl.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct TreeMetrics {
    /// What the trees are fitted to; left out where it is the whole target.
    #[serde(skip_serializing_if = "TargetPart::is_whole")]
    pub part: TargetPart,
    /// Trees so far.
    pub iteration: usize,
    /// The mean squared error of the validation rows, or of classes the log loss.
    pub l2: Option<f64>,
    /// What early stopping looks at, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
}

/// Rows that decide early stopping, as far as Pearson and rank IC need them.
pub(crate) struct ValidationRows {
    pub targets: Vec<f64>,
    /// Places of the rows of each time.
    pub timestamps: Vec<Range<usize>>,
}

/// The settings that trees are grown with.
pub(crate) struct TreeGrower<'a> {
    pub config: &'a GrowthConfig,
    pub parameters: &'a str,
    /// For messages.
    pub fold: &'a Fold,
    pub part: TargetPart,
    /// Most rounds from here.
    pub rounds: usize,
    /// Set by Ctrl-C.
    pub interrupted: &'a AtomicBool,
}

/// A model that is to be continued: its trees, and what they say of the validation rows.
pub(crate) struct StartingModel {
    pub model: String,
    pub trees: usize,
    pub validation_scores: Vec<f64>,
}

/// Trees that were grown.
pub(crate) struct GrowthResult {
    /// The trees up to the best iteration, as text: what is scored is what is saved.
    pub model: String,
    /// Trees that were grown.
    pub rounds: usize,
    /// Trees that are kept.
    pub best_iteration: usize,
    pub metrics: Vec<TreeMetrics>,
}

impl TreeGrower<'_> {
    /// Grows trees on labelled tables, which are handed back.
    pub fn grow(
        &self,
        tables: Box<dyn TreeTables>,
        validated: &ValidationRows,
        continued: Option<&StartingModel>,
    ) -> anyhow::Result<(GrowthResult, Box<dyn TreeTables>)> {
        let trees_before = continued.map_or(0, |continued| continued.trees);
        let mut best = BestIteration::default();
        if let Some(StartingModel {
            trees,
            validation_scores,
            ..
        }) = continued
        {
            // What was there must be beaten.
            let l2 = mean_squared_error(validation_scores, &validated.targets);
            best.look(*trees, self.loss(validated, validation_scores, l2));
        }
        let has_validation = tables.has_validation();
        let old = continued.map(|continued| continued.model.as_str());
        let mut booster = tables.grow(old, self.parameters)?;
        let bar = cli::progress_bar(&self.name(), self.rounds as u64);
        let mut metrics = Vec::new();
        let mut grown = 0;
        while grown < self.rounds {
            let goes_on = booster.update()?;
            grown += 1;
            let iteration = trees_before + grown;
            if has_validation {
                let line = self.look(&*booster, validated, iteration, &mut best)?;
                metrics.push(line);
                bar.set_message(format!("best {}", best.iteration));
            }
            bar.inc(1);
            if self.interrupted.load(Ordering::Relaxed) {
                bar.abandon();
                return Err(self.interrupted(grown));
            }
            let is_spent = |patience| iteration >= best.iteration.max(trees_before) + patience;
            if !goes_on || self.config.patience().is_some_and(is_spent) {
                break;
            }
        }
        bar.finish_and_clear();
        let rounds = trees_before + grown;
        // Without patience all trees are kept; so they are where nothing was ever defined (a
        // constant forecast has no Pearson).
        let stopped = self.config.patience().is_some() && best.loss.is_some();
        let best_iteration = if stopped { best.iteration } else { rounds };
        let model = booster.to_model(best_iteration)?;
        let Some(tables) = booster.into_tables() else {
            bail!("the library kept no training rows of {}", self.fold)
        };
        Ok((
            GrowthResult {
                model,
                rounds,
                best_iteration,
                metrics,
            },
            tables,
        ))
    }

    /// The fold, and the part where it is not the whole.
    fn name(&self) -> String {
        match self.part.is_whole() {
            true => self.fold.to_string(),
            false => format!("{}, {}", self.fold, self.part.name()),
        }
    }

    fn interrupted(&self, rounds: usize) -> anyhow::Error {
        anyhow!(
            "interrupted in {} after {rounds} rounds; finished folds are kept",
            self.fold
        )
        .hint("the same command goes on with this fold")
    }

    /// What the validation rows say after one more tree.
    fn look(
        &self,
        booster: &dyn GrowingTrees,
        validated: &ValidationRows,
        iteration: usize,
        best: &mut BestIteration,
    ) -> anyhow::Result<TreeMetrics> {
        let l2 = booster.validation_loss()?;
        let is_l2 = self.validation() == Validation::L2;
        let loss = if is_l2 {
            Some(l2)
        } else {
            self.loss(validated, &booster.validation_forecasts()?, l2)
        };
        best.look(iteration, loss);
        let score = (!is_l2).then(|| loss.map(|loss| -loss)).flatten();
        Ok(TreeMetrics {
            part: self.part,
            iteration,
            l2: Some(l2).filter(|l2| l2.is_finite()),
            score,
        })
    }

    /// The market's part is the same for all coins, so there is no order among them to look at.
    fn validation(&self) -> Validation {
        match (self.part, self.config.validation) {
            (TargetPart::Market, Validation::RankIc) => Validation::Pearson,
            (_, validation) => validation,
        }
    }

    /// What early stopping minimizes; None where it is undefined.
    fn loss(&self, validated: &ValidationRows, forecasts: &[f64], l2: f64) -> Option<f64> {
        match self.validation() {
            Validation::L2 => Some(l2),
            Validation::Pearson => pearson(forecasts, &validated.targets).map(|score| -score),
            Validation::RankIc => {
                let of_times =
                    rank_ic_per_timestamp(&validated.timestamps, forecasts, &validated.targets);
                summarize_ic(&of_times).mean.map(|score| -score)
            }
        }
    }
}

/// The best iteration so far.
#[derive(Debug, Default)]
struct BestIteration {
    iteration: usize,
    loss: Option<f64>,
}

impl BestIteration {
    fn look(&mut self, iteration: usize, loss: Option<f64>) {
        if let Some(loss) = loss.filter(|loss| self.loss.is_none_or(|best| *loss < best)) {
            *self = Self {
                iteration,
                loss: Some(loss),
            };
        }
    }
}

fn mean_squared_error(forecasts: &[f64], realized: &[f64]) -> f64 {
    let squares = forecasts
        .iter()
        .zip(realized)
        .map(|(forecast, realized)| (forecast - realized).powi(2));
    squares.sum::<f64>() / realized.len().max(1) as f64
}
