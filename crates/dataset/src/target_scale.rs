//! What targets are divided by while training, and forecasts multiplied with.

use std::ops::Range;

use rayon::prelude::*;
use storage::Array;

use crate::room::zeros;
use crate::trailing_volatility::mean_squares;
use crate::{Config, Panel, TargetScale, Targets};

/// `trailing`: the least scale, as a share of the coin's own from training: a coin that stood still
/// has no volatility.
const LEAST_SHARE: f64 = 0.1;

/// The scale of every row and coin, in the target's unit.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetScales {
    coins: usize,
    /// `[rows, coins]`, or one row that is that of all.
    values: Array<f32>,
    /// What is subtracted from a target before it is divided.
    center: f64,
}

/// Rows that are computed at once.
const ROWS_AT_ONCE: usize = 1 << 16;

impl TargetScales {
    /// The scales of all rows of a panel; that of a row is a function of the closes of its last
    /// `normalize.trailing` and the one before.
    /// `fixed` is each coin's from training, `[coins]`: what all rows have unless scales are
    /// `trailing`.
    pub fn new(config: &Config, fixed: Vec<f32>, panel: &Panel) -> Self {
        if config.normalize.target != TargetScale::Trailing {
            return Self::fixed(fixed);
        }
        let window = config.normalize.trailing.bars(panel.interval());
        let horizon = config.target.horizon_bars(panel.interval());
        let (rows, coins) = (panel.rows(), fixed.len());
        let mut values = zeros(panel.scratch(), rows * coins);
        let blocks = values.chunks_mut((ROWS_AT_ONCE * coins).max(1));
        for (block, values) in blocks.enumerate() {
            let start = block * ROWS_AT_ONCE;
            let rows = start..rows.min(start + ROWS_AT_ONCE);
            let columns: Vec<Vec<f32>> = fixed
                .par_iter()
                .enumerate()
                .map(|(coin, &fixed)| {
                    let bars = (window, horizon);
                    trailing(panel, (coin, rows.clone()), bars, f64::from(fixed))
                })
                .collect();
            for (row, values) in values.chunks_exact_mut(coins).enumerate() {
                for (value, column) in values.iter_mut().zip(&columns) {
                    *value = column[row];
                }
            }
        }
        Self {
            coins,
            values,
            center: 0.0,
        }
    }

    /// One scale a coin for all rows, `[coins]`.
    pub fn fixed(values: Vec<f32>) -> Self {
        Self {
            coins: values.len(),
            values: values.into(),
            center: 0.0,
        }
    }

    /// The same with what is subtracted from a target before it is divided: 0 for returns, whose
    /// mean is noise.
    pub fn with_center(self, center: f64) -> Self {
        Self { center, ..self }
    }

    /// The scale at `row` of the coin.
    pub fn at(&self, row: usize, coin: usize) -> f32 {
        self.values[(row * self.coins + coin) % self.values.len()]
    }

    /// The parts of targets that [`crate::Fit::ScaledParts`] names, each coin's own and the market's,
    /// in the target's unit.
    pub fn parts(&self, targets: &Targets) -> (Targets, Targets) {
        let (own, market) = self.of_each(targets, |value, scale| value / scale).parts();
        let in_unit = |part: &Targets| self.of_each(part, |value, scale| value * scale);
        (in_unit(&own), in_unit(&market))
    }

    /// What `value` makes of each target and its scale.
    fn of_each(&self, targets: &Targets, value: impl Fn(f64, f64) -> f64) -> Targets {
        let coins = targets.coins();
        let cell = |place: usize| {
            let (row, coin) = (place / coins, place % coins);
            value(targets.value(row, coin), f64::from(self.at(row, coin)))
        };
        Targets::new((0..targets.rows() * coins).map(cell).collect(), coins)
    }

    /// A target at `row` in the unit of a network's outputs.
    pub fn in_unit_of_outputs(&self, row: usize, coin: usize, target: f64) -> f64 {
        (target - self.center) / f64::from(self.at(row, coin))
    }

    /// A network's output at `row` in the unit of the target.
    pub fn in_unit_of_target(&self, row: usize, coin: usize, output: f32) -> f64 {
        f64::from(output) * f64::from(self.at(row, coin)) + self.center
    }
}

/// Root mean square of the last bars' log returns times the square root of the horizon, at some rows of
/// a coin: the standard deviation of the return ahead if returns were independent. The scale from
/// training where the history is too short. Window and horizon are in bars.
fn trailing(
    panel: &Panel,
    (coin, rows): (usize, Range<usize>),
    (window, horizon): (usize, usize),
    fixed: f64,
) -> Vec<f32> {
    // The mean of the first row needs a window of returns, and each of these a close before it.
    let from = rows.start.saturating_sub(window);
    let means = mean_squares(panel, coin, from..rows.end, window);
    let scale = |mean: f64| {
        if mean.is_nan() {
            fixed
        } else {
            (mean * horizon as f64).sqrt()
        }
    };
    means
        .into_iter()
        .skip(rows.start - from)
        .map(|mean| scale(mean).max(LEAST_SHARE * fixed) as f32)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CandleTable, Column};
    use market::Symbol;

    const ROWS: i64 = 700;

    fn close(row: i64) -> f64 {
        // Stands still from row 300 to row 600.
        100.0
            + if (300..600).contains(&row) {
                0.0
            } else {
                ((row * 37) % 101) as f64 / 50.0
            }
    }

    fn panel(from: i64) -> Panel {
        let mut candles = CandleTable::default();
        for row in from..ROWS {
            let mut values = [f64::NAN; Column::ALL.len()];
            values[Column::Close as usize] = close(row);
            candles.push_row(row * 60_000, values);
        }
        let coins = [(Symbol::new("BTCUSDT").unwrap(), candles)];
        Panel::build(
            &coins,
            "1m".parse().unwrap(),
            (from * 60_000, ROWS * 60_000),
            60,
            &[],
        )
    }

    fn scales(panel: &Panel, kind: TargetScale) -> TargetScales {
        let mut config = Config::default();
        config.normalize.target = kind;
        TargetScales::new(&config, vec![0.02], panel)
    }

    #[test]
    fn the_scale_is_the_volatility_of_the_last_four_hours_over_the_horizon() {
        let scales = scales(&panel(0), TargetScale::Trailing);
        let squares = (11..=250).map(|row| (close(row) / close(row - 1)).ln().powi(2));
        let expected = (squares.sum::<f64>() / 240.0 * 15.0).sqrt();
        assert!((f64::from(scales.at(250, 0)) / expected - 1.0).abs() < 1e-6);
        assert!(
            (scales.at(100, 0) - 0.02).abs() < 1e-9,
            "too short a history has the scale of training"
        );
        assert!(
            (scales.at(590, 0) - 0.002).abs() < 1e-9,
            "a coin that stands still has a tenth of it"
        );
        assert!((scales.in_unit_of_target(590, 0, 2.0) - 0.004).abs() < 1e-9);
    }

    #[test]
    fn it_does_not_depend_on_where_the_history_starts() {
        let (long, short) = (panel(0), panel(ROWS - 240 - 1));
        let of = |panel: &Panel| {
            scales(panel, TargetScale::Trailing)
                .at(panel.rows() - 1, 0)
                .to_bits()
        };
        assert_eq!(of(&long), of(&short));
    }

    #[test]
    fn parts_are_what_is_left_of_the_scaled_target_without_its_mean() {
        let scales = TargetScales::fixed(vec![0.5, 0.125, 0.25]);
        let targets = Targets::new(vec![0.5, 0.25, f64::NAN, -1.0, 0.25, 0.5], 3);
        let (own, market) = scales.parts(&targets);
        // In units of the scales: 1, 2 and nothing, whose mean is 1.5; then -2, 2, 2 of mean 2/3.
        assert_eq!(own.row(0)[..2], [-0.25, 0.0625]);
        assert_eq!(market.row(0)[..2], [0.75, 0.1875]);
        assert!(own.value(0, 2).is_nan() && market.value(0, 2).is_nan());
        for coin in 0..3 {
            let whole = own.value(1, coin) + market.value(1, coin);
            assert!((whole - targets.value(1, coin)).abs() < 1e-12);
        }
        assert!((market.value(1, 0) - 0.5 * 2.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_subtracted_is_added_again() {
        let scales = TargetScales::fixed(vec![0.5, 0.25]).with_center(-3.0);
        assert_eq!(scales.in_unit_of_outputs(7, 1, -2.5), 2.0);
        assert_eq!(scales.in_unit_of_target(7, 1, 2.0), -2.5);
        let returns = TargetScales::fixed(vec![0.5, 0.25]);
        assert_eq!(returns.in_unit_of_outputs(7, 0, 0.25), 0.5);
    }

    #[test]
    fn other_scales_are_one_for_all_rows() {
        let scales = scales(&panel(0), TargetScale::Coin);
        assert_eq!((scales.at(3, 0), scales.at(650, 0)), (0.02, 0.02));
    }
}
