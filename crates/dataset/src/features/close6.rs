//! `close6`: six features of closes alone, for sources that hold nothing else.

use std::ops::Range;

use market::Interval;

use super::formulas::PanelCoin;
use super::set::{Feature, FeatureFormulas};
use crate::{Column, Panel};

const WARM_UP_BARS: usize = 240;

/// Its features, in the order of the channels.
const FEATURES: [Feature; 6] = [
    Feature::new("return_1", "ln(close[t] / close[t - 1])"),
    Feature::new("return_5", "ln(close[t] / close[t - 5])"),
    Feature::new("return_15", "ln(close[t] / close[t - 15])"),
    Feature::new("deviation_60", "ln close[t] - mean60(ln close)"),
    Feature::new("deviation_240", "ln close[t] - mean240(ln close)"),
    Feature::new(
        "volatility_60",
        "ln of the root mean square of the last 59 one-bar log returns, at least 1e-6",
    ),
];

/// The set `close6`.
#[derive(Debug)]
pub(super) struct Close6;

impl FeatureFormulas for Close6 {
    fn name(&self) -> &'static str {
        "close6"
    }

    fn description(&self) -> &'static str {
        "Closes alone, for sources that hold nothing else."
    }

    fn columns(&self) -> &'static [Column] {
        &[Column::Close]
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
            coin.log_return(5),
            coin.log_return(15),
            coin.deviation(60),
            coin.deviation(240),
            coin.volatility(60),
        ])
    }
}
