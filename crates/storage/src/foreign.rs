//! Tables that other programs wrote, as Parquet or as Feather (Arrow's own file): columns of many
//! types as plain cells.
//!
//! They are read by the layers of Polars below data frames, which panic at types that they were not
//! built for.

#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{BufReader, Cursor};
use std::path::Path;

use polars_arrow::datatypes::{ArrowDataType, Field};
use polars_arrow::io::ipc::read::{FileReader, read_file_metadata};
use polars_buffer::Buffer;
use polars_parquet::read::{infer_schema, read_metadata};

use crate::Error;
use crate::convert::{Cell, Values};
use crate::panics::without_panic;
use crate::parquet::{Arrays, parquet_column, with_plain_text};

/// The chosen columns of a Parquet or Feather file.
#[derive(Debug)]
pub struct ForeignTable {
    /// Names of all columns of the file, in its order.
    pub names: Vec<String>,
    /// Position in `names` and values of the columns that were chosen.
    columns: Vec<(usize, Values)>,
    rows: usize,
}

impl ForeignTable {
    /// Reads the columns of a Parquet file that `choose` names by their positions among all.
    ///
    /// # Errors
    /// A file that is no Parquet; a chosen column whose type cannot be taken, by its name.
    pub fn read_parquet(
        path: &Path,
        choose: impl FnOnce(&[String]) -> Vec<usize>,
    ) -> Result<Self, Error> {
        let read = || {
            let bytes = fs::read(path).map_err(Error::io(path))?;
            let not_parquet = |error: &dyn std::fmt::Display| {
                Error::refused(
                    path,
                    format!("not a readable Parquet file: {error}"),
                    "fetch or write the file again",
                )
            };
            let metadata =
                read_metadata(&mut Cursor::new(&bytes)).map_err(|error| not_parquet(&error))?;
            let schema = infer_schema(&metadata).map_err(|error| not_parquet(&error))?;
            let fields: Vec<Field> = schema.iter_values().cloned().map(with_plain_text).collect();
            let bytes = Buffer::from(bytes);
            Self::new(path, &fields, choose, |field| {
                let slice = |start: u64, end: u64| {
                    let place = usize::try_from(start).ok().zip(usize::try_from(end).ok());
                    place
                        .filter(|&(start, end)| start <= end && end <= bytes.len())
                        .map(|(start, end)| bytes.clone().sliced(start..end))
                        .ok_or_else(|| {
                            let name = &field.name;
                            format!("column `{name}` lies beyond the end of the file")
                        })
                };
                parquet_column(&metadata, field, slice).map_err(|error| not_parquet(&error))
            })
        };
        without_panic(read).unwrap_or_else(|| Err(broken(path, "Parquet")))
    }

    /// Reads the columns of a Feather file (version 2, which is Arrow's IPC file) that `choose`
    /// names by their positions.
    ///
    /// # Errors
    /// As [`ForeignTable::read_parquet`].
    pub fn read_feather(
        path: &Path,
        choose: impl FnOnce(&[String]) -> Vec<usize>,
    ) -> Result<Self, Error> {
        let read = || {
            let not_feather = |error: &dyn std::fmt::Display| {
                Error::refused(
                    path,
                    format!("not a readable Feather file of version 2: {error}"),
                    "save the table as Parquet or CSV",
                )
            };
            let mut file = BufReader::new(File::open(path).map_err(Error::io(path))?);
            let metadata = read_file_metadata(&mut file).map_err(|error| not_feather(&error))?;
            let fields: Vec<Field> = metadata.schema.iter_values().cloned().collect();
            let mut columns: Vec<Arrays> = fields.iter().map(|_| Arrays::new()).collect();
            for chunk in FileReader::new(file, metadata, None, None) {
                let chunk = chunk.map_err(|error| not_feather(&error))?;
                for (column, array) in columns.iter_mut().zip(chunk.into_arrays()) {
                    column.push(array);
                }
            }
            let mut columns = fields
                .iter()
                .map(|field| &field.name)
                .zip(columns)
                .collect::<Vec<_>>();
            Self::new(path, &fields, choose, |field| {
                let found = columns.iter_mut().find(|(name, _)| *name == &field.name);
                Ok(found
                    .map(|(_, arrays)| std::mem::take(arrays))
                    .unwrap_or_default())
            })
        };
        without_panic(read).unwrap_or_else(|| Err(broken(path, "Feather")))
    }

    fn new(
        path: &Path,
        fields: &[Field],
        choose: impl FnOnce(&[String]) -> Vec<usize>,
        mut arrays: impl FnMut(&Field) -> Result<Arrays, Error>,
    ) -> Result<Self, Error> {
        let names: Vec<String> = fields.iter().map(|field| field.name.to_string()).collect();
        let mut columns = Vec::new();
        for position in choose(&names) {
            let Some(field) = fields.get(position) else {
                continue;
            };
            let refused = |dtype: &ArrowDataType| {
                Error::refused(
                    path,
                    format!(
                        "column `{}` holds {dtype:?}, expected numbers, decimals, times, dates or text",
                        field.name
                    ),
                    "save that column as one of these, or give it another name and it is left out",
                )
            };
            let mut values = Values::none(&field.dtype).ok_or_else(|| refused(&field.dtype))?;
            for array in arrays(field)? {
                values
                    .append(array.as_ref())
                    .ok_or_else(|| refused(array.dtype()))?;
            }
            columns.push((position, values));
        }
        let rows = columns.first().map_or(0, |(_, values)| values.len());
        match columns.iter().find(|(_, values)| values.len() != rows) {
            Some(&(position, _)) => Err(Error::file(
                path,
                format!(
                    "column `{}` has another length than others",
                    names[position]
                ),
            )),
            None => Ok(Self {
                names,
                columns,
                rows,
            }),
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Puts the values of one row into `cells`, one for each name; a column that was not chosen is
    /// missing.
    pub fn row<'a>(&'a self, row: usize, cells: &mut Vec<Cell<'a>>) {
        cells.clear();
        cells.resize(self.names.len(), Cell::Missing);
        for (position, values) in &self.columns {
            cells[*position] = values.cell(row);
        }
    }
}

fn broken(path: &Path, form: &str) -> Error {
    Error::refused(
        path,
        format!("not a readable {form} file: its content is damaged"),
        "fetch or write the file again",
    )
}
