//! The rows every forecaster is scored on, and where their folds and timestamps begin and end.

use crate::error::{Error, setting};
use crate::levels::{LevelForecast, Quantity};

/// The scored rows all forecasters share, sorted by (fold, time, symbol); one entry of every column
/// a row.
///
/// Returns are plain fractions (0.001 is 0.1 %). The fields are public so that rows can be written
/// as a literal with named columns and then [checked](Rows::checked); [`score`](crate::score)
/// checks them again.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// What is forecast.
    pub quantity: Quantity,
    /// Time of the forecast, UTC milliseconds.
    pub time_ms: Vec<i64>,
    /// Index into [`symbols`](Rows::symbols).
    pub symbol: Vec<u32>,
    /// Fold the row was scored in, counted from 1.
    pub fold: Vec<u32>,
    /// What the forecast is compared with.
    pub realized: Vec<f64>,
    /// The same with entry one bar later; NaN where unknown.
    pub realized_delayed: Vec<f64>,
    /// The price that the returns begin at, above 0, so that forecasts are scored as prices too; NaN
    /// where unknown. None where returns are not scored as prices.
    pub close: Option<Vec<f64>>,
    /// The target's controls: naive forecasts, known at the time of the forecast; NaN where unknown.
    pub controls: Vec<ForecastColumn>,
    /// Standard deviation of the coin's target in the fold's training rows, above 0; NaN where
    /// unknown.
    pub volatility: Vec<f64>,
    /// Root mean square of the coin's log returns over the last four hours, as that of returns over
    /// the target's reach, above 0; NaN where unknown. None where it is known nowhere: then
    /// [`volatility`](Rows::volatility) takes its place.
    pub trailing_volatility: Option<Vec<f64>>,
    /// Weight in the weighted correlation, 0 or more; 1 everywhere if there are none.
    pub weight: Vec<f64>,
    /// Names of the coins.
    pub symbols: Vec<String>,
    /// Length of a bar in milliseconds.
    pub bar_ms: i64,
    /// Bars from the forecast to the last price its target uses.
    pub reach_bars: usize,
}

impl Rows {
    /// The same rows once they are known to be consistent.
    ///
    /// # Errors
    /// Where there are no rows, a column's length differs, rows are unsorted or repeat a (time,
    /// symbol), or a value is outside what its column may hold.
    pub fn checked(self) -> Result<Self, Error> {
        self.check()?;
        Ok(self)
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.time_ms.len()
    }

    /// True where there is no row at all.
    pub fn is_empty(&self) -> bool {
        self.time_ms.is_empty()
    }

    /// The rows at these places, which must be theirs, in their order.
    pub fn take(mut self, places: &[usize]) -> Self {
        let of = |values: &mut Vec<f64>| *values = picked(values, places);
        self.time_ms = picked(&self.time_ms, places);
        self.symbol = picked(&self.symbol, places);
        self.fold = picked(&self.fold, places);
        of(&mut self.realized);
        of(&mut self.realized_delayed);
        of(&mut self.volatility);
        of(&mut self.weight);
        self.trailing_volatility.iter_mut().for_each(of);
        self.close.iter_mut().for_each(of);
        for control in &mut self.controls {
            of(&mut control.forecast);
        }
        self
    }

    /// The unit of a coin's returns at each row: the trailing volatility, that of the training rows
    /// where no trailing one is known.
    pub(crate) fn unit(&self) -> &[f64] {
        self.trailing_volatility
            .as_deref()
            .unwrap_or(&self.volatility)
    }

    /// Refuses rows that are inconsistent.
    ///
    /// # Errors
    /// As [`Rows::checked`].
    pub fn check(&self) -> Result<(), Error> {
        if self.is_empty() {
            return Err(Error::NoRows);
        }
        if self.bar_ms <= 0 {
            return Err(setting("bar_ms", self.bar_ms, "a length above 0"));
        }
        if self.reach_bars == 0 {
            return Err(setting("reach_bars", self.reach_bars, "at least 1 bar"));
        }
        self.check_lengths()?;
        self.check_order()?;
        self.check_values()?;
        self.check_duplicates()
    }

    /// The values of a control by its name, NaN where unknown; None where the target has none of
    /// that name.
    pub fn control(&self, name: &str) -> Option<&[f64]> {
        let found = self.controls.iter().find(|control| control.name == name);
        found.map(|control| control.forecast.as_slice())
    }

    fn check_lengths(&self) -> Result<(), Error> {
        let lengths = [
            ("symbol", self.symbol.len()),
            ("fold", self.fold.len()),
            ("realized", self.realized.len()),
            ("realized_delayed", self.realized_delayed.len()),
            ("volatility", self.volatility.len()),
            ("weight", self.weight.len()),
        ];
        let trailing = self.trailing_volatility.iter();
        let controls = self.controls.iter();
        let optional = controls
            .map(|control| (control.name.as_str(), control.forecast.len()))
            .chain(trailing.map(|values| ("trailing_volatility", values.len())))
            .chain(self.close.iter().map(|values| ("close", values.len())));
        for (column, found) in lengths.into_iter().chain(optional) {
            if found != self.len() {
                return Err(Error::Length {
                    column: column.to_owned(),
                    found,
                    expected: self.len(),
                });
            }
        }
        Ok(())
    }

    fn check_order(&self) -> Result<(), Error> {
        // The columns have one length (checked before), so every index below is in range.
        for row in 0..self.len() {
            if self.symbol[row] as usize >= self.symbols.len() {
                return Err(Error::Symbol {
                    row,
                    found: self.symbol[row],
                    expected: self.symbols.len(),
                });
            }
            if self.fold[row] == 0 {
                return Err(self.value("fold", row, 0.0, "1 or more"));
            }
            if row > 0 && self.key(row) < self.key(row - 1) {
                return Err(Error::Unsorted {
                    row,
                    fold: self.fold[row],
                    time_ms: self.time_ms[row],
                    symbol: self.symbol_name(row),
                });
            }
        }
        Ok(())
    }

    fn check_values(&self) -> Result<(), Error> {
        type Refused = fn(f64) -> bool;
        let rules: [(&str, &[f64], Refused, &'static str); 6] = [
            (
                "realized",
                &self.realized,
                f64::is_finite,
                "a finite number",
            ),
            (
                "realized_delayed",
                &self.realized_delayed,
                |value| !value.is_infinite(),
                "a finite number, or NaN where it is unknown",
            ),
            (
                "volatility",
                &self.volatility,
                |value| value.is_nan() || (value > 0.0 && value.is_finite()),
                "a number above 0, or NaN where it is unknown",
            ),
            (
                "trailing_volatility",
                self.trailing_volatility.as_deref().unwrap_or_default(),
                |value| value.is_nan() || (value > 0.0 && value.is_finite()),
                "a number above 0, or NaN where it is unknown",
            ),
            (
                "close",
                self.close.as_deref().unwrap_or_default(),
                |value| value.is_nan() || (value > 0.0 && value.is_finite()),
                "a price above 0, or NaN where it is unknown",
            ),
            (
                "weight",
                &self.weight,
                |value| value >= 0.0 && value.is_finite(),
                "a finite number, 0 or more",
            ),
        ];
        let controls = self.controls.iter().map(|control| {
            let rule: Refused = |value| !value.is_infinite();
            (
                control.name.as_str(),
                control.forecast.as_slice(),
                rule,
                "a finite number, or NaN where it is unknown",
            )
        });
        for (column, values, allowed, expected) in rules.into_iter().chain(controls) {
            if let Some(row) = values.iter().position(|value| !allowed(*value)) {
                return Err(self.value(column, row, values[row], expected));
            }
        }
        Ok(())
    }

    fn check_duplicates(&self) -> Result<(), Error> {
        let mut keys: Vec<(i64, u32, u32)> = (0..self.len())
            .map(|row| (self.time_ms[row], self.symbol[row], self.fold[row]))
            .collect();
        keys.sort_unstable();
        for pair in keys.windows(2) {
            let [first, second] = pair else { continue };
            if (first.0, first.1) == (second.0, second.1) {
                return Err(Error::Duplicate {
                    time_ms: first.0,
                    symbol: self
                        .symbols
                        .get(first.1 as usize)
                        .cloned()
                        .unwrap_or_default(),
                    first_fold: first.2,
                    second_fold: second.2,
                });
            }
        }
        Ok(())
    }

    /// The error for a value that its column may not hold.
    pub(crate) fn value(
        &self,
        column: &str,
        row: usize,
        found: f64,
        expected: &'static str,
    ) -> Error {
        Error::Value {
            column: column.to_owned(),
            row,
            time_ms: self.time_ms.get(row).copied().unwrap_or_default(),
            symbol: self.symbol_name(row),
            found,
            expected,
        }
    }

    fn key(&self, row: usize) -> (u32, i64, u32) {
        (self.fold[row], self.time_ms[row], self.symbol[row])
    }

    fn symbol_name(&self, row: usize) -> String {
        let name = self
            .symbol
            .get(row)
            .and_then(|index| self.symbols.get(*index as usize));
        name.cloned().unwrap_or_default()
    }
}

fn picked<T: Copy>(values: &[T], places: &[usize]) -> Vec<T> {
    places.iter().map(|&place| values[place]).collect()
}

/// One forecaster's forecasts, one for each of the [`Rows`].
#[derive(Debug, Clone, PartialEq)]
pub struct ForecastColumn {
    /// What it is: `network`, `lightgbm`, `last_return` and so on.
    pub name: String,
    /// The run it comes from; none for a control.
    pub run: Option<String>,
    /// Its forecast of every row; never NaN, but in [`Rows::controls`].
    pub forecast: Vec<f64>,
    /// What it publishes of the level, where forecasts are log volatilities; None elsewhere, and for
    /// one that is published as it is.
    pub level: Option<LevelForecast>,
}

impl ForecastColumn {
    /// A control.
    pub fn control(name: impl Into<String>, forecast: Vec<f64>) -> Self {
        Self {
            name: name.into(),
            run: None,
            forecast,
            level: None,
        }
    }

    /// True for a control, which comes from no run.
    pub fn is_control(&self) -> bool {
        self.run.is_none()
    }
}

/// Refuses no forecasters, and one that has not exactly one finite forecast a row.
///
/// # Errors
/// Names the forecaster, the row and the value found.
pub fn check_forecasters(rows: &Rows, forecasters: &[ForecastColumn]) -> Result<(), Error> {
    if forecasters.is_empty() {
        return Err(Error::NoForecasters);
    }
    for ForecastColumn {
        name,
        forecast,
        level,
        ..
    } in forecasters
    {
        if forecast.len() != rows.len() {
            return Err(Error::Length {
                column: format!("forecast of {name}"),
                found: forecast.len(),
                expected: rows.len(),
            });
        }
        if let Some(row) = forecast.iter().position(|value| !value.is_finite()) {
            let column = format!("forecast of {name}");
            return Err(rows.value(&column, row, forecast[row], "a finite number"));
        }
        if let Some(level) = level {
            check_level(rows, name, level)?;
        }
    }
    Ok(())
}

/// Refuses columns that are not one value a row, and volatilities that are not above 0.
fn check_level(rows: &Rows, name: &str, level: &LevelForecast) -> Result<(), Error> {
    for (column, values) in level.columns() {
        if values.len() != rows.len() {
            return Err(Error::Length {
                column: format!("{column} of {name}"),
                found: values.len(),
                expected: rows.len(),
            });
        }
    }
    let levels = [
        ("volatility_mean", &level.volatility),
        ("variance_mean", &level.variance),
    ];
    for (column, values) in levels {
        let is_level = |value: &f64| *value > 0.0 && value.is_finite();
        if let Some(row) = values.iter().position(|value| !is_level(value)) {
            let column = format!("{column} of {name}");
            return Err(rows.value(&column, row, values[row], "a number above 0"));
        }
    }
    Ok(())
}
