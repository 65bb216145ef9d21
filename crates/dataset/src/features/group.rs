//! Groups of features that a config switches on and off.

use std::cell::LazyCell;
use std::ops::Range;

use market::Interval;

use super::bars::{Bars, warm_up_on};
use super::market_series::MarketSeries;
use super::single;
use super::variances::{CoinVariances, bars_of_days};
use crate::{Column, Panel};

/// Features that are switched on and off together (`features.groups`).
#[derive(Debug)]
pub struct Group {
    /// Its name in configs.
    pub(crate) name: &'static str,
    /// How they are computed at t, in words that the book's reference explains.
    pub(crate) formula: &'static str,
    /// Names of its features, in order.
    pub(crate) features: &'static [&'static str],
    /// How many rows, its own included, each of its features is at most a function of; of a series on
    /// bars of a day.
    pub(crate) warm_up_bars: usize,
    /// How they are computed.
    pub(crate) compute: GroupFormula,
}

/// A group that is off unless a config names it (`features.with`).
#[derive(Debug)]
pub struct OptionalGroup {
    /// The columns of candles that it needs beside those of its set.
    pub(crate) columns: &'static [Column],
    /// The group.
    pub(crate) group: Group,
}

/// How the features of a group are computed.
#[derive(Debug)]
pub(crate) enum GroupFormula {
    /// At one row of a coin's bars, all of whose warm-up is known; windows are bars.
    Row(fn(&Bars, usize, &mut [f64])),
    /// At all rows of a coin at once, `[features][rows]`; windows are days, and what is unknown is NaN.
    Series(fn(&CoinInMarket) -> Vec<Vec<f64>>),
}

/// One coin at some rows, and all coins at these.
pub(crate) struct CoinInMarket<'a> {
    pub coin: &'a CoinVariances<'a>,
    pub market: &'a MarketSeries,
    /// The coin's place among those of the panel.
    pub place: usize,
}

impl Group {
    /// How many rows, its own included, each of its features is at most a function of, on bars of that
    /// length.
    pub(super) fn warm_up_on(&self, interval: Interval) -> usize {
        match self.compute {
            GroupFormula::Row(_) => warm_up_on(interval, self.warm_up_bars),
            GroupFormula::Series(_) => (self.warm_up_bars - 1) * bars_of_days(1, interval) + 1,
        }
    }
}

/// What a config has chosen of a set: which groups, of bars of which length.
#[derive(Debug, Clone)]
pub struct GroupChoice {
    /// Number of features of each coin.
    pub features: usize,
    /// How many rows, its own included, a feature row is a function of.
    pub warm_up_bars: usize,
    /// The bar length that windows in time are counted in.
    pub interval: Interval,
    /// The groups, in the set's order.
    pub(super) groups: Vec<&'static Group>,
}

/// Writes the features of all coins at `rows` into `out`, row-major `[rows, coins x features]`.
pub(super) fn compute(chosen: &GroupChoice, panel: &Panel, rows: Range<usize>, out: &mut [f32]) {
    let window = (chosen.interval, chosen.warm_up_bars);
    // The sets of rows of bars need no market.
    let market = LazyCell::new(|| MarketSeries::of(panel, rows.clone(), window));
    for coin in 0..panel.coins() {
        write_rows(chosen, panel, coin, rows.clone(), out);
        write_series(chosen, &market, panel, (coin, rows.clone()), out);
    }
}

/// Writes one coin's groups that are computed one row at a time.
///
/// A row without all candles of the longest warm-up among them is NaN in all: TA-Lib, given a hole,
/// answers with plausible numbers.
fn write_rows(
    chosen: &GroupChoice,
    panel: &Panel,
    coin: usize,
    rows: Range<usize>,
    out: &mut [f32],
) {
    let by_row = |group: &&&Group| matches!(group.compute, GroupFormula::Row(_));
    let warm_ups = chosen.groups.iter().filter(by_row);
    let Some(warm_up) = warm_ups
        .map(|group| group.warm_up_on(chosen.interval))
        .max()
    else {
        return;
    };
    let from = rows.start.saturating_sub(warm_up - 1);
    let bars = Bars::of(panel, coin, from..rows.end, chosen.interval);
    let per_coin = chosen.features;
    let mut values = vec![f64::NAN; per_coin];
    for (row, cells) in (rows.start - from..).zip(out.chunks_exact_mut(panel.coins() * per_coin)) {
        let cell = &mut cells[coin * per_coin..(coin + 1) * per_coin];
        let is_known = bars.known_bars(row) >= warm_up;
        let mut first = 0;
        for group in &chosen.groups {
            let places = first..first + group.features.len();
            first = places.end;
            let GroupFormula::Row(formula) = group.compute else {
                continue;
            };
            let own = &mut values[places.clone()];
            own.fill(f64::NAN);
            if is_known {
                formula(&bars, row, own);
            }
            for (cell, &value) in cell[places].iter_mut().zip(own.iter()) {
                *cell = single(value);
            }
        }
    }
}

/// Writes one coin's groups that are computed for all rows at once.
fn write_series(
    chosen: &GroupChoice,
    market: &LazyCell<MarketSeries, impl FnOnce() -> MarketSeries>,
    panel: &Panel,
    (place, rows): (usize, Range<usize>),
    out: &mut [f32],
) {
    let by_series = |group: &&Group| matches!(group.compute, GroupFormula::Series(_));
    if !chosen.groups.iter().any(by_series) {
        return;
    }
    let coin = CoinVariances::of(panel, place, rows, (chosen.interval, chosen.warm_up_bars));
    let in_market = CoinInMarket {
        coin: &coin,
        market,
        place,
    };
    let per_coin = chosen.features;
    let mut first = place * per_coin;
    for group in &chosen.groups {
        if let GroupFormula::Series(formula) = group.compute {
            let features = coin.wanted(formula(&in_market));
            for (row, cells) in out.chunks_exact_mut(panel.coins() * per_coin).enumerate() {
                for (cell, series) in cells[first..].iter_mut().zip(&features) {
                    *cell = single(series[row]);
                }
            }
        }
        first += group.features.len();
    }
}
