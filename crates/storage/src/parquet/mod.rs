//! Parquet files column by column, below data frames: these would hold every value twice, and cannot
//! be built for times alone.

mod arrays;
mod read;
mod texts;
mod write;

pub(crate) use arrays::{Arrays, parquet_column, with_plain_text};
pub use read::ParquetFile;
pub use write::{ColumnValues, RowGroup, write_parquet};
