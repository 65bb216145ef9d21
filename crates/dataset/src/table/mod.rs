//! The table that every forecaster writes and every evaluation reads: `forecasts.parquet`.
//!
//! `docs/src/reference/forecasts.md` describes each column.

mod file;
mod fold;
mod forecast_table;
mod metadata;
mod part;
mod read_part;
mod version1;

pub use fold::FoldForecasts;
pub use forecast_table::{ForecastRow, ForecastTable};
pub use metadata::{PartKey, TableMetadata};
pub use part::{NamedColumns, TablePart};
