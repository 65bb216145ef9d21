//! What models see of a panel.

use std::ops::Range;

use dataset::{FeatureSet, Panel, log_returns};
use rayon::prelude::*;

const DAY_MS: i64 = 86_400_000;

/// The features and returns of every coin of a panel.
#[derive(Debug)]
pub(crate) struct Observations<'a> {
    panel: &'a Panel,
    /// The rows that there are features of.
    rows: Range<usize>,
    /// `[coins][features][rows]`, NaN where unknown.
    features: Vec<Vec<Vec<f64>>>,
    /// Log returns of a bar at every row of the panel, `[coins][rows]`, NaN where unknown.
    returns: Vec<Vec<f64>>,
}

impl<'a> Observations<'a> {
    /// Features at `rows`, and returns from the panel's first row until the last of `rows`.
    pub fn of(panel: &'a Panel, rows: Range<usize>) -> Self {
        let formulas = FeatureSet::HAR_RANGE.formulas();
        let of_coin = |coin: usize| {
            (
                formulas.of_coin(panel, coin, rows.clone()),
                log_returns(panel, coin, 0..rows.end),
            )
        };
        let (features, returns) = (0..panel.coins()).into_par_iter().map(of_coin).unzip();
        Self {
            panel,
            rows,
            features,
            returns,
        }
    }

    pub fn panel(&self) -> &'a Panel {
        self.panel
    }

    pub fn coins(&self) -> usize {
        self.returns.len()
    }

    /// A feature by its place in the set `har_range`.
    pub fn feature(&self, place: usize, row: usize, coin: usize) -> f64 {
        self.features[coin][place][row - self.rows.start]
    }

    /// The coin's log returns of all rows until the last one that there are features of.
    pub fn returns(&self, coin: usize) -> &[f64] {
        &self.returns[coin]
    }

    /// The coin's volatility per day over the last so many days; NaN unless all returns are known.
    pub fn volatility(&self, days: usize, row: usize, coin: usize) -> f64 {
        let bars_a_day = (DAY_MS / self.panel.interval().ms()).max(1) as usize;
        let Some(first) = (row + 1).checked_sub(days * bars_a_day) else {
            return f64::NAN;
        };
        let squares = self.returns[coin][first..=row].iter().map(|r| r * r);
        (squares.sum::<f64>() / days as f64).sqrt()
    }
}
