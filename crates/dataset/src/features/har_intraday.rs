//! `har_intraday`: the volatility of the last hours, day, week and month by returns of bars shorter than
//! a day, and the coin's level.

use std::ops::Range;

use market::Interval;

use super::group::GroupChoice;
use super::set::{Feature, FeatureFormulas, write_coin};
use super::variances::{CoinVariances, FLOOR, bars_of_days, bars_of_hours};
use crate::{Column, Panel};

/// Windows in hours, then in days. A month has 22 days, as a stock market's has.
const HOURS: [usize; 2] = [2, 6];
const DAYS: [usize; 3] = [1, 7, 22];

/// A level is over three months at most, as a row's history has to be downloaded before it can be
/// forecast live, and a month at least.
const LEVEL_DAYS: usize = 90;
const LEAST_LEVEL_DAYS: usize = 22;

/// The set's features, in the order of the channels.
const FEATURES: [Feature; 6] = [
    Feature::new(
        "lrv2h",
        "ln of the volatility per day of the last 2 hours: of the root of the mean squared log return of a bar, times the bars of a day",
    ),
    Feature::new("lrv6h", "the same of 6 hours"),
    Feature::new("lrv1", "the same of a day"),
    Feature::new("lrv7", "the same of 7 days"),
    Feature::new("lrv22", "the same of 22 days"),
    Feature::new(
        "level",
        "mean of `lrv1` over all bars so far, those of 90 days at most and of 22 days at least",
    ),
];

/// The set `har_intraday`.
#[derive(Debug)]
pub(super) struct HarIntraday;

impl FeatureFormulas for HarIntraday {
    fn name(&self) -> &'static str {
        "har_intraday"
    }

    fn description(&self) -> &'static str {
        "The volatility per day of the last hours, day, week and month by returns of bars shorter than a \
         day, and the coin's level: what a HAR of intraday returns forecasts from. Returns, holes and the \
         least volatility are as in `har_range`."
    }

    /// The features need closes alone; models of volatility make candles of a day of the others.
    fn columns(&self) -> &'static [Column] {
        use Column::{Close, High, Low, Open};
        &[Open, High, Low, Close]
    }

    fn features(&self) -> &'static [Feature] {
        &FEATURES
    }

    fn warm_up_bars(&self, interval: Interval) -> usize {
        bars_of_days(LEVEL_DAYS, interval) + bars_of_days(1, interval)
    }

    fn of_coin(&self, panel: &Panel, coin: usize, rows: Range<usize>) -> Vec<Vec<f64>> {
        self.at(panel, coin, rows, panel.interval())
    }

    fn compute(&self, chosen: &GroupChoice, panel: &Panel, rows: Range<usize>, out: &mut [f32]) {
        for coin in 0..panel.coins() {
            let features = self.at(panel, coin, rows.clone(), chosen.interval);
            write_coin(&features, coin, panel.coins(), out);
        }
    }
}

impl HarIntraday {
    /// The features of one coin at `rows`, `[features][rows]`, with windows in bars of `interval`.
    fn at(
        &self,
        panel: &Panel,
        coin: usize,
        rows: Range<usize>,
        interval: Interval,
    ) -> Vec<Vec<f64>> {
        let warm_up = self.warm_up_bars(interval);
        let coin = CoinVariances::of(panel, coin, rows, (interval, warm_up));
        let squares = coin.squared_returns();
        let bars = |days| bars_of_days(days, interval);
        let of_hours = HOURS.map(|hours| bars_of_hours(hours, interval));
        let mut features: Vec<Vec<f64>> = (of_hours.into_iter().chain(DAYS.map(bars)))
            .map(|bars| coin.wanted_log_volatility(&squares, bars, FLOOR))
            .collect();
        let of_day = coin.log_volatility(&squares, 1, FLOOR);
        let level = coin.mean_of_known(&of_day, bars(LEVEL_DAYS), bars(LEAST_LEVEL_DAYS));
        features.extend(coin.wanted(vec![level]));
        features
    }
}
