//! What targets are divided by while training, and forecasts multiplied with.

use rayon::prelude::*;

use crate::features::trailing_mean;
use crate::{Column, Config, Normalizer, Panel, TargetScale};

/// `trailing`: bars over which a coin's volatility is measured. Four hours follow a day's course and still hold enough
/// returns.
pub(crate) const TRAILING_BARS: usize = 240;

/// `trailing`: the least scale, as a share of the coin's own from training: a coin that stood still has no volatility.
const LEAST_SHARE: f64 = 0.1;

/// The scale of every row and coin, in the target's unit.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetScales {
    coins: usize,
    /// `[rows, coins]`, or one row that is that of all.
    values: Vec<f32>,
}

impl TargetScales {
    /// The scales of all rows of a panel; that of a row is a function of its last [`TRAILING_BARS`] + 1 rows at most.
    pub fn new(config: &Config, normalizer: &Normalizer, panel: &Panel) -> Self {
        let fixed: Vec<f32> = normalizer.coins.iter().map(|coin| coin.target_scale).collect();
        let coins = fixed.len();
        if config.normalize.target != TargetScale::Trailing {
            return Self { coins, values: fixed };
        }
        let columns: Vec<Vec<f32>> = fixed
            .par_iter()
            .enumerate()
            .map(|(coin, &fixed)| trailing(panel, coin, config.target.horizon_bars, f64::from(fixed)))
            .collect();
        let values = (0..panel.rows()).flat_map(|row| columns.iter().map(move |column| column[row])).collect();
        Self { coins, values }
    }

    /// The scale at `row` of the coin.
    pub fn at(&self, row: usize, coin: usize) -> f32 {
        self.values[(row * self.coins + coin) % self.values.len()]
    }

    /// A network's output at `row` in the unit of the target.
    pub fn in_unit_of_target(&self, row: usize, coin: usize, output: f32) -> f64 {
        f64::from(output) * f64::from(self.at(row, coin))
    }
}

/// Root mean square of the last bars' log returns times the square root of the horizon: the standard deviation of the
/// return ahead if returns were independent. The scale from training where the history is too short.
fn trailing(panel: &Panel, coin: usize, horizon_bars: usize, fixed: f64) -> Vec<f32> {
    let closes = panel.series(Column::Close, coin, 0..panel.rows());
    let mut squares = vec![f64::NAN];
    squares.extend(closes.windows(2).map(|pair| (pair[1] / pair[0]).ln().powi(2)));
    let means = trailing_mean(&squares, TRAILING_BARS, panel.bar_number(0));
    let scale = |mean: f64| if mean.is_nan() { fixed } else { (mean * horizon_bars as f64).sqrt() };
    means.into_iter().map(|mean| scale(mean).max(LEAST_SHARE * fixed) as f32).collect()
}
