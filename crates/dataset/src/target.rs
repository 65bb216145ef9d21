//! What is forecast: a value over the bars after t, known only once they have closed.

use std::collections::BTreeMap;
use std::ops::Range;

use market::{Interval, Symbol};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::features::trailing_mean;
use crate::{Column, Error, Panel, TimeSpan};

/// The `[target]` section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TargetConfig {
    /// Which formula.
    pub kind: TargetKind,
    /// How far ahead: a whole number of bars.
    pub horizon: TimeSpan,
    /// Whether forecasters are fitted to the target as a whole or to its parts.
    pub fit: Fit,
    /// `gresearch`: the time over which a coin's market beta is estimated.
    pub beta_window: TimeSpan,
    /// A control: forecasters are fitted to targets whose days are in another order (all coins
    /// together), and scored on the true ones: their score is expected at 0. The number is the
    /// seed of the order; without it nothing is shuffled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shuffle_seed: Option<u64>,
    /// Weight of each coin in the weighted correlation; a coin not named has weight 1. `gresearch`
    /// has its own default.
    pub weights: BTreeMap<String, f64>,
}

impl Default for TargetConfig {
    fn default() -> Self {
        // 15 minutes is the horizon of the pipeline that this one replaces; 3750 minutes is
        // G-Research's beta window.
        Self {
            kind: TargetKind::Return,
            horizon: TimeSpan::minutes(15),
            fit: Fit::Whole,
            beta_window: TimeSpan::minutes(3750),
            shuffle_seed: None,
            weights: BTreeMap::new(),
        }
    }
}

/// A year of minutes: nothing is forecast further ahead, or measured over more.
const MOST_BARS: usize = 525_600;

/// Formula of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetKind {
    /// `close[t + h] / close[t] - 1`.
    Return,
    /// `close[t + h] / open[t + 1] - 1`: with a horizon of 1, what the next bar does from its open
    /// to its close.
    Bar,
    /// The residual return of Kaggle's G-Research Crypto Forecasting: `R = ln(P[t+h+1] / P[t+1])`
    /// minus beta times the weighted market return.
    GResearch,
    /// The column `target` that came with close-only candles.
    Provided,
}

/// What forecasters are fitted to. The forecast is always of the whole target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fit {
    /// The target as it is.
    Whole,
    /// The market's part, which is the mean over the coins that have a target at t, and each coin's
    /// own part, which is the rest, each in its own unit: the market's part has few independent
    /// events, and would drown the other.
    Parts,
}

/// Weights of G-Research's competition, by base asset.
const GRESEARCH_WEIGHTS: [(&str, f64); 14] = [
    ("BTC", 6.7799),
    ("ETH", 5.8944),
    ("ADA", 4.4067),
    ("BNB", 4.3041),
    ("DOGE", 3.5553),
    ("BCH", 2.3979),
    ("LTC", 2.3979),
    ("ETC", 2.0794),
    ("XLM", 2.0794),
    ("TRX", 1.7918),
    ("XMR", 1.6094),
    ("EOS", 1.3863),
    ("IOTA", 1.0986),
    ("MKR", 1.0986),
];

impl TargetConfig {
    pub(crate) fn validate(&self, interval: Interval) -> Result<(), Error> {
        let range = (1, MOST_BARS);
        self.horizon.check_bars("target.horizon", interval, range)?;
        if self.kind == TargetKind::GResearch {
            self.beta_window
                .check_bars("target.beta_window", interval, range)?;
        }
        match self
            .weights
            .iter()
            .find(|(_, weight)| !weight.is_finite() || **weight < 0.0)
        {
            Some((symbol, weight)) => Err(Error::config(
                "target.weights",
                format!("{symbol}: {weight}"),
                "finite weights of at least 0",
            )),
            None => Ok(()),
        }
    }

    /// What is added to the name of a forecaster that is fitted to shuffled targets.
    pub fn name_suffix(&self) -> &'static str {
        match self.shuffle_seed {
            None => "",
            Some(_) => "_shuffled_days",
        }
    }

    /// How many bars ahead it looks.
    pub fn horizon_bars(&self, interval: Interval) -> usize {
        self.horizon.bars(interval)
    }

    /// How many bars after t the target at t needs: what every purge must cover.
    pub fn reach_bars(&self, interval: Interval) -> usize {
        let horizon = self.horizon_bars(interval);
        match self.kind {
            TargetKind::Return | TargetKind::Bar | TargetKind::Provided => horizon,
            TargetKind::GResearch => horizon + 1,
        }
    }

    /// The coin's weight in the weighted correlation and, for `gresearch`, in the market return.
    pub fn weight(&self, symbol: &Symbol) -> f64 {
        if let Some(&weight) = self.weights.get(symbol.as_str()) {
            return weight;
        }
        let of_table = |&(base, _): &&(&str, f64)| {
            symbol
                .as_str()
                .strip_prefix(base)
                .is_some_and(|quote| ["USDT", "USD", "USDC", "BUSD", ""].contains(&quote))
        };
        match self.kind {
            TargetKind::GResearch => GRESEARCH_WEIGHTS
                .iter()
                .find(of_table)
                .map_or(1.0, |&(_, weight)| weight),
            TargetKind::Return | TargetKind::Bar | TargetKind::Provided => 1.0,
        }
    }

    /// The columns that the target is computed from.
    pub fn columns(&self) -> &'static [Column] {
        match self.kind {
            TargetKind::Provided => &[Column::Close, Column::Target],
            TargetKind::Bar => &[Column::Open, Column::Close],
            TargetKind::Return | TargetKind::GResearch => &[Column::Close],
        }
    }

    /// The target of every row and coin, `[rows, coins]` row-major; NaN where either end was not
    /// observed, and where it would be infinite: one such value would be all that a coin's mean
    /// and standard deviation hold.
    pub fn compute(&self, panel: &Panel) -> Targets {
        let (rows, coins) = (panel.rows(), panel.coins());
        let mut values = match self.kind {
            TargetKind::Return => each(panel, |row, coin| self.ratio(panel, row, row, coin) - 1.0),
            TargetKind::Bar => each(panel, |row, coin| self.open_to_close(panel, row, coin)),
            TargetKind::GResearch => self.residual(panel),
            TargetKind::Provided => each(panel, |row, coin| panel.value(Column::Target, row, coin)),
        };
        debug_assert_eq!(values.len(), rows * coins);
        values
            .iter_mut()
            .filter(|value| !value.is_finite())
            .for_each(|value| *value = f64::NAN);
        Targets { values, coins }
    }

    /// `close[from + h] / close[from]`, where the coin was observed at `row`, `from` and `from +
    /// h`.
    fn ratio(&self, panel: &Panel, row: usize, from: usize, coin: usize) -> f64 {
        let until = from + self.horizon_bars(panel.interval());
        if until >= panel.rows()
            || ![row, from, until]
                .iter()
                .all(|&row| panel.is_observed(row, coin))
        {
            return f64::NAN;
        }
        panel.value(Column::Close, until, coin) / panel.value(Column::Close, from, coin)
    }

    /// `close[row + h] / open[row + 1] - 1`, where the coin was observed at `row` and at both of
    /// these.
    fn open_to_close(&self, panel: &Panel, row: usize, coin: usize) -> f64 {
        let (first, last) = (row + 1, row + self.horizon_bars(panel.interval()));
        if last >= panel.rows()
            || ![row, first, last]
                .iter()
                .all(|&row| panel.is_observed(row, coin))
        {
            return f64::NAN;
        }
        panel.value(Column::Close, last, coin) / panel.value(Column::Open, first, coin) - 1.0
    }

    /// `R - beta x M` with `R = ln(P[t+h+1] / P[t+1])`, M = sum(w R) / sum(w) over the coins that
    /// have an R, and beta = mean(M R) / mean(M^2) over the last `beta_window`, 0 where
    /// undefined.
    fn residual(&self, panel: &Panel) -> Vec<f64> {
        let (rows, coins) = (panel.rows(), panel.coins());
        let weights: Vec<f64> = panel
            .symbols()
            .iter()
            .map(|symbol| self.weight(symbol))
            .collect();
        let returns = each(panel, |row, coin| {
            self.ratio(panel, row, row + 1, coin).ln()
        });
        let market: Vec<f64> = (0..rows)
            .map(|row| {
                let present = || {
                    let returns = &returns[row * coins..(row + 1) * coins];
                    returns
                        .iter()
                        .zip(&weights)
                        .filter(|(value, _)| !value.is_nan())
                };
                let total: f64 = present().map(|(_, weight)| weight).sum();
                present().map(|(value, weight)| value * weight).sum::<f64>() / total
            })
            .collect();
        let window = self.beta_window.bars(panel.interval());
        let mean = |values: Vec<f64>| trailing_mean(&values, window, panel.bar_number(0));
        let square = mean(market.iter().map(|m| m * m).collect());
        let mut residuals = returns.clone();
        for coin in 0..coins {
            let product = mean(
                (0..rows)
                    .map(|row| market[row] * returns[row * coins + coin])
                    .collect(),
            );
            for row in 0..rows {
                let beta = product[row] / square[row];
                let beta = if beta.is_finite() { beta } else { 0.0 };
                residuals[row * coins + coin] -= beta * market[row];
            }
        }
        residuals
    }
}

fn each(panel: &Panel, value: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    (0..panel.rows())
        .flat_map(|row| (0..panel.coins()).map(move |coin| (row, coin)))
        .map(|(r, c)| value(r, c))
        .collect()
}

/// Targets of every row and coin, NaN where unknown.
#[derive(Debug, Clone)]
pub struct Targets {
    values: Vec<f64>,
    coins: usize,
}

impl Targets {
    /// The target at `row`; NaN where unknown or past the end.
    pub fn value(&self, row: usize, coin: usize) -> f64 {
        self.values
            .get(row * self.coins + coin)
            .copied()
            .unwrap_or(f64::NAN)
    }

    /// One row of targets, `[coins]`.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.coins..(row + 1) * self.coins]
    }

    /// Number of coins.
    pub fn coins(&self) -> usize {
        self.coins
    }

    /// The parts that [`Fit::Parts`] names: each coin's own, and the market's, the same for all
    /// coins at a row. They sum to the whole, and are NaN where that is.
    pub fn parts(&self) -> (Self, Self) {
        let (mut own, mut market) = (self.clone(), self.clone());
        for row in 0..self.values.len() / self.coins.max(1) {
            let known = || self.row(row).iter().filter(|value| !value.is_nan());
            let mean = known().sum::<f64>() / known().count() as f64;
            for place in row * self.coins..(row + 1) * self.coins {
                let value = self.values[place];
                own.values[place] = value - mean;
                market.values[place] = if value.is_nan() { value } else { mean };
            }
        }
        (own, market)
    }

    /// The same with the targets of `rows` cut into blocks of `day_bars`, and the blocks put in
    /// another order; no block stays where it was. Less than four days are cut into four
    /// blocks.
    pub(crate) fn shuffled(&self, rows: Range<usize>, day_bars: usize, seed: u64) -> Self {
        let block = day_bars.min(rows.len().div_ceil(4)).max(1);
        let mut blocks: Vec<Range<usize>> = rows
            .clone()
            .step_by(block)
            .map(|start| start..rows.end.min(start + block))
            .collect();
        // Sattolo (1986): one cycle through all places.
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        for last in (1..blocks.len()).rev() {
            blocks.swap(last, random.random_range(0..last));
        }
        let mut values = self.values.clone();
        let mut place = rows.start * self.coins;
        for block in blocks {
            let moved = &self.values[block.start * self.coins..block.end * self.coins];
            values[place..place + moved.len()].copy_from_slice(moved);
            place += moved.len();
        }
        Self {
            values,
            coins: self.coins,
        }
    }

    /// Whether any coin has a target at `row`.
    pub fn any(&self, row: usize) -> bool {
        self.row(row).iter().any(|value| !value.is_nan())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CandleTable;

    const ROWS: usize = 40;

    fn price(row: usize, coin: usize) -> f64 {
        100.0 + ((row * (7 + 5 * coin)) % 13) as f64 + coin as f64
    }

    /// Two coins; the second lacks the candle of row 20.
    fn panel() -> Panel {
        let coins: Vec<_> = ["BTCUSDT", "XUSDT"]
            .into_iter()
            .enumerate()
            .map(|(coin, name)| {
                let mut candles = CandleTable::default();
                for row in (0..ROWS).filter(|&row| coin == 0 || row != 20) {
                    let mut values = [f64::NAN; Column::ALL.len()];
                    values[Column::Close as usize] = price(row, coin);
                    candles.push_row(row as i64 * 60_000, values);
                }
                (Symbol::new(name).unwrap(), candles)
            })
            .collect();
        Panel::build(
            &coins,
            "1m".parse().unwrap(),
            (0, ROWS as i64 * 60_000),
            60,
            &[],
        )
    }

    #[test]
    fn a_return_needs_both_ends_observed() {
        let targets = TargetConfig::default().compute(&panel());
        assert!((targets.value(3, 0) - (price(18, 0) / price(3, 0) - 1.0)).abs() < 1e-12);
        assert!(
            targets.value(20, 1).is_nan(),
            "a filled candle is no beginning"
        );
        assert!(targets.value(5, 1).is_nan(), "nor an end");
        assert!(
            !targets.value(5, 0).is_nan(),
            "other coins keep their targets"
        );
        assert!(
            targets.value(ROWS - 15, 0).is_nan(),
            "the end has not come yet"
        );
    }

    #[test]
    fn an_infinite_target_is_that_of_no_row_and_no_loss_to_the_coin() {
        let mut candles = CandleTable::default();
        for row in 0..20 {
            let mut values = [f64::NAN; Column::ALL.len()];
            values[Column::Close as usize] = 1.0;
            values[Column::Target as usize] = if row == 7 { f64::INFINITY } else { row as f64 };
            candles.push_row(row * 60_000, values);
        }
        let coins = [(Symbol::new("XUSDT").unwrap(), candles)];
        let panel = Panel::build(
            &coins,
            "1m".parse().unwrap(),
            (0, 20 * 60_000),
            60,
            &[Column::Target],
        );
        let targets = TargetConfig {
            kind: TargetKind::Provided,
            ..TargetConfig::default()
        }
        .compute(&panel);
        assert!(targets.value(7, 0).is_nan());
        assert_eq!(
            (0..20)
                .filter(|&row| !targets.value(row, 0).is_nan())
                .count(),
            19
        );
        assert!(
            crate::target_std(&targets, 0..20)[0].is_some_and(|std| (std - 5.887).abs() < 0.001),
            "of 19 rows"
        );
    }

    #[test]
    fn the_return_of_the_next_bar_is_from_its_open() {
        let mut candles = CandleTable::default();
        for row in (0..10).filter(|&row| row != 6) {
            let mut values = [f64::NAN; Column::ALL.len()];
            values[Column::Open as usize] = price(row, 1);
            values[Column::Close as usize] = price(row, 2);
            candles.push_row(row as i64 * 60_000, values);
        }
        let coins = [(Symbol::new("XUSDT").unwrap(), candles)];
        let panel = Panel::build(
            &coins,
            "1m".parse().unwrap(),
            (0, 600_000),
            60,
            &[Column::Open],
        );
        let config = TargetConfig {
            kind: TargetKind::Bar,
            horizon: TimeSpan::minutes(1),
            ..TargetConfig::default()
        };
        assert_eq!(config.reach_bars(Interval::ONE_MINUTE), 1);
        let next = config.compute(&panel);
        assert!((next.value(2, 0) - (price(3, 2) / price(3, 1) - 1.0)).abs() < 1e-12);
        assert!(
            next.value(5, 0).is_nan() && next.value(6, 0).is_nan(),
            "neither a filled bar nor from one"
        );
        assert!(next.value(9, 0).is_nan(), "the end has not come yet");
        let third = TargetConfig {
            horizon: TimeSpan::minutes(3),
            ..config
        }
        .compute(&panel);
        assert!((third.value(1, 0) - (price(4, 2) / price(2, 1) - 1.0)).abs() < 1e-12);
    }

    #[test]
    fn parts_are_of_the_coins_that_have_a_target() {
        let targets = TargetConfig::default().compute(&panel());
        let (own, market) = targets.parts();
        let mean = (targets.value(3, 0) + targets.value(3, 1)) / 2.0;
        assert_eq!((market.value(3, 0), market.value(3, 1)), (mean, mean));
        assert!((own.value(3, 1) - (targets.value(3, 1) - mean)).abs() < 1e-12);
        assert_eq!(
            (market.value(5, 0), own.value(5, 0)),
            (targets.value(5, 0), 0.0),
            "a coin alone is the market"
        );
        assert!(market.value(5, 1).is_nan() && own.value(5, 1).is_nan());
        assert!(
            market.value(ROWS - 1, 0).is_nan(),
            "nobody has a target there"
        );
    }

    #[test]
    fn shuffled_targets_are_the_same_days_elsewhere() {
        let targets = TargetConfig::default().compute(&panel());
        let shuffled = targets.shuffled(3..23, 5, 1);
        let block = |targets: &Targets, start: usize| -> Vec<u64> {
            (start..start + 5)
                .map(|row| targets.value(row, 0).to_bits())
                .collect()
        };
        let blocks = |targets: &Targets| [3, 8, 13, 18].map(|start| block(targets, start));
        let (before, after) = (blocks(&targets), blocks(&shuffled));
        assert!(
            before
                .iter()
                .zip(&after)
                .all(|(before, after)| before != after),
            "no day stays"
        );
        assert!(before.iter().all(|day| after.contains(day)), "none is lost");
        for row in (0..3).chain(23..ROWS) {
            assert_eq!(
                targets.value(row, 0).to_bits(),
                shuffled.value(row, 0).to_bits(),
                "other rows stay"
            );
        }
    }

    #[test]
    fn the_residual_return_equals_its_formula() {
        let config = TargetConfig {
            kind: TargetKind::GResearch,
            horizon: TimeSpan::minutes(3),
            beta_window: TimeSpan::minutes(5),
            ..TargetConfig::default()
        };
        assert_eq!(config.reach_bars(Interval::ONE_MINUTE), 4);
        let targets = config.compute(&panel());
        let weight = [6.7799, 1.0];
        let log_return = |row: usize, coin: usize| {
            let gap = coin == 1 && [row, row + 1, row + 4].contains(&20);
            if gap || row + 4 >= ROWS {
                f64::NAN
            } else {
                (price(row + 4, coin) / price(row + 1, coin)).ln()
            }
        };
        let market = |row: usize| {
            let present: Vec<usize> = (0..2)
                .filter(|&coin| !log_return(row, coin).is_nan())
                .collect();
            let total: f64 = present.iter().map(|&coin| weight[coin]).sum();
            present
                .iter()
                .map(|&coin| weight[coin] * log_return(row, coin))
                .sum::<f64>()
                / total
        };
        let mean = |values: Vec<f64>| {
            let present: Vec<f64> = values.into_iter().filter(|value| !value.is_nan()).collect();
            present.iter().sum::<f64>() / present.len() as f64
        };
        for coin in 0..2 {
            for row in 0..ROWS {
                let last = || row.saturating_sub(4)..row + 1;
                let beta = mean(
                    last()
                        .map(|row| market(row) * log_return(row, coin))
                        .collect(),
                ) / mean(last().map(|row| market(row) * market(row)).collect());
                let beta = if row < 4 || !beta.is_finite() {
                    0.0
                } else {
                    beta
                };
                let expected = log_return(row, coin) - beta * market(row);
                let found = targets.value(row, coin);
                assert!(
                    found.is_nan() && expected.is_nan() || (found - expected).abs() < 1e-12,
                    "{row} {coin}"
                );
            }
        }
    }
}
