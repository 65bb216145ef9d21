//! The ridge as a way to get a forecaster from the past.

use anyhow::Context;
use dataset::{Dataset, Fold, Origin, RunDir, target_std};
use run::{Appendix, Forecaster, Piece, Recipe};
use storage::{content_hash, write_atomically};

use crate::RidgeFit;
use crate::config::{KIND, RidgeConfig};
use crate::saved::{COEFFICIENTS_FILE, RECORD_FILE, RidgeRecord, SavedRidge};

/// Fits a ridge as a config says.
#[derive(Debug)]
pub(crate) struct RidgeRecipe {
    /// The run's configuration, with the universe spelled out.
    pub config: RidgeConfig,
    /// The moments of every day; None where each fold has its own targets.
    pub equations: Option<RidgeFit>,
}

impl RidgeRecipe {
    /// Sums the moments of all days once.
    ///
    /// # Errors
    /// As [`RidgeFit::new`].
    pub fn new(config: RidgeConfig, dataset: &Dataset) -> anyhow::Result<Self> {
        let is_shuffled = config.shared.target.shuffle_seed.is_some();
        let equations = match is_shuffled {
            true => None,
            false => Some(RidgeFit::new(dataset, config.ridge)?),
        };
        Ok(Self { config, equations })
    }

    fn refits_line(&self) -> String {
        let every = self.config.shared.split.refit_every;
        every.map_or_else(String::new, |every| {
            format!("Coefficients are refitted every {every}, at the start of a UTC day.")
        })
    }
}

impl Recipe for RidgeRecipe {
    fn forecaster(&self) -> &str {
        &self.config.run.forecaster
    }

    /// The fold: a walk over the moments of the days gives the coefficients of all its refits.
    fn fits<'a>(&self, fold: &'a Fold) -> &'a [Fold] {
        std::slice::from_ref(fold)
    }

    fn fit(&self, piece: &Piece<'_>) -> anyhow::Result<()> {
        let Piece {
            dataset, fold, dir, ..
        } = piece;
        let fitted = match &self.equations {
            Some(equations) => equations.fold(dataset, fold)?,
            None => RidgeFit::fit(dataset, fold, self.config.ridge)?,
        };
        let text = fitted.to_json();
        let own = (KIND, &self.config.ridge);
        let mut origin = Origin::new(dataset, fold, &(0..0), own)?;
        // Coefficients know what was known before their first day, and nothing of the day.
        if let Some(first) = fitted.refits().first() {
            origin.seen_until_ms = origin.seen_until_ms.max(first.from_ms);
        }
        let std = target_std(&dataset.targets, fold.train.clone());
        let names = dataset.panel.symbols().iter().map(ToString::to_string);
        let record = RidgeRecord {
            fold: fold.number,
            target_std: names.zip(std).collect(),
            origin,
            sha256: content_hash(text.as_bytes()),
        };
        write_atomically(&dir.join(COEFFICIENTS_FILE), text.as_bytes())?;
        record.write(dir)
    }

    fn load(&self, piece: &Piece<'_>) -> anyhow::Result<Box<dyn Forecaster>> {
        Ok(Box::new(SavedRidge::load(&piece.dir, &self.config)?))
    }

    fn target_std(
        &self,
        dataset: &Dataset,
        run: &RunDir,
        fold: &Fold,
    ) -> anyhow::Result<Vec<Option<f32>>> {
        let record = RidgeRecord::read(&run.fold(fold.number))?;
        Ok(record.target_std_of(dataset.panel.symbols()))
    }

    fn publish(&self, run: &RunDir, dataset: &Dataset) -> anyhow::Result<Appendix> {
        let last = dataset.plan.folds.last().context("a run has folds")?.number;
        let mut artifacts = Vec::new();
        for file in [COEFFICIENTS_FILE, RECORD_FILE] {
            let published = run.path().join(file);
            run.copy(&run.fold(last).join(file), &published)?;
            artifacts.push(published);
        }
        Ok(Appendix {
            texts: vec![self.refits_line()],
            importance: None,
            artifacts,
            next: format!(
                "`quarterhour predict --run {}` forecasts with the last \
                 coefficients",
                cli::quoted(run.path().display())
            ),
        })
    }
}
