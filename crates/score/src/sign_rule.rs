//! What whoever trades the sign of every forecast is left with.

use std::ops::Range;

use statistics::{max_drawdown, sharpe_ratio};

use crate::metrics::Sample;

/// Fee of a fill in parts of the position: the exchange's taker fee of 10 bp.
const FEE: f64 = 1e-3;

/// Milliseconds of a year of 365 days.
const YEAR_MS: f64 = 365.0 * 86_400_000.0;

/// The sign rule: the capital is spread evenly over all coins with a forecast, long where it is
/// above 0 and short where it is below, for as long as the target reaches, then again. Whatever is
/// bought or sold pays the fee. A reach of h bars can begin on h bars, so there are h such traders.
pub(crate) struct SignRule {
    /// Returns after fees of each trader, one a reach.
    returns: Vec<Vec<f64>>,
    reaches_per_year: f64,
}

impl SignRule {
    /// None where forecasts are not scored as prices.
    pub fn new(sample: &Sample<'_>) -> Option<Self> {
        sample.closes()?;
        let rows = sample.rows();
        let mut traders = vec![Trader::new(rows.symbols.len()); rows.reach_bars];
        let count = traders.len();
        for (place, time) in sample.times().iter().enumerate() {
            traders[place % count].trade(sample, time.clone());
        }
        let reach_ms = rows.bar_ms as f64 * rows.reach_bars as f64;
        Some(Self {
            returns: traders.into_iter().map(|trader| trader.returns).collect(),
            reaches_per_year: YEAR_MS / reach_ms,
        })
    }

    /// Sharpe ratio a year, the mean over traders.
    pub fn sharpe(&self) -> Option<f64> {
        self.mean(|returns| sharpe_ratio(returns, self.reaches_per_year))
    }

    /// Deepest fall from a peak, the mean over traders.
    pub fn drawdown(&self) -> Option<f64> {
        let has_traded = self.returns.iter().flatten().any(|value| *value != 0.0);
        self.mean(max_drawdown).filter(|_| has_traded)
    }

    fn mean(&self, of: impl Fn(&[f64]) -> f64) -> Option<f64> {
        let values = self.returns.iter().map(|returns| of(returns));
        let values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }
}

/// One trader with what it holds of each coin, in parts of its capital.
#[derive(Clone)]
struct Trader {
    held: Vec<f64>,
    returns: Vec<f64>,
}

impl Trader {
    fn new(coins: usize) -> Self {
        Self {
            held: vec![0.0; coins],
            returns: Vec::new(),
        }
    }

    /// Trades at one time, and holds until the targets of that time end.
    fn trade(&mut self, sample: &Sample<'_>, time: Range<usize>) {
        let (rows, forecast) = (sample.rows(), sample.forecast());
        let spoken = time.clone().filter(|row| forecast[*row] != 0.0).count();
        let mut wanted = vec![0.0; self.held.len()];
        let mut gain = 0.0;
        for row in time.filter(|row| forecast[*row] != 0.0) {
            let position = forecast[row].signum() / spoken as f64;
            wanted[rows.symbol[row] as usize] = position;
            gain += position * rows.realized[row];
        }
        let traded = wanted.iter().zip(&self.held).map(|(a, b)| (a - b).abs());
        self.returns.push(gain - FEE * traded.sum::<f64>());
        self.held = wanted;
    }
}
