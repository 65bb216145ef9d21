//! Forecasts of rows of features that a caller has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anyhow::anyhow;
use cli::WithHint;
use market::Symbol;
use serde::{Deserialize, Serialize};

use crate::forecast::ForecastUnit;
use crate::given::check_symbol;
use crate::watch::WatchArgs;
use crate::{Args, Checkpoint};

/// Most rows at a time.
const MOST_ROWS: usize = 10_000;

/// The features of one coin by name; null is unknown.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureRow {
    /// The coin.
    pub symbol: Symbol,
    /// Each feature that the model knows, by its name.
    pub features: BTreeMap<String, Option<f64>>,
}

/// Forecasts of rows of features.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowForecasts {
    /// How many bars ahead.
    pub horizon_bars: usize,
    /// How far ahead the target looks.
    pub horizon: String,
    /// What forecasts are written in for people; here they are in the target's own unit.
    pub unit: ForecastUnit,
    /// What made them.
    pub forecaster: String,
    /// The fold whose model forecast.
    pub fold: usize,
    /// One entry a row, in their order.
    pub rows: Vec<RowForecast>,
}

/// The forecast of one row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowForecast {
    /// The coin.
    pub symbol: Symbol,
    /// The forecast of the target; None where refused.
    pub forecast: Option<f64>,
    /// Why there is none.
    pub refused: Option<String>,
}

/// A row whose names are not those that the model knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongNames {
    /// Place of the row, from 1.
    pub row: usize,
    /// Its coin.
    pub symbol: Symbol,
    /// Names that it lacks.
    pub missing: Vec<String>,
    /// Names that the model does not know.
    pub unknown: Vec<String>,
}

impl fmt::Display for WrongNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {} of {}", self.row, self.symbol)?;
        let lists = [("lacks", &self.missing), ("has unknown", &self.unknown)];
        let lists = lists.into_iter().filter(|(_, names)| !names.is_empty());
        let lists: Vec<String> = lists
            .map(|(verb, names)| format!("{verb} {}", names.join(", ")))
            .collect();
        write!(
            f,
            " {}: expected exactly the features of the model",
            lists.join(" and ")
        )
    }
}

impl std::error::Error for WrongNames {}

impl Args {
    /// Forecasts of rows of features by name, of a model of trees or a regression. Model and fallback are
    /// those of the arguments. Where a model forecasts the market's part and the coin's own, the
    /// market is the coins of the rows.
    ///
    /// # Errors
    /// A model that needs more than a row, such as a network; coins that it does not know; rows of
    /// other names ([`WrongNames`]); none or more than 10,000 rows.
    pub fn answer_of_rows(&self, rows: &[FeatureRow]) -> anyhow::Result<RowForecasts> {
        if !(1..=MOST_ROWS).contains(&rows.len()) {
            return Err(cli::usage(anyhow!(
                "{} rows were sent, expected 1 to {MOST_ROWS}",
                rows.len()
            )));
        }
        let (overrides, _) = WatchArgs::split(&self.model.set);
        let checkpoint = self.model.request(None, &overrides)?.load()?;
        let Some(forecaster) = checkpoint.forecaster.by_rows() else {
            let error = anyhow!(
                "{} forecasts no single rows of features, expected trees or a regression",
                checkpoint.name()
            );
            return Err(cli::usage(error.hint("send candles, or a time")));
        };
        let names = forecaster.names();
        let symbols: Vec<Symbol> = rows.iter().map(|row| row.symbol.clone()).collect();
        let mut values = Vec::with_capacity(rows.len() * names.len());
        for (place, row) in rows.iter().enumerate() {
            check_symbol(&checkpoint, &row.symbol)?;
            check_names(place + 1, row, &names)?;
            let value = |name: &String| row.features.get(name).copied().flatten();
            values.extend(names.iter().map(|name| value(name).unwrap_or(f64::NAN)));
        }
        let answers = forecaster.forecast_rows(&symbols, &values)?;
        let of_row = |(symbol, answer): (Symbol, Result<f64, String>)| {
            let answer = answer.and_then(|value| match value.is_finite() {
                true => Ok(value),
                false => Err(format!("the model's forecast is {value}")),
            });
            RowForecast {
                symbol,
                forecast: answer.as_ref().ok().copied(),
                refused: answer.err(),
            }
        };
        let rows = symbols.into_iter().zip(answers).map(of_row).collect();
        Ok(RowForecasts::new(&checkpoint, rows))
    }
}

impl RowForecasts {
    fn new(checkpoint: &Checkpoint, rows: Vec<RowForecast>) -> Self {
        let config = &checkpoint.config;
        Self {
            horizon_bars: config.horizon_bars(),
            horizon: config.target.horizon.to_string(),
            unit: ForecastUnit::of(config),
            forecaster: checkpoint.name(),
            fold: checkpoint.forecaster.fold().unwrap_or(0),
            rows,
        }
    }
}

fn check_names(row: usize, found: &FeatureRow, names: &[String]) -> anyhow::Result<()> {
    let known: BTreeSet<&String> = names.iter().collect();
    let missing = names
        .iter()
        .filter(|name| !found.features.contains_key(*name));
    let unknown = found.features.keys().filter(|name| !known.contains(name));
    let wrong = WrongNames {
        row,
        symbol: found.symbol.clone(),
        missing: missing.cloned().collect(),
        unknown: unknown.cloned().collect(),
    };
    match wrong.missing.is_empty() && wrong.unknown.is_empty() {
        true => Ok(()),
        false => Err(anyhow::Error::new(wrong)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_other_names_is_told_what_it_lacks_and_has_too_much() {
        let names = ["return_1", "return_5", "volume"].map(str::to_owned);
        let row = |features: &[&str]| FeatureRow {
            symbol: Symbol::new("BTCUSDT").unwrap(),
            features: (features.iter())
                .map(|name| ((*name).to_owned(), Some(0.0)))
                .collect(),
        };
        assert!(check_names(1, &row(&["volume", "return_5", "return_1"]), &names).is_ok());
        let error = check_names(2, &row(&["return_1", "mood"]), &names).unwrap_err();
        assert_eq!(
            error.to_string(),
            "row 2 of BTCUSDT lacks return_5, volume and has unknown mood: expected exactly the features of \
             the model"
        );
        let wrong = error.downcast_ref::<WrongNames>().unwrap();
        assert_eq!((wrong.missing.len(), wrong.unknown.len()), (2, 1));
    }
}
