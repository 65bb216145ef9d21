//! Parquet files out.

use std::path::Path;

use polars_arrow::array::{Array, PrimitiveArray, Utf8ViewArray};
use polars_arrow::datatypes::{ArrowDataType, ArrowSchema, Field, TimeUnit};
use polars_error::PolarsError;
use polars_parquet::read::{ParquetError, fallible_streaming_iterator};
use polars_parquet::write::{
    CompressedPage, CompressionOptions, Compressor, DynIter, DynStreamingIterator, Encoding,
    FileWriter, KeyValue, ParquetType, StatisticsOptions, Version, WriteOptions, array_to_columns,
    get_dtype_encoding, schema_to_metadata_key,
};
use rayon::prelude::*;

use crate::Error;
use crate::files::write_with;

/// The values of a column that is written, one for each row.
pub enum ColumnValues<'a> {
    /// Times in milliseconds, UTC.
    Times(&'a [i64]),
    /// One of few texts in each row, by its place among them.
    Texts(Vec<&'a str>, &'a [u32]),
    /// The same text in so many rows.
    Same(&'a str, usize),
    /// Small counts, as whole numbers of 32 bits.
    Counts(&'a [u32]),
    /// Whole numbers of 64 bits.
    Integers(&'a [i64]),
    /// Numbers of 32 bits.
    Singles(&'a [f32]),
    /// Numbers of 64 bits, NaN where unknown.
    Numbers(&'a [f64]),
    /// So many numbers that nobody knows.
    Unknown(usize),
}

/// A time as Parquet's own logical type, adjusted to UTC.
fn utc_times() -> ArrowDataType {
    ArrowDataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))
}

impl ColumnValues<'_> {
    fn dtype(&self) -> ArrowDataType {
        match self {
            Self::Times(_) => utc_times(),
            Self::Texts(..) | Self::Same(..) => ArrowDataType::Utf8View,
            Self::Counts(_) => ArrowDataType::Int32,
            Self::Integers(_) => ArrowDataType::Int64,
            Self::Singles(_) => ArrowDataType::Float32,
            Self::Numbers(_) | Self::Unknown(_) => ArrowDataType::Float64,
        }
    }

    fn array(&self) -> Box<dyn Array> {
        let texts = |texts: &[&str]| Utf8ViewArray::from_slice_values(texts).boxed();
        match self {
            Self::Times(times) => PrimitiveArray::from_slice(times).to(utc_times()).boxed(),
            Self::Texts(names, places) => {
                // A place that names nothing is written as an empty text, which no reader takes.
                let name = |place: &u32| names.get(*place as usize).copied().unwrap_or_default();
                texts(&places.iter().map(name).collect::<Vec<_>>())
            }
            Self::Same(text, rows) => texts(&vec![*text; *rows]),
            Self::Counts(values) => {
                PrimitiveArray::from_vec(values.iter().map(|value| *value as i32).collect()).boxed()
            }
            Self::Integers(values) => PrimitiveArray::from_slice(values).boxed(),
            Self::Singles(values) => PrimitiveArray::from_slice(values).boxed(),
            Self::Numbers(values) => PrimitiveArray::from_slice(values).boxed(),
            Self::Unknown(rows) => PrimitiveArray::from_vec(vec![f64::NAN; *rows]).boxed(),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Times(values) | Self::Integers(values) => values.len(),
            Self::Texts(_, values) | Self::Counts(values) => values.len(),
            Self::Singles(values) => values.len(),
            Self::Numbers(values) => values.len(),
            Self::Same(_, rows) | Self::Unknown(rows) => *rows,
        }
    }
}

/// Columns of some rows, by name.
pub type RowGroup<'a> = Vec<(&'a str, ColumnValues<'a>)>;

/// Writes groups of rows of the same columns, at least one, atomically; only one group is held at a
/// time. `metadata` is a key and its value in the file's own metadata.
///
/// # Errors
/// No group; as [`crate::check_output`]; what the system says, with the path.
pub fn write_parquet<'a>(
    path: &Path,
    mut groups: impl Iterator<Item = RowGroup<'a>>,
    metadata: Option<(&str, String)>,
) -> Result<(), Error> {
    let failed = |error: PolarsError| Error::file(path, error);
    let options = WriteOptions {
        statistics: StatisticsOptions::default(),
        version: Version::V1,
        compression: CompressionOptions::Zstd(None),
        data_page_size: None,
    };
    write_with(path, |file| {
        let Some(first) = groups.next() else {
            return Err(Error::file(path, "a table without columns"));
        };
        let field = |(name, values): &(&str, ColumnValues<'_>)| {
            Field::new((*name).into(), values.dtype(), false)
        };
        let fields = first.iter().map(field);
        let schema: ArrowSchema = fields.map(|field| (field.name.clone(), field)).collect();
        let mut pairs = vec![schema_to_metadata_key(&schema)];
        pairs.extend(metadata.map(|(key, value)| KeyValue::new(key.to_owned(), value)));
        let mut writer = FileWriter::try_new(file, schema, options).map_err(failed)?;
        let types: Vec<ParquetType> = writer.parquet_schema().fields().to_vec();
        for group in std::iter::once(first).chain(groups) {
            let rows = group.first().map_or(0, |(_, values)| values.len());
            if rows == 0 {
                continue;
            }
            let columns: Vec<Vec<CompressedPage>> = group
                .par_iter()
                .zip(&types)
                .map(|((_, values), parquet_type)| pages(values, parquet_type, options))
                .collect::<Result<_, _>>()
                .map_err(failed)?;
            let columns = DynIter::new(columns.iter().map(|pages| {
                let pages = pages.iter().map(Ok::<_, PolarsError>);
                Ok(DynStreamingIterator::new(
                    fallible_streaming_iterator::convert(pages),
                ))
            }));
            writer.write(rows as u64, columns).map_err(failed)?;
        }
        writer.end(Some(pairs)).map(|_| ()).map_err(failed)
    })
}

/// Columns of fewer values are written as they are. What a compressor sets up takes longer than to write and to read
/// them, and so does the search for values that a dictionary would make smaller.
const LEAST_TO_COMPRESS: usize = 1_000;

/// A column of a group, compressed where it is long.
fn pages(
    values: &ColumnValues<'_>,
    parquet_type: &ParquetType,
    options: WriteOptions,
) -> Result<Vec<CompressedPage>, PolarsError> {
    let array = values.array();
    let (encoding, compression) = match array.len() < LEAST_TO_COMPRESS {
        true => (vec![Encoding::Plain], CompressionOptions::Uncompressed),
        false => (get_dtype_encoding(array.dtype()), options.compression),
    };
    let pages = array_to_columns(array, parquet_type.clone(), options, &encoding)?;
    let pages = pages
        .into_iter()
        .flatten()
        .map(|page| page.map_err(|error| ParquetError::FeatureNotSupported(error.to_string())));
    Compressor::new(pages, compression, Vec::new())
        .collect::<Result<_, ParquetError>>()
        .map_err(PolarsError::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ParquetFile;

    /// A group that is too short to be compressed, and one that is not.
    #[test]
    fn short_and_long_groups_are_read_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.parquet");
        let numbers: Vec<f64> = (0..3_000).map(|row| f64::from(row % 7)).collect();
        let times: Vec<i64> = (0..3_000).collect();
        let group = |rows: std::ops::Range<usize>| {
            vec![
                ("time", ColumnValues::Times(&times[rows.clone()])),
                ("name", ColumnValues::Same("BTCUSDT", rows.len())),
                ("number", ColumnValues::Numbers(&numbers[rows])),
            ]
        };
        write_parquet(&path, [group(0..30), group(30..3_000)].into_iter(), None).unwrap();
        let file = ParquetFile::open(&path).unwrap();
        assert_eq!(file.times_ms("time").unwrap(), times);
        assert_eq!(file.numbers("number").unwrap(), Some(numbers));
        let (names, places) = file.texts("name").unwrap();
        assert_eq!(
            (names, places),
            (vec!["BTCUSDT".to_owned()], vec![0; 3_000])
        );
        // 24,000 bytes of numbers alone.
        let bytes = std::fs::metadata(&path).unwrap().len();
        assert!(bytes < 20_000, "{bytes} bytes");
    }
}
