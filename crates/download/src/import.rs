//! `download import`: every file is checked as a whole before any candle of it enters the store.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::Context;
use dataset::{CandleTable, DataConfig, Error, Store};
use market::{Interval, Symbol};

use crate::ImportArgs;
use crate::lock::lock;
use crate::read::{Imported, read_file};

pub fn run(data: &DataConfig, args: &ImportArgs) -> anyhow::Result<()> {
    let market = args.market.unwrap_or(data.market);
    let mut totals: BTreeMap<(Interval, Symbol), (usize, usize)> = BTreeMap::new();
    for path in &args.files {
        let file = read_file(path)?;
        let interval = interval_of(path, &file, args.interval)?;
        let coins = checked(path, file, interval)?;
        let store = Store::new(&data.dir, market, interval);
        let _lock = lock(&store)?;
        let bar = cli::progress_bar(&file_name(path), coins.len() as u64);
        for (symbol, candles) in coins {
            let added = store.append(&symbol, &candles, args.replace).with_context(|| format!("{}", path.display()))?;
            let total = totals.entry((interval, symbol)).or_default();
            total.0 += candles.len();
            total.1 += added;
            bar.inc(1);
        }
        bar.finish_and_clear();
    }
    let mut table = format!("{:<12} {:<8} {:<8} {:>9} {:>9}\n", "symbol", "market", "interval", "read", "new");
    for ((interval, symbol), (read, new)) in &totals {
        writeln!(table, "{:<12} {market:<8} {interval:<8} {read:>9} {new:>9}", symbol.as_str())?;
    }
    cli::print(&table)?;
    Ok(())
}

/// Given, else from the file's name, else the most common step between a symbol's candles.
fn interval_of(path: &Path, file: &Imported, given: Option<Interval>) -> anyhow::Result<Interval> {
    if let Some(interval) = given.or(file.interval) {
        return Ok(interval);
    }
    let mut steps: BTreeMap<i64, usize> = BTreeMap::new();
    for rows in file.coins.values() {
        let mut times = rows.candles.open_time_ms.clone();
        times.sort_unstable();
        for pair in times.windows(2).filter(|pair| pair[0] != pair[1]) {
            *steps.entry(pair[1].saturating_sub(pair[0])).or_default() += 1;
        }
    }
    let common = steps.iter().max_by_key(|(_, count)| **count).map(|(step, _)| *step);
    common.and_then(Interval::from_ms).with_context(|| {
        let found = common.map_or("no two candles of one symbol".to_owned(), |step| format!("steps of {step} ms"));
        format!("{}: found {found}, expected candles of a known interval\nhint: --interval 1m says it", path.display())
    })
}

/// Checks every candle and that no time comes twice; the error names the row.
pub fn checked(path: &Path, file: Imported, interval: Interval) -> Result<Vec<(Symbol, CandleTable)>, Error> {
    let mut coins = Vec::with_capacity(file.coins.len());
    for (symbol, rows) in file.coins {
        let bad = |row: usize, reason: String| Error::BadRow { path: path.to_owned(), row, reason };
        let mut seen: Vec<(i64, usize)> = Vec::with_capacity(rows.candles.len());
        for (index, &row) in rows.numbers.iter().enumerate() {
            let candle = rows.candles.candle(index);
            candle.check(interval).map_err(|error| bad(row, format!("{symbol}: {error}")))?;
            seen.push((candle.open_time_ms, row));
        }
        seen.sort_unstable();
        if let Some(pair) = seen.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let time = dataset::format_time(pair[0].0);
            return Err(bad(pair[1].1, format!("{symbol} at {time} is there already in row {}", pair[0].1)));
        }
        coins.push((symbol, rows.candles));
    }
    Ok(coins)
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
