//! A column of a Parquet file as Arrow's arrays.

use std::io::Cursor;

use polars_arrow::array::Array;
use polars_arrow::datatypes::{ArrowDataType, Field};
use polars_buffer::Buffer;
use polars_parquet::read::{BasicDecompressor, FileMetadata, PageReader, column_iter_to_arrays};

use crate::convert::is_text;

/// A column, one array for each group of rows.
pub(crate) type Arrays = Vec<Box<dyn Array>>;

/// Reads a column; `bytes` returns those of the file from one place up to another.
pub(crate) fn parquet_column(
    metadata: &FileMetadata,
    field: &Field,
    bytes: impl Fn(u64, u64) -> Result<Buffer<u8>, String>,
) -> Result<Arrays, String> {
    let mut arrays = Arrays::new();
    for group in &metadata.row_groups {
        let columns = group
            .columns_under_root_iter(&field.name)
            .map(Vec::from_iter)
            .unwrap_or_default();
        let [column] = columns[..] else {
            return Err(format!("column `{}` is not stored as one", field.name));
        };
        let range = column.byte_range();
        let chunk = Cursor::new(bytes(range.start, range.end)?);
        let pages = PageReader::new(chunk, column, Vec::new(), usize::MAX);
        let pages = vec![BasicDecompressor::new(pages, Vec::new())];
        let types = vec![&column.descriptor().descriptor.primitive_type];
        let read = column_iter_to_arrays(pages, types, field.clone(), None);
        arrays.extend(read.map_err(|error| error.to_string())?.0);
    }
    Ok(arrays)
}

/// A category of a Parquet file is text that is stored once; the text itself is what is read.
pub(crate) fn with_plain_text(mut field: Field) -> Field {
    if matches!(&field.dtype, ArrowDataType::Dictionary(_, values, _) if is_text(values)) {
        field.dtype = ArrowDataType::Utf8View;
    }
    field
}
