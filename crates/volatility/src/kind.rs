//! How a run of a classical model is loaded.

use std::path::Path;

use cli::ConfigArgs;
use run::{Forecaster, Kind, SavedRun, TrainingSpan};

use crate::command::Args;
use crate::config::{KIND, VolatilityConfig};
use crate::saved::{SavedVolatility, VolatilityRecord, read_model};

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
        let folder = run.folder()?;
        let span = TrainingSpan::from(&VolatilityRecord::read(&folder)?.origin);
        let config = VolatilityConfig::new(run.table)?;
        let names = config.volatility.init(&config.shared).coefficients();
        let last = read_model(&folder, &names)?
            .refits
            .last()
            .map(|refit| refit.from_ms);
        Ok(Some(last.map_or(span, |last_ms| span.refitted(last_ms))))
    }
}
