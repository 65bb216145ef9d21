//! Columns of a Parquet file in and out, below data frames: these would hold every value twice, and
//! cannot be built for times alone.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use polars::prelude::PolarsError;
use polars_arrow::array::{Array, PrimitiveArray, Utf8ViewArray};
use polars_arrow::datatypes::{ArrowDataType, ArrowSchema, Field, TimeUnit};
use polars_arrow::types::NativeType;
use polars_buffer::Buffer;
use polars_parquet::read::{
    FileMetadata, ParquetError, fallible_streaming_iterator, infer_schema, read_metadata,
};
use polars_parquet::write::{
    CompressedPage, CompressionOptions, Compressor, DynIter, DynStreamingIterator, FileWriter,
    KeyValue, ParquetType, StatisticsOptions, Version, WriteOptions, array_to_columns,
    get_dtype_encoding, schema_to_metadata_key,
};
use rayon::prelude::*;

use crate::Error;
use crate::files::{not_parquet, write_with};
use crate::foreign::{parquet_column, with_plain_text, without_panic};

/// The values of a column that is written.
pub(super) enum Values<'a> {
    /// Times in milliseconds, UTC.
    Times(&'a [i64]),
    /// One of few texts in each row.
    Texts(Vec<&'a str>, &'a [u32]),
    /// The same text in so many rows.
    Same(&'a str, usize),
    /// Whole numbers.
    Integers(&'a [u32]),
    /// Numbers.
    Numbers(&'a [f64]),
    /// So many numbers that nobody knows.
    Unknown(usize),
}

/// A time as Parquet's own logical type, adjusted to UTC.
fn utc_times() -> ArrowDataType {
    ArrowDataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))
}

impl Values<'_> {
    fn dtype(&self) -> ArrowDataType {
        match self {
            Self::Times(_) => utc_times(),
            Self::Texts(..) | Self::Same(..) => ArrowDataType::Utf8View,
            Self::Integers(_) => ArrowDataType::Int32,
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
            Self::Integers(values) => {
                PrimitiveArray::from_vec(values.iter().map(|value| *value as i32).collect()).boxed()
            }
            Self::Numbers(values) => PrimitiveArray::from_slice(values).boxed(),
            Self::Unknown(rows) => PrimitiveArray::from_vec(vec![f64::NAN; *rows]).boxed(),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Times(values) => values.len(),
            Self::Texts(_, values) | Self::Integers(values) => values.len(),
            Self::Numbers(values) => values.len(),
            Self::Same(_, rows) | Self::Unknown(rows) => *rows,
        }
    }
}

/// Columns of a group of rows, by name.
pub(super) type Group<'a> = Vec<(&'a str, Values<'a>)>;

/// Writes groups of rows of the same columns, at least one, atomically.
pub(super) fn write<'a>(
    path: &Path,
    mut groups: impl Iterator<Item = Group<'a>>,
    (key, value): (&str, String),
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
        let field =
            |(name, values): &(&str, Values<'_>)| Field::new((*name).into(), values.dtype(), false);
        let fields = first.iter().map(field);
        let schema: ArrowSchema = fields.map(|field| (field.name.clone(), field)).collect();
        let own = [
            schema_to_metadata_key(&schema),
            KeyValue::new(key.to_owned(), value),
        ];
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
        writer.end(Some(own.to_vec())).map(|_| ()).map_err(failed)
    })
}

/// A column of a group, compressed.
fn pages(
    values: &Values<'_>,
    parquet_type: &ParquetType,
    options: WriteOptions,
) -> Result<Vec<CompressedPage>, PolarsError> {
    let array = values.array();
    let encoding = get_dtype_encoding(array.dtype());
    let pages = array_to_columns(array, parquet_type.clone(), options, &encoding)?;
    let pages = pages
        .into_iter()
        .flatten()
        .map(|page| page.map_err(|error| ParquetError::FeatureNotSupported(error.to_string())));
    Compressor::new(pages, options.compression, Vec::new())
        .collect::<Result<_, ParquetError>>()
        .map_err(PolarsError::from)
}

/// A Parquet file that is read column by column.
pub(super) struct ColumnFile {
    path: PathBuf,
    file: Mutex<File>,
    bytes: u64,
    metadata: FileMetadata,
    schema: ArrowSchema,
}

impl ColumnFile {
    /// Opens a file and reads its metadata.
    ///
    /// # Errors
    /// A file that is missing or no Parquet.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let read = || {
            let mut file = File::open(path).map_err(Error::io(path))?;
            let bytes = file.metadata().map_err(Error::io(path))?.len();
            let metadata = read_metadata(&mut file).map_err(|error| not_parquet(path, error))?;
            let schema = infer_schema(&metadata).map_err(|error| not_parquet(path, error))?;
            Ok(Self {
                path: path.to_owned(),
                file: Mutex::new(file),
                bytes,
                metadata,
                schema,
            })
        };
        without_panic(read).unwrap_or_else(|| Err(damaged(path)))
    }

    /// The value of a key of the file's own metadata.
    pub fn value(&self, key: &str) -> Option<&str> {
        let pairs = self.metadata.key_value_metadata().iter().flatten();
        let mut found = pairs.filter(|pair| pair.key == key);
        found.next()?.value.as_deref()
    }

    /// Names of all columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.schema.iter_names().map(|name| name.as_str())
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.metadata.num_rows
    }

    /// A column of times in milliseconds, UTC; whole numbers are taken as such.
    ///
    /// # Errors
    /// A column that is not there, holds something else, or lacks a value.
    pub fn times_ms(&self, name: &str) -> Result<Vec<i64>, Error> {
        let arrays = self.needed(name)?;
        let per_ms = |dtype: &ArrowDataType| match dtype {
            ArrowDataType::Timestamp(TimeUnit::Second, _) => (1000, 1),
            ArrowDataType::Timestamp(TimeUnit::Microsecond, _) => (1, 1000),
            ArrowDataType::Timestamp(TimeUnit::Nanosecond, _) => (1, 1_000_000),
            _ => (1, 1),
        };
        let mut times = Vec::with_capacity(self.rows());
        for array in &arrays {
            let (factor, divisor) = per_ms(array.dtype());
            self.push(name, array.as_ref(), &mut times, |time: i64| {
                time.saturating_mul(factor) / divisor
            })
            .unwrap_or_else(|| Err(self.holds(name, array.as_ref(), "times")))?;
        }
        Ok(times)
    }

    /// A column of whole numbers.
    ///
    /// # Errors
    /// As [`ColumnFile::times_ms`].
    pub fn integers(&self, name: &str) -> Result<Vec<u32>, Error> {
        let mut numbers: Vec<u32> = Vec::with_capacity(self.rows());
        for array in &self.needed(name)? {
            let array = array.as_ref();
            self.push(name, array, &mut numbers, |value: i32| {
                u32::try_from(value).unwrap_or(0)
            })
            .or_else(|| {
                let value = |value: i64| u32::try_from(value).unwrap_or(0);
                self.push(name, array, &mut numbers, value)
            })
            .or_else(|| self.push(name, array, &mut numbers, |value: u32| value))
            .unwrap_or_else(|| Err(self.holds(name, array, "whole numbers")))?;
        }
        Ok(numbers)
    }

    /// A column of numbers, NaN where missing; None where the file has no such column.
    ///
    /// # Errors
    /// A column of something else.
    pub fn numbers(&self, name: &str) -> Result<Option<Vec<f64>>, Error> {
        let Some(arrays) = self.arrays(name)? else {
            return Ok(None);
        };
        let mut numbers = Vec::with_capacity(self.rows());
        for array in &arrays {
            let array = array.as_ref();
            push_or_nan(array, &mut numbers, |value: f64| value)
                .or_else(|| push_or_nan(array, &mut numbers, |value: f32| value.into()))
                .or_else(|| push_or_nan(array, &mut numbers, |value: i64| value as f64))
                .or_else(|| push_or_nan(array, &mut numbers, |value: i32| value.into()))
                .ok_or_else(|| self.holds(name, array, "numbers"))?;
        }
        Ok(Some(numbers))
    }

    /// A column of text: the texts that there are, and the place of each row's among them.
    ///
    /// # Errors
    /// As [`ColumnFile::times_ms`].
    pub fn texts(&self, name: &str) -> Result<(Vec<String>, Vec<u32>), Error> {
        let mut texts = Texts::default();
        let mut places = Vec::with_capacity(self.rows());
        for array in &self.needed(name)? {
            let found = array.as_any().downcast_ref::<Utf8ViewArray>();
            let found = found.ok_or_else(|| self.holds(name, array.as_ref(), "text"))?;
            if found.null_count() > 0 {
                return Err(self.missing(name));
            }
            places.extend(found.values_iter().map(|text| texts.place(text)));
        }
        Ok((texts.texts, places))
    }

    fn needed(&self, name: &str) -> Result<Vec<Box<dyn Array>>, Error> {
        let reason = || Error::file(&self.path, format!("has no column `{name}`"));
        self.arrays(name)?.ok_or_else(reason)
    }

    /// A column's values, one array a group of rows; None where the file has no such column.
    fn arrays(&self, name: &str) -> Result<Option<Vec<Box<dyn Array>>>, Error> {
        let Some(field) = self.schema.get(name).cloned().map(with_plain_text) else {
            return Ok(None);
        };
        let bytes = |start: u64, end: u64| -> Result<Buffer<u8>, String> {
            if start > end || end > self.bytes {
                return Err(format!("column `{name}` lies beyond the end of the file"));
            }
            let mut bytes = vec![0; (end - start) as usize];
            let mut file = self.file.lock().map_err(|error| error.to_string())?;
            file.seek(SeekFrom::Start(start))
                .and_then(|_| file.read_exact(&mut bytes))
                .map_err(|error| error.to_string())?;
            Ok(Buffer::from(bytes))
        };
        let read = || {
            parquet_column(&self.metadata, &field, bytes)
                .map_err(|error| not_parquet(&self.path, error))
        };
        let arrays = without_panic(read).unwrap_or_else(|| Err(damaged(&self.path)))?;
        Ok(Some(arrays))
    }

    /// Appends the values of an array of `T`; None where it is of another type.
    fn push<T: NativeType, V>(
        &self,
        name: &str,
        array: &dyn Array,
        values: &mut Vec<V>,
        value: impl Fn(T) -> V,
    ) -> Option<Result<(), Error>> {
        let array = array.as_any().downcast_ref::<PrimitiveArray<T>>()?;
        if array.null_count() > 0 {
            return Some(Err(self.missing(name)));
        }
        values.extend(array.values().iter().map(|item| value(*item)));
        Some(Ok(()))
    }

    fn missing(&self, name: &str) -> Error {
        let reason = format!("column `{name}` lacks values, expected one in each row");
        Error::file(&self.path, reason)
    }

    fn holds(&self, name: &str, array: &dyn Array, expected: &str) -> Error {
        let found = array.dtype();
        let reason = format!("column `{name}` holds {found:?}, expected {expected}");
        Error::refused(&self.path, reason, "save it as that")
    }
}

/// Appends the values of an array of `T`, NaN where missing; None where it is of another type.
fn push_or_nan<T: NativeType>(
    array: &dyn Array,
    numbers: &mut Vec<f64>,
    number: impl Fn(T) -> f64,
) -> Option<()> {
    let array = array.as_any().downcast_ref::<PrimitiveArray<T>>()?;
    if array.null_count() == 0 {
        numbers.extend(array.values().iter().map(|value| number(*value)));
    } else {
        numbers.extend(
            array
                .iter()
                .map(|value| value.map_or(f64::NAN, |value| number(*value))),
        );
    }
    Some(())
}

/// The texts of a column, each once, with their places.
#[derive(Default)]
struct Texts {
    texts: Vec<String>,
    places: HashMap<String, u32>,
    /// For each text, the one that came after it last: coins follow each other in one order.
    after: Vec<u32>,
    last: u32,
}

impl Texts {
    fn place(&mut self, text: &str) -> u32 {
        let guess = self
            .after
            .get(self.last as usize)
            .copied()
            .unwrap_or_default();
        let place = match self.texts.get(guess as usize) {
            Some(known) if known == text => guess,
            _ => self.look_up(text),
        };
        if let Some(after) = self.after.get_mut(self.last as usize) {
            *after = place;
        }
        self.last = place;
        place
    }

    fn look_up(&mut self, text: &str) -> u32 {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = self.texts.len() as u32;
        self.texts.push(text.to_owned());
        self.after.push(0);
        self.places.insert(text.to_owned(), place);
        place
    }
}

fn damaged(path: &Path) -> Error {
    not_parquet(path, "its content is damaged")
}
