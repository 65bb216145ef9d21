//! Candles of one file for a caller that has no store.

use std::path::Path;

use dataset::CandleTable;
use jiff::Timestamp;
use market::{Interval, Market, Symbol};

use crate::read::{ReadOptions, read_file};
use crate::spacing::interval_of;

/// Most coins of one file: each takes memory, and is looked for in every row.
const MOST_COINS: usize = 1000;

/// Reads the candles of a file in any form that `quarterhour import` takes, and checks them as it
/// does; `symbol` is the coin of a file that does not say its own. Times are ascending.
///
/// # Errors
/// An unknown form, a broken file, a row that is no candle, candles of another market or interval, more than
/// 1000 coins.
pub fn read_candles(
    path: &Path,
    symbol: Option<Symbol>,
    (market, interval): (Market, Interval),
) -> anyhow::Result<Vec<(Symbol, CandleTable)>> {
    let reading = ReadOptions {
        symbol,
        market: Some(market),
        most_coins: Some(MOST_COINS),
        ..ReadOptions::default()
    };
    let mut file = read_file(path, &reading)?;
    interval_of(&file, Some(interval))?;
    let coins = file.checked(interval, Timestamp::now().as_millisecond())?;
    Ok(coins
        .into_iter()
        .map(|(symbol, candles)| (symbol, sorted(candles)))
        .collect())
}

/// The same candles in order of time; files may have the newest first.
fn sorted(candles: CandleTable) -> CandleTable {
    if candles.open_time_ms.is_sorted() {
        return candles;
    }
    let mut rows: Vec<usize> = (0..candles.len()).collect();
    rows.sort_by_key(|&row| candles.open_time_ms[row]);
    let column = |row: usize| dataset::Column::ALL.map(|column| candles.value(column, row));
    rows.into_iter()
        .map(|row| (candles.open_time_ms[row], column(row)))
        .collect()
}
