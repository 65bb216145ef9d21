//! Tables of one row a (time, symbol) and any columns, for other programs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use market::Symbol;

use crate::Error;
use crate::files::{
    float_column, float32_column, floats, integer_column, integers, read_parquet, text_column,
    texts, write_parquet,
};

/// Rows of `time`, `symbol` and named columns of 32 and 64 bits, written as Parquet.
#[derive(Debug, Clone, Default)]
pub struct WideTable {
    times: Vec<i64>,
    symbols: Vec<Symbol>,
    singles: Vec<(String, Vec<f32>)>,
    doubles: Vec<(String, Vec<f64>)>,
}

impl WideTable {
    /// An empty table: `singles` are columns of 32 bits, `doubles` of 64, in this order.
    pub fn new(singles: &[String], doubles: &[&str]) -> Self {
        Self {
            singles: singles
                .iter()
                .map(|name| (name.clone(), Vec::new()))
                .collect(),
            doubles: doubles
                .iter()
                .map(|&name| (name.to_owned(), Vec::new()))
                .collect(),
            ..Self::default()
        }
    }

    /// The rows of several files that hold times, symbols and columns of 64 bits, one after the
    /// other.
    ///
    /// # Errors
    /// A file that is missing or broken, or has other columns than the first.
    pub fn concat(paths: impl IntoIterator<Item = PathBuf>) -> Result<Self, Error> {
        let mut whole: Option<Self> = None;
        for path in paths {
            let frame = read_parquet(&path, &[])?;
            let names: Vec<String> = frame
                .get_column_names()
                .iter()
                .map(ToString::to_string)
                .collect();
            let doubles = names
                .iter()
                .filter(|name| !["time", "symbol"].contains(&name.as_str()));
            let mut table = Self {
                times: integers(&path, &frame, "time")?,
                ..Self::default()
            };
            table.symbols = shared_symbols(&path, &texts(&path, &frame, "symbol")?)?;
            for name in doubles {
                table.doubles.push((
                    name.clone(),
                    floats(&path, &frame, name)?.unwrap_or_default(),
                ));
            }
            match &mut whole {
                None => whole = Some(table),
                Some(whole) => whole
                    .append(table)
                    .map_err(|reason| Error::file(&path, reason))?,
            }
        }
        Ok(whole.unwrap_or_default())
    }

    fn append(&mut self, other: Self) -> Result<(), String> {
        if let Some((name, _)) = self
            .doubles
            .iter()
            .find(|(name, _)| other.double(name).is_none())
        {
            return Err(format!(
                "has no column `{name}`, which the files before it have"
            ));
        }
        self.times.extend(&other.times);
        self.symbols.extend(other.symbols.iter().cloned());
        for (name, values) in &mut self.doubles {
            values.extend_from_slice(other.double(name).unwrap_or_default());
        }
        Ok(())
    }

    /// The values of a column of 64 bits.
    pub fn double(&self, name: &str) -> Option<&[f64]> {
        self.doubles
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, values)| values.as_slice())
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Appends a row, one value for each column.
    pub fn push(&mut self, time_ms: i64, symbol: &Symbol, singles: &[f32], doubles: &[f64]) {
        debug_assert_eq!(
            (singles.len(), doubles.len()),
            (self.singles.len(), self.doubles.len())
        );
        self.times.push(time_ms);
        self.symbols.push(symbol.clone());
        for ((_, column), &value) in self.singles.iter_mut().zip(singles) {
            column.push(value);
        }
        for ((_, column), &value) in self.doubles.iter_mut().zip(doubles) {
            column.push(value);
        }
    }

    /// Writes the Parquet file, atomically; NaN where a value is missing.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let symbols: Vec<&str> = self.symbols.iter().map(Symbol::as_str).collect();
        let mut columns = vec![
            integer_column("time", &self.times),
            text_column("symbol", &symbols),
        ];
        columns.extend(
            self.singles
                .iter()
                .map(|(name, values)| float32_column(name, values)),
        );
        columns.extend(
            self.doubles
                .iter()
                .map(|(name, values)| float_column(name, values)),
        );
        write_parquet(path, columns)
    }
}

/// The symbols of all rows, one copy of each text.
fn shared_symbols(path: &Path, names: &[String]) -> Result<Vec<Symbol>, Error> {
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
