//! Several horizons of which each has a model of its own.

use dataset::{Dataset, ForecastTable, RunDir, TimeSpan};

use crate::{ScoredRun, check_coverage};

/// Fits and scores every horizon of a data set by `fit`: a data set of one horizon in the run's own
/// folder; of several each as a run of its own in a folder of the run, and their forecasts are
/// joined to one table once all are there.
///
/// # Errors
/// As [`check_coverage`]; what `fit` says; tables that do not fit together.
pub fn fit_by_horizon(
    run: &RunDir,
    dataset: &Dataset,
    fit: impl Fn(&RunDir, &Dataset) -> anyhow::Result<Option<ScoredRun>>,
) -> anyhow::Result<()> {
    check_coverage(dataset)?;
    let horizons = dataset.config.target.horizons.as_slice();
    if horizons.is_empty() {
        return fit(run, dataset).map(|_| ());
    }
    for dataset in dataset.by_horizon() {
        let horizon = dataset.config.target.horizon;
        cli::note(format!("horizon {horizon}"));
        fit(&run.horizon(horizon), &dataset)?;
    }
    join_horizons(run, horizons)
}

/// Joins the forecasts of all horizons, each of which has a run of its own in a folder of the run, to
/// one table; leaves it be while some are not there.
///
/// # Errors
/// Tables that do not fit together, what the system says.
pub fn join_horizons(run: &RunDir, horizons: &[TimeSpan]) -> anyhow::Result<()> {
    let tables: Vec<_> = (horizons.iter())
        .map(|horizon| run.horizon(*horizon).forecasts())
        .collect();
    if horizons.is_empty() || !tables.iter().all(|table| table.exists()) {
        return Ok(());
    }
    ForecastTable::read_all(tables, run.path())?.write(&run.forecasts())?;
    cli::note(format!(
        "the forecasts of all horizons are in {}; `quarterhour evaluate {} --horizon {}` scores one \
         of them beside other runs",
        run.forecasts().display(),
        cli::quoted(run.path().display()),
        horizons[0]
    ));
    Ok(())
}
