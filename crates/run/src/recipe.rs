//! A way to get a forecaster from the past.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use dataset::{Dataset, Fold, ForecastTable, PanelFold, RunDir, Targets, target_std};
use tracking::Tracker;

use crate::{Appendix, Forecaster, OutOfBlock};

/// One piece of a run, which any process on any machine can fit: a fold, or one refit of it, and a
/// seed.
#[derive(Debug, Clone)]
pub struct Piece<'a> {
    /// Panel, targets, folds.
    pub dataset: &'a Dataset,
    /// The run that it is a piece of.
    pub run: &'a RunDir,
    /// The fold or refit.
    pub fold: &'a Fold,
    /// What it is fitted to.
    pub targets: &'a Targets,
    /// The rows of further panels that it learns from too.
    pub further: &'a [PanelFold<'a>],
    /// The seed, from 1.
    pub seed: u64,
    /// The folder of its files.
    pub dir: PathBuf,
    /// Set by Ctrl-C.
    pub interrupted: &'a AtomicBool,
    /// The experiment tracker, if one is asked for.
    pub tracker: Option<&'a Tracker>,
}

/// A way to get a forecaster from the past: what [`crate::fit_run`] is given.
pub trait Recipe {
    /// Its name in tables, such as `network` or `lightgbm_seed`.
    fn forecaster(&self) -> &str;

    /// The fits that a fold is made of, each a piece: its refits, or the fold itself. A recipe that
    /// gets all refits in one go has the fold as its piece.
    fn fits<'a>(&self, fold: &'a Fold) -> &'a [Fold] {
        fold.fits()
    }

    /// How many seeds each fit has; their forecasts are averaged.
    fn seeds(&self) -> u64 {
        1
    }

    /// The folder of a piece.
    fn dir(&self, run: &RunDir, fold: &Fold, _seed: u64) -> PathBuf {
        run.fit(fold)
    }

    /// Fits a piece and leaves its files in its folder.
    ///
    /// # Errors
    /// No rows to fit to, a device or library that fails, Ctrl-C.
    fn fit(&self, piece: &Piece<'_>) -> anyhow::Result<()>;

    /// What forecasts, from the files of a piece: what is scored is what was saved.
    ///
    /// # Errors
    /// Files that are broken.
    fn load(&self, piece: &Piece<'_>) -> anyhow::Result<Box<dyn Forecaster>>;

    /// Whether a row with this refusal is left out of what is scored, and counted as such. Else a row
    /// that counts and has no forecast is an error.
    fn is_left_out(&self, _refusal: &str) -> bool {
        false
    }

    /// Standard deviation of each coin's targets in the training rows of a fit; None for a coin
    /// without any, which is not forecast.
    ///
    /// # Errors
    /// Files that are broken.
    fn target_std(
        &self,
        dataset: &Dataset,
        _run: &RunDir,
        fold: &Fold,
    ) -> anyhow::Result<Vec<Option<f32>>> {
        Ok(target_std(&dataset.targets, fold.train.clone()))
    }

    /// For a target that is the logarithm of a volatility: forecasts of a fold's training rows, each
    /// by a fit that did not see the row's block ([`training_blocks`](crate::training_blocks)).
    /// None for a recipe whose fits are too dear for that: then what its forecasts are published as
    /// comes from the out-of-sample forecasts of earlier folds.
    ///
    /// # Errors
    /// Files that are broken, a library that fails.
    fn out_of_block(
        &self,
        _dataset: &Dataset,
        _run: &RunDir,
        _fold: &Fold,
    ) -> anyhow::Result<Option<OutOfBlock>> {
        Ok(None)
    }

    /// Told of a piece's forecasts before its table is written, which marks it as finished.
    ///
    /// # Errors
    /// What the system says.
    fn scored(&self, _piece: &Piece<'_>, _table: &ForecastTable) -> anyhow::Result<()> {
        Ok(())
    }

    /// Copies the files that `predict` loads from the last fit to the run's folder, and says what
    /// the report and the terminal show beside the scores.
    ///
    /// # Errors
    /// Files that are broken.
    fn publish(&self, _run: &RunDir, _dataset: &Dataset) -> anyhow::Result<Appendix> {
        Ok(Appendix::default())
    }
}
