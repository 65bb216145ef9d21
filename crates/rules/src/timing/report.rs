//! What timing saves, as values.

use std::collections::BTreeMap;

use score::Options;
use serde::Serialize;
use statistics::{
    ConfidenceInterval, drawn_blocks, enough_blocks, percentile_interval, summarize_ic,
};

use super::orders::{OrderSums, SideSums};

/// Below this a day's saving is rounding: an order in even shares is TWAP itself.
const ROUNDING_BPS: f64 = 1e-6;

/// What timing saves, for each deadline and forecaster.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TimingReport {
    /// Coins that orders are of.
    pub coins: usize,
    /// Folds that they arrive in.
    pub folds: Vec<u32>,
    /// First and last time at which an order may arrive, UTC milliseconds.
    pub span_ms: [i64; 2],
    /// Length of a bar in milliseconds.
    pub bar_ms: i64,
    /// Bars from one order of a coin to the next.
    pub every_bars: usize,
    /// Half the spread, in basis points.
    pub half_spread_bps: f64,
    /// The rule's patience.
    pub patience: f64,
    /// Confidence of the intervals.
    pub confidence: f64,
    /// Bootstrap draws.
    pub draws: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// One entry a deadline.
    pub deadlines: Vec<DeadlineReport>,
}

/// What timing saves within one deadline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeadlineReport {
    /// Closes at which an order may be filled.
    pub deadline_bars: usize,
    /// Buys, and as many sells.
    pub orders: usize,
    /// UTC days on which they arrive.
    pub days: usize,
    /// Runs first, then controls.
    pub forecasters: Vec<TimingScore>,
}

/// What timing by one forecaster saves.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TimingScore {
    /// What forecasts.
    pub name: String,
    /// The run; None for a control.
    pub run: Option<String>,
    /// Mean of buys and sells. It is the same against every benchmark: what one of the two gains
    /// from a benchmark, the other loses.
    pub saved: Saving,
    /// The first run's saving minus this one's, day by day; None for the first run.
    pub first_run_ahead: Option<Saving>,
    /// Orders that buy.
    pub buy: SideSavings,
    /// Orders that sell.
    pub sell: SideSavings,
    /// Bars from the arrival of an order to its fill, in the mean of both sides.
    pub mean_bars: Option<f64>,
    /// The saving of each coin's buys and sells; of runs alone.
    pub coins: BTreeMap<String, Saving>,
}

/// Savings of one side against each benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct SideSavings {
    /// Against an equal part at each close.
    pub twap: Saving,
    /// Against parts by the bars' volumes; undefined where these are not known.
    pub vwap: Saving,
    /// Against all at the first close.
    pub at_once: Saving,
}

/// The mean over orders of what one saves, in basis points of the price at which it arrived; what is
/// undefined is None.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Saving {
    /// The mean.
    pub mean_bps: Option<f64>,
    /// ConfidenceInterval from a bootstrap of days.
    pub interval_bps: Option<ConfidenceInterval>,
    /// The mean in units of its standard error, as if days were independent.
    pub t: Option<f64>,
}

/// How means over days are drawn again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resampling<'a> {
    /// Draws, seed and confidence.
    pub options: &'a Options,
    /// Mean block length in days: an order's time, rounded up.
    pub block: usize,
}

impl Saving {
    /// The mean over days of fractions, which are [by day](by_day). Draw number k sees the same days for as many days.
    pub(super) fn new(days: &[Option<f64>], resampling: Resampling<'_>) -> Self {
        let Resampling { options, block } = resampling;
        let bps = |day: &f64| {
            let bps = day * 1e4;
            if bps.abs() < ROUNDING_BPS { 0.0 } else { bps }
        };
        let known: Vec<f64> = days.iter().flatten().map(bps).collect();
        let of_known: Vec<Option<f64>> = known.iter().copied().map(Some).collect();
        let summary = summarize_ic(&of_known);
        let draw = |number: usize| {
            let blocks = drawn_blocks(&[known.len()], block, options.seed, number);
            let drawn = blocks.into_iter().flatten().flatten();
            drawn.filter_map(|day| known.get(day)).sum::<f64>() / known.len() as f64
        };
        let is_enough = enough_blocks(&[known.len()], block, block);
        let draws = || -> Vec<f64> { (0..options.draws).map(draw).collect() };
        let interval = is_enough.then(|| percentile_interval(&draws(), options.confidence));
        Self {
            mean_bps: summary.mean,
            interval_bps: interval.flatten(),
            t: summary
                .icir
                .map(|ratio| ratio * (known.len() as f64).sqrt()),
        }
    }
}

impl SideSavings {
    pub(super) fn new(days: &[OrderSums], side: usize, resampling: Resampling<'_>) -> Self {
        let saving = |of: fn(&SideSums) -> f64, orders: fn(&OrderSums) -> f64| {
            let days = days.iter().map(|day| (of(&day.sides[side]), orders(day)));
            Saving::new(&by_day(days.collect()), resampling)
        };
        Self {
            twap: saving(|sums| sums.twap, |day| day.orders),
            vwap: saving(|sums| sums.vwap, |day| day.vwap_orders),
            at_once: saving(|sums| sums.at_once, |day| day.orders),
        }
    }
}

/// What orders of both sides saved on each day; None where a day has none.
pub(super) fn saved_by_day(days: &[OrderSums]) -> Vec<Option<f64>> {
    let sums = days.iter().map(|day| {
        let [buy, sell] = &day.sides;
        (buy.twap + sell.twap, 2.0 * day.orders)
    });
    by_day(sums.collect())
}

/// Each day's sum by the number of orders that a day has in the mean: the mean over days is that
/// over orders, however few a day has at the edge of a fold.
fn by_day(days: Vec<(f64, f64)>) -> Vec<Option<f64>> {
    let known = days.iter().filter(|(_, orders)| *orders > 0.0);
    let count = known.clone().count();
    let orders = known.map(|(_, orders)| orders).sum::<f64>() / count as f64;
    let of_day = |(sum, own): (f64, f64)| (own > 0.0).then(|| sum / orders);
    days.into_iter().map(of_day).collect()
}

/// A quotient; None by 0.
pub(super) fn ratio(sum: f64, count: f64) -> Option<f64> {
    (count > 0.0).then(|| sum / count)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_saving_is_a_mean_over_days_with_its_error() {
        let options = Options::default();
        let resampling = Resampling {
            options: &options,
            block: 1,
        };
        let days: Vec<Option<f64>> = (0..50)
            .map(|day| (day != 7).then_some(f64::from(day % 5) * 1e-4))
            .collect();
        let found = Saving::new(&days, resampling);
        // 49 days: ten of 0, 1, 3 and 4 bp each and nine of 2.
        assert!((found.mean_bps.unwrap() - 98.0 / 49.0).abs() < 1e-12);
        let std = (10.0 * (4.0 + 1.0 + 1.0 + 4.0) / 48.0_f64).sqrt();
        assert!((found.t.unwrap() - 2.0 / (std / 7.0)).abs() < 1e-9);
        let [low, high] = found.interval_bps.unwrap();
        let half = 1.96 * std / 7.0;
        assert!(
            (low - (2.0 - half)).abs() < 0.1 && (high - (2.0 + half)).abs() < 0.1,
            "{low} {high}"
        );
        assert_eq!(Saving::new(&[Some(1.0)], resampling).interval_bps, None);
        assert_eq!(Saving::new(&[None], resampling), Saving::default());
    }
}
