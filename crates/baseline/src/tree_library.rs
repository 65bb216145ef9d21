//! What a library of boosted trees does for a run: the seam between the folds and the libraries,
//! each of which has a folder.

use std::fmt::Debug;

use crate::Error;
use crate::rows::{LabelledRows, RowChunk, TreeRows};

/// A library that is loaded.
pub(crate) trait TreeLibrary: Debug {
    /// Puts rows into the library's bins, which are found on the training rows alone. `seen` is told
    /// of every training row once, with the place of its panel.
    fn bin(
        &'static self,
        rows: &RowsToBin<'_>,
        parameters: &str,
        seen: &mut dyn FnMut(usize, &RowChunk<'_>),
    ) -> anyhow::Result<Box<dyn TreeTables>>;

    /// Reads a model from its text.
    fn read(&'static self, model: &str) -> Result<Box<dyn TreeModel>, Error>;

    /// Checks that a text is a whole model, before the library's own reader sees it, which trusts
    /// it; or says in words what is wrong.
    fn check(&self, model: &str) -> Result<(), String>;
}

/// Rows that trees are grown on.
pub(crate) struct RowsToBin<'a> {
    /// Those of the run's own panel first.
    pub train: &'a [LabelledRows<'a>],
    /// None is held back where these are none.
    pub validation: &'a TreeRows<'a>,
    /// Names of the features.
    pub names: Vec<String>,
}

impl RowsToBin<'_> {
    /// Number of training rows of all panels.
    pub fn train_len(&self) -> usize {
        self.train.iter().map(|panel| panel.rows.len()).sum()
    }
}

/// Binned rows, which the trees of several parts are grown on one after the other.
pub(crate) trait TreeTables {
    /// Returns false where nothing is held back for validation.
    fn has_validation(&self) -> bool;

    /// What the rows are trained on and compared with.
    fn set_labels(&mut self, train: &[f32], validation: &[f32]) -> Result<(), Error>;

    /// What the model that is to be continued says of the rows, as sums of leaves.
    fn begin_from(&mut self, train: &[f64], validation: &[f64]) -> Result<(), Error>;

    /// Begins to grow trees, after those of the model `continued`, if one is given.
    fn grow(
        self: Box<Self>,
        continued: Option<&str>,
        parameters: &str,
    ) -> Result<Box<dyn GrowingTrees>, Error>;
}

/// Trees that are being grown.
pub(crate) trait GrowingTrees {
    /// Grows the trees of one more round; false where no split is worth it any more.
    fn update(&mut self) -> Result<bool, Error>;

    /// The loss of the validation rows: the mean squared error, or of classes the log loss.
    fn validation_loss(&self) -> Result<f64, Error>;

    /// The current forecasts of the validation rows.
    fn validation_forecasts(&self) -> Result<Vec<f64>, Error>;

    /// The trees of the first `rounds` rounds as text.
    fn to_model(&self, rounds: usize) -> Result<String, Error>;

    /// The tables, for another model; None where the library kept none.
    fn into_tables(self: Box<Self>) -> Option<Box<dyn TreeTables>>;
}

/// Trees that forecast.
pub(crate) trait TreeModel: Debug {
    /// Number of features.
    fn features(&self) -> Result<usize, Error>;

    /// Computes rows, row-major `[rows, features]`, by the trees of the first `rounds` rounds (None:
    /// all).
    fn predict(
        &self,
        rows: &[f32],
        kind: Predict,
        rounds: Option<usize>,
    ) -> Result<Vec<f64>, Error>;

    /// The importance of every feature.
    fn importance(&self, kind: ImportanceOf) -> Result<Vec<f64>, Error>;

    /// The trees of the first `rounds` rounds as text.
    fn to_model(&self, rounds: usize) -> Result<String, Error>;
}

/// What a model computes for each row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Predict {
    /// The forecast: one value, or with classes the probability of each.
    Value,
    /// The sum of leaves: one value, or one a class.
    RawScore,
    /// SHAP: one contribution a feature, then the expected value; they sum to the raw score. With
    /// classes so many of each, one class after the other.
    Contributions,
}

/// What a feature's importance counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportanceOf {
    /// How many splits use the feature.
    Split,
    /// The loss that those splits saved.
    Gain,
}
