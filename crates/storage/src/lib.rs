//! Files on disk: what may be replaced, files that appear whole or not at all, columns of Parquet and
//! Feather files as plain values, and arrays in files instead of in memory. Knows no candles.

mod convert;
mod error;
mod files;
mod foreign;
mod output;
mod panics;
mod parquet;
mod scratch;

pub use convert::Cell;
pub use error::Error;
pub use files::{content_hash, list, remove_abandoned, write_atomically, write_with};
pub use foreign::ForeignTable;
pub use output::{ELSEWHERE, check_output, open_lock};
pub use parquet::{ColumnValues, ParquetFile, RowGroup, write_parquet};
pub use scratch::{Array, Number, Scratch};
