//! `ohlcv8`: eight stationary features of open, high, low, close and volume.

use std::ops::Range;

use market::Interval;

use super::formulas::PanelCoin;
use super::set::{Feature, FeatureFormulas};
use crate::{Column, Panel};

const WARM_UP_BARS: usize = 240;

/// Its features, in the order of the channels.
const FEATURES: [Feature; 8] = [
    Feature::new("return_1", "ln(close[t] / close[t - 1])"),
    Feature::new("return_15", "ln(close[t] / close[t - 15])"),
    Feature::new("deviation_60", "ln close[t] - mean60(ln close)"),
    Feature::new("deviation_240", "ln close[t] - mean240(ln close)"),
    Feature::new("range", "ln(high / low)"),
    Feature::new(
        "close_position",
        "(2 close - high - low) / (high - low), 0 without range",
    ),
    Feature::new("volume_240", "ln(1 + volume x close) - mean240 of the same"),
    Feature::new(
        "volatility_60",
        "ln of the root mean square of the last 59 one-bar log returns, at least 1e-6",
    ),
];

/// The set `ohlcv8`.
#[derive(Debug)]
pub(super) struct Ohlcv8;

impl FeatureFormulas for Ohlcv8 {
    fn name(&self) -> &'static str {
        "ohlcv8"
    }

    fn description(&self) -> &'static str {
        "Eight stationary features of open, high, low, close and volume, which every source has; the default."
    }

    fn columns(&self) -> &'static [Column] {
        use Column::{Close, High, Low, Open, Volume};
        &[Open, High, Low, Close, Volume]
    }

    fn features(&self) -> &'static [Feature] {
        &FEATURES
    }

    fn warm_up_bars(&self, _interval: Interval) -> usize {
        WARM_UP_BARS
    }

    fn of_coin(&self, panel: &Panel, coin: usize, rows: Range<usize>) -> Vec<Vec<f64>> {
        let coin = PanelCoin::of(panel, coin, rows, WARM_UP_BARS);
        coin.wanted(vec![
            coin.log_return(1),
            coin.log_return(15),
            coin.deviation(60),
            coin.deviation(240),
            coin.range(),
            coin.close_position(),
            coin.log_deviation(&coin.quote_turnover(), 240),
            coin.volatility(60),
        ])
    }
}
