//! Formulas of features that are computed a coin and a feature at a time.

use std::ops::Range;

use super::trailing_mean;
use crate::{Column, Panel};

/// The least standard deviation of one-bar returns that `volatility` tells from 0.
const LEAST_VOLATILITY: f64 = 1e-6;

/// One coin of a panel at some rows.
pub(super) struct PanelCoin<'a> {
    panel: &'a Panel,
    coin: usize,
    rows: Range<usize>,
    /// How many of the rows are asked for, the last ones.
    wanted: usize,
}

impl<'a> PanelCoin<'a> {
    /// The coin at `rows` and the `warm_up_bars - 1` rows before them, as far as there are any.
    pub fn of(panel: &'a Panel, coin: usize, rows: Range<usize>, warm_up_bars: usize) -> Self {
        let from = rows.start.saturating_sub(warm_up_bars - 1);
        Self {
            panel,
            coin,
            rows: from..rows.end,
            wanted: rows.len(),
        }
    }

    /// Features without the rows that were read for the warm-up alone.
    pub fn wanted(&self, mut features: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
        let warm_up = self.rows.len() - self.wanted;
        features
            .iter_mut()
            .for_each(|values| _ = values.drain(..warm_up));
        features
    }

    pub fn series(&self, column: Column) -> Vec<f64> {
        self.panel.series(column, self.coin, self.rows.clone())
    }

    fn map<const N: usize>(
        &self,
        columns: [Column; N],
        formula: impl Fn([f64; N]) -> f64,
    ) -> Vec<f64> {
        let columns = columns.map(|column| self.series(column));
        (0..self.rows.len())
            .map(|row| formula(std::array::from_fn(|column| columns[column][row])))
            .collect()
    }

    fn mean(&self, values: &[f64], window: usize) -> Vec<f64> {
        trailing_mean(values, window, self.panel.bar_number(self.rows.start))
    }

    /// `ln(close[t] / close[t - bars])`.
    pub fn log_return(&self, bars: usize) -> Vec<f64> {
        let close = self.series(Column::Close);
        close
            .iter()
            .zip(earlier(&close, bars))
            .map(|(close, earlier)| (close / earlier).ln())
            .collect()
    }

    /// `ln(close[t])` minus its mean over the last `window` bars.
    pub fn deviation(&self, window: usize) -> Vec<f64> {
        let log_close: Vec<f64> = self
            .series(Column::Close)
            .iter()
            .map(|close| close.ln())
            .collect();
        difference(&log_close, &self.mean(&log_close, window))
    }

    /// `ln(1 + x[t])` minus its mean over the last `window` bars: how unusual an amount is.
    pub fn log_deviation(&self, amounts: &[f64], window: usize) -> Vec<f64> {
        let logs: Vec<f64> = amounts.iter().map(|amount| amount.ln_1p()).collect();
        difference(&logs, &self.mean(&logs, window))
    }

    /// volume x close: the amount traded in the quote asset, near enough.
    pub fn quote_turnover(&self) -> Vec<f64> {
        self.map([Column::Volume, Column::Close], |[volume, close]| {
            volume * close
        })
    }

    /// ln(high / low).
    pub fn range(&self) -> Vec<f64> {
        self.map([Column::High, Column::Low], |[high, low]| (high / low).ln())
    }

    /// Where in its range the bar closed, from -1 (low) to 1 (high); 0 in a bar without range.
    pub fn close_position(&self) -> Vec<f64> {
        self.map(
            [Column::High, Column::Low, Column::Close],
            |[high, low, close]| {
                if high == low {
                    0.0
                } else {
                    (2.0 * close - high - low) / (high - low)
                }
            },
        )
    }

    /// ln of the root mean square of one-bar log returns over the last `window` - 1 bars.
    pub fn volatility(&self, window: usize) -> Vec<f64> {
        let squares: Vec<f64> = self
            .log_return(1)
            .iter()
            .map(|value| value * value)
            .collect();
        let log = |mean: &f64| {
            if mean.is_nan() {
                f64::NAN
            } else {
                mean.sqrt().max(LEAST_VOLATILITY).ln()
            }
        };
        self.mean(&squares, window - 1).iter().map(log).collect()
    }

    /// 2 x taker buy volume / volume - 1: from -1 (all sold into bids) to 1; 0 in a bar without
    /// trades.
    pub fn taker_imbalance(&self) -> Vec<f64> {
        self.map([Column::TakerBuyVolume, Column::Volume], |[buy, volume]| {
            if volume == 0.0 {
                0.0
            } else {
                2.0 * buy / volume - 1.0
            }
        })
    }

    /// ln(close / volume-weighted price of the bar); 0 in a bar without trades.
    pub fn vwap_deviation(&self) -> Vec<f64> {
        self.map(
            [Column::Close, Column::QuoteVolume, Column::Volume],
            |[close, quote, volume]| {
                if volume == 0.0 {
                    0.0
                } else {
                    (close * volume / quote).ln()
                }
            },
        )
    }
}

/// The value `bars` rows before each row.
fn earlier(values: &[f64], bars: usize) -> Vec<f64> {
    std::iter::repeat_n(f64::NAN, bars)
        .chain(values.iter().copied())
        .take(values.len())
        .collect()
}

fn difference(values: &[f64], means: &[f64]) -> Vec<f64> {
    values
        .iter()
        .zip(means)
        .map(|(value, mean)| value - mean)
        .collect()
}
