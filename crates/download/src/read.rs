//! The forms that candles come in: long-format Parquet and CSV, the exchange's archive, close-only CSV.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Cursor, Read, Seek};
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use dataset::{CandleTable, Column, Error, LongTable, YEAR_2100_MS};
use market::{ArchiveFile, Interval, Symbol};

/// The columns of the exchange's archive files, which may come without a header.
const ARCHIVE_COLUMNS: [&str; 12] = [
    "open_time",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "close_time",
    "quote_volume",
    "count",
    "taker_buy_volume",
    "taker_buy_quote_volume",
    "ignore",
];

/// The candles of one file, by symbol.
#[derive(Debug, Default)]
pub struct Imported {
    pub coins: BTreeMap<Symbol, Rows>,
    /// Known where the file's name says it.
    pub interval: Option<Interval>,
}

/// Candles of one symbol, not yet checked, with their 1-based row in the file.
#[derive(Debug, Default)]
pub struct Rows {
    pub candles: CandleTable,
    pub numbers: Vec<usize>,
}

impl Imported {
    /// Leaves out the candles that open at no multiple of the interval; how many there were.
    pub fn keep_on_grid(&mut self, interval: Interval) -> usize {
        let is_on_grid = |time_ms: i64| time_ms.rem_euclid(interval.ms()) == 0;
        let mut left_out = 0;
        for rows in self.coins.values_mut() {
            let (before, times) = (rows.candles.len(), &rows.candles.open_time_ms);
            let kept = rows.numbers.iter().zip(times).filter(|(_, time_ms)| is_on_grid(**time_ms));
            rows.numbers = kept.map(|(&number, _)| number).collect();
            rows.candles = rows.candles.filter(is_on_grid);
            left_out += before - rows.candles.len();
        }
        left_out
    }

    fn push(
        &mut self,
        path: &Path,
        row: usize,
        symbol: &str,
        time: i64,
        value: impl Fn(Column) -> Option<f64>,
    ) -> anyhow::Result<()> {
        let bad = |reason: String| Error::BadRow { path: path.to_owned(), row, reason };
        let open_time_ms = to_ms(time);
        if !(0..YEAR_2100_MS).contains(&open_time_ms) {
            return Err(bad(format!("`open_time` is {time}, expected a time from 1970 to 2100")).into());
        }
        let mut values = [f64::NAN; Column::ALL.len()];
        for column in Column::ALL {
            match value(column) {
                // A target may be missing; a column of candles has a number in every row.
                Some(number) if number.is_finite() || column == Column::Target => values[column as usize] = number,
                Some(number) => return Err(bad(format!("`{column}` is {number}, expected a finite number")).into()),
                None => {}
            }
        }
        let rows = match self.coins.iter_mut().find(|(known, _)| known.as_str() == symbol) {
            Some((_, rows)) => rows,
            None => {
                let symbol = Symbol::new(symbol).map_err(|error| bad(error.to_string()))?;
                self.coins.entry(symbol).or_default()
            }
        };
        rows.candles.push_row(open_time_ms, values);
        rows.numbers.push(row);
        Ok(())
    }
}

/// Seconds, milliseconds or microseconds, told apart by size: each covers the years 1973 to 5138 alone.
fn to_ms(time: i64) -> i64 {
    match time.unsigned_abs() {
        0..100_000_000_000 => time * 1000,
        100_000_000_000..100_000_000_000_000 => time,
        _ => time / 1000,
    }
}

/// Reads one file in whatever form it has.
///
/// # Errors
/// An unknown form, a broken file, a row that is no candle: all name the file.
pub fn read_file(path: &Path) -> anyhow::Result<Imported> {
    let extension = path.extension().map(|text| text.to_string_lossy().to_lowercase()).unwrap_or_default();
    match extension.as_str() {
        "parquet" => read_parquet(path),
        "csv" => read_csv(path, File::open(path).with_context(|| format!("{}", path.display()))?),
        "zip" => {
            read_csv(path, unzipped(path, File::open(path).with_context(|| format!("{}", path.display()))?)?.as_slice())
        }
        _ => bail!(
            "{}: found the extension `{extension}`, expected .parquet, .csv or .zip\n\
             hint: `cargo run -p download --release -- import --help`",
            path.display()
        ),
    }
}

/// Reads an archive file that is in memory; `name` is its name, which says symbol and interval.
///
/// # Errors
/// As [`read_file`].
pub fn read_archive(name: &Path, bytes: &[u8]) -> anyhow::Result<Imported> {
    read_csv(name, unzipped(name, Cursor::new(bytes))?.as_slice())
}

fn read_parquet(path: &Path) -> anyhow::Result<Imported> {
    let table = LongTable::read_parquet(path)?;
    let mut imported = Imported::default();
    for (index, (&time, symbol)) in table.open_time.iter().zip(&table.symbol).enumerate() {
        imported.push(path, index + 1, symbol, time, |column| table.value(column, index))?;
    }
    Ok(imported)
}

/// The one CSV inside an archive file, unless it is larger than any month of candles.
fn unzipped(path: &Path, source: impl Read + Seek) -> anyhow::Result<Vec<u8>> {
    let unreadable = |error: &dyn std::fmt::Display| {
        anyhow!("{}: not a readable zip file: {error}\nhint: fetch the file again", path.display())
    };
    let mut archive = zip::ZipArchive::new(source).map_err(|error| unreadable(&error))?;
    if archive.len() != 1 {
        bail!(
            "{}: found {} files inside, expected one CSV\nhint: unpack it and import the CSV files one by one",
            path.display(),
            archive.len()
        );
    }
    let limit_bytes = ArchiveFile::UNPACKED_LIMIT_BYTES;
    let mut bytes = Vec::new();
    let csv = archive.by_index(0).map_err(|error| unreadable(&error))?;
    csv.take(limit_bytes + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > limit_bytes {
        bail!(
            "{}: unpacks to more than {limit_bytes} bytes, found no month of candles\n\
             hint: unpack it yourself and import the CSV file, if you trust it",
            path.display()
        );
    }
    Ok(bytes)
}

fn read_csv(path: &Path, source: impl Read) -> anyhow::Result<Imported> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(source);
    // One record for all rows: a month has 40,000.
    let mut record = csv::StringRecord::new();
    let mut first = reader.read_record(&mut record);
    if matches!(first, Ok(false)) {
        bail!("{}: the file is empty, expected candles\nhint: fetch the file again", path.display());
    }
    let has_header = first.is_ok() && record.get(0).is_some_and(|text| text.parse::<f64>().is_err());
    let names: Vec<String> = if has_header {
        let names = record.iter().map(|name| name.trim().to_lowercase()).collect();
        first = reader.read_record(&mut record);
        names
    } else {
        ARCHIVE_COLUMNS.iter().map(|&name| name.to_owned()).collect()
    };
    let position = |name: &str| names.iter().position(|column| column == name);
    let needed = |name: &str| {
        position(name).ok_or_else(|| {
            anyhow!(
                "{}: has no column `{name}`; its columns are {}\n\
                 hint: open_time and close are needed; a file without a header has the order of Binance's archive",
                path.display(),
                names.join(", ")
            )
        })
    };
    let (time_at, _) = (needed("open_time")?, needed("close")?);
    let symbol_at = position("symbol");
    let (of_name, interval) = from_name(path);
    if symbol_at.is_none() && of_name.is_none() {
        bail!(
            "{}: has no column `symbol`, and its name is not like BTCUSDT-1m-2024-01.csv\n\
             hint: rename the file so that it says the symbol and the interval",
            path.display()
        );
    }
    let columns: Vec<(Column, usize)> =
        Column::ALL.into_iter().filter_map(|column| Some((column, position(column.name())?))).collect();
    let mut imported = Imported { interval, ..Imported::default() };
    let mut next = first;
    for row in 1.. {
        let bad = |reason: String| Error::BadRow { path: path.to_owned(), row, reason };
        if !next.map_err(|error| bad(error.to_string()))? {
            break;
        }
        let text = |at: usize| record.get(at).unwrap_or_default().trim();
        let time = text(time_at)
            .parse::<i64>()
            .map_err(|_| bad(format!("`open_time` is `{}`, expected a whole number", text(time_at))))?;
        let mut numbers = [None; Column::ALL.len()];
        for &(column, at) in &columns {
            numbers[column as usize] = Some(match text(at) {
                "" if column == Column::Target => f64::NAN,
                text => text.parse().map_err(|_| bad(format!("`{column}` is `{text}`, expected a number")))?,
            });
        }
        let symbol = symbol_at.map(text).or(of_name.as_deref()).unwrap_or_default();
        imported.push(path, row, symbol, time, |column| numbers[column as usize])?;
        next = reader.read_record(&mut record);
    }
    if imported.coins.is_empty() {
        bail!("{}: has a header but no rows\nhint: fetch the file again", path.display());
    }
    Ok(imported)
}

/// Symbol and interval of an archive file's name, such as `BTCUSDT-1m-2024-01-01.zip`.
fn from_name(path: &Path) -> (Option<String>, Option<Interval>) {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let mut parts = stem.split('-');
    let symbol = parts.next().filter(|text| Symbol::new(text).is_ok()).map(str::to_owned);
    match parts.next().and_then(|text| text.parse().ok()) {
        Some(interval) => (symbol, Some(interval)),
        None => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_of_a_time_is_told_by_its_size() {
        assert_eq!(to_ms(1_733_011_200), 1_733_011_200_000);
        assert_eq!(to_ms(1_733_011_200_000), 1_733_011_200_000);
        assert_eq!(to_ms(1_735_689_600_000_000), 1_735_689_600_000);
    }

    #[test]
    fn candles_off_the_grid_are_left_out_with_their_rows() {
        let csv =
            "open_time,symbol,close\n1518163200000,BTCUSDT,1.0\n1518163214000,BTCUSDT,2.0\n1518163260000,BTCUSDT,3.0\n";
        let mut read = read_csv(Path::new("x.csv"), csv.as_bytes()).unwrap();
        assert_eq!(read.keep_on_grid(Interval::ONE_MINUTE), 1);
        let rows = read.coins.values().next().unwrap();
        assert_eq!(rows.candles.open_time_ms, [1_518_163_200_000, 1_518_163_260_000]);
        assert_eq!((rows.numbers.as_slice(), rows.candles.column(Column::Close)), (&[1, 3][..], &[1.0, 3.0][..]));
    }

    #[test]
    fn archive_names_say_symbol_and_interval() {
        let (symbol, interval) = from_name(Path::new("x/BTCUSDT-1h-2024-12.csv"));
        assert_eq!((symbol.as_deref(), interval.map(|i| i.to_string()).as_deref()), (Some("BTCUSDT"), Some("1h")));
        assert_eq!(from_name(Path::new("panel20-spot-1m-2021.csv")), (None, None));
    }
}
