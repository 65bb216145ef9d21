//! Several horizons of which each has a model of its own.

use dataset::{Dataset, ForecastTable, RunDir};

use crate::ScoredRun;

/// Fits and scores every horizon of a data set by `fit`: a data set of one horizon in the run's own
/// folder; of several each as a run of its own in a folder of the run, and their forecasts are
/// joined to one table once all are there.
///
/// # Errors
/// What `fit` says; tables that do not fit together.
pub fn fit_by_horizon(
    run: &RunDir,
    dataset: &Dataset,
    fit: impl Fn(&RunDir, &Dataset) -> anyhow::Result<Option<ScoredRun>>,
) -> anyhow::Result<()> {
    let horizons = dataset.config.target.horizons.as_slice();
    if horizons.is_empty() {
        return fit(run, dataset).map(|_| ());
    }
    for dataset in dataset.by_horizon() {
        let horizon = dataset.config.target.horizon;
        cli::note(format!("horizon {horizon}"));
        fit(&run.horizon(horizon), &dataset)?;
    }
    let tables: Vec<_> = (horizons.iter())
        .map(|horizon| run.horizon(*horizon).forecasts())
        .collect();
    if tables.iter().all(|table| table.exists()) {
        ForecastTable::read_all(tables, run.path())?.write(&run.forecasts())?;
        cli::note(format!(
            "the forecasts of all horizons are in {}; `quarterhour evaluate {} --horizon {}` \
             scores one of them beside other runs",
            run.forecasts().display(),
            cli::quoted(run.path().display()),
            horizons[0]
        ));
    }
    Ok(())
}
