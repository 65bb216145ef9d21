//! `kline8`: eight stationary features that use quote volume, trades and taker buys too.

use std::ops::Range;

use market::Interval;

use super::formulas::PanelCoin;
use super::set::{Feature, FeatureFormulas};
use crate::{Column, Panel};

const WARM_UP_BARS: usize = 240;

/// Its features, in the order of the channels.
const FEATURES: [Feature; 8] = [
    Feature::new("return_1", "ln(close[t] / close[t - 1])"),
    Feature::new("deviation_60", "ln close[t] - mean60(ln close)"),
    Feature::new("deviation_240", "ln close[t] - mean240(ln close)"),
    Feature::new("range", "ln(high / low)"),
    Feature::new(
        "quote_volume_240",
        "ln(1 + quote volume) - mean240 of the same",
    ),
    Feature::new(
        "trades_240",
        "ln(1 + number of trades) - mean240 of the same",
    ),
    Feature::new(
        "taker_imbalance",
        "2 taker buy volume / volume - 1, 0 without trades",
    ),
    Feature::new(
        "vwap_deviation",
        "ln(close x volume / quote volume), 0 without trades",
    ),
];

/// The set `kline8`.
#[derive(Debug)]
pub(super) struct Kline8;

impl FeatureFormulas for Kline8 {
    fn name(&self) -> &'static str {
        "kline8"
    }

    fn description(&self) -> &'static str {
        "The exchange's other columns too: quote volume, number of trades and what takers bought."
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
