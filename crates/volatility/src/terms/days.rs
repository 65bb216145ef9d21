//! Candles of a day, made of shorter bars, that end at any row.

use dataset::{Column, Panel, jump_rows};
use statistics::{BarPrices, garman_klass, parkinson, rogers_satchell};

use super::{DayVariance, bars_of_days};

/// The prices of one coin, from which a candle of a day is made that ends at any row.
pub(super) struct DayCandles {
    bars: usize,
    open: Vec<f64>,
    high: Vec<f64>,
    low: Vec<f64>,
    close: Vec<f64>,
    /// Rows whose return is past the jump ratio, in ascending order.
    jumps: Vec<usize>,
}

impl DayCandles {
    /// Of the rows from the panel's first to the last of `rows`.
    pub fn of((panel, coin): (&Panel, usize), rows: &[usize]) -> Self {
        let end = rows.last().map_or(0, |last| last + 1);
        let series = |column| panel.series(column, coin, 0..end);
        Self {
            bars: bars_of_days(1, panel.interval()),
            open: series(Column::Open),
            high: series(Column::High),
            low: series(Column::Low),
            close: series(Column::Close),
            jumps: jump_rows(panel, coin, 0..end),
        }
    }

    /// The mean variance of the last so many days that end at a row; NaN where one is unknown.
    pub fn mean_variance(&self, variance: DayVariance, row: usize, days: usize) -> f64 {
        let of_day = |day: usize| match row.checked_sub(day * self.bars) {
            Some(end) => self.variance(variance, end),
            None => f64::NAN,
        };
        (0..days).map(of_day).sum::<f64>() / days as f64
    }

    /// The variance of the day that ends at a row; NaN of a day within which a return is past the jump ratio,
    /// as that of a bar of a day is.
    fn variance(&self, variance: DayVariance, end: usize) -> f64 {
        let Some(first) = (end + 1).checked_sub(self.bars) else {
            return f64::NAN;
        };
        let jump = self.jumps.partition_point(|&row| row < first);
        if self.jumps.get(jump).is_some_and(|&row| row <= end) {
            return f64::NAN;
        }
        if variance == DayVariance::Return {
            let before = first.checked_sub(1).map_or(f64::NAN, |row| self.close[row]);
            return (self.close[end] / before).ln().powi(2);
        }
        let known = |values: &[f64]| -> Vec<f64> {
            let day = values[first..=end].iter().copied();
            day.filter(|value| !value.is_nan()).collect()
        };
        // `max` and `min` are NaN without any.
        let prices = BarPrices {
            open: known(&self.open).first().copied().unwrap_or(f64::NAN),
            high: known(&self.high).into_iter().fold(f64::NAN, f64::max),
            low: known(&self.low).into_iter().fold(f64::NAN, f64::min),
            close: self.close[end],
        };
        match variance {
            DayVariance::GarmanKlass => garman_klass(prices),
            DayVariance::RogersSatchell => rogers_satchell(prices),
            DayVariance::Return | DayVariance::Parkinson => parkinson(prices),
        }
    }
}
