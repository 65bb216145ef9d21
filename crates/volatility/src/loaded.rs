//! A fitted model that forecasts.

use std::path::Path;

use dataset::{CandleTable, Column, Config, DataConfig, Panel, format_time};
use market::{Interval, Symbol};
use run::{Explanation, ForecastResult};

use crate::models::Model;
use crate::observations::Observations;
use crate::{Error, VolatilityModel, VolatilityOptions};

/// Why there is no forecast of a coin at a row, though it has all features: a term of the model is not
/// known there.
pub(crate) const UNKNOWN_TERM: &str = "what the forecast is made of is not known";

/// A model with what it was fitted to.
#[derive(Debug)]
pub struct LoadedModel {
    model: Box<dyn Model>,
    interval: Interval,
    horizon_bars: usize,
    fitted: VolatilityModel,
}

impl LoadedModel {
    /// The model that the options name, with what was fitted to it under the config.
    pub fn new(fitted: VolatilityModel, options: &VolatilityOptions, config: &Config) -> Self {
        let model = options.init(config);
        Self {
            model,
            interval: config.data.interval,
            horizon_bars: config.horizon_bars(),
            fitted,
        }
    }

    /// The same from the text of a file, which `path` names.
    ///
    /// # Errors
    /// As [`VolatilityModel::from_json`].
    pub fn from_json(
        (text, path): (&str, &Path),
        options: &VolatilityOptions,
        config: &Config,
    ) -> Result<Self, Error> {
        let model = options.init(config);
        let fitted = VolatilityModel::from_json(text, path, &model.coefficients())?;
        Ok(Self::new(fitted, options, config))
    }

    /// How many bars up to t a forecast at t looks at.
    pub fn history_bars(&self) -> usize {
        let terms = self.model.terms().into_iter();
        let of_terms =
            terms.map(|term| (term.source).history_bars(self.interval, self.horizon_bars));
        of_terms.fold(self.model.history_bars(), usize::max)
    }

    /// The forecasts of rows, `[rows, coins]` row-major, each by the refit of its time; `rows` are in
    /// ascending order.
    pub fn forecast(&self, panel: &Panel, rows: &[usize]) -> Vec<ForecastResult> {
        let seen = Observations::of(
            (panel, self.horizon_bars),
            rows.to_vec(),
            &self.model.terms(),
        );
        let refit = |row: usize| self.fitted.refit_at(panel.time_ms(row));
        let from = |row: usize| refit(row).map(|refit| refit.from_ms);
        let mut forecasts = Vec::with_capacity(rows.len() * panel.coins());
        for rows in rows.chunk_by(|a, b| from(*a) == from(*b)) {
            match refit(rows[0]) {
                // Chunks are never empty.
                None => forecasts.extend(rows.iter().flat_map(|&row| {
                    let time = format_time(panel.time_ms(row));
                    vec![Err(format!("nothing is fitted for {time}")); panel.coins()]
                })),
                Some(refit) => {
                    let fitted = (&refit.parameters, refit.from_ms);
                    let values = self.model.forecast(fitted, &seen, rows).into_iter();
                    forecasts.extend(values.map(|value| match value.is_nan() {
                        true => Err(UNKNOWN_TERM.to_owned()),
                        false => Ok(value),
                    }));
                }
            }
        }
        forecasts
    }

    /// What pushed the forecasts of all coins at a row. None where nothing is
    /// fitted for the row.
    pub fn explain(&self, panel: &Panel, row: usize) -> Option<Vec<Option<Explanation>>> {
        let seen = Observations::of((panel, self.horizon_bars), vec![row], &self.model.terms());
        let refit = self.fitted.refit_at(panel.time_ms(row))?;
        self.model.explain(&refit.parameters, &seen, row)
    }

    /// Names of the terms of a model whose forecasts are of them alone; None of any other.
    pub fn term_names(&self) -> Option<Vec<&'static str>> {
        let names = || self.model.terms().iter().map(|term| term.name).collect();
        self.model.is_linear().then(names)
    }

    /// The forecasts of coins by their terms, `[coins][terms]`, and the last refit.
    pub fn forecast_terms(&self, symbols: &[Symbol], values: &[Vec<f64>]) -> Vec<ForecastResult> {
        let coins: Vec<(Symbol, CandleTable)> = (symbols.iter())
            .map(|symbol| (symbol.clone(), CandleTable::default()))
            .collect();
        let (filling, columns) = (DataConfig::default().filling(), [Column::Close]);
        let span = (0, self.interval.ms());
        let panel = Panel::build(&coins, self.interval, span, filling, &columns);
        let seen = Observations::given(&panel, &self.model.terms(), values);
        let Some(refit) = self.fitted.refit_at(i64::MAX) else {
            return vec![Err("nothing is fitted".to_owned()); symbols.len()];
        };
        let fitted = (&refit.parameters, refit.from_ms);
        let forecasts = self.model.forecast(fitted, &seen, &[0]).into_iter();
        let known = |value: f64| match value.is_nan() {
            true => Err(UNKNOWN_TERM.to_owned()),
            false => Ok(value),
        };
        forecasts.map(known).collect()
    }
}
