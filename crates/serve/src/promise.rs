//! What the test folds of a run promised.

use std::path::Path;

use dataset::{ForecastTable, RunDir};
use serde::Serialize;
use statistics::pearson;
use utoipa::ToSchema;

/// The correlation that forecasts out of sample had with what came.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Promise {
    /// Mean over folds of the pooled Pearson correlation.
    pub pearson: f64,
    /// Lowest and highest fold.
    pub folds: [f64; 2],
    /// Number of folds.
    pub count: usize,
}

/// Reads a run's forecast table; None where there is none, or where no fold has a correlation.
pub fn promised(run: &Path) -> Option<Promise> {
    let table = ForecastTable::read(&run.join(RunDir::FORECASTS_FILE)).ok()?;
    let part = table.parts().first()?;
    let mut start = 0;
    let mut folds = Vec::new();
    for fold in part.fold.chunk_by(|left, right| left == right) {
        let rows = start..start + fold.len();
        start = rows.end;
        let pairs = part.forecast.get(rows.clone()).zip(part.realized.get(rows));
        folds.extend(pairs.and_then(|(forecast, realized)| pearson(forecast, realized)));
    }
    let count = folds.len();
    (count > 0).then(|| Promise {
        pearson: folds.iter().sum::<f64>() / count as f64,
        folds: [
            folds.iter().copied().fold(f64::INFINITY, f64::min),
            folds.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        ],
        count,
    })
}
