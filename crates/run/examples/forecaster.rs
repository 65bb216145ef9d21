//! A forecaster of one's own: a coin's last return, turned around. It is fitted to nothing, scored
//! out of sample beside the controls, and its run could be loaded again by a `Kind` in the list.

use dataset::{Column, Config, Dataset, FeatureSet, Panel, RunDir, Source};
use run::{FitOptions, ForecastResult, Forecaster, Piece, Recipe, RunReport, fit_run};

/// The recipe, and what it gives.
#[derive(Debug)]
struct Reversal;

impl Recipe for Reversal {
    fn forecaster(&self) -> &str {
        "reversal"
    }

    fn fit(&self, _piece: &Piece<'_>) -> anyhow::Result<()> {
        Ok(())
    }

    fn load(&self, _piece: &Piece<'_>) -> anyhow::Result<Box<dyn Forecaster>> {
        Ok(Box::new(Self))
    }
}

impl Forecaster for Reversal {
    fn history_bars(&self) -> usize {
        2
    }

    fn columns(&self) -> Vec<Column> {
        vec![Column::Close]
    }

    fn forecast(&self, panel: &Panel, rows: &[usize]) -> anyhow::Result<Vec<ForecastResult>> {
        let of_row =
            |&row: &usize| (0..panel.coins()).map(move |coin| -panel.last_return(row, coin));
        Ok(rows.iter().flat_map(of_row).map(Ok).collect())
    }
}

fn main() -> anyhow::Result<()> {
    let mut config = Config::default();
    config.data.source = Source::Simulated;
    config.universe.symbols.clear();
    config.features.set = FeatureSet::CLOSE6;
    let dataset = Dataset::load(&config)?;
    let folder = tempfile::tempdir()?;
    let run = RunDir::new(folder.path().join("reversal"));
    let options = FitOptions {
        folds: dataset.plan.folds.iter().collect(),
        seeds: vec![1],
        again: false,
        report: RunReport::Tables,
    };
    fit_run(&Reversal, &run, &dataset, "", &options).map(|_| ())
}
