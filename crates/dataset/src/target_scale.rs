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
    /// What each segment of the horizon is scaled by in its turn: the square root of its share of the bars.
    segments: Vec<f32>,
}

impl TargetScales {
    /// The scales of all rows of a panel; that of a row is a function of its last [`TRAILING_BARS`] + 1 rows at most.
    pub fn new(config: &Config, normalizer: &Normalizer, panel: &Panel) -> Self {
        let fixed: Vec<f32> = normalizer.coins.iter().map(|coin| coin.target_scale).collect();
        let coins = fixed.len();
        let bars = config.target.segment_bars();
        let share = |bars: &usize| (*bars as f32 / config.target.horizon_bars as f32).sqrt();
        let segments = bars.iter().map(share).collect();
        if config.normalize.target != TargetScale::Trailing {
            return Self { coins, values: fixed, segments };
        }
        let columns: Vec<Vec<f32>> = fixed
            .par_iter()
            .enumerate()
            .map(|(coin, &fixed)| trailing(panel, coin, config.target.horizon_bars, f64::from(fixed)))
            .collect();
        let values = (0..panel.rows()).flat_map(|row| columns.iter().map(move |column| column[row])).collect();
        Self { coins, values, segments }
    }

    /// The scale at `row` of a segment of the coin's target, from 0.
    pub fn at(&self, row: usize, coin: usize, segment: usize) -> f32 {
        self.values[(row * self.coins + coin) % self.values.len()] * self.segments[segment]
    }

    /// The forecast at `row` in the unit of the target: the sum of what the network says of the segments, `[segments]`.
    pub fn forecast(&self, row: usize, coin: usize, outputs: &[f32]) -> f64 {
        let of_segment = |(segment, &output): (usize, &f32)| f64::from(output) * f64::from(self.at(row, coin, segment));
        outputs.iter().enumerate().map(of_segment).sum()
    }

    /// How many values the network says of each coin.
    pub fn segments(&self) -> usize {
        self.segments.len()
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
