//! How a run of LightGBM is loaded.

use std::path::Path;

use anyhow::Context;
use cli::{ConfigArgs, WithHint};
use linear::forecaster_on_base;
use run::{Forecaster, Kind, SavedRun, TrainingSpan};

use crate::command::Args;
use crate::config::KIND;
use crate::{BaselineConfig, FoldRecord, Library, SavedModel};

/// Runs of `baseline`.
#[derive(Debug, Clone, Copy)]
pub struct LightGbmKind;

impl Kind for LightGbmKind {
    fn name(&self) -> &'static str {
        KIND
    }

    fn prepare(&self) -> anyhow::Result<()> {
        Library::open()?;
        Ok(())
    }

    fn load(&self, run: &SavedRun<'_>) -> anyhow::Result<Box<dyn Forecaster>> {
        let library = Library::open()?;
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
        let record = FoldRecord::read(&folder)?
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
