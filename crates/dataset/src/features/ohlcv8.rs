//! `ohlcv8`: eight stationary features of open, high, low, close and volume.

use std::ops::Range;

use market::Interval;

use super::formulas::Coin;
use super::set::FeatureFormulas;
use crate::{Column, Panel};

const WARM_UP_BARS: usize = 240;

/// The set `ohlcv8`.
#[derive(Debug)]
pub(super) struct Ohlcv8;

impl FeatureFormulas for Ohlcv8 {
    fn name(&self) -> &'static str {
        "ohlcv8"
    }

    fn columns(&self) -> &'static [Column] {
        use Column::{Close, High, Low, Open, Volume};
        &[Open, High, Low, Close, Volume]
    }

    fn names(&self) -> &'static [&'static str] {
        &[
            "return_1",
            "return_15",
            "deviation_60",
            "deviation_240",
            "range",
            "close_position",
            "volume_240",
            "volatility_60",
        ]
    }

    fn warm_up_bars(&self, _interval: Interval) -> usize {
        WARM_UP_BARS
    }

    fn of_coin(&self, panel: &Panel, coin: usize, rows: Range<usize>) -> Vec<Vec<f64>> {
        let coin = Coin::of(panel, coin, rows, WARM_UP_BARS);
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
