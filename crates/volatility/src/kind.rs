//! How a run of a classical model is loaded.

use std::path::Path;

use cli::ConfigArgs;
use run::{Forecaster, Kind, SavedRun, TrainingSpan};

use crate::command::Args;
use crate::config::{KIND, VolatilityConfig};
use crate::saved::{SavedVolatility, VolatilityRecord};

/// Runs of `volatility`.
#[derive(Debug, Clone, Copy)]
pub struct VolatilityKind;

impl Kind for VolatilityKind {
    fn name(&self) -> &'static str {
        KIND
    }

    fn load(&self, run: &SavedRun<'_>) -> anyhow::Result<Box<dyn Forecaster>> {
        let config = VolatilityConfig::new(run.table)?;
        Ok(Box::new(SavedVolatility::load(&run.folder()?, &config)?))
    }

    fn fit(&self, config: &ConfigArgs, run: &Path) -> anyhow::Result<()> {
        crate::run(&Args::new(config.clone(), run))
    }

    fn seen(&self, run: &SavedRun<'_>) -> anyhow::Result<Option<TrainingSpan>> {
        let record = VolatilityRecord::read(&run.folder()?)?;
        Ok(Some(TrainingSpan::from(&record.origin)))
    }
}
