//! `close6`: six features of closes alone, for sources that hold nothing else.

use std::ops::Range;

use market::Interval;

use super::formulas::Coin;
use super::set::FeatureFormulas;
use crate::{Column, Panel};

const WARM_UP_BARS: usize = 240;

/// The set `close6`.
#[derive(Debug)]
pub(super) struct Close6;

impl FeatureFormulas for Close6 {
    fn name(&self) -> &'static str {
        "close6"
    }

    fn columns(&self) -> &'static [Column] {
        &[Column::Close]
    }

    fn names(&self) -> &'static [&'static str] {
        &[
            "return_1",
            "return_5",
            "return_15",
            "deviation_60",
            "deviation_240",
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
            coin.log_return(5),
            coin.log_return(15),
            coin.deviation(60),
            coin.deviation(240),
            coin.volatility(60),
        ])
    }
}
