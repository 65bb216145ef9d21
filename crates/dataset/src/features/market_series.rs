//! What all coins of a panel do together, at some rows.

use std::ops::Range;

use market::Interval;
use statistics::average_ranks;

use super::moments::Moments;
use super::variances::{CoinVariances, bars_of_days, known_size};
use crate::{Column, Panel};

/// Windows of standard deviations and correlations, in days.
pub(super) const WINDOWS: [usize; 3] = [7, 14, 30];

/// Window of the turnover that coins are ranked by, in days.
const RANK_DAYS: usize = 30;

/// Series of the coins and of their market, each as long as the rows with their warm-up.
pub(crate) struct MarketSeries {
    /// One-bar log return of the coin that the market follows, bitcoin; of the market where there is
    /// none.
    pub leader: Vec<f64>,
    /// Mean over the coins of the one-bar log return.
    pub mean_return: Vec<f64>,
    /// Standard deviation of each coin's one-bar returns, `[windows][coins][rows]`.
    pub deviations: [Vec<Vec<f64>>; WINDOWS.len()],
    /// Mean over the coins of the same, `[windows][rows]`.
    pub mean_deviation: [Vec<f64>; WINDOWS.len()],
    /// Each coin's place by its mean turnover, from 0 (least) to 1 (most), `[coins][rows]`.
    pub turnover_rank: Vec<Vec<f64>>,
    /// Each coin's place by its market cap, alike; empty where the panel has none.
    pub market_cap_rank: Vec<Vec<f64>>,
}

impl MarketSeries {
    /// All coins at `rows`, and the rows before them that a warm-up of `window`'s bars needs.
    pub fn of(panel: &Panel, rows: Range<usize>, window: (Interval, usize)) -> Self {
        let coins: Vec<CoinVariances> = (0..panel.coins())
            .map(|coin| CoinVariances::of(panel, coin, rows.clone(), window))
            .collect();
        let bars = |days| bars_of_days(days, window.0);
        let returns: Vec<&Vec<f64>> = coins.iter().map(|coin| &coin.returns).collect();
        let mean_return = mean_over_coins(&returns);
        let deviations = WINDOWS.map(|days| {
            let of_coin = |coin: &CoinVariances| Moments::of(coin, &coin.returns, bars(days)).std();
            coins.iter().map(of_coin).collect::<Vec<_>>()
        });
        let mean_deviation = [0, 1, 2].map(|window| {
            let of_window: &[Vec<f64>] = &deviations[window];
            mean_over_coins(&of_window.iter().collect::<Vec<_>>())
        });
        let turnover: Vec<Vec<f64>> = (coins.iter())
            .map(|coin| coin.mean(&turnover(coin), bars(RANK_DAYS)))
            .collect();
        let leader = notation::bitcoin(panel.symbols());
        Self {
            leader: leader.map_or_else(|| mean_return.clone(), |coin| returns[coin].clone()),
            mean_return,
            deviations,
            mean_deviation,
            turnover_rank: ranks(&turnover),
            market_cap_rank: match panel.has(Column::MarketCap) {
                true => ranks(&market_caps(&coins)),
                false => Vec::new(),
            },
        }
    }
}

/// volume x close of each bar: the amount traded in the quote asset, near enough.
pub(super) fn turnover(coin: &CoinVariances) -> Vec<f64> {
    let (volume, close) = (coin.series(Column::Volume), coin.series(Column::Close));
    volume.iter().zip(close).map(|(a, b)| a * b).collect()
}

/// The market cap of each coin, NaN where it is not known.
fn market_caps(coins: &[CoinVariances]) -> Vec<Vec<f64>> {
    let of_coin = |coin: &CoinVariances| {
        let caps = coin.series(Column::MarketCap);
        caps.into_iter().map(known_size).collect()
    };
    coins.iter().map(of_coin).collect()
}

/// The mean at each row over the coins that are known; NaN where none is.
fn mean_over_coins(coins: &[&Vec<f64>]) -> Vec<f64> {
    let rows = coins.first().map_or(0, |coin| coin.len());
    let mean = |row: usize| {
        let known = coins.iter().map(|coin| coin[row]).filter(|x| !x.is_nan());
        let (count, sum) = known.fold((0.0, 0.0), |(count, sum), x| (count + 1.0, sum + x));
        sum / count
    };
    (0..rows).map(mean).collect()
}

/// The place of each value among the known ones of its row, from 0 to 1; 0.5 of one alone.
fn ranks(coins: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut places = coins.to_vec();
    let rows = coins.first().map_or(0, Vec::len);
    for row in 0..rows {
        let known: Vec<usize> = (0..coins.len())
            .filter(|coin| !coins[*coin][row].is_nan())
            .collect();
        let values: Vec<f64> = known.iter().map(|coin| coins[*coin][row]).collect();
        let most = values.len().saturating_sub(1) as f64;
        for (coin, rank) in known.into_iter().zip(average_ranks(&values)) {
            places[coin][row] = if most > 0.0 { (rank - 1.0) / most } else { 0.5 };
        }
    }
    places
}
