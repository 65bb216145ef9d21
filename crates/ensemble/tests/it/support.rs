//! Hours of a few coins with forecasts that know a part of what comes.

use ensemble::{EnsembleOptions, FoldWeights, Method, fold_weights};
use score::Rows;

pub const HOUR_MS: i64 = 3_600_000;

/// Rows of so many coins at every hour, in folds of `fold_hours`, with values `[hours][coins]`.
pub fn rows(coins: usize, fold_hours: usize, returns: Vec<f64>, units: Vec<f64>) -> Rows {
    let count = returns.len();
    let hour = |row: usize| row / coins;
    let fold = |row: usize| (hour(row) / fold_hours + 1) as u32;
    Rows {
        quantity: score::Quantity::Return,
        close: None,
        time_ms: (0..count).map(|row| hour(row) as i64 * HOUR_MS).collect(),
        symbol: (0..count).map(|row| (row % coins) as u32).collect(),
        fold: (0..count).map(fold).collect(),
        realized: vec![0.0; count],
        realized_delayed: returns,
        controls: Vec::new(),
        volatility: vec![1.0; count],
        trailing_volatility: Some(units),
        weight: vec![1.0; count],
        symbols: (0..coins).map(|coin| format!("COIN{coin}USDT")).collect(),
        bar_ms: HOUR_MS,
        reach_bars: 2,
    }
    .checked()
    .unwrap()
}

/// The weights of the method `ic_a_day` without a prior, with an embargo of an hour.
pub fn fit(rows: &Rows, members: &[Vec<f64>], standard_errors: f64) -> Vec<FoldWeights> {
    fit_with_prior(rows, members, standard_errors, 0.0)
}

/// The same with so many prior days.
pub fn fit_with_prior(
    rows: &Rows,
    members: &[Vec<f64>],
    standard_errors: f64,
    prior_days: f64,
) -> Vec<FoldWeights> {
    let members: Vec<&[f64]> = members.iter().map(Vec::as_slice).collect();
    let options = EnsembleOptions {
        method: Method::IcADay,
        standard_errors,
        prior_days,
        ..EnsembleOptions::default()
    };
    fold_weights(rows, &members, &options, 1).unwrap()
}

/// Numbers that look random, the same everywhere, with mean 0 and variance 1.
struct Noise(u64);

impl Noise {
    fn draw(&mut self) -> f64 {
        // Knuth's linear congruential generator (MMIX); its upper bits are good.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64 / (1u64 << 53) as f64 - 0.5) * 12f64.sqrt()
    }

    fn draws(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.draw()).collect()
    }
}

/// Three folds of hours of 6 coins: a member that knows 2 % of the variance of what comes, one that
/// knows 1 %, and one that knows nothing. Units differ from coin to coin.
pub struct Market {
    pub rows: Rows,
    pub members: [Vec<f64>; 3],
}

pub const FOLD_HOURS: usize = 20 * 24;
pub const COINS: usize = 6;

impl Market {
    pub fn new(seed: u64) -> Self {
        let count = 3 * FOLD_HOURS * COINS;
        let mut draws = Noise(seed);
        // The first numbers of neighbouring seeds are alike.
        draws.draws(10);
        let unit = |row: usize| 1e-3 * (1 + row % COINS) as f64;
        let units: Vec<f64> = (0..count).map(unit).collect();
        let signals = [(); 3].map(|()| draws.draws(count));
        let unknown = draws.draws(count);
        let of_row = |row: usize| {
            let known = 0.14 * signals[0][row] + 0.1 * signals[1][row];
            ((known + unknown[row]) * units[row]).exp_m1()
        };
        let returns = (0..count).map(of_row).collect();
        let in_returns = |signal: Vec<f64>| {
            let pairs = signal.iter().zip(&units);
            pairs.map(|(signal, unit)| 0.1 * signal * unit).collect()
        };
        Self {
            members: signals.map(in_returns),
            rows: rows(COINS, FOLD_HOURS, returns, units),
        }
    }
}
