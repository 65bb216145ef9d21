//! One fold: bins, boosting, forecasts.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use anyhow::{anyhow, bail};
use cli::WithHint;
use dataset::{
    Dataset, FeatureRows, Fit, Fold, Origin, PanelFold, Targets, TrainingTargets, WindowSet,
    target_std,
};
use run::{RegimeEdges, TrainingBlock};
use statistics::timestamp_groups;
use storage::content_hash;

use crate::classes::ClassLevels;
use crate::part::TargetPart;
use crate::record::{FoldRecord, TreeCount};
use crate::rows::{LabelledRows, TreeRows};
use crate::statistics::FeatureSums;
use crate::tree_grower::{StartingModel, TreeGrower, TreeMetrics, ValidationRows};
use crate::tree_library::{RowsToBin, TreeModel, TreeTables};
use crate::trees::{Trees, target_scales};
use crate::{BaselineConfig, GrowthConfig, Loaded, Predict, StoppingProtocol};

/// One fold with what it is trained on.
pub(crate) struct FoldTraining<'a> {
    pub config: &'a BaselineConfig,
    /// What the config says of how trees grow, or else for a block.
    pub growth: GrowthConfig,
    pub library: Loaded,
    pub dataset: &'a Dataset,
    pub features: &'a FeatureRows,
    pub fold: &'a Fold,
    /// What it is fitted to.
    pub targets: &'a Targets,
    /// The rows of further panels that it learns from, with what the trees see of these.
    pub further: Vec<(&'a PanelFold<'a>, &'a FeatureRows)>,
    /// The block of the training rows that the trees are validated on and not fitted to; None fits
    /// them to all.
    pub block: Option<&'a TrainingBlock>,
    /// Set by Ctrl-C.
    pub interrupted: &'a AtomicBool,
}

/// The trees of a trained fold, with how they came about.
pub(crate) struct FoldModel {
    /// Each part's trees up to its best iteration, as text: what is scored is what is saved.
    pub models: Vec<(TargetPart, String)>,
    /// The same, read back.
    pub trees: Trees,
    pub record: FoldRecord,
    pub metrics: Vec<TreeMetrics>,
}

/// Forecasts of rows that the trees were not fitted to.
#[derive(Debug, Default)]
pub(crate) struct HeldForecasts {
    /// Row and coin of each.
    pub rows: Vec<(usize, usize)>,
    pub forecasts: Vec<f64>,
}

/// SHAP contributions of one row.
pub(crate) struct Contributions {
    /// Row of the panel.
    pub row: usize,
    pub coin: usize,
    /// One a feature, then the expected value, which they add to.
    pub values: Vec<f64>,
    /// The row's features.
    pub features: Vec<f64>,
}

impl FoldTraining<'_> {
    /// Trains from nothing, or adds `rounds` to the trees of a model.
    pub fn train(
        &self,
        continued: Option<(&Trees, &FoldRecord)>,
        rounds: usize,
    ) -> anyhow::Result<FoldModel> {
        let began = Instant::now();
        let std = target_std(&self.dataset.targets, self.train_range());
        let edges = self.edges().map(Rc::new);
        let (train, validation) = self.rows(&std, edges.as_ref())?;
        let parameters = self.config.parameters()?;
        let (tables, sums) = self.bin(&train, &validation.rows, &parameters)?;
        let (train_rows, validation_rows) = (count(&train), validation.rows.len());
        let parts = PartInputs {
            train,
            validation,
            parameters: &parameters,
        };
        let PartModels {
            models,
            metrics,
            counts,
        } = self.grow_parts(tables, &parts, continued, rounds)?;
        let Some(&first) = counts.first() else {
            bail!("{}: no part to fit to", self.fold)
        };
        let record = FoldRecord {
            fold: self.fold.number,
            protocol: self.growth.protocol,
            validation: self.growth.validation,
            parameters: parameters.clone(),
            rounds: first.rounds,
            best_iteration: first.best_iteration,
            market: counts.get(1).copied(),
            train_rows,
            validation_rows,
            train_secs: began.elapsed().as_secs_f64(),
            target_std: self.by_symbol(&std),
            features: sums.by_symbol(self.dataset.panel.symbols()),
            scored_pearson: None,
            origin: Some(self.origin()?),
            sha256: models
                .iter()
                .map(|(part, text)| {
                    let file = self.config.kind().model_file(*part);
                    (file.to_owned(), content_hash(text.as_bytes()))
                })
                .collect(),
            classes: edges
                .map(|edges| ClassLevels::fit(self.dataset, self.training_targets(), &edges)),
        };
        Ok(FoldModel {
            trees: Trees::from_models(self.library.library(), &models)?,
            models,
            record,
            metrics,
        })
    }

    /// From the first row to train on to the last.
    fn train_range(&self) -> Range<usize> {
        let Fold { train, stop, .. } = self.fold;
        match self.growth.protocol {
            StoppingProtocol::Honest | StoppingProtocol::Blocks => train.clone(),
            StoppingProtocol::Seed => train.start..train.end.max(stop.end),
        }
    }

    /// The rows that early stopping looks at.
    fn validation_range(&self) -> Range<usize> {
        match (self.block, self.growth.protocol) {
            (Some(block), _) => block.held.clone(),
            (None, StoppingProtocol::Honest | StoppingProtocol::Blocks) => self.fold.stop.clone(),
            (None, StoppingProtocol::Seed) => self.fold.score.clone(),
        }
    }

    /// Where classes begin, by the rows that trees are fitted to; None where trees learn the target
    /// itself.
    fn edges(&self) -> Option<RegimeEdges> {
        let regime = &self.config.shared.regime;
        let classes = self.config.classes();
        classes.map(|_| RegimeEdges::fit(regime, &self.training_targets()))
    }

    /// The targets of each coin in the training rows of the fold, without those that a block holds.
    fn training_targets(&self) -> TrainingTargets {
        let Some(block) = self.block else {
            return self.dataset.training_targets(self.fold);
        };
        let mut targets = vec![Vec::new(); self.dataset.panel.coins()];
        for rows in block.fitted.iter().cloned() {
            for (row, coin) in self.dataset.usable_cells(rows) {
                targets[coin].push(self.dataset.targets.value(row, coin));
            }
        }
        targets
    }

    /// The rows to train on, of the run's own panel first, and those that early stopping looks at.
    fn rows(
        &self,
        std: &[Option<f32>],
        edges: Option<&Rc<RegimeEdges>>,
    ) -> anyhow::Result<(Vec<LabelledRows<'_>>, LabelledRows<'_>)> {
        let scales = Rc::new(target_scales(&self.config.shared, std, &self.dataset.panel));
        let own = |range| LabelledRows {
            rows: self.tree_rows(self.dataset.fitted_windows(self.targets, range, std)),
            targets: self.targets,
            scales: scales.clone(),
            edges: edges.cloned(),
        };
        let train = match self.block {
            None => vec![self.train_range()],
            Some(block) => block.fitted.to_vec(),
        };
        let mut train: Vec<LabelledRows<'_>> = train.into_iter().map(own).collect();
        let validation = own(self.validation_range());
        let further = self.further.iter();
        train.extend(further.map(|(fold, features)| rows_of_panel(fold, features)));
        self.check_rows(count(&train), &validation.rows)?;
        Ok((train, validation))
    }

    fn check_rows(&self, train: usize, validation: &TreeRows<'_>) -> anyhow::Result<()> {
        let needs_validation = self.growth.patience().is_some();
        if train == 0 || (needs_validation && validation.len() == 0) {
            return Err(anyhow!(
                "{}: {} training rows and {} for early stopping, expected some of both",
                self.fold,
                train,
                validation.len()
            )
            .hint(
                "fewer folds (--set split.folds=N), a shorter features.lookback_bars, or \
                 more candles",
            ));
        }
        Ok(())
    }

    /// Grows the trees of each part, one after the other, on the same bins, which then go: what comes
    /// after needs their room.
    fn grow_parts(
        &self,
        mut tables: Box<dyn TreeTables>,
        of: &PartInputs<'_>,
        continued: Option<(&Trees, &FoldRecord)>,
        rounds: usize,
    ) -> anyhow::Result<PartModels> {
        let mut validated = ValidationRows {
            targets: Vec::new(),
            timestamps: timestamp_groups(&of.validation.rows.times()),
        };
        let mut parts = PartModels::default();
        for &part in self.parts() {
            let labels = of.validation.labels(part);
            let train_labels: Vec<f32> =
                of.train.iter().flat_map(|rows| rows.labels(part)).collect();
            tables.set_labels(&train_labels, &labels)?;
            validated.targets = labels.iter().map(|&value| f64::from(value)).collect();
            let old = continued
                .and_then(|(trees, record)| trees.to_continue(record, part))
                .map(|model| begin_from(&mut *tables, model, of))
                .transpose()?;
            let growing = TreeGrower {
                config: &self.growth,
                parameters: of.parameters,
                fold: self.fold,
                part,
                rounds,
                interrupted: self.interrupted,
            };
            let (grown, back) = growing.grow(tables, &validated, old.as_ref())?;
            tables = back;
            parts.models.push((part, grown.model));
            parts.metrics.extend(grown.metrics);
            parts.counts.push(TreeCount {
                rounds: grown.rounds,
                best_iteration: grown.best_iteration,
            });
        }
        Ok(parts)
    }

    /// What is kept of the training with the trees: early stopping has seen what it looked at.
    fn origin(&self) -> anyhow::Result<Origin> {
        let (train, validation) = (self.train_range(), self.validation_range());
        let end = if self.growth.patience().is_some() {
            train.end.max(validation.end)
        } else {
            train.end
        };
        let seen = train.start..end;
        self.config.trees.origin(self.dataset, self.fold, &seen)
    }

    /// What trees are fitted to, one after the other.
    fn parts(&self) -> &'static [TargetPart] {
        match self.config.shared.target.fit {
            Fit::Whole => &[TargetPart::Whole],
            Fit::Parts | Fit::ScaledParts => &[TargetPart::Own, TargetPart::Market],
        }
    }

    /// SHAP contributions of about `count` scored rows, evenly spaced in time.
    pub fn contributions(
        &self,
        trained: &FoldModel,
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
        self.tree_rows(set).for_each_chunk(|chunk| {
            let values = trained
                .trees
                .contributions(chunk.values, self.config.classes())?;
            let rows = chunk.cells.iter().zip(values.chunks_exact(columns));
            let rows = rows.zip(chunk.values.chunks_exact(columns - 1));
            contributions.extend(rows.map(|((&(row, coin), values), own)| Contributions {
                row,
                coin,
                values: values.to_vec(),
                features: own.iter().map(|&value| f64::from(value)).collect(),
            }));
            Ok(())
        })?;
        Ok(contributions)
    }

    /// The forecasts of the block's held rows by trees that did not see them, each with its row and
    /// coin.
    pub fn held_forecasts(&self, trained: &FoldModel) -> anyhow::Result<HeldForecasts> {
        let std = trained.record.target_std_of(self.dataset.panel.symbols());
        let config = &self.config.shared;
        let scales = target_scales(config, &std, &self.dataset.panel);
        let held = self.validation_range();
        let set = self.dataset.fitted_windows(self.targets, held, &std);
        let mut held = HeldForecasts::default();
        self.tree_rows(set).for_each_chunk(|chunk| {
            let forecasts = match &trained.record.classes {
                None => trained.trees.forecasts(chunk, &scales, config.target.fit)?,
                Some(classes) => {
                    let probabilities = trained.trees.probabilities(chunk.values)?;
                    classes.levels(self.dataset.panel.symbols(), chunk.cells, &probabilities)
                }
            };
            held.rows.extend_from_slice(chunk.cells);
            held.forecasts.extend(forecasts);
            Ok(())
        })?;
        Ok(held)
    }

    fn tree_rows(&self, set: WindowSet) -> TreeRows<'_> {
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
    /// features are like in those of the run's own panel.
    fn bin(
        &self,
        train_rows: &[LabelledRows<'_>],
        validation_rows: &TreeRows<'_>,
        parameters: &str,
    ) -> anyhow::Result<(Box<dyn TreeTables>, FeatureSums)> {
        let names = self.features.features().names();
        let mut sums = FeatureSums::new(self.dataset.panel.coins(), names.len());
        let rows = RowsToBin {
            train: train_rows,
            validation: validation_rows,
            names,
        };
        let library = self.library.library();
        let tables = library.bin(&rows, parameters, &mut |panel, chunk| {
            // The second of a block's two ranges is of the run's own panel too, but nothing is kept
            // of a block's statistics.
            if panel == 0 {
                sums.add(chunk);
            }
        })?;
        Ok((tables, sums))
    }
}

/// The training rows of a further panel.
fn rows_of_panel<'a>(fold: &'a PanelFold<'_>, features: &'a FeatureRows) -> LabelledRows<'a> {
    let (dataset, targets) = (&fold.panel.dataset, &*fold.targets);
    let rows = fold.fold.train.clone();
    let std = target_std(&dataset.targets, rows.clone());
    LabelledRows {
        rows: TreeRows {
            dataset,
            features,
            set: dataset.fitted_windows(targets, rows, &std),
        },
        targets,
        scales: Rc::new(target_scales(&dataset.config, &std, &dataset.panel)),
        edges: None,
    }
}

/// What the trees of each part are grown on.
struct PartInputs<'a> {
    /// Those of the run's own panel first.
    train: Vec<LabelledRows<'a>>,
    validation: LabelledRows<'a>,
    parameters: &'a str,
}

/// Number of rows of all panels.
fn count(panels: &[LabelledRows<'_>]) -> usize {
    panels.iter().map(|panel| panel.rows.len()).sum()
}

/// The trees of each part.
#[derive(Default)]
struct PartModels {
    models: Vec<(TargetPart, String)>,
    metrics: Vec<TreeMetrics>,
    counts: Vec<TreeCount>,
}

/// Lets boosting go on where the first `trees` rounds of a model end.
fn begin_from(
    tables: &mut dyn TreeTables,
    (model, trees): (&dyn TreeModel, usize),
    of: &PartInputs<'_>,
) -> anyhow::Result<StartingModel> {
    let mut train_scores = Vec::new();
    for panel in &of.train {
        train_scores.extend(raw_scores(model, trees, &panel.rows)?);
    }
    let validation_scores = raw_scores(model, trees, &of.validation.rows)?;
    tables.begin_from(&train_scores, &validation_scores)?;
    Ok(StartingModel {
        model: model.to_model(trees)?,
        trees,
        validation_scores,
    })
}

fn raw_scores(
    model: &dyn TreeModel,
    trees: usize,
    rows: &TreeRows<'_>,
) -> anyhow::Result<Vec<f64>> {
    let mut scores = Vec::with_capacity(rows.len());
    rows.for_each_chunk(|chunk| {
        scores.extend(model.predict(chunk.values, Predict::RawScore, Some(trees))?);
        Ok(())
    })?;
    Ok(scores)
}
