//! What forecasts.

use std::fmt;

use dataset::{CandleTable, Column, Panel};
use market::Symbol;
use serde::{Deserialize, Serialize};

use crate::Explanation;

/// The forecast of one coin in the target's unit, or why there is none.
pub type ForecastResult = Result<f64, String>;

/// A fitted model, or a rule: what scoring, `predict`, the watch and ensembles all call.
///
/// A forecast at t is a function of the last [`Forecaster::history_bars`] rows up to t and of
/// nothing else, to the last bit: scoring hands in a stretch of the panel, a live forecast the
/// candles that it has just read.
pub trait Forecaster: fmt::Debug {
    /// How many bars up to t a forecast at t is a function of, that of t included.
    fn history_bars(&self) -> usize;

    /// The columns of candles that a forecast is a function of.
    fn columns(&self) -> Vec<Column>;

    /// Checks that candles have the columns that forecasts are made of. Closes are always there.
    ///
    /// # Errors
    /// As [`dataset::check_columns`].
    fn check_columns(&self, _coins: &[(Symbol, CandleTable)]) -> anyhow::Result<()> {
        Ok(())
    }

    /// The fold whose model it is; None for a rule, which was fitted to nothing.
    fn fold(&self) -> Option<usize> {
        None
    }

    /// SHA-256 of the model's files; empty for a rule.
    fn sha256(&self) -> &str {
        ""
    }

    /// The forecasts of all coins at some rows of the panel, `[rows, coins]` row-major. `rows` are
    /// in ascending order.
    ///
    /// # Errors
    /// A device or library that fails.
    fn forecast(&self, panel: &Panel, rows: &[usize]) -> anyhow::Result<Vec<ForecastResult>>;

    /// The same of every horizon in the order of `target.horizons`, one list each; a forecaster of
    /// one horizon has one list.
    ///
    /// # Errors
    /// As [`Forecaster::forecast`].
    fn forecast_horizons(
        &self,
        panel: &Panel,
        rows: &[usize],
    ) -> anyhow::Result<Vec<Vec<ForecastResult>>> {
        Ok(vec![self.forecast(panel, rows)?])
    }

    /// The probabilities of the target's classes, from low to high, of all coins at some rows, in the
    /// order of [`Forecaster::forecast`]; None for a coin without a forecast, and as a whole where
    /// the forecaster learns no classes of its own.
    ///
    /// # Errors
    /// As [`Forecaster::forecast`].
    fn probabilities(
        &self,
        _panel: &Panel,
        _rows: &[usize],
    ) -> anyhow::Result<Option<Vec<Option<Vec<f64>>>>> {
        Ok(None)
    }

    /// What a network's encoder makes of the windows that end at some rows of the panel; None where
    /// there is no network. `rows` are in ascending order.
    ///
    /// # Errors
    /// A device that fails.
    fn embed(&self, _panel: &Panel, _rows: &[usize]) -> anyhow::Result<Option<Embeddings>> {
        Ok(None)
    }

    /// How far every coin's features up to `row` are from those of training; None where that is
    /// not known.
    fn drift(&self, panel: &Panel, _row: usize) -> Vec<Option<Drift>> {
        vec![None; panel.coins()]
    }

    /// What pushed the forecast of each coin at a row, None for a coin without one; None as a whole
    /// where the forecaster has no way to tell.
    ///
    /// # Errors
    /// As [`Forecaster::forecast`].
    fn explain(
        &self,
        _panel: &Panel,
        _row: usize,
    ) -> anyhow::Result<Option<Vec<Option<Explanation>>>> {
        Ok(None)
    }

    /// The same forecaster on rows of features by name; None where a forecast is of more than one row
    /// of them.
    fn by_rows(&self) -> Option<&dyn RowForecaster> {
        None
    }
}

/// The name that [`RowForecaster::names`] has for the coin's volatility of the horizon, where forecasts
/// are made in units of it.
pub const TRAILING_VOLATILITY: &str = "trailing_volatility";

/// A forecaster of single rows of features.
pub trait RowForecaster {
    /// The names of the numbers of a row.
    fn names(&self) -> Vec<String>;

    /// The forecasts of some coins at one time, in the order of `symbols`. `values` is row-major
    /// `[symbols, names]`, NaN where a number is unknown. Where a forecast is of the market's part and
    /// the coin's own, the market is these coins.
    ///
    /// # Errors
    /// A library that fails.
    fn forecast_rows(
        &self,
        symbols: &[Symbol],
        values: &[f64],
    ) -> anyhow::Result<Vec<ForecastResult>>;
}

/// What the encoders of one or more networks make of windows.
#[derive(Debug, Clone, PartialEq)]
pub struct Embeddings {
    /// Values of each vector.
    pub width: usize,
    /// Whether each coin has a vector of its own, as where coins share weights; else a window has one
    /// for all coins.
    pub has_coins: bool,
    /// Whether a window's coin can be forecast, `[rows, coins]`.
    pub is_known: Vec<bool>,
    /// One entry a network: `[rows, coins, width]`, or `[rows, width]` for all coins.
    pub networks: Vec<Vec<f32>>,
}

/// The feature of a coin that is furthest from its training statistics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// The feature.
    pub feature: String,
    /// The mean of it over the last bars, in the training rows' standard deviations from their
    /// mean.
    pub std: f64,
}
