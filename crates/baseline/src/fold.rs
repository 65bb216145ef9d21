//! One fold: bins, boosting with early stopping, forecasts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::bail;
use dataset::{Dataset, Dropped, FeatureRows, Fold, ForecastRow, Targets, WindowSet, target_std};
use evaluate::{pearson, rank_ic_per_timestamp, summarize_ic, timestamp_groups};
use serde::Serialize;

use crate::config::{BaselineConfig, Protocol, Validation};
use crate::rows::TreeRows;
use crate::saved::FoldRecord;
use crate::statistics::Sums;
use crate::{Binned, Booster, Library, Predict};

/// One fold with what it is trained on.
pub(crate) struct FoldTraining<'a> {
    pub config: &'a BaselineConfig,
    pub library: &'static Library,
    pub dataset: &'a Dataset,
    pub features: &'a FeatureRows,
    pub fold: &'a Fold,
    /// What it is fitted to.
    pub targets: &'a Targets,
    /// Set by Ctrl-C.
    pub interrupted: &'a AtomicBool,
}

/// A trained fold.
pub(crate) struct Trained {
    /// The trees up to the best iteration, as text: what is scored is what is saved.
    pub model: String,
    /// The same, read back.
    pub booster: Booster,
    pub record: FoldRecord,
    pub metrics: Vec<Metrics>,
}

/// SHAP contributions of one row.
pub(crate) struct Contributions {
    /// Row of the panel.
    pub row: usize,
    pub coin: usize,
    /// One a feature, then the expected value, which they add to.
    pub values: Vec<f64>,
}

/// One line of metrics.jsonl.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Metrics {
    /// Trees so far.
    pub iteration: usize,
    /// LightGBM's own metric on the validation rows.
    pub l2: Option<f64>,
    /// What early stopping looks at, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
}

/// Rows that decide early stopping, as far as Pearson and rank IC need them.
struct Validated {
    targets: Vec<f64>,
    timestamps: Vec<std::ops::Range<usize>>,
}

impl FoldTraining<'_> {
    /// Trains from nothing, or adds `rounds` to the first trees of a model.
    pub fn train(&self, continued: Option<(&Booster, usize)>, rounds: usize) -> anyhow::Result<Trained> {
        let began = Instant::now();
        let (train_range, validation_range) = match self.config.lightgbm.protocol {
            Protocol::Honest => (self.fold.train.clone(), self.fold.stop.clone()),
            Protocol::Seed => {
                (self.fold.train.start..self.fold.train.end.max(self.fold.stop.end), self.fold.score.clone())
            }
        };
        let std = target_std(&self.dataset.targets, train_range.clone());
        let windows =
            |range: &std::ops::Range<usize>| self.dataset.trained_windows(self.targets, range.clone(), 1, &std);
        let (train_set, validation_set) = (windows(&train_range), windows(&validation_range));
        let (train_rows, validation_rows) = (self.tree_rows(&train_set), self.tree_rows(&validation_set));
        if train_rows.len() == 0 || validation_rows.len() == 0 {
            bail!(
                "fold {}: {} training rows and {} for early stopping, expected some of both\n\
                 hint: fewer folds (--set split.folds=N), a shorter features.lookback_bars, or more candles",
                self.fold.number,
                train_rows.len(),
                validation_rows.len()
            );
        }
        let parameters = self.config.lightgbm.parameters()?;
        let (mut train, sums) = self.bin(&train_rows, &parameters)?;
        let mut validation = train.with_same_bins(validation_rows.len())?;
        push(&mut validation, &validation_rows)?;
        let (labels, validation_labels) = (train_rows.targets(self.targets), validation_rows.targets(self.targets));
        train.set_label(&labels)?;
        validation.set_label(&validation_labels)?;
        drop(labels);
        let mut best = Best::default();
        let validated = Validated {
            targets: validation_labels.iter().map(|&value| f64::from(value)).collect(),
            timestamps: timestamp_groups(&validation_rows.times()),
        };
        if let Some((model, trees)) = continued {
            train.set_init_score(&raw_scores(model, trees, &train_rows)?)?;
            let scores = raw_scores(model, trees, &validation_rows)?;
            validation.set_init_score(&scores)?;
            // What was there must be beaten.
            best.look(trees, self.loss(&validated, &scores, mean_squared_error(&scores, &validated.targets)));
        }
        let trees_before = continued.map_or(0, |(_, trees)| trees);
        let mut booster = Booster::new(train, validation, continued.map(|(model, _)| model), &parameters)?;

        let bar = cli::progress_bar(&format!("fold {}", self.fold.number), rounds as u64);
        let mut metrics = Vec::new();
        let mut grown = 0;
        while grown < rounds {
            let goes_on = booster.update()?;
            grown += 1;
            let iteration = trees_before + grown;
            let l2 = booster.validation_metric()?;
            let loss = match self.config.lightgbm.validation {
                Validation::L2 => Some(l2),
                Validation::Pearson | Validation::RankIc => self.loss(&validated, &booster.validation_forecasts()?, l2),
            };
            let score = (self.config.lightgbm.validation != Validation::L2).then(|| loss.map(|loss| -loss)).flatten();
            metrics.push(Metrics { iteration, l2: Some(l2).filter(|l2| l2.is_finite()), score });
            best.look(iteration, loss);
            bar.inc(1);
            bar.set_message(format!("best {}", best.iteration));
            if self.interrupted.load(Ordering::Relaxed) {
                bar.abandon();
                bail!(
                    "interrupted in fold {} after {grown} rounds; finished folds are kept\n\
                     hint: the same command goes on with this fold",
                    self.fold.number
                );
            }
            if !goes_on || iteration >= best.iteration.max(trees_before) + self.config.lightgbm.patience {
                break;
            }
        }
        bar.finish_and_clear();
        // Where nothing was ever defined (a constant forecast has no Pearson), all trees are kept.
        let best_iteration = if best.loss.is_some() { best.iteration } else { trees_before + grown };
        let record = FoldRecord {
            fold: self.fold.number,
            protocol: self.config.lightgbm.protocol,
            validation: self.config.lightgbm.validation,
            parameters,
            rounds: trees_before + grown,
            best_iteration,
            train_rows: train_rows.len(),
            validation_rows: validation_rows.len(),
            train_secs: began.elapsed().as_secs_f64(),
            target_std: self.by_symbol(&std),
            features: sums.by_symbol(self.dataset.panel.symbols()),
            scored_pearson: None,
        };
        let model = booster.to_model(best_iteration)?;
        // The tables go with it, before anything else needs their room.
        drop(booster);
        Ok(Trained { booster: Booster::from_model(self.library, &model)?, model, record, metrics })
    }

    /// Out-of-sample forecasts of the fold, and what was left out.
    pub fn score(&self, trained: &Trained) -> anyhow::Result<(Vec<ForecastRow>, Dropped)> {
        let std = trained.record.target_std_of(self.dataset.panel.symbols());
        let set = self.dataset.scored_windows(self.fold.score.clone(), &std);
        let rows = self.tree_rows(&set);
        let mut forecasts = Vec::with_capacity(rows.len());
        rows.for_each_chunk(|chunk| {
            let values = trained.booster.predict(chunk.values, Predict::Value, None)?;
            forecasts.extend(
                chunk
                    .cells
                    .iter()
                    .zip(values)
                    .map(|(&(row, coin), value)| self.dataset.forecast_row(self.fold, (row, coin), std[coin], value)),
            );
            Ok(())
        })?;
        Ok((forecasts, set.dropped))
    }

    /// SHAP contributions of about `count` scored rows, evenly spaced in time.
    pub fn contributions(&self, trained: &Trained, count: usize) -> anyhow::Result<Vec<Contributions>> {
        let std = trained.record.target_std_of(self.dataset.panel.symbols());
        let coins = self.dataset.panel.coins().max(1);
        let stride = (self.fold.score.len() * coins / count.max(1)).max(1);
        let mut set = self.dataset.scored_windows(self.fold.score.clone(), &std);
        // An offset that moves on from row to row takes every coin in its turn.
        for (place, counts) in set.counts.iter_mut().enumerate() {
            *counts &= place % stride == 0;
        }
        let mut contributions = Vec::new();
        let columns = self.features.features().names().len() + 1;
        self.tree_rows(&set).for_each_chunk(|chunk| {
            let values = trained.booster.predict(chunk.values, Predict::Contributions, None)?;
            let rows = chunk.cells.iter().zip(values.chunks_exact(columns));
            contributions.extend(rows.map(|(&(row, coin), values)| Contributions {
                row,
                coin,
                values: values.to_vec(),
            }));
            Ok(())
        })?;
        Ok(contributions)
    }

    fn tree_rows<'b>(&'b self, set: &'b WindowSet) -> TreeRows<'b> {
        TreeRows { dataset: self.dataset, features: self.features, set }
    }

    fn by_symbol(&self, std: &[Option<f32>]) -> BTreeMap<String, Option<f32>> {
        self.dataset.panel.symbols().iter().map(ToString::to_string).zip(std.iter().copied()).collect()
    }

    /// Bins found on these rows alone, as other folds' would know the future; and what the features are like there.
    fn bin(&self, rows: &TreeRows<'_>, parameters: &str) -> anyhow::Result<(Binned, Sums)> {
        let names = self.features.features().names();
        let wanted = Binned::sampled_rows(self.library, rows.len(), parameters)?;
        let mut sample = Vec::with_capacity(wanted.len() * names.len());
        let (mut next, mut first) = (0, 0);
        rows.for_each_chunk(|chunk| {
            while let Some(&row) = wanted.get(next).filter(|&&row| row < first + chunk.cells.len()) {
                let start = (row - first) * names.len();
                sample.extend_from_slice(&chunk.values[start..start + names.len()]);
                next += 1;
            }
            first += chunk.cells.len();
            Ok(())
        })?;
        let mut binned = Binned::new(self.library, &sample, &names, rows.len(), parameters)?;
        drop(sample);
        let mut sums = Sums::new(self.dataset.panel.coins(), names.len());
        rows.for_each_chunk(|chunk| {
            sums.add(chunk);
            Ok(binned.push(chunk.values)?)
        })?;
        Ok((binned, sums))
    }

    /// What early stopping minimizes; None where it is undefined.
    fn loss(&self, validated: &Validated, forecasts: &[f64], l2: f64) -> Option<f64> {
        match self.config.lightgbm.validation {
            Validation::L2 => Some(l2),
            Validation::Pearson => pearson(forecasts, &validated.targets).map(|score| -score),
            Validation::RankIc => {
                let of_times = rank_ic_per_timestamp(&validated.timestamps, forecasts, &validated.targets);
                summarize_ic(&of_times).mean.map(|score| -score)
            }
        }
    }
}

/// The best iteration so far.
#[derive(Debug, Default)]
struct Best {
    iteration: usize,
    loss: Option<f64>,
}

impl Best {
    fn look(&mut self, iteration: usize, loss: Option<f64>) {
        if let Some(loss) = loss.filter(|loss| self.loss.is_none_or(|best| *loss < best)) {
            *self = Self { iteration, loss: Some(loss) };
        }
    }
}

fn push(table: &mut Binned, rows: &TreeRows<'_>) -> anyhow::Result<()> {
    rows.for_each_chunk(|chunk| Ok(table.push(chunk.values)?))
}

fn raw_scores(model: &Booster, trees: usize, rows: &TreeRows<'_>) -> anyhow::Result<Vec<f64>> {
    let mut scores = Vec::with_capacity(rows.len());
    rows.for_each_chunk(|chunk| {
        scores.extend(model.predict(chunk.values, Predict::RawScore, Some(trees))?);
        Ok(())
    })?;
    Ok(scores)
}

fn mean_squared_error(forecasts: &[f64], realized: &[f64]) -> f64 {
    let squares = forecasts.iter().zip(realized).map(|(forecast, realized)| (forecast - realized).powi(2));
    squares.sum::<f64>() / realized.len().max(1) as f64
}
