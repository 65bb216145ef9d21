//! A fold's ridge on disk: what forecasts, offline and live.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, anyhow};
use cli::WithHint;
use dataset::{CandleTable, Column, Config, Eligibility, Origin, Panel, check_columns};
use market::Symbol;
use run::{Explanation, ForecastResult, Forecaster, RowForecaster, TRAILING_VOLATILITY};
use serde::{Deserialize, Serialize};
use storage::{content_hash, write_atomically};

use crate::RidgeModel;
use crate::config::{KIND, RidgeConfig};

/// The coefficients of a fold.
pub(crate) const COEFFICIENTS_FILE: &str = "ridge.json";
/// What they were fitted with.
pub(crate) const RECORD_FILE: &str = "ridge-record.json";

/// Why a coin that training did not see has no forecast.
const UNKNOWN_COIN: &str = "the coin had no training rows in which its target varies";

/// How a fold's coefficients came about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RidgeRecord {
    /// 1-based fold.
    pub fold: usize,
    /// Standard deviation of each coin's targets in the training rows; a coin without any is not
    /// forecast.
    pub target_std: BTreeMap<String, Option<f32>>,
    /// What the coefficients were fitted on and with.
    pub origin: Origin,
    /// SHA-256 of the coefficients' file.
    pub sha256: String,
}

impl RidgeRecord {
    /// Reads the record in a folder.
    ///
    /// # Errors
    /// A file that is not there, or is something else.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(RECORD_FILE);
        let text = fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))
            .hint("`quarterhour ridge --run RUN` fits the folds that are missing")?;
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

/// Reads the coefficients in a folder.
///
/// # Errors
/// A file that is not there, or is something else.
pub(crate) fn read_model(folder: &Path) -> anyhow::Result<RidgeModel> {
    let path = folder.join(COEFFICIENTS_FILE);
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(RidgeModel::from_json(&text, &path)?)
}

/// A fitted ridge that forecasts.
#[derive(Debug)]
pub(crate) struct SavedRidge {
    config: Config,
    fitted: RidgeModel,
    record: RidgeRecord,
}

impl SavedRidge {
    /// Loads what a folder holds.
    ///
    /// # Errors
    /// Files that are not there, are damaged, or belong to another config.
    pub fn load(folder: &Path, config: &RidgeConfig) -> anyhow::Result<Self> {
        let record = RidgeRecord::read(folder)?;
        let path = folder.join(COEFFICIENTS_FILE);
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
        let own = (KIND, &config.ridge);
        record
            .origin
            .check(&config.shared, own, &folder.join(RECORD_FILE))?;
        Ok(Self {
            config: config.shared.clone(),
            fitted: RidgeModel::from_json(&text, &path)?,
            record,
        })
    }
}

impl Forecaster for SavedRidge {
    fn history_bars(&self) -> usize {
        let own = self.fitted.history_bars() + self.config.data.fill_limit_bars();
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
        let std = self.record.target_std_of(panel.symbols());
        let answers = self.fitted.forecast(panel, rows).into_iter().enumerate();
        let checked = |(place, answer): (usize, ForecastResult)| {
            let (row, coin) = (rows[place / coins], place % coins);
            let refusal = std[coin].is_none().then(|| UNKNOWN_COIN.to_owned());
            match refusal.or_else(|| eligibility.refusal(row, coin)) {
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
        let pairs = self.fitted.explain(panel, row).into_iter().zip(forecasts);
        let of_forecast = |(explanation, forecast): (Option<Explanation>, ForecastResult)| {
            explanation.filter(|_| forecast.is_ok())
        };
        Ok(Some(pairs.map(of_forecast).collect()))
    }

    fn by_rows(&self) -> Option<&dyn RowForecaster> {
        Some(self)
    }
}

impl RowForecaster for SavedRidge {
    fn names(&self) -> Vec<String> {
        let features = self.fitted.features().names();
        let names = features.into_iter().chain([TRAILING_VOLATILITY]);
        names.map(str::to_owned).collect()
    }

    /// By the coefficients of the last refit.
    fn forecast_rows(
        &self,
        symbols: &[Symbol],
        values: &[f64],
    ) -> anyhow::Result<Vec<ForecastResult>> {
        let at = match self.fitted.at_time(i64::MAX) {
            Ok(at) => at,
            Err(reason) => return Ok(vec![Err(reason); symbols.len()]),
        };
        let rows = values.chunks_exact(self.names().len());
        let (units, rows): (Vec<f64>, Vec<Vec<f32>>) = rows
            .filter_map(<[f64]>::split_last)
            .map(|(unit, row)| (*unit, row.iter().map(|&value| value as f32).collect()))
            .unzip();
        let cells: Vec<Option<&[f32]>> = rows.iter().map(|row| Some(row.as_slice())).collect();
        let forecasts = at.forecasts(&cells, &units).into_iter();
        let std = self.record.target_std_of(symbols);
        let checked = |(forecast, std): (ForecastResult, &Option<f32>)| match std {
            None => Err(UNKNOWN_COIN.to_owned()),
            Some(_) => forecast,
        };
        Ok(forecasts.zip(&std).map(checked).collect())
    }
}
