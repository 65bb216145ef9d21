//! Prediction intervals of any forecaster, from the errors of its out-of-sample forecasts of
//! earlier folds: fitted once where the pieces of a run meet, the same offline and live.

mod fit;
mod fitted;

use dataset::{Config, ForecastTable, IntervalMethod, RunDir};

use fitted::SavedIntervals;
pub use fitted::{FittedIntervals, PredictionInterval, WidthStep};

/// The table with the bounds that `[intervals]` asks for, and the file beside the model that a live
/// forecast has them from; nothing changes where the method is `off`.
///
/// # Errors
/// What the system says.
pub fn with_intervals(
    table: ForecastTable,
    config: &Config,
    run: &RunDir,
) -> anyhow::Result<ForecastTable> {
    if config.intervals.method == IntervalMethod::Off {
        return Ok(table);
    }
    let (metadata, mut parts) = table.into_inner();
    let mut horizons = Vec::with_capacity(parts.len());
    for part in &mut parts {
        let fitted = fit::fit(part, &config.intervals, metadata.bar, config.embargo_bars());
        fitted.add_bounds(part);
        if fitted.steps.len() < 2 {
            cli::note(format!(
                "{}: no forecast has an interval, as they are fitted on earlier folds and there is one fold",
                part.key
            ));
        }
        horizons.push(fitted);
    }
    let method = config.intervals.method;
    SavedIntervals { method, horizons }.write(run.path())?;
    Ok(ForecastTable::new(metadata, parts, run.path())?)
}

/// What a live forecast has its interval from; None where the run's `[intervals]` are off.
pub(crate) fn load(
    run: &std::path::Path,
    config: &Config,
) -> anyhow::Result<Option<FittedIntervals>> {
    match config.intervals.method {
        IntervalMethod::Off => Ok(None),
        _ => SavedIntervals::read(run)?.of_horizon(run, config.target.horizon),
    }
}
