//! Files that appear whole or not at all, and Parquet in and out.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use polars::prelude::{
    Column as PolarsColumn, DataFrame, DataType, IntoColumn, NamedFrom, ParquetReader,
    ParquetWriter,
};
use polars::prelude::{SerReader, Series};
use polars_arrow::datatypes::ArrowDataType;
use sha2::{Digest, Sha256};

use crate::foreign::without_panic;
use crate::{Error, check_output};

/// A write is done in seconds; a temporary file that is older was left by a process that was
/// killed.
const ABANDONED: Duration = Duration::from_secs(60);

/// Writes a file under a temporary name beside it, syncs it and renames it into place.
///
/// # Errors
/// As [`check_output`]; what the system says, with the path.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write_with(path, |file| file.write_all(bytes).map_err(Error::io(path)))
}

/// SHA-256 of some bytes, in lowercase hexadecimal: how a model file names the statistics it
/// belongs to.
pub fn content_hash(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

pub(crate) fn write_with(
    path: &Path,
    write: impl FnOnce(&mut File) -> Result<(), Error>,
) -> Result<(), Error> {
    check_output(path)?;
    // The parent of a bare file name is the empty path.
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(Error::io(folder))?;
    let mut builder = tempfile::Builder::new();
    // Readable by whom the umask allows, as any file; a temporary file is its owner's alone by
    // default.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).map_err(Error::io(folder))?;
    write(file.as_file_mut())?;
    file.as_file().sync_all().map_err(Error::io(path))?;
    file.persist(path).map_err(|error| Error::Io {
        path: path.to_owned(),
        source: error.error,
    })?;
    // The rename itself is durable only once the folder is synced.
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(Error::io(folder))
}

/// Removes the temporary files in `folder` that a killed process left; a folder that is not there
/// is empty.
///
/// # Errors
/// A folder that cannot be read, a file that cannot be removed.
pub fn remove_abandoned(folder: &Path) -> Result<(), Error> {
    for path in list(folder)? {
        let is_temporary = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(".tmp"));
        let age = fs::metadata(&path)
            .and_then(|file| file.modified())
            .ok()
            .and_then(|time| time.elapsed().ok());
        if is_temporary && age.is_some_and(|age| age > ABANDONED) {
            fs::remove_file(&path).map_err(Error::io(&path))?;
        }
    }
    Ok(())
}

/// What is in a folder, in no order; one that is not there is empty.
pub(crate) fn list(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    match fs::read_dir(folder) {
        Ok(entries) => entries
            .map(|entry| entry.map(|entry| entry.path()).map_err(Error::io(folder)))
            .collect(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Error::io(folder)(error)),
    }
}

pub(crate) fn write_parquet(path: &Path, columns: Vec<PolarsColumn>) -> Result<(), Error> {
    write_parquet_in_parts(path, std::iter::once(columns))
}

/// Writes one table given in parts of the same columns, at least one; only one part is held at a
/// time.
pub(crate) fn write_parquet_in_parts(
    path: &Path,
    parts: impl Iterator<Item = Vec<PolarsColumn>>,
) -> Result<(), Error> {
    let failed = |error: polars::prelude::PolarsError| Error::file(path, error);
    let mut frames = parts.map(|columns| DataFrame::new_infer_height(columns).map_err(failed));
    write_with(path, |file| {
        let Some(first) = frames.next() else {
            return Err(Error::file(path, "a table without columns"));
        };
        let first = first?;
        let mut writer = ParquetWriter::new(file)
            .batched(first.schema())
            .map_err(failed)?;
        writer.write_batch(&first).map_err(failed)?;
        drop(first);
        for frame in frames {
            writer.write_batch(&frame?).map_err(failed)?;
        }
        writer.finish().map(|_| ()).map_err(failed)
    })
}

/// Reads those of `columns` that the file has, or all if none are named; the error of a broken file
/// names it.
pub(crate) fn read_parquet(path: &Path, columns: &[&str]) -> Result<DataFrame, Error> {
    without_panic(|| parquet_frame(path, columns))
        .unwrap_or_else(|| Err(not_parquet(path, "its content is damaged")))
}

pub(crate) fn not_parquet(path: &Path, reason: impl std::fmt::Display) -> Error {
    Error::refused(
        path,
        format!("not a readable Parquet file: {reason}"),
        "move the file away and make it again",
    )
}

fn parquet_frame(path: &Path, columns: &[&str]) -> Result<DataFrame, Error> {
    let not_parquet = |error: &dyn std::fmt::Display| not_parquet(path, error);
    let mut reader = ParquetReader::new(File::open(path).map_err(Error::io(path))?);
    let schema = reader.schema().map_err(|error| not_parquet(&error))?;
    let is_wanted = |name: &str| columns.is_empty() || columns.contains(&name);
    // At types that it was not built for, Polars panics.
    if let Some(field) = schema
        .iter_values()
        .find(|field| is_wanted(&field.name) && !is_known(&field.dtype))
    {
        let (name, dtype) = (&field.name, &field.dtype);
        return Err(Error::refused(
            path,
            format!("column `{name}` holds {dtype:?}, expected numbers of 32 or 64 bits or text"),
            "save it as one of these",
        ));
    }
    if columns.is_empty() {
        return reader.finish().map_err(|error| not_parquet(&error));
    }
    let present = columns
        .iter()
        .filter(|name| schema.contains(name))
        .map(|&name| name.to_owned())
        .collect();
    reader
        .with_columns(Some(present))
        .finish()
        .map_err(|error| not_parquet(&error))
}

/// The types of the files that this project writes, and what is read as one of them.
fn is_known(dtype: &ArrowDataType) -> bool {
    use ArrowDataType as Type;
    match dtype {
        Type::Null | Type::Boolean | Type::Int32 | Type::Int64 | Type::UInt32 | Type::UInt64 => {
            true
        }
        Type::Float32 | Type::Float64 | Type::Utf8 | Type::LargeUtf8 | Type::Utf8View => true,
        Type::Dictionary(_, values, _) => is_known(values),
        _ => false,
    }
}

/// The values of a numeric column as f64, NaN where missing; None where the file has no such
/// column.
pub(crate) fn floats(
    path: &Path,
    frame: &DataFrame,
    name: &str,
) -> Result<Option<Vec<f64>>, Error> {
    let Ok(column) = frame.column(name) else {
        return Ok(None);
    };
    let numbers = numeric(path, column, name, &DataType::Float64)?;
    let values = numbers.f64().map_err(|error| Error::file(path, error))?;
    Ok(Some(
        values
            .iter()
            .map(|value| value.unwrap_or(f64::NAN))
            .collect(),
    ))
}

/// The values of an integer column; a missing one is an error.
pub(crate) fn integers(path: &Path, frame: &DataFrame, name: &str) -> Result<Vec<i64>, Error> {
    let column = frame
        .column(name)
        .map_err(|_| Error::file(path, format!("has no column `{name}`")))?;
    let numbers = numeric(path, column, name, &DataType::Int64)?;
    let values = numbers.i64().map_err(|error| Error::file(path, error))?;
    let mut result = Vec::with_capacity(values.len());
    for (row, value) in values.iter().enumerate() {
        let bad = || Error::BadRow {
            path: path.to_owned(),
            row: row + 1,
            reason: format!("`{name}` is missing"),
        };
        result.push(value.ok_or_else(bad)?);
    }
    Ok(result)
}

fn numeric(
    path: &Path,
    column: &PolarsColumn,
    name: &str,
    dtype: &DataType,
) -> Result<PolarsColumn, Error> {
    if !column.dtype().is_primitive_numeric() {
        return Err(Error::file(
            path,
            format!("column `{name}` holds {}, expected numbers", column.dtype()),
        ));
    }
    column.cast(dtype).map_err(|error| Error::file(path, error))
}

/// The values of a text column.
pub(crate) fn texts(path: &Path, frame: &DataFrame, name: &str) -> Result<Vec<String>, Error> {
    let column = frame
        .column(name)
        .map_err(|_| Error::file(path, format!("has no column `{name}`")))?;
    let values = column.str().map_err(|_| {
        Error::file(
            path,
            format!("column `{name}` holds {}, expected text", column.dtype()),
        )
    })?;
    Ok(values
        .iter()
        .map(|value| value.unwrap_or_default().to_owned())
        .collect())
}

pub(crate) fn float32_column(name: &str, values: &[f32]) -> PolarsColumn {
    Series::new(name.into(), values).into_column()
}

pub(crate) fn float_column(name: &str, values: &[f64]) -> PolarsColumn {
    Series::new(name.into(), values).into_column()
}

pub(crate) fn integer_column(name: &str, values: &[i64]) -> PolarsColumn {
    Series::new(name.into(), values).into_column()
}

pub(crate) fn text_column(name: &str, values: &[&str]) -> PolarsColumn {
    Series::new(name.into(), values).into_column()
}
