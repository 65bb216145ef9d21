//! Parquet files in.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use polars_arrow::array::{Array, PrimitiveArray, Utf8ViewArray};
use polars_arrow::datatypes::ArrowSchema;
use polars_arrow::types::NativeType;
use polars_buffer::Buffer;
use polars_parquet::read::{FileMetadata, infer_schema, read_metadata};

use super::arrays::{Arrays, parquet_column, with_plain_text};
use super::texts::Texts;
use crate::convert::Values;
use crate::panics::without_panic;
use crate::{Error, convert};

const NS_PER_MS: i64 = 1_000_000;

/// A Parquet file that is read column by column.
pub struct ParquetFile {
    path: PathBuf,
    file: Mutex<File>,
    bytes: u64,
    metadata: FileMetadata,
    schema: ArrowSchema,
}

impl ParquetFile {
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
    /// A column that is not there, holds something else, or lacks a value: by name and row.
    pub fn times_ms(&self, name: &str) -> Result<Vec<i64>, Error> {
        let mut times = Vec::with_capacity(self.rows());
        for array in &self.needed(name)? {
            let array = array.as_ref();
            let unit_ns = match Values::none(array.dtype()) {
                Some(Values::Times(unit_ns, _)) => unit_ns as i64,
                Some(Values::Integers(_)) => NS_PER_MS,
                _ => return Err(self.holds(name, array, "times")),
            };
            let factor = (unit_ns / NS_PER_MS).max(1);
            let divisor = (NS_PER_MS / unit_ns).max(1);
            let time = |time: i64| Some(time.saturating_mul(factor) / divisor);
            self.push_integers(name, array, &mut times, time)?;
        }
        Ok(times)
    }

    /// A column of counts: whole numbers from 0 to those of 32 bits.
    ///
    /// # Errors
    /// As [`ParquetFile::times_ms`]; a number below 0 or above those.
    pub fn counts(&self, name: &str) -> Result<Vec<u32>, Error> {
        let mut counts = Vec::with_capacity(self.rows());
        for array in &self.needed(name)? {
            let array = array.as_ref();
            if !matches!(Values::none(array.dtype()), Some(Values::Integers(_))) {
                return Err(self.holds(name, array, "whole numbers"));
            }
            self.push_integers(name, array, &mut counts, |value| u32::try_from(value).ok())?;
        }
        Ok(counts)
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
            if let Some(values) = whole::<f64>(array) {
                numbers.extend_from_slice(values);
            } else if let Some(values) = whole::<f32>(array) {
                numbers.extend(values.iter().map(|value| f64::from(*value)));
            } else {
                let found = optional_numbers(array);
                let found = found.ok_or_else(|| self.holds(name, array, "numbers"))?;
                numbers.extend(found.into_iter().map(|value| value.unwrap_or(f64::NAN)));
            }
        }
        Ok(Some(numbers))
    }

    /// A column of text: the texts that there are, and the place of each row's among them.
    ///
    /// # Errors
    /// As [`ParquetFile::times_ms`].
    pub fn texts(&self, name: &str) -> Result<(Vec<String>, Vec<u32>), Error> {
        let mut texts = Texts::default();
        let mut places = Vec::with_capacity(self.rows());
        for array in &self.needed(name)? {
            let found = array.as_any().downcast_ref::<Utf8ViewArray>();
            if let Some(found) = found.filter(|found| found.null_count() == 0) {
                places.extend(found.values_iter().map(|text| texts.place(text)));
                continue;
            }
            let found = convert::texts(array.as_ref());
            let found = found.ok_or_else(|| self.holds(name, array.as_ref(), "text"))?;
            for text in found {
                let text = text.ok_or_else(|| self.missing(name, places.len()))?;
                places.push(texts.place(&text));
            }
        }
        Ok((texts.into_vec(), places))
    }

    fn needed(&self, name: &str) -> Result<Arrays, Error> {
        let reason = || Error::file(&self.path, format!("has no column `{name}`"));
        self.arrays(name)?.ok_or_else(reason)
    }

    /// A column's values, one array a group of rows; None where the file has no such column.
    fn arrays(&self, name: &str) -> Result<Option<Arrays>, Error> {
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

    /// Appends the values of an array of whole numbers; `value` returns None for one that is out of
    /// range.
    fn push_integers<V>(
        &self,
        name: &str,
        array: &dyn Array,
        values: &mut Vec<V>,
        value: impl Fn(i64) -> Option<V>,
    ) -> Result<(), Error> {
        let mut push = |item: Option<i64>| {
            let item = item.ok_or_else(|| self.missing(name, values.len()))?;
            values.push(value(item).ok_or_else(|| {
                let row = values.len() + 1;
                let reason = format!("row {row}: `{name}` is {item}, expected 0 or more");
                Error::file(&self.path, reason)
            })?);
            Ok(())
        };
        if let Some(whole) = whole::<i64>(array) {
            return whole.iter().try_for_each(|item| push(Some(*item)));
        }
        let found = convert::integers(array);
        let found = found.ok_or_else(|| self.holds(name, array, "whole numbers"))?;
        found.into_iter().try_for_each(push)
    }

    fn missing(&self, name: &str, row: usize) -> Error {
        Error::file(&self.path, format!("row {}: `{name}` is missing", row + 1))
    }

    fn holds(&self, name: &str, array: &dyn Array, expected: &str) -> Error {
        let found = array.dtype();
        let reason = format!("column `{name}` holds {found:?}, expected {expected}");
        Error::refused(&self.path, reason, "save it as that")
    }
}

/// The values of an array of `T` that lacks none.
fn whole<T: NativeType>(array: &dyn Array) -> Option<&[T]> {
    let array = array.as_any().downcast_ref::<PrimitiveArray<T>>()?;
    (array.null_count() == 0).then(|| array.values().as_slice())
}

/// Numbers of any type; None where the array holds something else, such as times.
fn optional_numbers(array: &dyn Array) -> Option<Vec<Option<f64>>> {
    match Values::none(array.dtype())? {
        Values::Numbers(_) => convert::numbers(array),
        Values::Integers(_) => {
            let number = |value: Option<i64>| value.map(|value| value as f64);
            Some(convert::integers(array)?.into_iter().map(number).collect())
        }
        Values::Times(..) | Values::Texts(_) => None,
    }
}

fn not_parquet(path: &Path, reason: impl std::fmt::Display) -> Error {
    Error::refused(
        path,
        format!("not a readable Parquet file: {reason}"),
        "move the file away and make it again",
    )
}

fn damaged(path: &Path) -> Error {
    not_parquet(path, "its content is damaged")
}
