//! A fold's model on disk: what forecasts, offline and live.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, anyhow};
use cli::WithHint;
use dataset::{CandleTable, Column, Config, Eligibility, Origin, Panel, check_columns};
use market::Symbol;
use run::{Explanation, ForecastResult, Forecaster, RowForecaster};
use serde::{Deserialize, Serialize};
use storage::{content_hash, write_atomically};

use crate::config::{KIND, VolatilityConfig};
use crate::{LoadedModel, VolatilityModel};

/// What was fitted.
pub(crate) const MODEL_FILE: &str = "volatility.json";
/// What it was fitted with.
pub(crate) const RECORD_FILE: &str = "volatility-record.json";

/// How a fold's model came about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VolatilityRecord {
    /// 1-based fold.
    pub fold: usize,
    /// Standard deviation of each coin's targets in the training rows, or the mean of the others'.
    pub target_std: BTreeMap<String, Option<f32>>,
    /// What the model was fitted on and with.
    pub origin: Origin,
    /// SHA-256 of the model's file.
    pub sha256: String,
}

impl VolatilityRecord {
    /// Reads the record in a folder.
    ///
    /// # Errors
    /// A file that is not there, or is something else.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(RECORD_FILE);
        let text = fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))
            .hint("`quarterhour volatility --run RUN` fits the folds that are missing")?;
        serde_json::from_str(&text)
            .with_context(|| format!("{}: not a fold's record", path.display()))
    }

    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self).context("a record is JSON")?;
        Ok(write_atomically(
            &folder.join(RECORD_FILE),
            text.as_bytes(),
        )?)
    }

    pub fn target_std_of(&self, symbols: &[Symbol]) -> Vec<Option<f32>> {
        let of = |symbol: &Symbol| self.target_std.get(symbol.as_str()).copied().flatten();
        symbols.iter().map(of).collect()
    }
}

/// Reads what was fitted from a folder; `names` are those of the numbers that all coins share.
///
/// # Errors
/// A file that is not there, or is something else.
pub(crate) fn read_model(folder: &Path, names: &[String]) -> anyhow::Result<VolatilityModel> {
    let path = folder.join(MODEL_FILE);
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(VolatilityModel::from_json(&text, &path, names)?)
}

/// A fitted model that forecasts.
#[derive(Debug)]
pub(crate) struct SavedVolatility {
    config: Config,
    model: LoadedModel,
    record: VolatilityRecord,
}

impl SavedVolatility {
    /// Loads what a folder holds.
    ///
    /// # Errors
    /// Files that are not there, are damaged, or belong to another config.
    pub fn load(folder: &Path, config: &VolatilityConfig) -> anyhow::Result<Self> {
        let record = VolatilityRecord::read(folder)?;
        let path = folder.join(MODEL_FILE);
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let found = content_hash(text.as_bytes());
        if found != record.sha256 {
            return Err(anyhow!(
                "{} has SHA-256 {found}, expected {}, which {RECORD_FILE} names",
                path.display(),
                record.sha256
            )
            .hint("put back the run's own file, or fit it again"));
        }
        let own = (KIND, &config.volatility);
        let file = folder.join(RECORD_FILE);
        record.origin.check(&config.shared, own, &file)?;
        let text = (text.as_str(), path.as_path());
        let model = LoadedModel::from_json(text, &config.volatility, &config.shared)?;
        Ok(Self {
            config: config.shared.clone(),
            model,
            record,
        })
    }
}

impl Forecaster for SavedVolatility {
    fn history_bars(&self) -> usize {
        let own = self.model.history_bars() + self.config.data.fill_limit_bars();
        self.config.history_bars().max(own)
    }

    fn columns(&self) -> Vec<Column> {
        self.config.columns()
    }

    fn check_columns(&self, coins: &[(Symbol, CandleTable)]) -> anyhow::Result<()> {
        Ok(check_columns(&self.config, coins)?)
    }

    fn fold(&self) -> Option<usize> {
        Some(self.record.fold)
    }

    fn sha256(&self) -> &str {
        &self.record.sha256
    }

    fn forecast(&self, panel: &Panel, rows: &[usize]) -> anyhow::Result<Vec<ForecastResult>> {
        let coins = panel.coins();
        let eligibility = Eligibility::at(panel, &self.config.features, rows);
        let answers = self.model.forecast(panel, rows).into_iter().enumerate();
        let checked = |(place, answer): (usize, ForecastResult)| {
            let (row, coin) = (rows[place / coins], place % coins);
            match eligibility.refusal(row, coin) {
                Some(refusal) => Err(refusal),
                None => answer,
            }
        };
        Ok(answers.map(checked).collect())
    }

    fn explain(
        &self,
        panel: &Panel,
        row: usize,
    ) -> anyhow::Result<Option<Vec<Option<Explanation>>>> {
        let forecasts = self.forecast(panel, &[row])?;
        let of_forecast = |(explanation, forecast): (Option<Explanation>, ForecastResult)| {
            explanation.filter(|_| forecast.is_ok())
        };
        let explained = self.model.explain(panel, row);
        Ok(explained.map(|all| all.into_iter().zip(forecasts).map(of_forecast).collect()))
    }

    fn by_rows(&self) -> Option<&dyn RowForecaster> {
        self.model.term_names().map(|_| self as &dyn RowForecaster)
    }
}

impl RowForecaster for SavedVolatility {
    fn names(&self) -> Vec<String> {
        let names = self.model.term_names().unwrap_or_default();
        names.into_iter().map(str::to_owned).collect()
    }

    fn forecast_rows(
        &self,
        symbols: &[Symbol],
        values: &[f64],
    ) -> anyhow::Result<Vec<ForecastResult>> {
        let terms = self.names().len().max(1);
        let rows: Vec<Vec<f64>> = values.chunks_exact(terms).map(<[f64]>::to_vec).collect();
        Ok(self.model.forecast_terms(symbols, &rows))
    }
}
