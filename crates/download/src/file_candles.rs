//! From the cells of a row to a candle that is not checked yet.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dataset::{CandleTable, Column, Error};
use market::{Interval, Symbol};
use storage::Cell;

use crate::columns::{ColumnRoles, Role};
use crate::name;
use crate::time::{close_time_ms, shown, time_ms};

/// What is done with a row that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BadRows {
    /// The file is refused.
    #[default]
    Refuse,
    /// The row is left out and listed.
    Drop,
}

/// Candles of one symbol, not yet checked, with their 1-based row in the file.
#[derive(Debug, Default)]
pub struct UncheckedCandles {
    pub candles: CandleTable,
    pub numbers: Vec<usize>,
}

/// The candles of one file, by symbol.
#[derive(Debug, Default)]
pub struct FileCandles {
    pub path: PathBuf,
    pub coins: BTreeMap<Symbol, UncheckedCandles>,
    /// Known where the file's name says it.
    pub interval: Option<Interval>,
    /// Names of the columns that are not taken.
    pub not_taken: Vec<String>,
    /// How many candles are so many milliseconds long, where the file has close times.
    pub lengths_ms: BTreeMap<i64, usize>,
    /// Rows whose target is infinite: they have none.
    pub infinite_targets: Vec<usize>,
    /// How many rows have no market cap or supply, of the columns that the file has: 0 says so too.
    pub unknown_sizes: BTreeMap<Column, usize>,
    pub bad_rows: BadRows,
    /// Most coins that are taken in; None: any number.
    pub most_coins: Option<usize>,
    /// Rows that were left out, with the reason.
    pub left_out: Vec<(usize, String)>,
}

impl FileCandles {
    /// Takes in one row.
    ///
    /// # Errors
    /// A row that cannot be, unless such rows are dropped.
    pub fn push(
        &mut self,
        row: usize,
        columns: &ColumnRoles,
        of_name: Option<&Symbol>,
        cells: &[Cell],
    ) -> Result<(), Error> {
        match self.try_push(row, columns, of_name, cells) {
            Ok(()) => Ok(()),
            Err(reason) => self.bad(row, reason),
        }
    }

    /// Notes a row that cannot be.
    ///
    /// # Errors
    /// The row, unless such rows are dropped.
    pub fn bad(&mut self, row: usize, reason: String) -> Result<(), Error> {
        match self.bad_rows {
            BadRows::Refuse => Err(Error::BadRow {
                path: self.path.clone(),
                row,
                reason,
            }),
            BadRows::Drop => {
                self.left_out.push((row, reason));
                Ok(())
            }
        }
    }

    fn try_push(
        &mut self,
        row: usize,
        columns: &ColumnRoles,
        of_name: Option<&Symbol>,
        cells: &[Cell],
    ) -> Result<(), String> {
        if cells.len() > columns.width {
            return Err(format!(
                "found {} fields, expected {}, as there are names",
                cells.len(),
                columns.width
            ));
        }
        let cell = |place: usize| cells.get(place).copied().unwrap_or(Cell::Missing);
        let time_at = columns.place(&Role::Time).map_or(Cell::Missing, cell);
        let open_time_ms = time_ms(time_at).map_err(|reason| format!("`open_time` {reason}"))?;
        let symbol = self.symbol(columns, of_name, &cell)?;
        let mut values = [f64::NAN; Column::ALL.len()];
        let mut has_infinite_target = false;
        let mut unknown_sizes = Vec::new();
        for (place, role) in &columns.roles {
            let Some(column) = self.column(role, &symbol) else {
                continue;
            };
            let value = number(cell(*place))
                .map_err(|found| format!("`{column}` is {found}, expected a number"))?;
            match value {
                _ if value.is_finite() && !(column.is_size() && value <= 0.0) => {
                    values[column as usize] = value;
                }
                // A target or a size may be missing; another column has a number in every row.
                _ if column == Column::Target => has_infinite_target = value.is_infinite(),
                _ if column.is_size() && (value == 0.0 || value.is_nan()) => {
                    unknown_sizes.push(column);
                }
                _ if column.is_size() => {
                    let expected = "a number above 0, or none";
                    return Err(format!("`{column}` is {value}, expected {expected}"));
                }
                _ => return Err(format!("`{column}` is {value}, expected a finite number")),
            }
        }
        if let Some(place) = columns.place(&Role::CloseTime) {
            self.note_length(open_time_ms, cell(place));
        }
        for column in unknown_sizes {
            *self.unknown_sizes.entry(column).or_default() += 1;
        }
        if has_infinite_target {
            self.infinite_targets.push(row);
        }
        let rows = self.coins.entry(symbol).or_default();
        rows.candles.push_row(open_time_ms, values);
        rows.numbers.push(row);
        Ok(())
    }

    /// The column that the values of a role are of; None where they are not taken.
    fn column(&mut self, role: &Role, symbol: &Symbol) -> Option<Column> {
        match role {
            Role::Values(column) => Some(*column),
            Role::VolumeIn(asset) if symbol.as_str().ends_with(asset.as_str()) => {
                Some(Column::QuoteVolume)
            }
            Role::VolumeIn(asset) if symbol.as_str().starts_with(asset.as_str()) => {
                Some(Column::Volume)
            }
            Role::VolumeIn(asset) => {
                let name = format!("Volume {asset} of {symbol}");
                if !self.not_taken.contains(&name) {
                    self.not_taken.push(name);
                }
                None
            }
            _ => None,
        }
    }

    /// Counts how long a candle is, where its close time is one.
    fn note_length(&mut self, open_time_ms: i64, close_time: Cell) {
        if let Ok(close_ms) = close_time_ms(close_time) {
            // A candle closes a millisecond before the next one opens, or when that does.
            let length_ms = close_ms - open_time_ms;
            *self
                .lengths_ms
                .entry(length_ms + i64::from(length_ms % 1000 == 999))
                .or_default() += 1;
        }
    }

    fn symbol<'a>(
        &self,
        columns: &ColumnRoles,
        of_name: Option<&Symbol>,
        cell: &impl Fn(usize) -> Cell<'a>,
    ) -> Result<Symbol, String> {
        if let Some(place) = columns.place(&Role::AssetId) {
            let id = number(cell(place))
                .ok()
                .filter(|id| id.fract() == 0.0 && *id >= 0.0);
            let coin = id.and_then(|id| name::gresearch(id as usize));
            return coin
                .ok_or_else(|| format!("`Asset_ID` is {}, expected 0 to 13", shown(cell(place))));
        }
        match (columns.place(&Role::Symbol).map(cell), of_name) {
            (Some(Cell::Text(text)), _) => match self
                .coins
                .keys()
                .find(|known| known.as_str() == text.trim())
            {
                Some(known) => Ok(known.clone()),
                None => self.parsed_symbol(text.trim()),
            },
            (Some(other), _) => Err(format!(
                "`symbol` is {}, expected a name such as BTCUSDT",
                shown(other)
            )),
            (None, Some(symbol)) => Ok(symbol.clone()),
            (None, None) => Err("no column and no file name says the symbol".to_owned()),
        }
    }

    /// A coin that no row before has, or that rows before spell otherwise.
    fn parsed_symbol(&self, text: &str) -> Result<Symbol, String> {
        let symbol = name::symbol(text).map_err(|error| error.to_string())?;
        let is_full = self.most_coins.is_some_and(|most| self.coins.len() >= most);
        match is_full && !self.coins.contains_key(&symbol) {
            true => Err(format!(
                "{symbol} is one coin more than {}, the most that one file may have here",
                self.coins.len()
            )),
            false => Ok(symbol),
        }
    }

    /// Leaves out the candles that open at no multiple of the interval; how many there were.
    pub fn keep_on_grid(&mut self, interval: Interval) -> usize {
        let is_on_grid = |time_ms: i64| time_ms.rem_euclid(interval.ms()) == 0;
        let mut left_out = 0;
        for rows in self.coins.values_mut() {
            let (before, times) = (rows.candles.len(), &rows.candles.open_time_ms);
            let kept = rows
                .numbers
                .iter()
                .zip(times)
                .filter(|(_, time_ms)| is_on_grid(**time_ms));
            rows.numbers = kept.map(|(&number, _)| number).collect();
            rows.candles = rows.candles.filter(is_on_grid);
            left_out += before - rows.candles.len();
        }
        left_out
    }

    /// Checks every candle, that it has closed by `now_ms`, and that no time comes twice; a bad one
    /// is refused or left out.
    ///
    /// # Errors
    /// The first row that cannot be, unless such rows are dropped.
    pub fn checked(
        &mut self,
        interval: Interval,
        now_ms: i64,
    ) -> Result<Vec<(Symbol, CandleTable)>, Error> {
        let mut coins = Vec::with_capacity(self.coins.len());
        for (symbol, rows) in std::mem::take(&mut self.coins) {
            let mut seen: BTreeMap<i64, usize> = BTreeMap::new();
            let mut is_kept = vec![true; rows.candles.len()];
            for (index, &row) in rows.numbers.iter().enumerate() {
                let candle = rows.candles.candle(index);
                let time = candle.open_time_ms;
                let reason = if let Err(error) = candle.check(interval) {
                    format!("{symbol}: {error}")
                } else if time.saturating_add(interval.ms()) > now_ms {
                    format!(
                        "{symbol} at {}: the candle has not closed yet",
                        dataset::format_time(time)
                    )
                } else if let Some(earlier) = seen.insert(time, row) {
                    seen.insert(time, earlier);
                    format!(
                        "{symbol} at {} is there already in row {earlier}",
                        dataset::format_time(time)
                    )
                } else {
                    continue;
                };
                is_kept[index] = false;
                self.bad(row, reason)?;
            }
            let candles = if is_kept.contains(&false) {
                kept(&rows.candles, &is_kept)
            } else {
                rows.candles
            };
            if !candles.is_empty() {
                coins.push((symbol, candles));
            }
        }
        Ok(coins)
    }
}

fn kept(candles: &CandleTable, is_kept: &[bool]) -> CandleTable {
    let mut table = CandleTable::default();
    for index in (0..candles.len()).filter(|&index| is_kept[index]) {
        table.push_row(
            candles.open_time_ms[index],
            Column::ALL.map(|column| candles.value(column, index)),
        );
    }
    table
}

/// A number; NaN where it is missing.
fn number(cell: Cell) -> Result<f64, String> {
    match cell {
        Cell::Missing => Ok(f64::NAN),
        Cell::Integer(value) => Ok(value as f64),
        Cell::Number(value) => Ok(value),
        Cell::Text(text) if text.trim().is_empty() => Ok(f64::NAN),
        Cell::Text(text) => text.trim().parse().map_err(|_| shown(cell)),
        Cell::Time(_) => Err(shown(cell)),
    }
}

/// A file without any candles yet.
pub fn nothing(path: &Path, bad_rows: BadRows) -> FileCandles {
    FileCandles {
        path: path.to_owned(),
        bad_rows,
        ..FileCandles::default()
    }
}
