//! `raw9`: the exchange's nine columns as they are, as an earlier pipeline had it.

use std::ops::Range;

use market::Interval;

use super::formulas::PanelCoin;
use super::set::{Feature, FeatureFormulas};
use crate::{Column, Panel};

const WARM_UP_BARS: usize = 1;

/// Its features, in the order of the channels.
const FEATURES: [Feature; 9] = [
    Feature::new("open", "the bar's first price"),
    Feature::new("high", "the bar's highest price"),
    Feature::new("low", "the bar's lowest price"),
    Feature::new("close", "the bar's last price"),
    Feature::new("volume", "amount traded in the coin"),
    Feature::new("quote_volume", "amount traded in the quote currency"),
    Feature::new("count", "number of trades"),
    Feature::new("taker_buy_volume", "amount that takers bought, in the coin"),
    Feature::new(
        "taker_buy_quote_volume",
        "amount that takers bought, in the quote currency",
    ),
];

/// The set `raw9`.
#[derive(Debug)]
pub(super) struct Raw9;

impl FeatureFormulas for Raw9 {
    fn name(&self) -> &'static str {
        "raw9"
    }

    fn description(&self) -> &'static str {
        "The exchange's nine columns as they are, to reproduce an earlier pipeline."
    }

    fn columns(&self) -> &'static [Column] {
        use Column::{
            Close, Count, High, Low, Open, QuoteVolume, TakerBuyQuoteVolume, TakerBuyVolume, Volume,
        };
        &[
            Open,
            High,
            Low,
            Close,
            Volume,
            QuoteVolume,
            Count,
            TakerBuyVolume,
            TakerBuyQuoteVolume,
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
        coin.wanted(
            self.columns()
                .iter()
                .map(|&column| coin.series(column))
                .collect(),
        )
    }
}
