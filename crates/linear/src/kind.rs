//! How a run of the ridge is loaded.

use run::{Forecaster, Kind, SavedRun, Seen};

use crate::config::{KIND, RidgeConfig};
use crate::saved::{FoldRecord, SavedRidge};

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

    fn seen(&self, run: &SavedRun<'_>) -> anyhow::Result<Option<Seen>> {
        let record = FoldRecord::read(&run.folder()?)?;
        Ok(Some(Seen::from(&record.origin)))
    }
}
