//! One aligned UTC grid of rows (bars) by coins.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use market::{Interval, Period, Symbol};
use sha2::{Digest, Sha256};
use storage::{Array, Scratch};

use crate::data_config::JUMP_RATIO;
use crate::room::zeros;
use crate::{CandleTable, Column, Error, FeatureShuffle, Fill, Filling, SymbolEvents, format_time};

/// Candles of all coins on one time grid, joined by time.
///
/// A bar without a candle is filled as the [`Filling`] says, which carries at least the last close
/// forward as its four prices, and is flagged as not observed. Beyond the limit prices are NaN.
///
/// A clone shares the values.
#[derive(Debug, Clone)]
pub struct Panel {
    symbols: Vec<Symbol>,
    interval: Interval,
    start_ms: i64,
    rows: usize,
    columns: Arc<BTreeMap<Column, Array<f64>>>,
    observed: Arc<Vec<bool>>,
    jump_ratio: f64,
    /// Whether there are returns between filled bars.
    has_filled_returns: bool,
    /// Open times of bars whose return is one, however large, of each coin.
    forks: Arc<Vec<BTreeSet<i64>>>,
    scratch: Scratch,
    pub(crate) shuffle: Option<Arc<FeatureShuffle>>,
}

/// A panel in the making: candles come span by span, in order of time, so that they need not be held
/// all at once.
#[derive(Debug)]
pub(crate) struct PanelBuilder {
    panel: Panel,
    columns: BTreeMap<Column, Array<f64>>,
    observed: Vec<bool>,
    filling: Filling,
    /// Last row and close of each coin that was observed.
    last: Vec<Option<(usize, f64)>>,
    /// The rows that are being filled.
    span: Range<usize>,
}

impl PanelBuilder {
    /// A panel that no coin has any candle in yet, on the grid of bars that open in `[from_ms,
    /// until_ms)`. `columns` says which columns to keep; the close always is.
    pub fn new(
        (symbols, interval): (Vec<Symbol>, Interval),
        (from_ms, until_ms): (i64, i64),
        columns: &[Column],
        filling: Filling,
        scratch: &Scratch,
    ) -> Self {
        let start_ms = first_bar_ms(from_ms, interval);
        let rows = bars_between(start_ms, until_ms, interval);
        let cells = rows * symbols.len();
        let columns: BTreeSet<Column> = columns.iter().copied().chain([Column::Close]).collect();
        Self {
            columns: columns
                .into_iter()
                .map(|column| (column, zeros(scratch, cells)))
                .collect(),
            observed: vec![false; cells],
            filling,
            last: vec![None; symbols.len()],
            span: 0..0,
            panel: Panel {
                symbols,
                interval,
                start_ms,
                rows,
                columns: Arc::default(),
                observed: Arc::default(),
                jump_ratio: JUMP_RATIO,
                has_filled_returns: filling.fill == Fill::Previous,
                forks: Arc::default(),
                scratch: scratch.clone(),
                shuffle: None,
            },
        }
    }

    /// The rows of each month of its time, in order.
    pub fn months(&self) -> Vec<Range<usize>> {
        let Panel { interval, rows, .. } = self.panel;
        let mut months = Vec::new();
        let mut start = 0;
        while start < rows {
            let month = Period::month_of(self.panel.time_ms(start));
            let end = bars_between(self.panel.start_ms, month.end_ms(), interval).min(rows);
            months.push(start..end);
            start = end;
        }
        months
    }

    /// The panel's times, for the rows of a span.
    pub fn time_ms(&self, row: usize) -> i64 {
        self.panel.time_ms(row)
    }

    /// Goes on to the next span of rows, in which no coin has a candle yet. Spans follow each other,
    /// and together are all rows.
    pub fn begin(&mut self, span: Range<usize>) {
        let coins = self.last.len();
        for values in self.columns.values_mut() {
            values[span.start * coins..span.end * coins].fill(f64::NAN);
        }
        self.span = span;
    }

    /// Puts in a coin's candles of the span, and fills bars without one; candles of other times are
    /// left out. Every coin has its turn, also without candles.
    pub fn add(&mut self, coin: usize, candles: &CandleTable) {
        self.place(coin, candles);
        self.fill(coin);
    }

    fn place(&mut self, coin: usize, candles: &CandleTable) {
        let coins = self.last.len();
        let times = candles.open_time_ms.iter();
        let row = |&time: &i64| {
            self.panel
                .row_of(time)
                .filter(|row| self.span.contains(row))
        };
        let rows: Vec<Option<usize>> = times.map(row).collect();
        for row in rows.iter().flatten() {
            self.observed[row * coins + coin] = true;
        }
        for (&column, values) in &mut self.columns {
            let values: &mut [f64] = values;
            for (row, &value) in rows.iter().zip(candles.column(column)) {
                if let Some(row) = row {
                    values[row * coins + coin] = value;
                }
            }
        }
    }

    fn fill(&mut self, coin: usize) {
        let coins = self.last.len();
        let last = &mut self.last[coin];
        for row in self.span.clone() {
            let cell = row * coins + coin;
            if self.observed[cell] {
                *last = Some((row, self.columns[&Column::Close][cell]));
            } else if let Some((seen, close)) = *last
                && row - seen <= self.filling.limit_bars
            {
                for (&column, values) in &mut self.columns {
                    let before = values[seen * coins + coin];
                    if let Some(value) = self.filling.value(column, close, before) {
                        values[cell] = value;
                    }
                }
            }
        }
    }

    /// The panel of all that was put in.
    pub fn finish(self) -> Panel {
        Panel {
            columns: Arc::new(self.columns),
            observed: Arc::new(self.observed),
            ..self.panel
        }
    }
}

/// Open time of the first bar that opens at `from_ms` or later.
pub(crate) fn first_bar_ms(from_ms: i64, interval: Interval) -> i64 {
    let step = interval.ms();
    (from_ms.div_euclid(step) + i64::from(from_ms.rem_euclid(step) != 0)) * step
}

/// How many bars open from `first_ms`, when one does, until before `until_ms`.
pub(crate) fn bars_between(first_ms: i64, until_ms: i64, interval: Interval) -> usize {
    ((until_ms - first_ms).max(0) as u64).div_ceil(interval.ms() as u64) as usize
}

impl Panel {
    /// Joins the candles of several coins by time, on the grid of bars that open in `[from_ms,
    /// until_ms)`.
    ///
    /// Rows and coins are `[rows, coins]`, row-major. A number of bars as `filling` fills prices for
    /// so many in a row at most. `columns` says which columns to keep; the
    /// close always is.
    pub fn build(
        coins: &[(Symbol, CandleTable)],
        interval: Interval,
        range_ms: (i64, i64),
        filling: impl Into<Filling>,
        columns: &[Column],
    ) -> Self {
        let symbols = coins.iter().map(|(symbol, _)| symbol.clone()).collect();
        let mut builder = PanelBuilder::new(
            (symbols, interval),
            range_ms,
            columns,
            filling.into(),
            &Scratch::default(),
        );
        builder.begin(0..builder.panel.rows);
        for (coin, (_, candles)) in coins.iter().enumerate() {
            builder.add(coin, candles);
        }
        builder.finish()
    }

    /// Where arrays that are made of it are kept.
    pub fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// The same panel, with the arrays that are made of it from now on in `scratch`.
    pub(crate) fn with_scratch(mut self, scratch: &Scratch) -> Self {
        self.scratch = scratch.clone();
        self
    }

    /// The same panel with another [`jump_ratio`](Self::jump_ratio).
    pub fn with_jump_ratio(mut self, ratio: f64) -> Self {
        self.jump_ratio = ratio;
        self
    }

    /// The ratio of two closes in a row, either way, past which there is no log return between them
    /// ([`log_returns`](crate::log_returns)): `data.jump_ratio`.
    pub fn jump_ratio(&self) -> f64 {
        self.jump_ratio
    }

    /// The same panel, where returns between filled bars are none: those that targets and profits are
    /// made of.
    pub fn with_observed_returns(&self) -> Self {
        Self {
            has_filled_returns: false,
            ..self.clone()
        }
    }

    /// The same panel with the returns that [`SymbolEvents`] explain.
    pub fn with_events(mut self, events: &SymbolEvents) -> Self {
        let step = self.interval.ms();
        // A fork may be in the middle of a bar.
        let bar = |date_ms: i64| date_ms.div_euclid(step) * step;
        let bars = |symbol| events.forks(symbol).into_iter().map(bar).collect();
        self.forks = Arc::new(self.symbols.iter().map(bars).collect());
        self
    }

    /// Whether the return of the coin's bar counts, however large it is.
    pub(crate) fn is_fork(&self, row: usize, coin: usize) -> bool {
        let forks = self.forks.get(coin);
        forks.is_some_and(|times| times.contains(&self.time_ms(row)))
    }

    /// Whether the bar has a close that returns are made of.
    pub(crate) fn has_return_close(&self, row: usize, coin: usize) -> bool {
        self.is_observed(row, coin) || self.has_filled_returns
    }

    /// Some of its rows as a panel of their own, in memory.
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
                    .map(|(&column, values)| (column, values[cells.clone()].to_vec().into()))
                    .collect(),
            ),
            observed: Arc::new(self.observed[cells].to_vec()),
            jump_ratio: self.jump_ratio,
            has_filled_returns: self.has_filled_returns,
            forks: self.forks.clone(),
            scratch: Scratch::default(),
            shuffle: None,
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
        if self.jump_ratio.to_bits() != JUMP_RATIO.to_bits() {
            hash.update(self.jump_ratio.to_le_bytes());
        }
        if self.has_filled_returns {
            hash.update("filled");
        }
        if self.forks.iter().any(|times| !times.is_empty()) {
            hash.update(format!("{:?}", self.forks));
        }
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

    /// Whether it was asked to keep the column.
    pub fn has(&self, column: Column) -> bool {
        self.columns.contains_key(&column)
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
        let cells = rows.start * self.coins()..rows.end * self.coins();
        let values = self.columns.get(&column);
        values
            .and_then(|values| values.get(cells))
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
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
