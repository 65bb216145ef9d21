//! `har_range`: the volatility of the last day, week and month by returns and by ranges, and the coin's
//! level.

use std::ops::Range;

use market::Interval;
use statistics::{garman_klass, parkinson};

use super::group::GroupChoice;
use super::set::{Feature, FeatureFormulas, write_coin};
use super::variances::{CoinVariances, DAYS, FLOOR, bars_of_days};
use crate::{Column, Panel};

/// A level is over at most two years of bars of a day. On shorter ones it is over three months, as a
/// row's history has to be downloaded before it can be forecast live.
const LEVEL_DAYS: usize = 730;
const LEVEL_DAYS_OF_SHORT_BARS: usize = 90;

/// Days that a level needs.
const LEAST_LEVEL_DAYS: usize = 30;

/// The set's features, in the order of the channels.
const FEATURES: [Feature; 10] = [
    Feature::new(
        "lrv1",
        "ln of the root of the sum of squared log returns of a day",
    ),
    Feature::new(
        "lrv7",
        "the same of a day on average over 7 days: ln of the root of the mean",
    ),
    Feature::new("lrv30", "the same of 30 days"),
    Feature::new(
        "lpk1",
        "as `lrv1`, with Parkinson's variance of each bar, ln(high / low)^2 / (4 ln 2)",
    ),
    Feature::new("lpk7", "the same of 7 days"),
    Feature::new("lpk30", "the same of 30 days"),
    Feature::new(
        "lgk1",
        "as `lrv1`, with Garman and Klass's variance of each bar, 0.5 ln(high / low)^2 - (2 ln 2 - 1) ln(close / open)^2",
    ),
    Feature::new("lgk7", "the same of 7 days"),
    Feature::new("lgk30", "the same of 30 days"),
    Feature::new(
        "level",
        "mean of `lgk1` over all days so far, the last 730 at most and 30 at least; on bars shorter than a day the last 90 at most",
    ),
];

/// The set `har_range`.
#[derive(Debug)]
pub(super) struct HarRange;

impl FeatureFormulas for HarRange {
    fn name(&self) -> &'static str {
        "har_range"
    }

    fn description(&self) -> &'static str {
        "The volatility per day of the last 1, 7 and 30 days by returns, by Parkinson and by Garman and \
         Klass, and the coin's level: what a HAR forecasts the volatility from. All are logarithms, of a \
         volatility of at least 0.0001. A return that spans a hole, or one past `data.jump_ratio`, is \
         missing, and so is the range of its bar; a window has a value where no more than one in a \
         hundred of its bars is missing, so none of 30 bars of a day."
    }

    fn columns(&self) -> &'static [Column] {
        use Column::{Close, High, Low, Open};
        &[Open, High, Low, Close]
    }

    fn features(&self) -> &'static [Feature] {
        &FEATURES
    }

    fn warm_up_bars(&self, interval: Interval) -> usize {
        bars_of_days(level_days(interval), interval) + bars_of_days(1, interval)
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

impl HarRange {
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
        let prices = coin.prices();
        let of_ranges = |formula: fn(_) -> f64| prices.iter().copied().map(formula).collect();
        let variances: [Vec<f64>; 3] = [
            coin.squared_returns(),
            of_ranges(parkinson),
            of_ranges(garman_klass),
        ];
        let bars = |days| bars_of_days(days, interval);
        let of_days = |variances: &Vec<f64>| {
            DAYS.map(|days| coin.wanted_log_volatility(variances, bars(days), FLOOR))
        };
        let mut features: Vec<Vec<f64>> = variances.iter().flat_map(of_days).collect();
        let level = coin.mean_of_known(
            &coin.log_volatility(&variances[2], 1, FLOOR),
            bars(level_days(interval)),
            bars(LEAST_LEVEL_DAYS),
        );
        features.extend(coin.wanted(vec![level]));
        features
    }
}

/// Days of the level on bars of `interval`.
fn level_days(interval: Interval) -> usize {
    match bars_of_days(1, interval) {
        1 => LEVEL_DAYS,
        _ => LEVEL_DAYS_OF_SHORT_BARS,
    }
}
