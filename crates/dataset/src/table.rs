//! The table that every forecaster writes and every evaluation reads: `forecasts.parquet`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::files::{
    float_column, floats, integer_column, integers, read_parquet, text_column, texts,
    write_parquet_in_parts,
};
use market::Symbol;

use crate::{
    DEVIATION_COLUMNS, DEVIATION_MINUTES, Deviations, Error, Panel, deviation_bars, format_time,
};

/// One out-of-sample forecast with what is needed to score it.
#[derive(Debug, Clone, PartialEq)]
pub struct ForecastRow {
    /// Open time of the last candle that the forecast knows, UTC ms; it is known when that candle
    /// closes.
    pub time_ms: i64,
    /// The coin.
    pub symbol: Symbol,
    /// 1-based fold.
    pub fold: u32,
    /// The forecast of the target, in the target's unit.
    pub forecast: f64,
    /// The target as it came.
    pub realized: f64,
    /// The target one bar later: what entering a minute later would have got; NaN where unknown.
    pub realized_delayed: f64,
    /// Simple return of the last bar, the simplest control; NaN where unknown.
    pub last_return: f64,
    /// `ln(close)` minus its mean over the last [`DEVIATION_MINUTES`](crate::DEVIATION_MINUTES);
    /// NaN where unknown.
    pub deviations: [f64; 3],
    /// Standard deviation of the coin's target over the fold's training rows.
    pub volatility: f64,
    /// What a return over the target's reach moves by, as the last four hours did: see
    /// [`Deviations::trailing_volatility`]; NaN where unknown.
    pub trailing_volatility: f64,
    /// The coin's weight in the weighted correlation.
    pub weight: f64,
}

/// Forecasts, sorted by fold, time and symbol, at most one a (time, symbol).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ForecastTable {
    rows: Vec<ForecastRow>,
}

/// Rows that are written at once.
const ROWS_PER_PART: usize = 1 << 20;

/// Returns of one bar that differ by less are the same but for rounding.
const SAME_RETURN: f64 = 1e-9;

/// Rows as columns of the file.
fn columns(rows: &[ForecastRow]) -> Vec<polars::prelude::Column> {
    let float = |name: &str, value: fn(&ForecastRow) -> f64| {
        float_column(name, &rows.iter().map(value).collect::<Vec<_>>())
    };
    let times: Vec<i64> = rows.iter().map(|row| row.time_ms).collect();
    let folds: Vec<i64> = rows.iter().map(|row| i64::from(row.fold)).collect();
    let symbols: Vec<&str> = rows.iter().map(|row| row.symbol.as_str()).collect();
    vec![
        integer_column("time", &times),
        text_column("symbol", &symbols),
        integer_column("fold", &folds),
        float("forecast", |row| row.forecast),
        float("realized", |row| row.realized),
        float("realized_delayed", |row| row.realized_delayed),
        float("last_return", |row| row.last_return),
        float(DEVIATION_COLUMNS[0], |row| row.deviations[0]),
        float(DEVIATION_COLUMNS[1], |row| row.deviations[1]),
        float(DEVIATION_COLUMNS[2], |row| row.deviations[2]),
        float("volatility", |row| row.volatility),
        float("trailing_volatility", |row| row.trailing_volatility),
        float("weight", |row| row.weight),
    ]
}

impl ForecastTable {
    /// Sorts the rows.
    ///
    /// # Errors
    /// Two rows of one time and symbol, or a forecast or realized value that is not finite;
    /// `origin` names the source.
    pub fn new(mut rows: Vec<ForecastRow>, origin: &Path) -> Result<Self, Error> {
        let order = |a: &ForecastRow, b: &ForecastRow| {
            (a.fold, a.time_ms, &a.symbol).cmp(&(b.fold, b.time_ms, &b.symbol))
        };
        if !rows.is_sorted_by(|a, b| order(a, b).is_le()) {
            rows.sort_unstable_by(order);
        }
        let name = |row: &ForecastRow| format!("{} at {}", row.symbol, format_time(row.time_ms));
        if let Some(pair) = rows
            .windows(2)
            .find(|pair| pair[0].time_ms == pair[1].time_ms && pair[0].symbol == pair[1].symbol)
        {
            return Err(Error::file(
                origin,
                format!("two forecasts of {}, expected one", name(&pair[0])),
            ));
        }
        if let Some(row) = rows
            .iter()
            .find(|row| !row.forecast.is_finite() || !row.realized.is_finite())
        {
            let (forecast, realized) = (row.forecast, row.realized);
            return Err(Error::file(
                origin,
                format!(
                    "{}: forecast {forecast}, realized {realized}, expected finite numbers",
                    name(row)
                ),
            ));
        }
        Ok(Self { rows })
    }

    /// The rows in order.
    pub fn rows(&self) -> &[ForecastRow] {
        &self.rows
    }

    /// Whether it lacks the trailing volatility, or a deviation that bars of this length have: older
    /// tables do.
    pub fn lacks_deviations(&self, bar_ms: i64) -> bool {
        if self.rows.iter().all(|row| row.trailing_volatility.is_nan()) {
            return true;
        }
        let is_possible =
            |place: &usize| deviation_bars(DEVIATION_MINUTES[*place], bar_ms).is_some();
        let is_unknown = |place: usize| self.rows.iter().all(|row| row.deviations[place].is_nan());
        (0..DEVIATION_MINUTES.len())
            .filter(is_possible)
            .any(is_unknown)
    }

    /// The table with the deviations and trailing volatilities of a panel's closes, which must be
    /// those that its forecasts were made from.
    ///
    /// # Errors
    /// A row that the panel lacks, or whose last return is another there; `origin` names the table.
    pub fn with_deviations(
        mut self,
        panel: &Panel,
        reach_bars: usize,
        origin: &Path,
    ) -> Result<Self, Error> {
        let deviations = Deviations::of(panel, 0..panel.rows());
        for row in &mut self.rows {
            let name = || format!("{} at {}", row.symbol, format_time(row.time_ms));
            let coin = panel
                .symbols()
                .iter()
                .position(|symbol| *symbol == row.symbol);
            let Some((place, coin)) = panel.row_of(row.time_ms).zip(coin) else {
                return Err(Error::file(
                    origin,
                    format!("{} is not among the store's candles", name()),
                ));
            };
            let (found, expected) = (panel.last_return(place, coin), row.last_return);
            if (found - expected).abs() > SAME_RETURN || (found.is_nan() && !expected.is_nan()) {
                let reason = format!(
                    "{}: last return {found} by the store, {expected} by the table",
                    name()
                );
                return Err(Error::file(origin, reason));
            }
            row.deviations = deviations.at(place, coin);
            row.trailing_volatility = deviations.trailing_volatility(place, coin, reach_bars);
        }
        Ok(self)
    }

    /// The mean forecast of several tables over the same rows: the seeds of one fold.
    ///
    /// # Errors
    /// Tables whose rows differ.
    pub fn average(tables: &[Self], origin: &Path) -> Result<Self, Error> {
        let mut sums: BTreeMap<(u32, i64, &Symbol), (ForecastRow, usize)> = BTreeMap::new();
        for row in tables.iter().flat_map(|table| &table.rows) {
            let entry = sums.entry((row.fold, row.time_ms, &row.symbol));
            entry
                .and_modify(|(sum, count)| {
                    sum.forecast += row.forecast;
                    *count += 1;
                })
                .or_insert_with(|| (row.clone(), 1));
        }
        if let Some(((_, time, symbol), (_, count))) =
            sums.iter().find(|(_, (_, count))| *count != tables.len())
        {
            let time = format_time(*time);
            let reason = format!(
                "{symbol} at {time} is in {count} of {} seeds, expected all",
                tables.len()
            );
            return Err(Error::file(origin, reason));
        }
        let rows = sums.into_values().map(|(row, count)| ForecastRow {
            forecast: row.forecast / count as f64,
            ..row
        });
        Self::new(rows.collect(), origin)
    }

    /// All rows of several files: the folds of a run.
    ///
    /// # Errors
    /// As [`ForecastTable::read`] and [`ForecastTable::new`].
    pub fn read_all(
        paths: impl IntoIterator<Item = PathBuf>,
        origin: &Path,
    ) -> Result<Self, Error> {
        let mut rows = Vec::new();
        for path in paths {
            let table = Self::read(&path)?;
            rows.reserve_exact(table.rows.len());
            rows.extend(table.rows);
        }
        Self::new(rows, origin)
    }

    /// Writes the Parquet file, atomically.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        // An empty table still has its columns.
        let parts = self.rows.chunks(ROWS_PER_PART);
        let none = self.rows.is_empty().then_some(&[][..]);
        write_parquet_in_parts(path, parts.chain(none).map(columns))
    }

    /// Reads what [`ForecastTable::write`] wrote; only time, symbol, fold, forecast and realized
    /// must be there.
    ///
    /// # Errors
    /// A file that is missing, broken or lacks a column; as [`ForecastTable::new`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        let optional = [
            "realized_delayed",
            "last_return",
            "volatility",
            "trailing_volatility",
            "weight",
        ];
        let needed = ["time", "symbol", "fold", "forecast", "realized"];
        let names: Vec<&str> = needed
            .into_iter()
            .chain(optional)
            .chain(DEVIATION_COLUMNS)
            .collect();
        let frame = read_parquet(path, &names)?;
        let times = integers(path, &frame, "time")?;
        let folds = integers(path, &frame, "fold")?;
        let symbols = texts(path, &frame, "symbol")?;
        let or_missing = |name: &str, missing: f64| -> Result<Vec<f64>, Error> {
            Ok(floats(path, &frame, name)?.unwrap_or_else(|| vec![missing; times.len()]))
        };
        let needed = |name: &str| -> Result<Vec<f64>, Error> {
            floats(path, &frame, name)?
                .ok_or_else(|| Error::file(path, format!("has no column `{name}`")))
        };
        let (forecast, realized) = (needed("forecast")?, needed("realized")?);
        let realized_delayed = or_missing("realized_delayed", f64::NAN)?;
        let last_return = or_missing("last_return", f64::NAN)?;
        let [half_hour, hour, four_hours] =
            DEVIATION_COLUMNS.map(|name| or_missing(name, f64::NAN));
        let deviations = [half_hour?, hour?, four_hours?];
        let volatility = or_missing("volatility", f64::NAN)?;
        let trailing_volatility = or_missing("trailing_volatility", f64::NAN)?;
        let weight = or_missing("weight", 1.0)?;
        let rows = shared_symbols(path, &symbols)?
            .into_iter()
            .enumerate()
            .map(|(i, symbol)| ForecastRow {
                time_ms: times[i],
                symbol,
                fold: u32::try_from(folds[i]).unwrap_or(0),
                forecast: forecast[i],
                realized: realized[i],
                realized_delayed: realized_delayed[i],
                last_return: last_return[i],
                deviations: deviations.each_ref().map(|values| values[i]),
                volatility: volatility[i],
                trailing_volatility: trailing_volatility[i],
                weight: weight[i],
            })
            .collect();
        Self::new(rows, path)
    }
}

/// The symbols of all rows, one copy of each text.
pub(crate) fn shared_symbols(path: &Path, names: &[String]) -> Result<Vec<Symbol>, Error> {
    let mut known: BTreeMap<&str, Symbol> = BTreeMap::new();
    names
        .iter()
        .map(|name| match known.get(name.as_str()) {
            Some(symbol) => Ok(symbol.clone()),
            None => {
                let symbol = Symbol::new(name).map_err(|error| Error::file(path, error))?;
                known.insert(name, symbol.clone());
                Ok(symbol)
            }
        })
        .collect()
}
