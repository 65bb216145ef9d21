//! How a run of LightGBM or of XGBoost is loaded.

use std::path::Path;

use anyhow::Context;
use cli::{ConfigArgs, WithHint};
use linear::forecaster_on_base;
use run::{Forecaster, Kind, SavedRun, TrainingSpan};

use crate::command::Args;
use crate::{BaselineConfig, FoldRecord, Loaded, SavedModel, TreeKind};

/// Runs of `baseline`, of the library that it names.
#[derive(Debug, Clone, Copy)]
pub struct TreesKind(pub TreeKind);

impl Kind for TreesKind {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn prepare(&self) -> anyhow::Result<()> {
        Loaded::open(self.0)?;
        Ok(())
    }

    fn load(&self, run: &SavedRun<'_>) -> anyhow::Result<Box<dyn Forecaster>> {
        let library = Loaded::open(self.0)?;
        let config = BaselineConfig::new(run.table, library)?;
        let folder = run.folder()?;
        let model = SavedModel::load(&folder, &config, library)?;
        forecaster_on_base(Box::new(model), &folder, &config.shared)
    }

    fn fit(&self, config: &ConfigArgs, run: &Path) -> anyhow::Result<()> {
        crate::run(&Args::new(config.clone(), run))
    }

    fn seen(&self, run: &SavedRun<'_>) -> anyhow::Result<Option<TrainingSpan>> {
        let folder = run.folder()?;
        let record = FoldRecord::read(&folder, self.0)?
            .with_context(|| format!("{} has no model", folder.display()))
            .with_hint(|| {
                format!(
                    "ls {} shows the folds there are",
                    cli::quoted(run.path.display())
                )
            })?;
        Ok(record.origin.as_ref().map(TrainingSpan::from))
    }
}
