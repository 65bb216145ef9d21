//! A classical model as a way to get a forecaster from the past.

use std::collections::BTreeMap;

use anyhow::Context;
use dataset::{Dataset, Fold, Origin, RunDir, target_std};
use run::{Appendix, Forecaster, OutOfBlock, Piece, Recipe};
use storage::{content_hash, write_atomically};

use crate::config::{KIND, VolatilityConfig};
use crate::loaded::UNKNOWN_TERM;
use crate::report;
use crate::saved::{MODEL_FILE, RECORD_FILE, SavedVolatility, VolatilityRecord, read_model};
use crate::{VolatilityFit, VolatilityModel};

/// Fits a model as a config says.
#[derive(Debug)]
pub(crate) struct VolatilityRecipe<'a> {
    /// The run's configuration, with the universe spelled out.
    config: VolatilityConfig,
    fit: VolatilityFit<'a>,
}

impl<'a> VolatilityRecipe<'a> {
    /// Computes the features of all rows once.
    pub fn new(config: VolatilityConfig, dataset: &'a Dataset) -> Self {
        Self {
            fit: VolatilityFit::new(dataset, &config.volatility),
            config,
        }
    }
}

impl Recipe for VolatilityRecipe<'_> {
    fn forecaster(&self) -> &str {
        &self.config.run.forecaster
    }

    /// The fold: one file holds what all its refits were fitted to.
    fn fits<'b>(&self, fold: &'b Fold) -> &'b [Fold] {
        std::slice::from_ref(fold)
    }

    fn fit(&self, piece: &Piece<'_>) -> anyhow::Result<()> {
        let Piece {
            dataset, fold, dir, ..
        } = piece;
        let model = self.fit.fold(dataset, fold)?;
        let text = model.to_json()?;
        let own = (KIND, &self.config.volatility);
        let mut origin = Origin::new(dataset, fold, &fold.stop, own)?;
        // A fit knows the candles up to its first scored row, and no target that ends after it.
        origin.seen_until_ms = origin
            .seen_until_ms
            .max(dataset.panel.time_ms(fold.score.start));
        let record = VolatilityRecord {
            fold: fold.number,
            target_std: known_std(dataset, fold),
            origin,
            sha256: content_hash(text.as_bytes()),
        };
        write_atomically(&dir.join(MODEL_FILE), text.as_bytes())?;
        record.write(dir)
    }

    fn load(&self, piece: &Piece<'_>) -> anyhow::Result<Box<dyn Forecaster>> {
        Ok(Box::new(SavedVolatility::load(&piece.dir, &self.config)?))
    }

    fn is_left_out(&self, refusal: &str) -> bool {
        // Terms look further back than the features that a row must have.
        refusal == UNKNOWN_TERM
    }

    fn target_std(
        &self,
        dataset: &Dataset,
        run: &RunDir,
        fold: &Fold,
    ) -> anyhow::Result<Vec<Option<f32>>> {
        let record = VolatilityRecord::read(&run.fold(fold.number))?;
        Ok(record.target_std_of(dataset.panel.symbols()))
    }

    fn out_of_block(
        &self,
        dataset: &Dataset,
        _run: &RunDir,
        fold: &Fold,
    ) -> anyhow::Result<Option<OutOfBlock>> {
        let found = self.fit.out_of_block(dataset, fold)?;
        Ok((!found.rows.is_empty()).then_some(found))
    }

    fn publish(&self, run: &RunDir, dataset: &Dataset) -> anyhow::Result<Appendix> {
        let folds = &dataset.plan.folds;
        let last = folds.last().context("a run has folds")?.number;
        let mut artifacts = Vec::new();
        for file in [MODEL_FILE, RECORD_FILE] {
            let published = run.path().join(file);
            run.copy(&run.fold(last).join(file), &published)?;
            artifacts.push(published);
        }
        let names = self.fit.coefficients();
        let model = |fold: &Fold| Ok((fold.number, read_model(&run.fold(fold.number), &names)?));
        let models: Vec<(usize, VolatilityModel)> =
            folds.iter().map(model).collect::<anyhow::Result<_>>()?;
        Ok(Appendix {
            texts: report::texts(&models, &self.config),
            importance: None,
            artifacts,
            next: format!(
                "`quarterhour predict --run {}` forecasts with the last fit",
                cli::quoted(run.path().display())
            ),
        })
    }
}

/// The standard deviation of each coin's targets in the training rows of a fold; for a coin whose
/// targets do not vary, or that has none, the mean of the others': models of all coins together
/// forecast it as well.
fn known_std(dataset: &Dataset, fold: &Fold) -> BTreeMap<String, Option<f32>> {
    let own = target_std(&dataset.targets, fold.train.clone());
    let known: Vec<f32> = own.iter().flatten().copied().collect();
    let mean = known.iter().sum::<f32>() / known.len() as f32;
    let of_all = mean.is_finite().then_some(mean);
    let names = dataset.panel.symbols().iter().map(ToString::to_string);
    names
        .zip(own.into_iter().map(|own| own.or(of_all)))
        .collect()
}
