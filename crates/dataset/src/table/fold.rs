//! From a fold's forecasts to rows of the table.

use std::path::Path;

use super::{ForecastTable, PartKey, TableMetadata, TablePart};
use crate::trailing_volatility::TrailingVolatility;
use crate::{Column, Control, Dataset, Error, Fold, Task};

/// Collects the forecasts of a fold's scored rows, each with what is needed to score it.
#[derive(Debug)]
pub struct FoldForecasts<'a> {
    dataset: &'a Dataset,
    fold: &'a Fold,
    reach_bars: usize,
    task: Task,
    trailing: TrailingVolatility,
    /// Name and values of each control at the scored rows, `[rows, coins]`.
    controls: Vec<(String, Vec<f64>)>,
    part: TablePart,
}

impl<'a> FoldForecasts<'a> {
    /// No forecasts yet.
    pub fn new(dataset: &'a Dataset, fold: &'a Fold) -> Self {
        let Dataset { config, panel, .. } = dataset;
        let target = config.target.init(config.data.interval);
        let controls = target.controls();
        let training = match controls.iter().any(Control::needs_training) {
            true => dataset.training_targets(fold),
            false => Vec::new(),
        };
        let values = |control: Control| {
            let values = control.values_in_fold(panel, fold.score.clone(), &training);
            (control.column.name, values)
        };
        let controls: Vec<(String, Vec<f64>)> = controls.into_iter().map(values).collect();
        let mut part = TablePart::empty(PartKey::new(config));
        part.symbols = panel.symbols().to_vec();
        part.close = TableMetadata::new(config).has_closes().then(Vec::new);
        for (name, _) in &controls {
            part.controls.insert(name.clone(), Vec::new());
        }
        Self {
            dataset,
            fold,
            reach_bars: config.reach_bars(),
            task: target.task(),
            trailing: TrailingVolatility::new(panel, fold.score.clone()),
            controls,
            part,
        }
    }

    /// Adds the coin's forecast at a scored row, in the target's unit; `target_std` is the standard
    /// deviation of the coin's targets in the training rows.
    pub fn push(&mut self, (row, coin): (usize, usize), target_std: Option<f32>, forecast: f64) {
        let Self { dataset, part, .. } = self;
        let Dataset { panel, targets, .. } = dataset;
        part.time_ms.push(panel.time_ms(row));
        part.symbol.push(coin as u32);
        part.fold.push(self.fold.number as u32);
        part.forecast.push(forecast);
        part.realized.push(targets.value(row, coin));
        part.realized_delayed.push(targets.value(row + 1, coin));
        if let Some(close) = &mut part.close {
            close.push(panel.value(Column::Close, row, coin));
        }
        part.volatility.push(target_std.map_or(f64::NAN, f64::from));
        part.trailing_volatility.push(match self.task {
            // The unit of returns is none of its own.
            Task::LogVolatility | Task::Regime => f64::NAN,
            Task::Return | Task::Level => self.trailing.at(row, coin, self.reach_bars),
        });
        part.weight.push(dataset.weight(coin));
        let cell = (row - self.fold.score.start) * panel.coins() + coin;
        for (name, values) in &self.controls {
            if let Some(column) = part.controls.get_mut(name) {
                column.push(values[cell]);
            }
        }
    }

    /// Adds what a forecaster says of the row that was added last beside its forecast: each row has
    /// the same names.
    pub fn push_output(&mut self, name: &str, value: f64) {
        let outputs = &mut self.part.outputs;
        outputs.entry(name.to_owned()).or_default().push(value);
    }

    /// The table of what was added.
    ///
    /// # Errors
    /// As [`ForecastTable::new`].
    pub fn table(self, origin: &Path) -> Result<ForecastTable, Error> {
        let metadata = TableMetadata::new(&self.dataset.config);
        ForecastTable::new(metadata, vec![self.part], origin)
    }
}
