//! How a run of the ridge is loaded.

use std::path::Path;

use cli::ConfigArgs;
use run::{Forecaster, Kind, SavedRun, TrainingSpan};

use crate::command::Args;
use crate::config::{KIND, RidgeConfig};
use crate::saved::{RidgeRecord, SavedRidge, read_model};

/// Runs of `ridge`.
#[derive(Debug, Clone, Copy)]
pub struct RidgeKind;

impl Kind for RidgeKind {
    fn name(&self) -> &'static str {
        KIND
    }

    fn load(&self, run: &SavedRun<'_>) -> anyhow::Result<Box<dyn Forecaster>> {
        let config = RidgeConfig::new(run.table)?;
        Ok(Box::new(SavedRidge::load(&run.folder()?, &config)?))
    }

    fn fit(&self, config: &ConfigArgs, run: &Path) -> anyhow::Result<()> {
        crate::run(&Args::new(config.clone(), run))
    }

    fn seen(&self, run: &SavedRun<'_>) -> anyhow::Result<Option<TrainingSpan>> {
        let folder = run.folder()?;
        let span = TrainingSpan::from(&RidgeRecord::read(&folder)?.origin);
        let last = read_model(&folder)?
            .refits()
            .last()
            .map(|refit| refit.from_ms);
        Ok(Some(last.map_or(span, |last_ms| span.refitted(last_ms))))
    }
}
