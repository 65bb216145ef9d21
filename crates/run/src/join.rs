//! From forecast tables to the rows that all of them have.

use std::collections::{BTreeMap, BTreeSet};

use dataset::{ForecastRow, ForecastTable};

use score::{ForecastColumn, Rows};

/// Why tables cannot be joined.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum JoinError {
    /// The common rows cannot be scored.
    #[error(transparent)]
    Rows(#[from] score::Error),
    /// Two tables forecast different things.
    #[error(
        "{name}, time {time_ms} ms of {symbol}: realized is {found}, but {expected} in the first table, expected one \
         target\nhint: compare runs of one [target] section on the same candles"
    )]
    OtherTarget {
        /// The forecaster.
        name: String,
        /// The time, UTC milliseconds.
        time_ms: i64,
        /// The symbol.
        symbol: String,
        /// What its table says.
        found: f64,
        /// What the first table says.
        expected: f64,
    },
}

/// A forecast table with the name it goes by.
#[derive(Debug, Clone, Copy)]
pub struct NamedTable<'a> {
    /// What forecast: `network`, `lightgbm` and so on.
    pub name: &'a str,
    /// The run it comes from.
    pub run: Option<&'a str>,
    /// Its forecasts.
    pub table: &'a ForecastTable,
}

/// What all tables have in common.
#[derive(Debug, Clone)]
pub struct Joined {
    /// The common rows.
    pub rows: Rows,
    /// The forecasts of each source on these rows, in the order given.
    pub forecasters: Vec<ForecastColumn>,
    /// How many rows of each source are not in all the others and so are not scored.
    pub dropped: Vec<usize>,
}

/// What a row is told from others by.
type Key<'a> = (u32, i64, &'a str);

fn key(row: &ForecastRow) -> Key<'_> {
    (row.fold, row.time_ms, row.symbol.as_str())
}

/// Keeps the (fold, time, symbol) that every table has.
///
/// # Errors
/// No common row; two tables that disagree on what was realized, and so forecast different targets.
pub fn join(
    sources: &[NamedTable<'_>],
    bar_ms: i64,
    reach_bars: usize,
) -> Result<Joined, JoinError> {
    let Some((first, others)) = sources.split_first() else {
        return Err(score::Error::NoRows.into());
    };
    let others: Vec<BTreeMap<Key<'_>, &ForecastRow>> = others
        .iter()
        .map(|source| {
            source
                .table
                .rows()
                .iter()
                .map(|row| (key(row), row))
                .collect()
        })
        .collect();
    let common: Vec<&ForecastRow> = first
        .table
        .rows()
        .iter()
        .filter(|row| others.iter().all(|table| table.contains_key(&key(row))))
        .collect();
    let symbols: BTreeSet<&str> = common.iter().map(|row| row.symbol.as_str()).collect();
    let symbols: Vec<String> = symbols.into_iter().map(str::to_owned).collect();
    let column =
        |value: fn(&ForecastRow) -> f64| common.iter().map(|row| value(row)).collect::<Vec<f64>>();
    let rows = Rows {
        time_ms: common.iter().map(|row| row.time_ms).collect(),
        // Found, as the list was made from these very rows.
        symbol: common
            .iter()
            .map(|row| {
                symbols
                    .binary_search_by(|symbol| symbol.as_str().cmp(row.symbol.as_str()))
                    .unwrap_or_default() as u32
            })
            .collect(),
        fold: common.iter().map(|row| row.fold).collect(),
        realized: column(|row| row.realized),
        realized_delayed: column(|row| row.realized_delayed),
        last_return: column(|row| row.last_return),
        deviations: deviations(&common, &others),
        volatility: column(|row| row.volatility),
        trailing_volatility: known_somewhere(&common, &others, |row| row.trailing_volatility),
        weight: column(|row| row.weight),
        symbols,
        bar_ms,
        reach_bars,
    }
    .checked()?;
    let mut forecasters = vec![forecaster(first, column(|row| row.forecast))];
    for (source, table) in sources[1..].iter().zip(&others) {
        let mut forecast = Vec::with_capacity(common.len());
        for row in &common {
            let other = table[&key(row)];
            if (other.realized - row.realized).abs() > 1e-9 {
                return Err(JoinError::OtherTarget {
                    name: source.name.to_owned(),
                    time_ms: row.time_ms,
                    symbol: row.symbol.to_string(),
                    found: other.realized,
                    expected: row.realized,
                });
            }
            forecast.push(other.forecast);
        }
        forecasters.push(forecaster(source, forecast));
    }
    let dropped = sources
        .iter()
        .map(|source| source.table.rows().len() - common.len())
        .collect();
    Ok(Joined {
        rows,
        forecasters,
        dropped,
    })
}

/// The columns of deviations.
fn deviations(
    common: &[&ForecastRow],
    others: &[BTreeMap<Key<'_>, &ForecastRow>],
) -> [Option<Vec<f64>>; 3] {
    std::array::from_fn(|place| known_somewhere(common, others, |row| row.deviations[place]))
}

/// A column from the first table that knows it somewhere, as older ones do not have it; None where
/// none does.
fn known_somewhere(
    common: &[&ForecastRow],
    others: &[BTreeMap<Key<'_>, &ForecastRow>],
    value: impl Fn(&ForecastRow) -> f64,
) -> Option<Vec<f64>> {
    let known = |values: &Vec<f64>| values.iter().any(|value| !value.is_nan());
    let own = std::iter::once(common.iter().map(|row| value(row)).collect());
    let tables = others
        .iter()
        .map(|table| common.iter().map(|row| value(table[&key(row)])).collect());
    own.chain(tables).find(known)
}

fn forecaster(source: &NamedTable<'_>, forecast: Vec<f64>) -> ForecastColumn {
    ForecastColumn {
        name: source.name.to_owned(),
        run: source.run.map(str::to_owned),
        forecast,
    }
}

#[cfg(test)]
mod tests {
    /// The columns of the table are those that scores know, in the same order.
    #[test]
    fn the_tables_deviations_are_those_of_the_rows() {
        assert_eq!(dataset::DEVIATION_MINUTES, score::DEVIATION_MINUTES);
        assert_eq!(dataset::DEVIATION_COLUMNS, score::DEVIATION_COLUMNS);
    }
}
