//! How coins move together: all pairs, and each coin with one that all are compared with.

use market::Symbol;
use rayon::prelude::*;
use serde::Serialize;
use statistics::{pearson, quantile};

use super::sampling::Sampling;

/// Coins of the picture.
const MOST_SHOWN: usize = 30;

/// Returns that a pair must share.
const LEAST_SHARED: usize = 30;

/// Pearson correlations of all pairs of coins.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct PairCorrelations {
    /// The coins of the picture: those that are traded most.
    pub shown: Vec<Symbol>,
    /// Their correlations, row by row; None where two share too few returns.
    pub matrix: Vec<Vec<Option<f64>>>,
    /// Number of pairs of all coins that share enough returns.
    pub pairs: usize,
    /// Mean over these.
    pub mean: f64,
    /// Their quantiles at 10, 50 and 90 %.
    pub quantiles: [f64; 3],
    /// The pair with the highest correlation.
    pub highest: Pair,
    /// The pair with the lowest.
    pub lowest: Pair,
}

/// Two coins and their correlation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Pair {
    /// The coins.
    pub symbols: [Symbol; 2],
    /// Pearson correlation of their returns.
    pub correlation: f64,
}

impl PairCorrelations {
    /// Of the coins' returns, the coins that are traded most first; None where no two share enough.
    pub fn of(coins: &[(&Symbol, &[f64])]) -> Option<Self> {
        let places: Vec<(usize, usize)> = (0..coins.len())
            .flat_map(|a| (a + 1..coins.len()).map(move |b| (a, b)))
            .collect();
        let found: Vec<((usize, usize), f64)> = places
            .into_par_iter()
            .filter_map(|(a, b)| Some(((a, b), shared(coins[a].1, coins[b].1)?)))
            .collect();
        let mut sorted: Vec<f64> = found.iter().map(|(_, value)| *value).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let pair = |((a, b), correlation): &((usize, usize), f64)| Pair {
            symbols: [coins[*a].0.clone(), coins[*b].0.clone()],
            correlation: *correlation,
        };
        let by_value = |left: &&((usize, usize), f64), right: &&((usize, usize), f64)| {
            left.1.total_cmp(&right.1)
        };
        let shown = coins.len().min(MOST_SHOWN);
        let mut matrix = vec![vec![None; shown]; shown];
        for (place, row) in matrix.iter_mut().enumerate() {
            row[place] = Some(1.0);
        }
        for ((a, b), value) in found.iter().filter(|((_, b), _)| *b < shown) {
            matrix[*a][*b] = Some(*value);
            matrix[*b][*a] = Some(*value);
        }
        Some(Self {
            shown: coins[..shown]
                .iter()
                .map(|(symbol, _)| (*symbol).clone())
                .collect(),
            matrix,
            pairs: found.len(),
            mean: statistics::mean(&sorted),
            quantiles: [
                quantile(&sorted, 0.1)?,
                quantile(&sorted, 0.5)?,
                quantile(&sorted, 0.9)?,
            ],
            highest: found.iter().max_by(by_value).map(pair)?,
            lowest: found.iter().min_by(by_value).map(pair)?,
        })
    }
}

/// The correlation of the returns that two coins share, where these are enough.
pub(crate) fn shared(a: &[f64], b: &[f64]) -> Option<f64> {
    let is_shared = |(a, b): &(&f64, &f64)| a.is_finite() && b.is_finite();
    let count = a.iter().zip(b).filter(is_shared).count();
    (count >= LEAST_SHARED).then(|| pearson(a, b)).flatten()
}

/// The correlation of two coins over the window before each point; NaN where they share fewer than
/// half of its returns.
pub(crate) fn rolling(a: &[f64], b: &[f64], sampling: &Sampling) -> Vec<f64> {
    let window = usize::try_from(sampling.correlation_window_ms / sampling.return_ms).unwrap_or(1);
    let first = sampling.from_ms / sampling.return_ms;
    let of_point = |point: usize| {
        // The last return that has ended by then.
        let place = sampling.time_ms(point) / sampling.return_ms - first;
        let until = usize::try_from(place + 1).unwrap_or(0).min(a.len());
        let rows = until.saturating_sub(window)..until;
        let (a, b) = (&a[rows.clone()], &b[rows]);
        let is_shared = |(a, b): &(&f64, &f64)| a.is_finite() && b.is_finite();
        let count = a.iter().zip(b).filter(is_shared).count();
        match 2 * count >= window {
            true => pearson(a, b).unwrap_or(f64::NAN),
            false => f64::NAN,
        }
    };
    (0..sampling.points()).map(of_point).collect()
}

/// The place of the coin that all are compared with: Bitcoin against whatever currency, else the
/// first.
pub(crate) fn reference(symbols: &[&Symbol]) -> usize {
    const QUOTES: [&str; 8] = ["USDT", "USD", "USDC", "FDUSD", "BUSD", "TUSD", "EUR", ""];
    let is_bitcoin = |quote: &&str| {
        let wanted = format!("BTC{quote}");
        symbols.iter().position(|symbol| symbol.as_str() == wanted)
    };
    QUOTES.iter().find_map(is_bitcoin).unwrap_or(0)
}
