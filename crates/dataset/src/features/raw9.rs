//! `raw9`: the exchange's nine columns as they are, as an earlier pipeline had it.

use std::ops::Range;

use market::Interval;

use super::formulas::Coin;
use super::set::FeatureFormulas;
use crate::{Column, Panel};

const WARM_UP_BARS: usize = 1;

/// The set `raw9`.
#[derive(Debug)]
pub(super) struct Raw9;

impl FeatureFormulas for Raw9 {
    fn name(&self) -> &'static str {
        "raw9"
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

    fn names(&self) -> &'static [&'static str] {
        &[
            "open",
            "high",
            "low",
            "close",
            "volume",
            "quote_volume",
            "count",
            "taker_buy_volume",
            "taker_buy_quote_volume",
        ]
    }

    fn warm_up_bars(&self, _interval: Interval) -> usize {
        WARM_UP_BARS
    }

    fn of_coin(&self, panel: &Panel, coin: usize, rows: Range<usize>) -> Vec<Vec<f64>> {
        let coin = Coin::of(panel, coin, rows, WARM_UP_BARS);
        coin.wanted(
            self.columns()
                .iter()
                .map(|&column| coin.series(column))
                .collect(),
        )
    }
}
