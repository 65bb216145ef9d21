//! Groups of features that a config switches on and off, computed one row at a time.

use std::ops::Range;

use market::Interval;

use super::bars::Bars;
use super::single;
use crate::Panel;

/// Features that are switched on and off together (`features.groups`).
#[derive(Debug)]
pub struct Group {
    /// Its name in configs.
    pub(crate) name: &'static str,
    /// How they are computed at t, in words that the book's reference explains.
    pub(crate) formula: &'static str,
    /// Names of its features, in order.
    pub(crate) features: &'static [&'static str],
    /// How many rows, its own included, each of its features is at most a function of.
    pub(crate) warm_up_bars: usize,
    /// Writes the features at one row of the bars, all of whose warm-up is known.
    pub(crate) compute: fn(&Bars, usize, &mut [f64]),
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

/// Writes one coin's features at `rows`: into each cell of `out`, which is row-major `[rows, coins
/// x features]`.
///
/// A row without all candles of its warm-up is NaN throughout: TA-Lib, given a hole, answers with
/// plausible numbers.
pub(super) fn compute(
    chosen: &GroupChoice,
    panel: &Panel,
    coin: usize,
    rows: Range<usize>,
    out: &mut [f32],
) {
    let from = rows.start.saturating_sub(chosen.warm_up_bars - 1);
    let bars = Bars::of(panel, coin, from..rows.end);
    let per_coin = chosen.features;
    let mut values = vec![f64::NAN; per_coin];
    for (row, cells) in (rows.start - from..).zip(out.chunks_exact_mut(panel.coins() * per_coin)) {
        values.fill(f64::NAN);
        if bars.known_bars(row) >= chosen.warm_up_bars {
            let mut rest = values.as_mut_slice();
            for group in &chosen.groups {
                let (own, others) = rest.split_at_mut(group.features.len());
                (group.compute)(&bars, row, own);
                rest = others;
            }
        }
        for (cell, &value) in cells[coin * per_coin..].iter_mut().zip(&values) {
            *cell = single(value);
        }
    }
}
