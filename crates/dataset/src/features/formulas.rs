//! The formulas of every feature set, one coin at a time.

use super::{FeatureSet, trailing_mean};
use crate::{Column, Panel};

/// The least standard deviation of one-bar returns that `volatility` tells from 0.
const LEAST_VOLATILITY: f64 = 1e-6;

/// The features of one coin: `[features][rows]`, NaN where unknown.
pub(super) fn compute(set: FeatureSet, panel: &Panel, coin: usize) -> Vec<Vec<f64>> {
    let bars = Bars { panel, coin };
    match set {
        FeatureSet::Ohlcv8 => vec![
            bars.log_return(1),
            bars.log_return(15),
            bars.deviation(60),
            bars.deviation(240),
            bars.range(),
            bars.close_position(),
            bars.log_deviation(&bars.quote_turnover(), 240),
            bars.volatility(60),
        ],
        FeatureSet::Kline8 => vec![
            bars.log_return(1),
            bars.deviation(60),
            bars.deviation(240),
            bars.range(),
            bars.log_deviation(&bars.series(Column::QuoteVolume), 240),
            bars.log_deviation(&bars.series(Column::Count), 240),
            bars.taker_imbalance(),
            bars.vwap_deviation(),
        ],
        FeatureSet::Raw9 => set.columns().iter().map(|&column| bars.series(column)).collect(),
        FeatureSet::Close6 => vec![
            bars.log_return(1),
            bars.log_return(5),
            bars.log_return(15),
            bars.deviation(60),
            bars.deviation(240),
            bars.volatility(60),
        ],
    }
}

/// One coin of a panel.
struct Bars<'a> {
    panel: &'a Panel,
    coin: usize,
}

impl Bars<'_> {
    fn series(&self, column: Column) -> Vec<f64> {
        self.panel.series(column, self.coin)
    }

    fn map<const N: usize>(&self, columns: [Column; N], formula: impl Fn([f64; N]) -> f64) -> Vec<f64> {
        (0..self.panel.rows())
            .map(|row| formula(columns.map(|column| self.panel.value(column, row, self.coin))))
            .collect()
    }

    fn mean(&self, values: &[f64], window: usize) -> Vec<f64> {
        trailing_mean(values, window, self.panel.first_bar())
    }

    /// `ln(close[t] / close[t - bars])`.
    fn log_return(&self, bars: usize) -> Vec<f64> {
        let close = self.series(Column::Close);
        let earlier = std::iter::repeat_n(f64::NAN, bars).chain(close.iter().copied());
        close.iter().zip(earlier).map(|(close, earlier)| (close / earlier).ln()).collect()
    }

    /// `ln(close[t])` minus its mean over the last `window` bars.
    fn deviation(&self, window: usize) -> Vec<f64> {
        let log_close: Vec<f64> = self.series(Column::Close).iter().map(|close| close.ln()).collect();
        difference(&log_close, &self.mean(&log_close, window))
    }

    /// `ln(1 + x[t])` minus its mean over the last `window` bars: how unusual an amount is.
    fn log_deviation(&self, amounts: &[f64], window: usize) -> Vec<f64> {
        let logs: Vec<f64> = amounts.iter().map(|amount| amount.ln_1p()).collect();
        difference(&logs, &self.mean(&logs, window))
    }

    /// volume x close: the amount traded in the quote asset, near enough.
    fn quote_turnover(&self) -> Vec<f64> {
        self.map([Column::Volume, Column::Close], |[volume, close]| volume * close)
    }

    /// ln(high / low).
    fn range(&self) -> Vec<f64> {
        self.map([Column::High, Column::Low], |[high, low]| (high / low).ln())
    }

    /// Where in its range the bar closed, from -1 (low) to 1 (high); 0 in a bar without range.
    fn close_position(&self) -> Vec<f64> {
        self.map([Column::High, Column::Low, Column::Close], |[high, low, close]| {
            if high == low { 0.0 } else { (2.0 * close - high - low) / (high - low) }
        })
    }

    /// ln of the root mean square of one-bar log returns over the last `window` - 1 bars.
    fn volatility(&self, window: usize) -> Vec<f64> {
        let squares: Vec<f64> = self.log_return(1).iter().map(|value| value * value).collect();
        let log = |mean: &f64| if mean.is_nan() { f64::NAN } else { mean.sqrt().max(LEAST_VOLATILITY).ln() };
        self.mean(&squares, window - 1).iter().map(log).collect()
    }

    /// 2 x taker buy volume / volume - 1: from -1 (all sold into bids) to 1; 0 in a bar without trades.
    fn taker_imbalance(&self) -> Vec<f64> {
        self.map(
            [Column::TakerBuyVolume, Column::Volume],
            |[buy, volume]| {
                if volume == 0.0 { 0.0 } else { 2.0 * buy / volume - 1.0 }
            },
        )
    }

    /// ln(close / volume-weighted price of the bar); 0 in a bar without trades.
    fn vwap_deviation(&self) -> Vec<f64> {
        self.map([Column::Close, Column::QuoteVolume, Column::Volume], |[close, quote, volume]| {
            if volume == 0.0 { 0.0 } else { (close * volume / quote).ln() }
        })
    }
}

fn difference(values: &[f64], means: &[f64]) -> Vec<f64> {
    values.iter().zip(means).map(|(value, mean)| value - mean).collect()
}
