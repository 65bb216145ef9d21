//! Tables of one row a (time, symbol) and any columns, for other programs.

use std::ops::Range;
use std::path::{Path, PathBuf};

use market::Symbol;
use storage::{ColumnValues, ParquetFile, write_parquet};

use crate::Error;

/// Rows that are compressed together.
const ROWS_PER_GROUP: usize = 1 << 18;

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
            let table = Self::read(&path)?;
            match &mut whole {
                None => whole = Some(table),
                Some(whole) => whole
                    .append(table)
                    .map_err(|reason| Error::file(&path, reason))?,
            }
        }
        Ok(whole.unwrap_or_default())
    }

    fn read(path: &Path) -> Result<Self, Error> {
        let file = ParquetFile::open(path)?;
        let (names, places) = file.texts("symbol")?;
        let symbols = names.iter().map(|name| Symbol::new(name));
        let symbols: Vec<Symbol> = symbols
            .collect::<Result<_, _>>()
            .map_err(|error| Error::file(path, error))?;
        let mut table = Self {
            times: file.times_ms("time")?,
            symbols: (places.iter())
                .map(|place| symbols[*place as usize].clone())
                .collect(),
            ..Self::default()
        };
        for name in file
            .names()
            .filter(|name| !["time", "symbol"].contains(name))
        {
            let values = file.numbers(name)?.unwrap_or_default();
            table.doubles.push((name.to_owned(), values));
        }
        Ok(table)
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
        // An empty table still has its columns.
        let starts = (0..self.len().max(1)).step_by(ROWS_PER_GROUP);
        let rows: Vec<Range<usize>> = starts
            .map(|start| start..self.len().min(start + ROWS_PER_GROUP))
            .collect();
        let places: Vec<u32> = (0..ROWS_PER_GROUP.min(self.len()) as u32).collect();
        let group = |rows: Range<usize>| {
            let symbols: Vec<&str> = self.symbols[rows.clone()]
                .iter()
                .map(Symbol::as_str)
                .collect();
            let places = &places[..symbols.len()];
            let mut columns = vec![
                ("time", ColumnValues::Integers(&self.times[rows.clone()])),
                ("symbol", ColumnValues::Texts(symbols, places)),
            ];
            columns.extend(self.singles.iter().map(|(name, values)| {
                let values = ColumnValues::Singles(&values[rows.clone()]);
                (name.as_str(), values)
            }));
            columns.extend(self.doubles.iter().map(|(name, values)| {
                let values = ColumnValues::Numbers(&values[rows.clone()]);
                (name.as_str(), values)
            }));
            columns
        };
        Ok(write_parquet(path, rows.into_iter().map(group), None)?)
    }
}
