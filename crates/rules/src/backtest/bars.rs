//! The bars that positions are held over: what each brought, and where one follows another.

use score::Rows;

use crate::backtest::settings::{BacktestOptions, BarReturn};
use crate::error::Error;
use crate::quantiles::RowsByCoin;

/// One coin's rows in order of time; a position is decided at each.
pub(super) struct CoinBars {
    /// Places of the rows.
    pub places: Vec<u32>,
    /// Place of the row's time among all times.
    pub time: Vec<u32>,
    /// What a position decided here earns; NaN where it is not known.
    pub earned: Vec<f64>,
    /// Whether the next row is of the next bar, and what is earned here is known: a position can
    /// stay open.
    pub goes_on: Vec<bool>,
}

/// All coins on one clock.
pub(super) struct BarGrid {
    /// The distinct times of all rows, in order.
    pub time_ms: Vec<i64>,
    /// In the order of the symbols.
    pub coins: Vec<CoinBars>,
}

impl BarGrid {
    /// # Errors
    /// No row of which it is known what it would have earned.
    pub fn new(rows: &Rows, options: &BacktestOptions) -> Result<Self, Error> {
        let mut time_ms = rows.time_ms.clone();
        time_ms.dedup();
        if !time_ms.is_sorted() {
            time_ms.sort_unstable();
            time_ms.dedup();
        }
        let last_return = rows.control("last_return");
        let of_coin = |places: Vec<u32>| {
            let at = |row: usize| places.get(row).map(|&place| rows.time_ms[place as usize]);
            // The row so many bars later, if there is one.
            let later = |row: usize, bars: usize| {
                let due_ms = at(row)? + bars as i64 * rows.bar_ms;
                // Rows in between may be missing.
                let found = (row + 1..=row + bars).find(|&other| at(other) == Some(due_ms))?;
                Some(places[found] as usize)
            };
            let earned: Vec<f64> = (0..places.len())
                .map(|row| match options.bar_return {
                    BarReturn::Realized if options.entry_delay_bars == 0 => {
                        rows.realized[places[row] as usize]
                    }
                    BarReturn::Realized => rows.realized_delayed[places[row] as usize],
                    BarReturn::NextRow => later(row, 1 + options.entry_delay_bars)
                        .and_then(|later| Some(last_return?[later]))
                        .unwrap_or(f64::NAN),
                })
                .collect();
            let goes_on = (0..places.len())
                .map(|row| !earned[row].is_nan() && later(row, 1).is_some())
                .collect();
            let mut clock = 0;
            let time = places
                .iter()
                .map(|&place| {
                    // Rows are in order of time, and every time is in the list.
                    while time_ms
                        .get(clock)
                        .is_some_and(|&time| time < rows.time_ms[place as usize])
                    {
                        clock += 1;
                    }
                    clock as u32
                })
                .collect();
            CoinBars {
                time,
                earned,
                goes_on,
                places,
            }
        };
        let coins: Vec<CoinBars> = RowsByCoin::new(rows)
            .places
            .into_iter()
            .map(of_coin)
            .collect();
        if coins
            .iter()
            .all(|coin| coin.earned.iter().all(|value| value.is_nan()))
        {
            return Err(Error::NoBarReturns { rows: rows.len() });
        }
        Ok(Self { time_ms, coins })
    }
}
