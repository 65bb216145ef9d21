//! Columns of a file as a part of a table.

use std::collections::BTreeMap;
use std::path::Path;

use market::Symbol;
use rayon::prelude::*;
use storage::ParquetFile;

use super::part::is_output;
use super::{PartKey, TablePart};
use crate::{ControlColumn, Error};

/// All rows of a file as those of one part, with the columns that the file has.
///
/// # Errors
/// A column that every table has is not there or holds something else.
pub(super) fn read_part(
    path: &Path,
    file: &ParquetFile,
    key: PartKey,
    controls: &[ControlColumn],
) -> Result<TablePart, Error> {
    let names: Vec<&str> = file
        .names()
        .filter(|name| is_wanted(name, controls))
        .collect();
    let numbers = || -> Result<BTreeMap<&str, Vec<f64>>, Error> {
        let read = |&name| Ok((name, file.numbers(name)?.unwrap_or_default()));
        names.par_iter().map(read).collect()
    };
    let places = || -> Result<_, Error> {
        Ok((
            file.times_ms("time")?,
            file.texts("symbol")?,
            file.counts("fold")?,
        ))
    };
    let (places, numbers) = rayon::join(places, numbers);
    let (time_ms, (symbols, symbol), fold) = places?;
    let mut numbers = numbers?;
    let symbols = symbols.iter().map(|name| Symbol::new(name));
    let symbols = symbols
        .collect::<Result<_, _>>()
        .map_err(|error| Error::file(path, error))?;
    let mut needed = |name: &str| {
        let reason = || Error::file(path, format!("has no column `{name}`"));
        numbers.remove(name).ok_or_else(reason)
    };
    let (forecast, realized) = (needed("forecast")?, needed("realized")?);
    let mut or = |name: &str, missing: f64| {
        let all_missing = || vec![missing; time_ms.len()];
        numbers.remove(name).unwrap_or_else(all_missing)
    };
    let realized_delayed = or("realized_delayed", f64::NAN);
    let volatility = or("volatility", f64::NAN);
    let trailing_volatility = or("trailing_volatility", f64::NAN);
    let weight = or("weight", 1.0);
    let close = numbers.remove("close");
    let named = numbers
        .into_iter()
        .map(|(name, values)| (name.to_owned(), values));
    let (outputs, controls) = named.partition(|(name, _)| is_output(name));
    Ok(TablePart {
        key,
        symbols,
        symbol,
        fold,
        time_ms,
        forecast,
        realized,
        realized_delayed,
        close,
        volatility,
        trailing_volatility,
        weight,
        outputs,
        controls,
    })
}

/// Whether a column of numbers is one of a table; others are somebody's own.
fn is_wanted(name: &str, controls: &[ControlColumn]) -> bool {
    const ALWAYS: [&str; 7] = [
        "forecast",
        "realized",
        "realized_delayed",
        "close",
        "volatility",
        "trailing_volatility",
        "weight",
    ];
    ALWAYS.contains(&name) || is_output(name) || controls.iter().any(|control| control.name == name)
}
