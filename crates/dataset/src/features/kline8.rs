//! `kline8`: eight stationary features that use quote volume, trades and taker buys too.

use std::ops::Range;

use market::Interval;

use super::formulas::Coin;
use super::set::FeatureFormulas;
use crate::{Column, Panel};

const WARM_UP_BARS: usize = 240;

/// The set `kline8`.
#[derive(Debug)]
pub(super) struct Kline8;

impl FeatureFormulas for Kline8 {
    fn name(&self) -> &'static str {
        "kline8"
    }

    fn columns(&self) -> &'static [Column] {
        use Column::{Close, Count, High, Low, Open, QuoteVolume, TakerBuyVolume, Volume};
        &[
            Open,
            High,
            Low,
            Close,
            Volume,
            QuoteVolume,
            Count,
            TakerBuyVolume,
        ]
    }

    fn names(&self) -> &'static [&'static str] {
        &[
            "return_1",
            "deviation_60",
            "deviation_240",
            "range",
            "quote_volume_240",
            "trades_240",
            "taker_imbalance",
            "vwap_deviation",
        ]
    }

    fn warm_up_bars(&self, _interval: Interval) -> usize {
        WARM_UP_BARS
    }

    fn of_coin(&self, panel: &Panel, coin: usize, rows: Range<usize>) -> Vec<Vec<f64>> {
        let coin = Coin::of(panel, coin, rows, WARM_UP_BARS);
        coin.wanted(vec![
            coin.log_return(1),
            coin.deviation(60),
            coin.deviation(240),
            coin.range(),
            coin.log_deviation(&coin.series(Column::QuoteVolume), 240),
            coin.log_deviation(&coin.series(Column::Count), 240),
            coin.taker_imbalance(),
            coin.vwap_deviation(),
        ])
    }
}
