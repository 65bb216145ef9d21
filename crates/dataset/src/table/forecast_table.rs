//! Out-of-sample forecasts of all horizons and panels of a run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use market::Symbol;

use super::{PartKey, TableMetadata, TablePart};
use crate::{Error, format_time};

/// Out-of-sample forecasts, one part a horizon and panel. A part is sorted by fold, time and symbol
/// and has at most one row a time and symbol; parts are sorted by panel and horizon.
#[derive(Debug, Clone, PartialEq)]
pub struct ForecastTable {
    metadata: TableMetadata,
    parts: Vec<TablePart>,
}

/// One forecast of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ForecastRow<'a> {
    /// The horizon and the panel.
    pub key: &'a PartKey,
    /// Open time of the last candle that the forecast knows, UTC ms.
    pub time_ms: i64,
    /// The coin.
    pub symbol: &'a Symbol,
    /// Fold that the row was scored in, from 1.
    pub fold: u32,
    /// The forecast of the target, in the target's unit.
    pub forecast: f64,
    /// The target as it came.
    pub realized: f64,
}

impl ForecastTable {
    /// Puts parts of one horizon and panel together, sorts and checks them.
    ///
    /// # Errors
    /// Two rows of one panel, horizon, time and symbol; a forecast or realized value that is not
    /// finite; parts whose columns do not fit together. `origin` names the source.
    pub fn new(
        metadata: TableMetadata,
        parts: Vec<TablePart>,
        origin: &Path,
    ) -> Result<Self, Error> {
        let mut by_key: BTreeMap<PartKey, TablePart> = BTreeMap::new();
        for part in parts {
            match by_key.get_mut(&part.key) {
                Some(first) => first.append(part, origin)?,
                None => drop(by_key.insert(part.key.clone(), part)),
            }
        }
        let parts: Vec<TablePart> = by_key
            .into_values()
            .map(|part| part.checked(origin))
            .collect::<Result<_, _>>()?;
        let same = |a: &PartKey, b: &PartKey| (&a.panel, a.horizon) == (&b.panel, b.horizon);
        if let Some(pair) = parts
            .windows(2)
            .find(|pair| same(&pair[0].key, &pair[1].key))
        {
            let (first, second) = (&pair[0].key, &pair[1].key);
            let reason = format!(
                "{first} has a reach of {} on {} and of {} on {}, expected one",
                first.reach, first.market, second.reach, second.market
            );
            return Err(Error::file(origin, reason));
        }
        Ok(Self { metadata, parts })
    }

    /// What all rows have in common.
    pub fn metadata(&self) -> &TableMetadata {
        &self.metadata
    }

    /// The rows of each horizon and panel.
    pub fn parts(&self) -> &[TablePart] {
        &self.parts
    }

    /// What all rows have in common, and the rows.
    pub fn into_inner(self) -> (TableMetadata, Vec<TablePart>) {
        (self.metadata, self.parts)
    }

    /// A table of its own for each horizon and panel.
    pub fn into_parts(self) -> Vec<Self> {
        let of_part = |part| Self {
            metadata: self.metadata.clone(),
            parts: vec![part],
        };
        self.parts.into_iter().map(of_part).collect()
    }

    /// The only part of a table of one horizon and panel.
    ///
    /// # Errors
    /// A table of several, or of none; `origin` names it.
    pub fn only_part(&self, origin: &Path) -> Result<&TablePart, Error> {
        match self.parts.as_slice() {
            [part] => Ok(part),
            parts => {
                let keys: Vec<String> = parts.iter().map(|part| part.key.to_string()).collect();
                let reason = format!(
                    "has forecasts of {} horizons and panels ({}), expected one",
                    parts.len(),
                    keys.join("; ")
                );
                let hint = "--horizon and --panel choose one";
                Err(Error::refused(origin, reason, hint))
            }
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.parts.iter().map(TablePart::len).sum()
    }

    /// Returns true when there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows of all parts, in order.
    pub fn rows(&self) -> impl Iterator<Item = ForecastRow<'_>> {
        let of_part = |part| (0..TablePart::len(part)).map(move |row| ForecastRow::new(part, row));
        self.parts.iter().flat_map(of_part)
    }

    /// The rows that are wanted.
    pub fn filter(self, is_wanted: impl Fn(ForecastRow<'_>) -> bool) -> Self {
        let kept = |part: TablePart| {
            let is_wanted = |row: &usize| is_wanted(ForecastRow::new(&part, *row));
            let rows: Vec<usize> = (0..part.len()).filter(is_wanted).collect();
            part.take(&rows)
        };
        Self {
            parts: self.parts.into_iter().map(kept).collect(),
            metadata: self.metadata,
        }
    }

    /// The mean of several tables over the same rows: the seeds of one run. Forecasts are averaged,
    /// and so are bounds of intervals and probabilities of classes.
    ///
    /// # Errors
    /// Tables whose rows or outputs differ.
    pub fn average(tables: Vec<Self>, origin: &Path) -> Result<Self, Error> {
        let count = tables.len();
        let mut tables = tables.into_iter();
        let Some(mut mean) = tables.next() else {
            return Err(Error::file(origin, "no tables, expected at least one seed"));
        };
        for table in tables {
            mean.check_same_rows(&table, origin)?;
            for (sum, part) in mean.parts.iter_mut().zip(table.parts) {
                add(&mut sum.forecast, &part.forecast);
                for (name, values) in &mut sum.outputs {
                    // The rows are the same, and so are the outputs' names.
                    add(values, &part.outputs[name]);
                }
            }
        }
        for part in &mut mean.parts {
            let columns = std::iter::once(&mut part.forecast).chain(part.outputs.values_mut());
            columns.flatten().for_each(|value| *value /= count as f64);
        }
        Ok(mean)
    }

    /// Refuses another table that has other rows or outputs.
    fn check_same_rows(&self, other: &Self, origin: &Path) -> Result<(), Error> {
        let keys = |table: &Self| -> Vec<PartKey> {
            table.parts.iter().map(|part| part.key.clone()).collect()
        };
        if self.metadata != other.metadata || keys(self) != keys(other) {
            return Err(self.other_metadata(other, origin));
        }
        for (one, two) in self.parts.iter().zip(&other.parts) {
            if !one.outputs.keys().eq(two.outputs.keys()) {
                return Err(Error::file(
                    origin,
                    "seeds have different outputs, expected the same of all",
                ));
            }
            for (part, others) in [(one, two), (two, one)] {
                if let Some(row) = part.rows_in(others).iter().position(Option::is_none) {
                    let (time, symbol) = (format_time(part.time_ms[row]), part.symbol_of(row));
                    let reason =
                        format!("{symbol} at {time} is not in every seed, expected in all");
                    return Err(Error::file(origin, reason));
                }
            }
        }
        Ok(())
    }

    /// All rows of several files: the folds of a run.
    ///
    /// # Errors
    /// As [`ForecastTable::read`] and [`ForecastTable::new`]; files of different targets.
    pub fn read_all(
        paths: impl IntoIterator<Item = PathBuf>,
        origin: &Path,
    ) -> Result<Self, Error> {
        let mut tables = paths.into_iter().map(|path| Self::read(&path));
        let Some(first) = tables.next() else {
            return Err(Error::file(
                origin,
                "no forecasts, expected those of at least one piece",
            ));
        };
        let Self {
            metadata,
            mut parts,
        } = first?;
        for table in tables {
            let table = table?;
            if table.metadata != metadata {
                let first = Self { metadata, parts };
                return Err(first.other_metadata(&table, origin));
            }
            parts.extend(table.parts);
        }
        Self::new(metadata, parts, origin)
    }

    fn other_metadata(&self, other: &Self, origin: &Path) -> Error {
        let name = |table: &Self| {
            let TableMetadata { target, bar, .. } = &table.metadata;
            let keys: Vec<String> = table
                .parts
                .iter()
                .map(|part| part.key.to_string())
                .collect();
            format!("target {target} on bars of {bar} ({})", keys.join("; "))
        };
        let reason = format!(
            "a piece is of {}, expected {} as of the first",
            name(other),
            name(self)
        );
        let hint = "pieces of one run have one [target] and [data] section";
        Error::refused(origin, reason, hint)
    }
}

impl<'a> ForecastRow<'a> {
    fn new(part: &'a TablePart, row: usize) -> Self {
        Self {
            key: &part.key,
            time_ms: part.time_ms[row],
            symbol: part.symbol_of(row),
            fold: part.fold[row],
            forecast: part.forecast[row],
            realized: part.realized[row],
        }
    }
}

fn add(sum: &mut [f64], values: &[f64]) {
    sum.iter_mut()
        .zip(values)
        .for_each(|(sum, value)| *sum += value);
}
