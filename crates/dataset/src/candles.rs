//! Candles of one symbol as columns.

use market::Candle;

use crate::Column;

/// Candles of one symbol, by column; a missing value is NaN. A column that was not read takes no
/// room.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CandleTable {
    /// Open times in UTC milliseconds, strictly ascending once stored.
    pub open_time_ms: Vec<i64>,
    /// One value a candle, or none at all.
    columns: [Vec<f64>; Column::ALL.len()],
}

impl CandleTable {
    /// Number of candles.
    pub fn len(&self) -> usize {
        self.open_time_ms.len()
    }

    /// Whether there are no candles.
    pub fn is_empty(&self) -> bool {
        self.open_time_ms.is_empty()
    }

    /// Appends one candle, with the target that came along with it (NaN: none).
    pub fn push(&mut self, candle: &Candle, target: f64) {
        let or_nan = |value: Option<f64>| value.unwrap_or(f64::NAN);
        let known = [
            or_nan(candle.open),
            or_nan(candle.high),
            or_nan(candle.low),
            candle.close,
            or_nan(candle.volume),
            or_nan(candle.quote_volume),
            or_nan(candle.count),
            or_nan(candle.taker_buy_volume),
            or_nan(candle.taker_buy_quote_volume),
            target,
        ];
        // What a candle itself does not have, such as a market cap, is unknown.
        let mut values = [f64::NAN; Column::ALL.len()];
        values[..known.len()].copy_from_slice(&known);
        self.push_row(candle.open_time_ms, values);
    }

    /// Appends one row given by column, in the order of [`Column::ALL`].
    pub fn push_row(&mut self, open_time_ms: i64, values: [f64; Column::ALL.len()]) {
        for (column, value) in self.columns.iter_mut().zip(values) {
            column.resize(self.open_time_ms.len(), f64::NAN);
            column.push(value);
        }
        self.open_time_ms.push(open_time_ms);
    }

    /// The values of `column`, one per candle; empty where the column was not read.
    pub fn column(&self, column: Column) -> &[f64] {
        &self.columns[column as usize]
    }

    /// The value of `column` at row `index`; NaN where there is none.
    pub fn value(&self, column: Column, index: usize) -> f64 {
        self.column(column).get(index).copied().unwrap_or(f64::NAN)
    }

    /// All columns of row `index`.
    pub(crate) fn row(&self, index: usize) -> [f64; Column::ALL.len()] {
        std::array::from_fn(|column| self.columns[column].get(index).copied().unwrap_or(f64::NAN))
    }

    /// The candle at `index`; what is NaN in the table is `None` in the candle.
    pub fn candle(&self, index: usize) -> Candle {
        let row = self.row(index);
        let value = |column: Column| Some(row[column as usize]).filter(|value| !value.is_nan());
        Candle {
            open_time_ms: self.open_time_ms[index],
            open: value(Column::Open),
            high: value(Column::High),
            low: value(Column::Low),
            close: row[Column::Close as usize],
            volume: value(Column::Volume),
            quote_volume: value(Column::QuoteVolume),
            count: value(Column::Count),
            taker_buy_volume: value(Column::TakerBuyVolume),
            taker_buy_quote_volume: value(Column::TakerBuyQuoteVolume),
        }
    }

    /// Appends the candles of another table.
    pub fn append(&mut self, other: Self) {
        self.extend(
            other.open_time_ms,
            other
                .columns
                .map(|column| Some(column).filter(|column| !column.is_empty())),
        );
    }

    /// Appends candles given by column; a column that only some of the candles have is NaN for the
    /// others.
    pub(crate) fn extend(
        &mut self,
        open_time_ms: Vec<i64>,
        mut columns: [Option<Vec<f64>>; Column::ALL.len()],
    ) {
        let before = self.open_time_ms.len();
        self.open_time_ms.extend(open_time_ms);
        for (column, new) in self.columns.iter_mut().zip(&mut columns) {
            if new.is_some() || !column.is_empty() {
                column.resize(before, f64::NAN);
                column.append(new.get_or_insert_default());
                column.resize(self.open_time_ms.len(), f64::NAN);
            }
        }
    }

    /// Whether any candle has a value in `column`.
    pub fn has(&self, column: Column) -> bool {
        self.column(column).iter().any(|value| !value.is_nan())
    }

    /// The candles at these rows, in this order.
    pub(crate) fn select(&self, indices: &[usize]) -> Self {
        let columns = std::array::from_fn(|column| match self.columns[column].as_slice() {
            [] => Vec::new(),
            values => indices.iter().map(|&index| values[index]).collect(),
        });
        Self {
            open_time_ms: indices
                .iter()
                .map(|&index| self.open_time_ms[index])
                .collect(),
            columns,
        }
    }

    /// Multiplies a column of the candles that open at `from_ms` or later, where it was read.
    pub(crate) fn scale(&mut self, column: Column, from_ms: i64, factor: f64) {
        let times = self.open_time_ms.iter();
        for (value, time) in self.columns[column as usize].iter_mut().zip(times) {
            if *time >= from_ms {
                *value *= factor;
            }
        }
    }

    /// The candles of which `keep` holds, in the same order.
    pub fn filter(&self, keep: impl Fn(i64) -> bool) -> Self {
        let mut kept = Self::default();
        for (index, &time) in self.open_time_ms.iter().enumerate() {
            if keep(time) {
                kept.push_row(time, self.row(index));
            }
        }
        kept
    }
}

impl FromIterator<(i64, [f64; Column::ALL.len()])> for CandleTable {
    fn from_iter<I: IntoIterator<Item = (i64, [f64; Column::ALL.len()])>>(rows: I) -> Self {
        let mut table = Self::default();
        for (open_time_ms, values) in rows {
            table.push_row(open_time_ms, values);
        }
        table
    }
}

impl FromIterator<Candle> for CandleTable {
    fn from_iter<I: IntoIterator<Item = Candle>>(candles: I) -> Self {
        let mut table = Self::default();
        for candle in candles {
            table.push(&candle, f64::NAN);
        }
        table
    }
}
