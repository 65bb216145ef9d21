//! One aligned UTC grid of rows (bars) by coins.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use market::{Interval, Symbol};
use sha2::{Digest, Sha256};

use crate::{CandleTable, Column, Error, format_time};

/// Candles of all coins on one time grid, joined by time.
///
/// A minute without a candle carries the last close forward as its four prices, for at most
/// `fill_limit_bars` bars, and is flagged as not observed; its volumes are unknown (NaN). Beyond
/// the limit prices are NaN too.
///
/// A clone shares the values.
#[derive(Debug, Clone)]
pub struct Panel {
    symbols: Vec<Symbol>,
    interval: Interval,
    start_ms: i64,
    rows: usize,
    columns: Arc<BTreeMap<Column, Vec<f64>>>,
    observed: Arc<Vec<bool>>,
}

impl Panel {
    /// Joins the candles of several coins by time, on the grid of bars that open in `[from_ms,
    /// until_ms)`.
    ///
    /// Rows and coins are `[rows, coins]`, row-major. `columns` says which columns to keep; the
    /// close always is.
    pub fn build(
        coins: &[(Symbol, CandleTable)],
        interval: Interval,
        (from_ms, until_ms): (i64, i64),
        fill_limit_bars: usize,
        columns: &[Column],
    ) -> Self {
        let symbols = coins.iter().map(|(symbol, _)| symbol.clone()).collect();
        let mut panel = Self::empty(symbols, interval, (from_ms, until_ms), columns);
        for (coin, (_, candles)) in coins.iter().enumerate() {
            panel.add(coin, candles, fill_limit_bars);
        }
        panel
    }

    /// A panel that no coin has any candle in yet.
    pub(crate) fn empty(
        symbols: Vec<Symbol>,
        interval: Interval,
        (from_ms, until_ms): (i64, i64),
        columns: &[Column],
    ) -> Self {
        let step = interval.ms();
        let first = from_ms.div_euclid(step) * step
            + if from_ms.rem_euclid(step) == 0 {
                0
            } else {
                step
            };
        let rows = ((until_ms - first).max(0) as u64).div_ceil(step as u64) as usize;
        let cells = rows * symbols.len();
        let columns = columns
            .iter()
            .chain([&Column::Close])
            .map(|&column| (column, vec![f64::NAN; cells]))
            .collect();
        Self {
            symbols,
            interval,
            start_ms: first,
            rows,
            columns: Arc::new(columns),
            observed: Arc::new(vec![false; cells]),
        }
    }

    /// Puts in a coin's candles, and carries prices forward.
    pub(crate) fn add(&mut self, coin: usize, candles: &CandleTable, fill_limit_bars: usize) {
        self.place(coin, candles);
        self.fill(coin, fill_limit_bars);
    }

    fn place(&mut self, coin: usize, candles: &CandleTable) {
        let coins = self.symbols.len();
        let rows: Vec<Option<usize>> = candles
            .open_time_ms
            .iter()
            .map(|&time| self.row_of(time))
            .collect();
        let observed = Arc::make_mut(&mut self.observed);
        for row in rows.iter().flatten() {
            observed[row * coins + coin] = true;
        }
        for (&column, values) in Arc::make_mut(&mut self.columns) {
            for (row, &value) in rows.iter().zip(candles.column(column)) {
                if let Some(row) = row {
                    values[row * coins + coin] = value;
                }
            }
        }
    }

    fn fill(&mut self, coin: usize, fill_limit_bars: usize) {
        let coins = self.symbols.len();
        let columns = Arc::make_mut(&mut self.columns);
        let mut last: Option<(usize, f64)> = None;
        for row in 0..self.rows {
            let cell = row * coins + coin;
            if self.observed[cell] {
                last = Some((row, columns[&Column::Close][cell]));
            } else if let Some((seen, close)) = last
                && row - seen <= fill_limit_bars
            {
                for (_, values) in columns.iter_mut().filter(|(column, _)| column.is_price()) {
                    values[cell] = close;
                }
            }
        }
    }

    /// Some of its rows as a panel of their own.
    pub fn stretch(&self, rows: Range<usize>) -> Self {
        let cells = rows.start * self.coins()..rows.end * self.coins();
        let columns = self.columns.iter();
        Self {
            symbols: self.symbols.clone(),
            interval: self.interval,
            start_ms: self.time_ms(rows.start),
            rows: rows.len(),
            columns: Arc::new(
                columns
                    .map(|(&column, values)| (column, values[cells.clone()].to_vec()))
                    .collect(),
            ),
            observed: Arc::new(self.observed[cells].to_vec()),
        }
    }

    /// SHA-256 of everything in it.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        let symbols: Vec<&str> = self.symbols.iter().map(Symbol::as_str).collect();
        hash.update(format!(
            "{symbols:?} {} {} {}",
            self.interval, self.start_ms, self.rows
        ));
        for (column, values) in self.columns.iter() {
            hash.update(column.name());
            for part in values.chunks(4096) {
                let bytes: Vec<u8> = part.iter().flat_map(|value| value.to_le_bytes()).collect();
                hash.update(&bytes);
            }
        }
        hash.update(
            self.observed
                .iter()
                .map(|&seen| u8::from(seen))
                .collect::<Vec<u8>>(),
        );
        format!("{:x}", hash.finalize())
    }

    /// The coins, in the order of the columns of every `[rows, coins]` matrix.
    pub fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    /// Number of coins.
    pub fn coins(&self) -> usize {
        self.symbols.len()
    }

    /// Number of bars.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The bar length.
    pub fn interval(&self) -> Interval {
        self.interval
    }

    /// Open time of bar `row`, UTC milliseconds.
    pub fn time_ms(&self, row: usize) -> i64 {
        self.start_ms + row as i64 * self.interval.ms()
    }

    /// The rows that open from `from_ms` until before `until_ms`, UTC; without an end from the first
    /// or to the last.
    ///
    /// # Errors
    /// No such row.
    pub fn rows_between(
        &self,
        from_ms: Option<i64>,
        until_ms: Option<i64>,
    ) -> Result<Range<usize>, Error> {
        let row_at = |time_ms: i64| {
            let offset = time_ms.saturating_sub(self.start_ms).max(0) as u64;
            let row = offset.div_ceil(self.interval.ms() as u64);
            usize::try_from(row).map_or(self.rows(), |row| row.min(self.rows()))
        };
        let rows = from_ms.map_or(0, row_at)..until_ms.map_or(self.rows(), row_at);
        match rows.is_empty() {
            false => Ok(rows),
            true => Err(Error::TooFewRows {
                what: "bars between --from and --until".to_owned(),
                found: 0,
                expected: 1,
                hint: format!(
                    "the candles are of {} to {}",
                    format_time(self.time_ms(0)),
                    format_time(self.time_ms(self.rows()))
                ),
            }),
        }
    }

    /// The bar with this open time, if it is on the grid.
    pub fn row_of(&self, time_ms: i64) -> Option<usize> {
        let offset = time_ms - self.start_ms;
        let row = usize::try_from(offset / self.interval.ms()).ok()?;
        (offset >= 0 && offset % self.interval.ms() == 0 && row < self.rows).then_some(row)
    }

    /// The number since 1970 of bar `row`: what trailing windows align their blocks to.
    pub(crate) fn bar_number(&self, row: usize) -> i64 {
        self.start_ms.div_euclid(self.interval.ms()) + row as i64
    }

    /// Whether the coin has a candle of its own at that bar.
    pub fn is_observed(&self, row: usize, coin: usize) -> bool {
        self.observed[row * self.coins() + coin]
    }

    /// A value of a column that was asked for when the panel was built; NaN where missing.
    pub fn value(&self, column: Column, row: usize, coin: usize) -> f64 {
        self.columns
            .get(&column)
            .map_or(f64::NAN, |values| values[row * self.coins() + coin])
    }

    /// All coins' values of a column at some rows, row-major `[rows, coins]`; empty where the
    /// column was not asked for.
    pub(crate) fn matrix(&self, column: Column, rows: Range<usize>) -> &[f64] {
        let values = self
            .columns
            .get(&column)
            .map(Vec::as_slice)
            .unwrap_or_default();
        values
            .get(rows.start * self.coins()..rows.end * self.coins())
            .unwrap_or_default()
    }

    /// One coin's values of a column at some rows; all NaN where the column was not asked for.
    pub fn series(&self, column: Column, coin: usize, rows: Range<usize>) -> Vec<f64> {
        match self.columns.get(&column) {
            Some(values) => values[rows.start * self.coins()..rows.end * self.coins()]
                .chunks_exact(self.coins())
                .map(|row| row[coin])
                .collect(),
            None => vec![f64::NAN; rows.len()],
        }
    }

    /// Close-to-close simple return of the bar, filled closes included; NaN where unknown.
    pub fn last_return(&self, row: usize, coin: usize) -> f64 {
        match row.checked_sub(1) {
            Some(before) => {
                self.value(Column::Close, row, coin) / self.value(Column::Close, before, coin) - 1.0
            }
            None => f64::NAN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn candles(minutes: &[(i64, f64)]) -> CandleTable {
        let mut table = CandleTable::default();
        for &(minute, close) in minutes {
            let mut row = [f64::NAN; Column::ALL.len()];
            row[..5].copy_from_slice(&[close, close + 1.0, close - 1.0, close, 7.0]);
            table.push_row(minute * MINUTE, row);
        }
        table
    }

    fn panel(coins: &[(&str, &[(i64, f64)])], fill_limit_bars: usize) -> Panel {
        let coins: Vec<_> = coins
            .iter()
            .map(|(name, rows)| (Symbol::new(name).unwrap(), candles(rows)))
            .collect();
        let times = || coins.iter().flat_map(|(_, candles)| &candles.open_time_ms);
        let (from, until) = (*times().min().unwrap(), *times().max().unwrap() + 1);
        let columns = [Column::Open, Column::High, Column::Low, Column::Volume];
        Panel::build(
            &coins,
            "1m".parse().unwrap(),
            (from, until),
            fill_limit_bars,
            &columns,
        )
    }

    #[test]
    fn coins_are_joined_by_time_not_by_position() {
        let panel = panel(
            &[
                ("AUSDT", &[(10, 1.0), (12, 3.0)]),
                ("BUSDT", &[(11, 20.0), (12, 30.0)]),
            ],
            60,
        );
        assert_eq!(panel.rows(), 3);
        assert_eq!(panel.value(Column::Close, 2, 0), 3.0);
        assert_eq!(panel.value(Column::Close, 2, 1), 30.0);
        assert!(
            panel.value(Column::Close, 0, 1).is_nan(),
            "a coin has no price before its first candle"
        );
        assert_eq!(panel.row_of(12 * MINUTE), Some(2));
        assert_eq!(panel.row_of(12 * MINUTE + 1), None);
        assert_eq!(panel.row_of(9 * MINUTE), None);
    }

    #[test]
    fn the_order_of_candles_does_not_matter() {
        let sorted = panel(
            &[
                ("AUSDT", &[(3, 1.0), (5, 2.0), (9, 3.0)]),
                ("BUSDT", &[(4, 7.0), (9, 8.0)]),
            ],
            2,
        );
        let shuffled = panel(
            &[
                ("AUSDT", &[(9, 3.0), (3, 1.0), (5, 2.0)]),
                ("BUSDT", &[(9, 8.0), (4, 7.0)]),
            ],
            2,
        );
        for coin in 0..2 {
            let closes = |panel: &Panel| {
                panel
                    .series(Column::Close, coin, 0..panel.rows())
                    .iter()
                    .map(|c| c.to_bits())
                    .collect::<Vec<_>>()
            };
            assert_eq!(closes(&sorted), closes(&shuffled));
        }
    }

    #[test]
    fn filling_is_bounded_and_flagged() {
        let panel = panel(&[("AUSDT", &[(0, 5.0), (5, 6.0)])], 2);
        let closes = panel.series(Column::Close, 0, 0..6);
        assert_eq!(&closes[..3], &[5.0, 5.0, 5.0]);
        assert!(closes[3].is_nan() && closes[4].is_nan());
        assert_eq!(
            (0..6)
                .map(|row| panel.is_observed(row, 0))
                .collect::<Vec<_>>(),
            [true, false, false, false, false, true]
        );
        assert_eq!(
            panel.value(Column::High, 1, 0),
            5.0,
            "a filled bar has no range"
        );
        assert!(
            panel.value(Column::Volume, 1, 0).is_nan(),
            "volume of a filled bar is unknown, not 0"
        );
    }
}
