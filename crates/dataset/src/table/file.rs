//! `forecasts.parquet` in and out.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;

use market::Symbol;

use super::metadata::{FileMetadata, METADATA_KEY, VERSION};
use super::read_part::read_part;
use super::{ForecastTable, NamedColumns, TablePart, version1};
use crate::Error;
use storage::{ColumnValues, ParquetFile, RowGroup, write_parquet};

/// Rows that are written at once.
const ROWS_PER_GROUP: usize = 1 << 20;

impl ForecastTable {
    /// Writes the Parquet file, atomically.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let keys = self.parts().iter().map(|part| &part.key);
        let metadata = FileMetadata::new(self.metadata(), keys);
        let json = serde_json::to_string(&metadata).map_err(|error| Error::file(path, error))?;
        let layout = TableLayout {
            has_panels: metadata.panels.len() > 1,
            numbers: number_names(self.parts()),
        };
        let horizons: Vec<String> = (self.parts().iter())
            .map(|part| part.key.horizon.to_string())
            .collect();
        let groups = self
            .parts()
            .iter()
            .zip(&horizons)
            .flat_map(|(part, horizon)| {
                // An empty table still has its columns.
                let starts = (0..part.len().max(1)).step_by(ROWS_PER_GROUP);
                let rows = starts.map(|start| start..part.len().min(start + ROWS_PER_GROUP));
                rows.map(|rows| layout.group(part, horizon, rows))
                    .collect::<Vec<_>>()
            });
        Ok(write_parquet(path, groups, Some((METADATA_KEY, json)))?)
    }

    /// Reads what [`ForecastTable::write`] wrote. What a table of version 1 does not say of itself
    /// is read from the run.toml of its run.
    ///
    /// # Errors
    /// A file that is missing, broken, of a newer version or lacks a column; a table of version 1
    /// without its run.toml; as [`ForecastTable::new`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        let file = ParquetFile::open(path)?;
        let Some(json) = file.value(METADATA_KEY) else {
            return version1::read(path, &file);
        };
        let metadata = parsed(path, json)?;
        let parts = parts(path, &file, &metadata)?;
        Self::new(metadata.table, parts, path)
    }
}

/// Which columns a file has.
struct TableLayout<'a> {
    has_panels: bool,
    numbers: Vec<&'a str>,
}

/// Names of the columns of numbers of all parts, in the order of the file.
fn number_names(parts: &[TablePart]) -> Vec<&str> {
    let names = |columns: fn(&TablePart) -> &NamedColumns| -> BTreeSet<&str> {
        let of_parts = parts.iter().flat_map(|part| columns(part).keys());
        of_parts.map(String::as_str).collect()
    };
    let has_closes = parts.iter().any(|part| part.close.is_some());
    ["forecast", "realized", "realized_delayed"]
        .into_iter()
        .chain(names(|part| &part.outputs))
        .chain(names(|part| &part.controls))
        .chain(has_closes.then_some("close"))
        .chain(["volatility", "trailing_volatility", "weight"])
        .collect()
}

impl TableLayout<'_> {
    /// Some rows of a part.
    fn group<'a>(
        &'a self,
        part: &'a TablePart,
        horizon: &'a str,
        rows: Range<usize>,
    ) -> RowGroup<'a> {
        let count = rows.len();
        let symbols = part.symbols.iter().map(Symbol::as_str).collect();
        let mut group: RowGroup<'a> = vec![
            ("time", ColumnValues::Times(&part.time_ms[rows.clone()])),
            (
                "symbol",
                ColumnValues::Texts(symbols, &part.symbol[rows.clone()]),
            ),
            ("horizon", ColumnValues::Same(horizon, count)),
        ];
        if self.has_panels {
            group.push(("panel", ColumnValues::Same(&part.key.panel, count)));
        }
        group.push(("fold", ColumnValues::Counts(&part.fold[rows.clone()])));
        let known: BTreeMap<&str, &Vec<f64>> = part.numbers().collect();
        group.extend(self.numbers.iter().map(|&name| match known.get(name) {
            Some(values) => (name, ColumnValues::Numbers(&values[rows.clone()])),
            None => (name, ColumnValues::Unknown(count)),
        }));
        group
    }
}

fn parsed(path: &Path, json: &str) -> Result<FileMetadata, Error> {
    #[derive(serde::Deserialize)]
    struct Version {
        version: u32,
    }
    let bad = |error: serde_json::Error| {
        let reason = format!("its metadata `{METADATA_KEY}` cannot be read: {error}");
        Error::file(path, reason)
    };
    let Version { version } = serde_json::from_str(json).map_err(bad)?;
    if version != VERSION {
        let reason = format!("is a table of version {version}, expected {VERSION} or 1");
        let hint = "read it with the version of this project that wrote it, or a newer one";
        return Err(Error::refused(path, reason, hint));
    }
    serde_json::from_str(json).map_err(bad)
}

/// The parts of a table of this version.
fn parts(
    path: &Path,
    file: &ParquetFile,
    metadata: &FileMetadata,
) -> Result<Vec<TablePart>, Error> {
    let (panels, horizons) = (metadata.panels.len(), metadata.horizons.len());
    let Some(first) = metadata.key(0, 0) else {
        let reason = format!("names {horizons} horizons and {panels} panels, expected one or more");
        return Err(Error::file(path, reason));
    };
    let all = read_part(path, file, first, &metadata.table.controls)?;
    if (panels, horizons) == (1, 1) {
        return Ok(vec![all.without_unknown()]);
    }
    let of_rows = |((panel, horizon), rows): ((usize, usize), Vec<usize>)| {
        let key = metadata.key(panel, horizon)?;
        let part = TablePart { key, ..all.clone() }.take(&rows);
        Some(part.without_unknown())
    };
    let rows = rows_by_key(path, file, metadata)?;
    Ok(rows.into_iter().filter_map(of_rows).collect())
}

/// The rows of each panel and horizon, by their places in the metadata.
fn rows_by_key(
    path: &Path,
    file: &ParquetFile,
    metadata: &FileMetadata,
) -> Result<BTreeMap<(usize, usize), Vec<usize>>, Error> {
    let places = |column: &str, known: Vec<String>| -> Result<Vec<usize>, Error> {
        if known.len() == 1 {
            return Ok(vec![0; file.rows()]);
        }
        let (names, places) = file.texts(column)?;
        let place = |name: &String| known.iter().position(|other| other == name);
        let of_name: Vec<usize> = (names.iter())
            .map(|name| {
                let reason = || {
                    format!(
                        "{column} `{name}` is not in the metadata, expected one of {}",
                        known.join(", ")
                    )
                };
                place(name).ok_or_else(|| Error::file(path, reason()))
            })
            .collect::<Result<_, _>>()?;
        Ok(places
            .into_iter()
            .map(|place| of_name[place as usize])
            .collect())
    };
    let panels = metadata.panels.iter().map(|panel| panel.name.clone());
    let panels = places("panel", panels.collect())?;
    let horizons = metadata
        .horizons
        .iter()
        .map(|horizon| horizon.name.to_string());
    let horizons = places("horizon", horizons.collect())?;
    let mut rows: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (row, key) in panels.into_iter().zip(horizons).enumerate() {
        rows.entry(key).or_default().push(row);
    }
    Ok(rows)
}
