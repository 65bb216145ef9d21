//! `relative6`: each bar of a coin against the others, in units of its own volatility, for
//! forecasters that see windows of bars.

use std::ops::Range;

use market::Interval;

use super::group::GroupChoice;
use super::relative::{DAY, LEAST_VOLUME, VOLATILITY};
use super::relative::{bars, close_position, mean_of_known, one_bar, root_mean_squares};
use super::set::{Feature, FeatureFormulas};
use super::single;
use super::trailing::trailing_means;
use crate::{Column, Panel};

/// The set's features, in the order of the channels.
const FEATURES: [Feature; 6] = [
    Feature::new(
        "return",
        "(ln(close[t] / close[t-1]) - its mean over the coins at that time) / v",
    ),
    Feature::new(
        "market_return",
        "mean over the coins of ln(close[t] / close[t-1]), in units of the market's volatility",
    ),
    Feature::new(
        "volume",
        "ln(volume / mean volume over a day + 0.001), minus its mean over the coins at that time",
    ),
    Feature::new("range", "ln(high / low) / v"),
    Feature::new(
        "close_position",
        "(2 close - high - low) / (high - low), 0 without range",
    ),
    Feature::new(
        "liquidity",
        "ln of the mean of close x volume over a day, minus its mean over the coins at that time",
    ),
];

/// No feature is further from 0.
const CLIP: f64 = 6.0;

/// The set `relative6`.
#[derive(Debug)]
pub(super) struct Relative6;

impl FeatureFormulas for Relative6 {
    fn name(&self) -> &'static str {
        "relative6"
    }

    fn description(&self) -> &'static str {
        "Each bar of a coin against the others, in units of the coin's own volatility, for networks \
         that see windows of bars. v is the root mean square of the one-bar log returns of the last \
         four hours, and the market's volatility is that of the mean return. All are cut off at 6."
    }

    fn columns(&self) -> &'static [Column] {
        use Column::{Close, High, Low, Open, Volume};
        &[Open, High, Low, Close, Volume]
    }

    fn features(&self) -> &'static [Feature] {
        &FEATURES
    }

    fn warm_up_bars(&self, interval: Interval) -> usize {
        bars(DAY, interval).max(bars(VOLATILITY, interval)) + 1
    }

    fn compute(&self, chosen: &GroupChoice, panel: &Panel, rows: Range<usize>, out: &mut [f32]) {
        let (coins, warm_up) = (panel.coins(), chosen.warm_up_bars);
        let from = rows.start.saturating_sub(warm_up - 1);
        let series = RelativeSeries::of(panel, from..rows.end, chosen.interval);
        let per_row = coins * FEATURES.len();
        for (row, out) in (rows.start..rows.end).zip(out.chunks_exact_mut(per_row)) {
            if row + 1 < warm_up {
                out.fill(f32::NAN);
            } else {
                series.write(row - from, out);
            }
        }
    }
}

/// What the features of a stretch of rows are made of; each is `[rows, coins]`, the market's
/// `[rows]`.
struct RelativeSeries<'a> {
    coins: usize,
    closes: &'a [f64],
    highs: &'a [f64],
    lows: &'a [f64],
    volumes: &'a [f64],
    day_volume: Vec<f64>,
    turnover: Vec<f64>,
    moves: Vec<f64>,
    volatility: Vec<f64>,
    market: Vec<f64>,
    market_volatility: Vec<f64>,
}

impl<'a> RelativeSeries<'a> {
    fn of(panel: &'a Panel, rows: Range<usize>, interval: Interval) -> Self {
        let (coins, first_bar) = (panel.coins(), panel.bar_number(rows.start));
        let (day, four_hours) = (bars(DAY, interval), bars(VOLATILITY, interval));
        let column = |column| panel.matrix(column, rows.clone());
        let (closes, volumes) = (column(Column::Close), column(Column::Volume));
        let logs: Vec<f64> = closes.iter().map(|close| close.ln()).collect();
        let moves = one_bar(&logs, coins);
        let turnover: Vec<f64> = closes.iter().zip(volumes).map(|(c, v)| c * v).collect();
        let market: Vec<f64> = moves
            .chunks_exact(coins.max(1))
            .map(mean_of_known)
            .collect();
        Self {
            coins,
            closes,
            highs: column(Column::High),
            lows: column(Column::Low),
            volumes,
            day_volume: trailing_means(volumes, coins, day, first_bar),
            turnover: trailing_means(&turnover, coins, day, first_bar),
            volatility: root_mean_squares(&moves, coins, four_hours, first_bar),
            moves,
            market_volatility: root_mean_squares(&market, 1, four_hours, first_bar),
            market,
        }
    }

    /// Writes the features of all coins at a row, `[coins, features]`.
    fn write(&self, row: usize, out: &mut [f32]) {
        let cells = row * self.coins..(row + 1) * self.coins;
        let volume = |at: usize| (self.volumes[at] / self.day_volume[at] + LEAST_VOLUME).ln();
        let liquidity = |at: usize| self.turnover[at].ln();
        let market = self.market[row];
        let market_return = market / self.market_volatility[row];
        let market_volume = mean(cells.clone().map(volume));
        let market_liquidity = mean(cells.clone().map(liquidity));
        for (at, out) in cells.zip(out.chunks_exact_mut(FEATURES.len())) {
            let (high, low, unit) = (self.highs[at], self.lows[at], self.volatility[at]);
            let values = [
                (self.moves[at] - market) / unit,
                market_return,
                volume(at) - market_volume,
                (high / low).ln() / unit,
                close_position(high, low, self.closes[at]),
                liquidity(at) - market_liquidity,
            ];
            for (out, value) in out.iter_mut().zip(values) {
                *out = single(value.clamp(-CLIP, CLIP));
            }
        }
    }
}

/// The mean of the values that are known.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    mean_of_known(&values.collect::<Vec<_>>())
}
