//! One fold: bins, boosting, forecasts.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use anyhow::bail;
use dataset::{
    Config, Dataset, FeatureRows, Fit, Fold, Origin, Panel, TargetScale, TargetScales, Targets,
    WindowSet, content_hash, target_std,
};
use statistics::timestamp_groups;

use crate::config::{BaselineConfig, Protocol};
use crate::growing::{Continued, Growing, Grown, Metrics, Tables, Validated};
use crate::rows::TreeRows;
use crate::saved::{FoldRecord, Grew, model_file};
use crate::statistics::Sums;
use crate::trees::{Part, Trees};
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
    /// Each part's trees up to its best iteration, as text: what is scored is what is saved.
    pub models: Vec<(Part, String)>,
    /// The same, read back.
    pub trees: Trees,
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

impl FoldTraining<'_> {
    /// Trains from nothing, or adds `rounds` to the trees of a model.
    pub fn train(
        &self,
        continued: Option<(&Trees, &FoldRecord)>,
        rounds: usize,
    ) -> anyhow::Result<Trained> {
        let began = Instant::now();
        let (train_range, validation_range) = match self.config.lightgbm.protocol {
            Protocol::Honest => (self.fold.train.clone(), self.fold.stop.clone()),
            Protocol::Seed => (
                self.fold.train.start..self.fold.train.end.max(self.fold.stop.end),
                self.fold.score.clone(),
            ),
        };
        let std = target_std(&self.dataset.targets, train_range.clone());
        let windows = |range: &Range<usize>| {
            self.dataset
                .trained_windows(self.targets, range.clone(), 1, &std)
        };
        let (train_set, validation_set) = (windows(&train_range), windows(&validation_range));
        let (train_rows, validation_rows) =
            (self.tree_rows(&train_set), self.tree_rows(&validation_set));
        let needs_validation = self.config.lightgbm.patience > 0;
        if train_rows.len() == 0 || (needs_validation && validation_rows.len() == 0) {
            bail!(
                "fold {}: {} training rows and {} for early stopping, expected some of both\n\
                 hint: fewer folds (--set split.folds=N), a shorter features.lookback_bars, or more candles",
                self.fold.number,
                train_rows.len(),
                validation_rows.len()
            );
        }
        let parameters = self.config.lightgbm.parameters()?;
        let (mut tables, sums) = self.bin(&train_rows, &validation_rows, &parameters)?;
        let timestamps = timestamp_groups(&validation_rows.times());
        let mut validated = Validated {
            targets: Vec::new(),
            timestamps,
        };
        let (mut models, mut metrics, mut grew) = (Vec::new(), Vec::new(), Vec::new());
        let scales = target_scales(&self.config.shared, &std, &self.dataset.panel);
        for (part, targets) in self.parts() {
            let labels = validation_rows.targets(&targets, &scales);
            tables
                .train
                .set_label(&train_rows.targets(&targets, &scales))?;
            if let Some(validation) = &mut tables.validation {
                validation.set_label(&labels)?;
            }
            validated.targets = labels.iter().map(|&value| f64::from(value)).collect();
            let old = match continued.and_then(|(trees, record)| trees.to_continue(record, part)) {
                Some((booster, trees)) => Some(begin_from(
                    &mut tables,
                    booster,
                    trees,
                    &train_rows,
                    &validation_rows,
                )?),
                None => None,
            };
            let (fold, interrupted) = (self.fold.number, self.interrupted);
            let growing = Growing {
                config: &self.config.lightgbm,
                parameters: &parameters,
                fold,
                part,
                rounds,
                interrupted,
            };
            let (grown, back) = growing.grow(tables, &validated, old.as_ref())?;
            tables = back;
            let Grown {
                model,
                rounds,
                best_iteration,
                metrics: lines,
            } = grown;
            models.push((part, model));
            metrics.extend(lines);
            grew.push(Grew {
                rounds,
                best_iteration,
            });
        }
        // The tables go before anything else needs their room.
        drop(tables);
        let Some(&first) = grew.first() else {
            bail!("fold {}: no part to fit to", self.fold.number)
        };
        let record = FoldRecord {
            fold: self.fold.number,
            protocol: self.config.lightgbm.protocol,
            validation: self.config.lightgbm.validation,
            parameters,
            rounds: first.rounds,
            best_iteration: first.best_iteration,
            market: grew.get(1).copied(),
            train_rows: train_rows.len(),
            validation_rows: validation_rows.len(),
            train_secs: began.elapsed().as_secs_f64(),
            target_std: self.by_symbol(&std),
            features: sums.by_symbol(self.dataset.panel.symbols()),
            scored_pearson: None,
            origin: Some(self.origin(&train_range, &validation_range)?),
            sha256: models
                .iter()
                .map(|(part, text)| (model_file(*part).to_owned(), content_hash(text.as_bytes())))
                .collect(),
        };
        Ok(Trained {
            trees: Trees::from_models(self.library, &models)?,
            models,
            record,
            metrics,
        })
    }

    /// What is kept of the training with the trees: early stopping has seen what it looked at.
    fn origin(&self, train: &Range<usize>, validation: &Range<usize>) -> anyhow::Result<Origin> {
        let lightgbm = &self.config.lightgbm;
        let end = if lightgbm.patience > 0 {
            train.end.max(validation.end)
        } else {
            train.end
        };
        Ok(Origin::new(
            self.dataset,
            self.fold,
            &(train.start..end),
            ("lightgbm", &lightgbm.of_forecasts()),
        )?)
    }

    /// What trees are fitted to, one after the other.
    fn parts(&self) -> Vec<(Part, Cow<'_, Targets>)> {
        match self.config.shared.target.fit {
            Fit::Whole => vec![(Part::Whole, Cow::Borrowed(self.targets))],
            Fit::Parts => {
                let (own, market) = self.targets.parts();
                vec![
                    (Part::Own, Cow::Owned(own)),
                    (Part::Market, Cow::Owned(market)),
                ]
            }
        }
    }

    /// SHAP contributions of about `count` scored rows, evenly spaced in time.
    pub fn contributions(
        &self,
        trained: &Trained,
        count: usize,
    ) -> anyhow::Result<Vec<Contributions>> {
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
            let values = trained.trees.contributions(chunk.values)?;
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
        TreeRows {
            dataset: self.dataset,
            features: self.features,
            set,
        }
    }

    fn by_symbol(&self, std: &[Option<f32>]) -> BTreeMap<String, Option<f32>> {
        self.dataset
            .panel
            .symbols()
            .iter()
            .map(ToString::to_string)
            .zip(std.iter().copied())
            .collect()
    }

    /// Bins found on the training rows alone, as other folds' would know the future; and what the
    /// features are like there.
    fn bin(
        &self,
        rows: &TreeRows<'_>,
        validation_rows: &TreeRows<'_>,
        parameters: &str,
    ) -> anyhow::Result<(Tables, Sums)> {
        let names = self.features.features().names();
        let wanted = Binned::sampled_rows(self.library, rows.len(), parameters)?;
        let mut sample = Vec::with_capacity(wanted.len() * names.len());
        let (mut next, mut first) = (0, 0);
        rows.for_each_chunk(|chunk| {
            while let Some(&row) = wanted
                .get(next)
                .filter(|&&row| row < first + chunk.cells.len())
            {
                let start = (row - first) * names.len();
                sample.extend_from_slice(&chunk.values[start..start + names.len()]);
                next += 1;
            }
            first += chunk.cells.len();
            Ok(())
        })?;
        let mut train = Binned::new(self.library, &sample, &names, rows.len(), parameters)?;
        drop(sample);
        let mut sums = Sums::new(self.dataset.panel.coins(), names.len());
        rows.for_each_chunk(|chunk| {
            sums.add(chunk);
            Ok(train.push(chunk.values)?)
        })?;
        let mut validation = None;
        if validation_rows.len() > 0 {
            let mut table = train.with_same_bins(validation_rows.len())?;
            validation_rows.for_each_chunk(|chunk| Ok(table.push(chunk.values)?))?;
            validation = Some(table);
        }
        Ok((Tables { train, validation }, sums))
    }
}

/// Lets boosting go on where the first `trees` of a model end.
fn begin_from<'a>(
    tables: &mut Tables,
    booster: &'a Booster,
    trees: usize,
    train_rows: &TreeRows<'_>,
    validation_rows: &TreeRows<'_>,
) -> anyhow::Result<Continued<'a>> {
    tables
        .train
        .set_init_score(&raw_scores(booster, trees, train_rows)?)?;
    let validation_scores = raw_scores(booster, trees, validation_rows)?;
    if let Some(validation) = &mut tables.validation {
        validation.set_init_score(&validation_scores)?;
    }
    Ok(Continued {
        booster,
        trees,
        validation_scores,
    })
}

/// What the trees' targets are divided by: 1, or with `normalize.target = "trailing"` each coin's
/// volatility at the row.
pub(crate) fn target_scales(
    config: &Config,
    target_std: &[Option<f32>],
    panel: &Panel,
) -> TargetScales {
    let is_trailing = config.normalize.target == TargetScale::Trailing;
    let fixed = target_std
        .iter()
        .map(|std| std.filter(|_| is_trailing).unwrap_or(1.0))
        .collect();
    TargetScales::new(config, fixed, panel)
}

fn raw_scores(model: &Booster, trees: usize, rows: &TreeRows<'_>) -> anyhow::Result<Vec<f64>> {
    let mut scores = Vec::with_capacity(rows.len());
    rows.for_each_chunk(|chunk| {
        scores.extend(model.predict(chunk.values, Predict::RawScore, Some(trees))?);
        Ok(())
    })?;
    Ok(scores)
}
