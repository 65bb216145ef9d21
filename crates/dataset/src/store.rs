//! Candles on disk: `candles/<market>/<interval>/<SYMBOL>/<month>.parquet`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use market::{Interval, Market, Period, Symbol};
use storage::{ColumnValues, ParquetFile, list, remove_abandoned, write_parquet};

use crate::time::month;
use crate::{CandleTable, Column, Error, Idle, format_time};

/// The candles of one market and interval under a folder.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
    market: Market,
    interval: Interval,
}

/// The values of one candle, by column.
type Row = [f64; Column::ALL.len()];

/// What the store holds of one symbol.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// Open time of the first candle, in ms.
    pub first_ms: i64,
    /// Open time of the last candle, in ms.
    pub last_ms: i64,
    /// Number of candles.
    pub rows: usize,
    /// Every gap: open time of its first missing candle and its length in bars.
    pub holes: Vec<(i64, i64)>,
    /// The longest stretch without trades, if there is one of a day.
    pub idle: Option<Idle>,
}

/// What [`Store::merge`] did, in candles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Replaced {
    /// New ones.
    pub added: usize,
    /// Ones that the store had with other values.
    pub changed: usize,
}

impl std::ops::AddAssign for Replaced {
    fn add_assign(&mut self, other: Self) {
        self.added += other.added;
        self.changed += other.changed;
    }
}

impl Store {
    /// The store under `dir`; nothing is read or created yet.
    pub fn new(dir: &Path, market: Market, interval: Interval) -> Self {
        Self {
            dir: dir.to_owned(),
            market,
            interval,
        }
    }

    /// The folder given to [`Store::new`].
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The bar length of this store's candles.
    pub fn interval(&self) -> Interval {
        self.interval
    }

    /// Whether candles are spot or futures.
    pub fn market(&self) -> Market {
        self.market
    }

    fn folder(&self) -> PathBuf {
        self.dir
            .join("candles")
            .join(self.market.to_string())
            .join(self.interval.to_string())
    }

    /// `did you mean ...?` with the stored coin whose name is most like `symbol`.
    fn similar(&self, symbol: &Symbol) -> Option<String> {
        let stored: Vec<String> = self
            .symbols()
            .ok()?
            .iter()
            .map(ToString::to_string)
            .collect();
        cli::did_you_mean(symbol.as_str(), &stored)
    }

    /// All symbols that have candles, sorted.
    ///
    /// # Errors
    /// A folder that cannot be read; a store that does not exist yet is empty.
    pub fn symbols(&self) -> Result<Vec<Symbol>, Error> {
        let mut symbols: Vec<Symbol> = list(&self.folder())?
            .iter()
            .filter_map(|path| Symbol::new(&file_name(path)).ok())
            .collect();
        symbols.sort();
        Ok(symbols)
    }

    fn months(&self, symbol: &Symbol) -> Result<Vec<PathBuf>, Error> {
        let mut files = list(&self.folder().join(symbol.as_str()))?;
        files.retain(|path| {
            path.extension()
                .is_some_and(|extension| extension == "parquet")
        });
        files.sort();
        Ok(files)
    }

    /// The candles of `symbol` with open time in `[from_ms, until_ms)`, with the columns asked for
    /// (others are NaN).
    ///
    /// # Errors
    /// No candles of the symbol at all; a file that is broken.
    pub fn read(
        &self,
        symbol: &Symbol,
        columns: &[Column],
        from_ms: i64,
        until_ms: i64,
    ) -> Result<CandleTable, Error> {
        let files = self.months(symbol)?;
        if files.is_empty() {
            return Err(Error::NoCandles {
                symbol: symbol.to_string(),
                market: self.market.to_string(),
                interval: self.interval.to_string(),
                dir: self.dir.clone(),
                hint: self.similar(symbol).map(String::into_boxed_str),
            });
        }
        let months = month(from_ms)..=month(until_ms.saturating_sub(1));
        let mut candles = CandleTable::default();
        for path in files {
            let name = file_name(&path.with_extension(""));
            if (from_ms == i64::MIN || *months.start() <= name)
                && (until_ms == i64::MAX || name <= *months.end())
            {
                read_month(&path, columns, &mut candles, |time| {
                    from_ms <= time && time < until_ms
                })?;
            }
        }
        Ok(candles)
    }

    /// Adds candles; ones that the store has already with the same values are skipped. Returns how
    /// many were new.
    ///
    /// `candles` need not be sorted. Each month's file is replaced as a whole, atomically.
    ///
    /// # Errors
    /// [`Error::Conflict`] where a stored candle has another value, unless `replace`.
    pub fn append(
        &self,
        symbol: &Symbol,
        candles: &CandleTable,
        replace: bool,
    ) -> Result<usize, Error> {
        self.put(symbol, candles, replace, write_month)
    }

    /// How many candles [`Store::append`] would add; nothing is written.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub fn would_append(
        &self,
        symbol: &Symbol,
        candles: &CandleTable,
        replace: bool,
    ) -> Result<usize, Error> {
        self.put(symbol, candles, replace, |_, _| Ok(()))
    }

    fn put(
        &self,
        symbol: &Symbol,
        candles: &CandleTable,
        replace: bool,
        write: impl Fn(&Path, &CandleTable) -> Result<(), Error>,
    ) -> Result<usize, Error> {
        let mut added = 0;
        for (month, indices) in by_month(candles) {
            let path = self.month_file(symbol, month);
            let mut rows = stored_rows(&path)?;
            if rows.is_empty() && is_ascending(candles, &indices) {
                added += indices.len();
                write(&path, &candles.select(&indices))?;
                continue;
            }
            let before = rows.len();
            let mut changed = false;
            for index in indices {
                let time = candles.open_time_ms[index];
                let new = candles.row(index);
                let Some(old) = rows.get_mut(&time) else {
                    rows.insert(time, new);
                    continue;
                };
                for column in Column::ALL {
                    let (old, new) = (&mut old[column as usize], new[column as usize]);
                    if new.is_nan() || *old == new {
                        continue;
                    }
                    if !old.is_nan() && !replace {
                        return Err(Error::Conflict {
                            path,
                            symbol: symbol.to_string(),
                            time: format_time(time),
                            column: column.name(),
                            old: *old,
                            new,
                        });
                    }
                    *old = new;
                    changed = true;
                }
            }
            if rows.len() > before || changed {
                added += rows.len() - before;
                write(&path, &rows.into_iter().collect())?;
            }
        }
        Ok(added)
    }

    /// Puts `candles` into the store, over those of the same times. A value that a candle lacks
    /// (NaN) stays as it was, and so does every candle that is not among them: nothing that the
    /// store has is ever lost.
    ///
    /// Each month's file is replaced as a whole, atomically, and only where something changes.
    ///
    /// # Errors
    /// A file that is broken or cannot be written.
    pub fn merge(&self, symbol: &Symbol, candles: &CandleTable) -> Result<Replaced, Error> {
        let mut total = Replaced::default();
        for (month, indices) in by_month(candles) {
            let path = self.month_file(symbol, month);
            let mut rows = stored_rows(&path)?;
            if rows.is_empty() && is_ascending(candles, &indices) {
                total.added += indices.len();
                write_month(&path, &candles.select(&indices))?;
                continue;
            }
            let mut done = Replaced::default();
            for index in indices {
                let (time, mut row) = (candles.open_time_ms[index], candles.row(index));
                let Some(before) = rows.get_mut(&time) else {
                    rows.insert(time, row);
                    done.added += 1;
                    continue;
                };
                let pairs = row.iter_mut().zip(*before);
                pairs
                    .filter(|(new, _)| new.is_nan())
                    .for_each(|(new, old)| *new = old);
                let is_same = row
                    .iter()
                    .zip(*before)
                    .all(|(new, old)| *new == old || new.is_nan());
                done.changed += usize::from(!is_same);
                *before = row;
            }
            if done != Replaced::default() {
                write_month(&path, &rows.into_iter().collect())?;
            }
            total += done;
        }
        Ok(total)
    }

    /// Removes temporary files that a killed process left among the candles of `symbol`.
    ///
    /// # Errors
    /// As [`remove_abandoned`].
    pub fn sweep(&self, symbol: &Symbol) -> Result<(), Error> {
        Ok(remove_abandoned(&self.folder().join(symbol.as_str()))?)
    }

    fn month_file(&self, symbol: &Symbol, month: Period) -> PathBuf {
        self.folder()
            .join(symbol.as_str())
            .join(format!("{month}.parquet"))
    }

    /// Range, number of candles, holes and idle time of one symbol; None where the store has none.
    ///
    /// # Errors
    /// A file that is broken.
    pub fn audit(&self, symbol: &Symbol) -> Result<Option<Audit>, Error> {
        let candles = self.read(
            symbol,
            &[Column::Close, Column::Volume, Column::Count],
            i64::MIN,
            i64::MAX,
        )?;
        let idle = Idle::longest(&candles, self.interval);
        let times = candles.open_time_ms;
        let (Some(&first_ms), Some(&last_ms)) = (times.first(), times.last()) else {
            return Ok(None);
        };
        let step = self.interval.ms();
        let holes = times
            .windows(2)
            .filter(|pair| pair[1] - pair[0] > step)
            .map(|pair| (pair[0] + step, (pair[1] - pair[0]) / step - 1))
            .collect();
        Ok(Some(Audit {
            first_ms,
            last_ms,
            rows: times.len(),
            holes,
            idle,
        }))
    }
}

fn read_month(
    path: &Path,
    columns: &[Column],
    candles: &mut CandleTable,
    keep: impl Fn(i64) -> bool,
) -> Result<(), Error> {
    let file = ParquetFile::open(path)?;
    let times = file.times_ms("open_time")?;
    let kept: Vec<bool> = times.iter().map(|&time| keep(time)).collect();
    let mut values: [Option<Vec<f64>>; Column::ALL.len()] = Default::default();
    for &column in columns {
        let numbers = file.numbers(column.name())?;
        values[column as usize] = numbers.map(|values| where_true(values, &kept));
    }
    candles.extend(where_true(times, &kept), values);
    if !candles.open_time_ms.is_sorted_by(|a, b| a < b) {
        return Err(Error::refused(
            path,
            "open times are not ascending",
            "remove the file and import it again",
        ));
    }
    Ok(())
}

fn where_true<T>(values: Vec<T>, kept: &[bool]) -> Vec<T> {
    if kept.iter().all(|&kept| kept) {
        return values;
    }
    values
        .into_iter()
        .zip(kept)
        .filter(|(_, kept)| **kept)
        .map(|(value, _)| value)
        .collect()
}

/// The rows of a month's file by time; none where there is no file.
fn stored_rows(path: &Path) -> Result<BTreeMap<i64, Row>, Error> {
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    let mut stored = CandleTable::default();
    read_month(path, &Column::ALL, &mut stored, |_| true)?;
    Ok(stored
        .open_time_ms
        .iter()
        .enumerate()
        .map(|(index, &time)| (time, stored.row(index)))
        .collect())
}

/// The rows of a table by the month they fall in.
fn by_month(candles: &CandleTable) -> BTreeMap<Period, Vec<usize>> {
    let mut months: BTreeMap<Period, Vec<usize>> = BTreeMap::new();
    let times = &candles.open_time_ms;
    let mut done = 0;
    while let Some(&time) = times.get(done) {
        let month = Period::month_of(time);
        let until = month.start_ms()..month.end_ms();
        let count = times[done..]
            .iter()
            .take_while(|time| until.contains(time))
            .count();
        months.entry(month).or_default().extend(done..done + count);
        done += count;
    }
    months
}

fn is_ascending(candles: &CandleTable, indices: &[usize]) -> bool {
    indices.is_sorted_by(|&a, &b| candles.open_time_ms[a] < candles.open_time_ms[b])
}

fn write_month(path: &Path, candles: &CandleTable) -> Result<(), Error> {
    let times = ColumnValues::Integers(&candles.open_time_ms);
    let mut columns = vec![("open_time", times)];
    for column in Column::ALL {
        if candles.has(column) {
            let values = ColumnValues::Numbers(candles.column(column));
            columns.push((column.name(), values));
        }
    }
    Ok(write_parquet(path, std::iter::once(columns), None)?)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}
