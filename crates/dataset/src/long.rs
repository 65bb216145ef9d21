//! Candles of many symbols in one Parquet file, one row per (open_time, symbol).

use std::path::Path;

use crate::files::{floats, integers, read_parquet, texts};
use crate::{Column, Error};

/// The columns of a long-format file, all of one length.
#[derive(Debug, Clone, Default)]
pub struct LongTable {
    /// Open times, in the unit of the file.
    pub open_time: Vec<i64>,
    /// Symbols as written in the file.
    pub symbol: Vec<String>,
    columns: [Option<Vec<f64>>; Column::ALL.len()],
}

impl LongTable {
    /// Reads a Parquet file; columns that are not candles' are ignored.
    ///
    /// # Errors
    /// A file that is no Parquet, lacks `open_time`, `symbol` or `close`, or holds text where numbers belong.
    pub fn read_parquet(path: &Path) -> Result<Self, Error> {
        let names: Vec<&str> = ["open_time", "symbol"].into_iter().chain(Column::ALL.map(Column::name)).collect();
        let frame = read_parquet(path, &names)?;
        let mut columns: [Option<Vec<f64>>; Column::ALL.len()] = Default::default();
        for column in Column::ALL {
            columns[column as usize] = floats(path, &frame, column.name())?;
        }
        if columns[Column::Close as usize].is_none() {
            return Err(Error::file(path, "has no column `close`"));
        }
        Ok(Self { open_time: integers(path, &frame, "open_time")?, symbol: texts(path, &frame, "symbol")?, columns })
    }

    /// The value of `column` in row `index`, NaN where it is missing; None where the file has no such column.
    pub fn value(&self, column: Column, index: usize) -> Option<f64> {
        self.columns[column as usize].as_ref().map(|values| values[index])
    }
}
