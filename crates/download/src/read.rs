//! The forms that candles come in: Parquet, Feather, CSV, JSON, and CSV in a zip file as the
//! exchange's archive has it.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use cli::WithHint;
use market::{ArchiveFile, Market, Symbol};
use serde_json::{Map, Value};
use storage::{Cell, ForeignTable};

use crate::columns::{ColumnRoles, Role};
use crate::file_candles::{BadRows, FileCandles, nothing};
use crate::name::from_name;

/// How files are read.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    pub bad_rows: BadRows,
    /// The coin of files that do not say theirs.
    pub symbol: Option<Symbol>,
    /// Where the candles will be put, so that a file of another market is refused.
    pub market: Option<Market>,
    /// Most coins of one file; None: any number.
    pub most_coins: Option<usize>,
}

/// Longest record of a CSV file. The fields of a longer one would take many times its size in memory.
const MOST_RECORD_BYTES: usize = 64 * 1024;

/// Most names of a JSON row.
const MOST_NAMES: usize = 1000;

/// Gives no more bytes than a record may have, until it is told that a record is over.
struct RecordLimit<R> {
    source: R,
    left: usize,
}

impl<R> RecordLimit<R> {
    fn new(source: R) -> Self {
        let left = MOST_RECORD_BYTES;
        Self { source, left }
    }

    fn end_record(&mut self) {
        self.left = MOST_RECORD_BYTES;
    }
}

impl<R: Read> Read for RecordLimit<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            let most = MOST_RECORD_BYTES / 1024;
            return Err(io::Error::other(format!(
                "a row is longer than {most} KB, expected one of candles"
            )));
        }
        let count = (&mut self.source).take(self.left as u64).read(bytes)?;
        self.left -= count;
        Ok(count)
    }
}

/// Reads one file in whatever form it has.
///
/// # Errors
/// An unknown form, a broken file, a row that is no candle: all name the file.
pub fn read_file(path: &Path, reading: &ReadOptions) -> anyhow::Result<FileCandles> {
    let open = || File::open(path).with_context(|| format!("{}", path.display()));
    let extension = path
        .extension()
        .map(|text| text.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    match extension.as_str() {
        "parquet" => read_foreign(path, reading, ForeignTable::read_parquet),
        "feather" | "arrow" | "ipc" => read_foreign(path, reading, ForeignTable::read_feather),
        "csv" => read_csv(path, open()?, reading),
        "json" => read_json(path, open()?, reading),
        "zip" => read_csv(path, unzipped(path, open()?)?.as_slice(), reading),
        _ => Err(anyhow!(
            "{}: found the extension `{extension}`, expected .parquet, .feather, \
                 .csv, .json or .zip",
            path.display()
        )
        .hint("`quarterhour import --help`")),
    }
}

/// Reads an archive file that is in memory; `name` is its name, which says symbol and interval.
///
/// # Errors
/// As [`read_file`].
pub fn read_archive(name: &Path, bytes: &[u8]) -> anyhow::Result<FileCandles> {
    read_csv(
        name,
        unzipped(name, Cursor::new(bytes))?.as_slice(),
        &ReadOptions::default(),
    )
}

/// The one CSV inside an archive file, unless it is larger than any month of candles.
pub(crate) fn unzipped(path: &Path, source: impl Read + Seek) -> anyhow::Result<Vec<u8>> {
    let unreadable = |error: &dyn std::fmt::Display| {
        anyhow!("{}: not a readable zip file: {error}", path.display()).hint("fetch the file again")
    };
    let mut archive = zip::ZipArchive::new(source).map_err(|error| unreadable(&error))?;
    if archive.len() != 1 {
        return Err(anyhow!(
            "{}: found {} files inside, expected one CSV",
            path.display(),
            archive.len()
        )
        .hint("unpack it and import the CSV files one by one"));
    }
    let limit_bytes = ArchiveFile::UNPACKED_LIMIT_BYTES;
    let mut bytes = Vec::new();
    let csv = archive.by_index(0).map_err(|error| unreadable(&error))?;
    csv.take(limit_bytes + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > limit_bytes {
        return Err(anyhow!(
            "{}: unpacks to more than {limit_bytes} bytes, found no month of candles",
            path.display()
        )
        .hint("unpack it yourself and import the CSV file, if you trust it"));
    }
    Ok(bytes)
}

/// A file of which the columns are known: rows go in one after the other.
struct OpenFile {
    columns: ColumnRoles,
    of_name: Option<Symbol>,
    imported: FileCandles,
}

impl OpenFile {
    fn new(path: &Path, columns: ColumnRoles, reading: &ReadOptions) -> anyhow::Result<Self> {
        let named = from_name(path)?;
        if let (Some(found), Some(wanted)) = (named.market, reading.market)
            && found != wanted
        {
            return Err(anyhow!(
                "{}: its name says {found}, but it would go to {wanted}",
                path.display()
            )
            .hint(format!("--market {found}")));
        }
        let of_name = reading.symbol.clone().or(named.symbol);
        if columns
            .place(&Role::Symbol)
            .or(columns.place(&Role::AssetId))
            .is_none()
            && of_name.is_none()
        {
            let expected = "BTCUSDT-1m-2024-01.csv or BTC_USDT-1m.feather";
            return Err(anyhow!(
                "{}: has no column `symbol`, and its name is not like {expected}",
                path.display()
            )
            .hint("--symbol BTCUSDT says it, or rename the file so that it does"));
        }
        let mut imported = nothing(path, reading.bad_rows);
        imported.most_coins = reading.most_coins;
        imported.interval = named.interval;
        imported.not_taken.clone_from(&columns.not_taken);
        Ok(Self {
            columns,
            of_name,
            imported,
        })
    }

    fn push(&mut self, row: usize, cells: &[Cell]) -> anyhow::Result<()> {
        Ok(self
            .imported
            .push(row, &self.columns, self.of_name.as_ref(), cells)?)
    }

    fn finish(self) -> anyhow::Result<FileCandles> {
        let FileCandles {
            path,
            coins,
            left_out,
            ..
        } = &self.imported;
        match left_out.first() {
            _ if !coins.is_empty() => Ok(self.imported),
            None => {
                Err(anyhow!("{}: has no rows of candles", path.display())
                    .hint("fetch the file again"))
            }
            Some((row, reason)) => {
                bail!(
                    "{}: every row was left out, the first, row {row}, because {reason}",
                    path.display()
                )
            }
        }
    }
}

/// Chooses the columns to read, by their names: their places.
type ColumnChoice<'a> = Box<dyn FnOnce(&[String]) -> Vec<usize> + 'a>;

type ReadTable<'a> = fn(&Path, ColumnChoice<'a>) -> Result<ForeignTable, storage::Error>;

fn read_foreign<'a>(
    path: &'a Path,
    reading: &ReadOptions,
    read: ReadTable<'a>,
) -> anyhow::Result<FileCandles> {
    // Only columns that have a role are read: what else a file holds may be of any type.
    let choose = |names: &[String]| {
        ColumnRoles::named(path, names)
            .map(|columns| columns.roles.into_iter().map(|(place, _)| place).collect())
            .unwrap_or_default()
    };
    let table = read(path, Box::new(choose))?;
    let mut open = OpenFile::new(path, ColumnRoles::named(path, &table.names)?, reading)?;
    let mut cells = Vec::new();
    for row in 0..table.rows() {
        table.row(row, &mut cells);
        open.push(row + 1, &cells)?;
    }
    open.finish()
}

fn read_csv(path: &Path, source: impl Read, reading: &ReadOptions) -> anyhow::Result<FileCandles> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(RecordLimit::new(source));
    // One record for all rows: a month has 40,000.
    let mut record = csv::StringRecord::new();
    let mut next = reader.read_record(&mut record);
    // CryptoDataDownload begins with its address.
    if next.is_ok()
        && record.len() == 1
        && record
            .get(0)
            .is_some_and(|text| text.trim().starts_with("http"))
    {
        next = reader.read_record(&mut record);
    }
    match &next {
        Ok(true) => {}
        Ok(false) => {
            return Err(
                anyhow!("{}: the file is empty, expected candles", path.display())
                    .hint("fetch the file again"),
            );
        }
        Err(error) => {
            return Err(anyhow!("{}: not readable as CSV: {error}", path.display())
                .hint("save the file as text in UTF-8"));
        }
    }
    let is_header = record
        .iter()
        .all(|text| text.trim().parse::<f64>().is_err());
    let columns = if is_header {
        let names: Vec<String> = record.iter().map(str::to_owned).collect();
        reader.get_mut().end_record();
        next = reader.read_record(&mut record);
        ColumnRoles::named(path, &names)?
    } else {
        ColumnRoles::positional(path, record.len())?
    };
    let mut open = OpenFile::new(path, columns, reading)?;
    for row in 1.. {
        match next {
            Ok(false) => break,
            Ok(true) => {
                let cells: Vec<Cell> = record.iter().map(Cell::Text).collect();
                open.push(row, &cells)?;
            }
            Err(error) if error.is_io_error() => {
                return Err(error).with_context(|| format!("{}", path.display()));
            }
            Err(error) => open.imported.bad(row, error.to_string())?,
        }
        reader.get_mut().end_record();
        next = reader.read_record(&mut record);
    }
    open.finish()
}

/// Rows as arrays in the order of Binance's REST interface, or as objects whose keys are the
/// columns' names.
fn read_json(path: &Path, source: impl Read, reading: &ReadOptions) -> anyhow::Result<FileCandles> {
    let not_rows = |reason: String| {
        anyhow!(
            "{}: {reason}, expected a list of rows, each a list as Binance's klines \
             or an object with the columns' names",
            path.display()
        )
        .hint("`import --help` lists the names that are known")
    };
    let read: Result<Value, _> = serde_json::from_reader(std::io::BufReader::new(source));
    let value = read.map_err(|error| not_rows(format!("not readable JSON ({error})")))?;
    let Value::Array(rows) = &value else {
        return Err(not_rows("found no list".to_owned()));
    };
    let (columns, names): (ColumnRoles, Vec<String>) = match rows.first() {
        Some(Value::Array(cells)) => (ColumnRoles::positional(path, cells.len())?, Vec::new()),
        // Every row is asked for each of the names.
        Some(Value::Object(first)) if first.len() > MOST_NAMES => {
            return Err(not_rows(format!("found {} names in a row", first.len())));
        }
        Some(Value::Object(first)) => {
            let names: Vec<String> = first.keys().cloned().collect();
            (ColumnRoles::named(path, &names)?, names)
        }
        Some(other) => return Err(not_rows(format!("found {other} as the first row"))),
        None => return Err(not_rows("found no rows".to_owned())),
    };
    let mut open = OpenFile::new(path, columns, reading)?;
    for (index, row) in rows.iter().enumerate() {
        let cells: Vec<Cell> = match row {
            Value::Array(cells) if names.is_empty() => cells.iter().map(cell).collect(),
            Value::Object(fields) if fields.len() == known(&names, fields) => names
                .iter()
                .map(|name| fields.get(name).map_or(Cell::Missing, cell))
                .collect(),
            _ => {
                open.imported.bad(
                    index + 1,
                    "found other fields than in the first row".to_owned(),
                )?;
                continue;
            }
        };
        open.push(index + 1, &cells)?;
    }
    open.finish()
}

/// How many of the names the fields have.
fn known(names: &[String], fields: &Map<String, Value>) -> usize {
    let own = names.iter().filter(|name| fields.contains_key(*name));
    own.count()
}

fn cell(value: &Value) -> Cell<'_> {
    match value {
        Value::String(text) => Cell::Text(text),
        Value::Number(number) => number
            .as_i64()
            .map(Cell::Integer)
            .or_else(|| number.as_f64().map(Cell::Number))
            .unwrap_or(Cell::Missing),
        Value::Null => Cell::Missing,
        _ => Cell::Text("neither a number nor text"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dataset::Column;
    use market::Interval;

    #[test]
    fn candles_off_the_grid_are_left_out_with_their_rows() {
        let csv = "open_time,symbol,close\n1518163200000,BTCUSDT,1.0\n1518163214000,BTCUSDT,2.0\n1518163260000,BTCUSDT,3.0\n";
        let mut read =
            read_csv(Path::new("x.csv"), csv.as_bytes(), &ReadOptions::default()).unwrap();
        assert_eq!(read.keep_on_grid(Interval::ONE_MINUTE), 1);
        let rows = read.coins.values().next().unwrap();
        assert_eq!(
            rows.candles.open_time_ms,
            [1_518_163_200_000, 1_518_163_260_000]
        );
        assert_eq!(
            (rows.numbers.as_slice(), rows.candles.column(Column::Close)),
            (&[1, 3][..], &[1.0, 3.0][..])
        );
    }

    /// Why a text is refused, of at most ten coins.
    fn refusal(path: &str, text: &str) -> String {
        let reading = ReadOptions {
            most_coins: Some(10),
            ..ReadOptions::default()
        };
        let path = Path::new(path);
        let read = match path.extension().is_some_and(|ending| ending == "json") {
            true => read_json(path, text.as_bytes(), &reading),
            false => read_csv(path, text.as_bytes(), &reading),
        };
        format!("{:#}", read.unwrap_err())
    }

    /// A row of 32 MB once took a gigabyte of memory, and so did a million coins.
    #[test]
    fn rows_and_coins_without_end_are_refused() {
        let wide = refusal("x.csv", &",".repeat(1 << 20));
        assert!(wide.contains("a row is longer than 64 KB"), "{wide}");
        let row = format!(
            "symbol,time,close\nBTCUSDT,1518163200000,1.0{}\n",
            ",\"\n\"".repeat(1 << 18)
        );
        let wide = refusal("x.csv", &row);
        assert!(wide.contains("a row is longer than 64 KB"), "{wide}");
        let coins: String = (0..20)
            .map(|coin| format!("X{coin}USDT,1518163200000,1.0\n"))
            .collect();
        let many = refusal("x.csv", &format!("symbol,time,close\n{coins}"));
        assert!(
            many.contains("row 11: X10USDT is one coin more than 10"),
            "{many}"
        );
        let names: String = (0..2000).map(|name| format!("\"n{name}\":1,")).collect();
        let many = refusal("x.json", &format!("[{{{names}\"close\":1}}]"));
        assert!(many.contains("found 2001 names in a row"), "{many}");
    }

    /// The limit is of a row, not of a file, and a coin that is known may be spelt otherwise.
    #[test]
    fn many_rows_of_few_coins_are_read() {
        let row = |minute: i64| {
            let time = 1_518_163_200_000 + 60_000 * minute;
            format!("BTCUSDT,{time},1.0\nETH/USDT,{time},2.0\n")
        };
        let text = "symbol,time,close\n".to_owned() + &(0..20_000).map(row).collect::<String>();
        assert!(text.len() > 8 * MOST_RECORD_BYTES);
        let reading = ReadOptions {
            most_coins: Some(2),
            ..ReadOptions::default()
        };
        let read = read_csv(Path::new("x.csv"), text.as_bytes(), &reading).unwrap();
        let lengths: Vec<usize> = read.coins.values().map(|rows| rows.candles.len()).collect();
        assert_eq!(lengths, [20_000, 20_000]);
    }
}
