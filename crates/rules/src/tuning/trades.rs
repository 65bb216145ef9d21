//! The trades that thresholds lead to on the rows of one coin.

use std::ops::Range;

use score::{ForecastColumn, Rows};

use crate::{Calibration, CoinThresholds, Costs, Side, may_open};

/// One coin's rows in order of time.
#[derive(Debug, Clone)]
pub(crate) struct CoinRows {
    pub symbol: String,
    pub time_ms: Vec<i64>,
    /// As it is compared with thresholds: calibrated, if forecasts are.
    pub forecast: Vec<f64>,
    /// The price's change while a position is held; NaN where unknown.
    pub price_return: Vec<f64>,
}

impl CoinRows {
    /// The rows of every coin, in the order of the symbols. `entry_delay_bars` is 0 or 1.
    pub fn of_all(rows: &Rows, forecaster: &ForecastColumn, entry_delay_bars: usize) -> Vec<Self> {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_unstable_by_key(|&row| (rows.symbol[row], rows.time_ms[row]));
        let returns = if entry_delay_bars == 0 {
            &rows.realized
        } else {
            &rows.realized_delayed
        };
        let of_coin = |places: &[usize]| Self {
            symbol: rows.symbols[rows.symbol[places[0]] as usize].clone(), /* chunk_by never
                                                                            * yields an empty
                                                                            * chunk */
            time_ms: places.iter().map(|&row| rows.time_ms[row]).collect(),
            forecast: places.iter().map(|&row| forecaster.forecast[row]).collect(),
            price_return: places.iter().map(|&row| returns[row]).collect(),
        };
        order
            .chunk_by(|&a, &b| rows.symbol[a] == rows.symbol[b])
            .map(of_coin)
            .collect()
    }

    /// The rows from `from_ms` on and before `until_ms`.
    pub fn within(&self, from_ms: i64, until_ms: i64) -> Range<usize> {
        let place = |time_ms: i64| self.time_ms.partition_point(|&time| time < time_ms);
        place(from_ms)..place(until_ms).max(place(from_ms))
    }

    /// Puts every forecast through a linear fit.
    pub fn calibrate(&mut self, line: Calibration) {
        for forecast in &mut self.forecast {
            *forecast = line.of(*forecast);
        }
    }
}

/// A position from opening to closing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Trade {
    /// Time of the forecast, UTC milliseconds.
    pub time_ms: i64,
    /// When it is closed, on the same clock.
    pub due_ms: i64,
    pub side: Side,
    /// After costs, as a fraction of its value.
    pub profit: f64,
}

/// What is the same for all thresholds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rules {
    pub costs: Costs,
    /// From a forecast to the close of its position.
    pub hold_ms: i64,
    /// Whether a coin's positions may overlap.
    pub overlapping: bool,
}

/// The trades on some rows of a coin, in order of time. `thresholds` has no calibration: the rows
/// are calibrated.
pub(crate) fn trades(
    coin: &CoinRows,
    span: Range<usize>,
    thresholds: &CoinThresholds,
    rules: &Rules,
) -> Vec<Trade> {
    let mut trades: Vec<Trade> = Vec::new();
    for row in span {
        let Some(side) = thresholds.side(coin.forecast[row]) else {
            continue;
        };
        let (time_ms, price_return) = (coin.time_ms[row], coin.price_return[row]);
        let due_ms = trades.last().map(|trade| trade.due_ms);
        if price_return.is_nan() || !may_open(time_ms, due_ms, rules.overlapping) {
            continue;
        }
        let profit = rules.costs.net(side, price_return);
        trades.push(Trade {
            time_ms,
            due_ms: time_ms + rules.hold_ms,
            side,
            profit,
        });
    }
    trades
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coin() -> CoinRows {
        CoinRows {
            symbol: "AUSDT".to_owned(),
            time_ms: (0..10).collect(),
            forecast: vec![1.0, 2.0, -2.0, 2.0, 0.0, 2.0, 2.0, -2.0, -2.0, 2.0],
            price_return: vec![0.1, 0.2, 0.3, 0.4, 0.5, f64::NAN, 0.7, 0.8, 0.9, 1.0],
        }
    }

    fn times(thresholds: &CoinThresholds, overlapping: bool) -> Vec<i64> {
        let rules = Rules {
            costs: Costs {
                fee_bps: 0.0,
                slippage_bps: 0.0,
            },
            hold_ms: 3,
            overlapping,
        };
        trades(&coin(), 0..10, thresholds, &rules)
            .iter()
            .map(|trade| trade.time_ms)
            .collect()
    }

    #[test]
    fn positions_of_a_coin_do_not_overlap() {
        let buy = CoinThresholds {
            buy: Some(2.0),
            ..Default::default()
        };
        // The row at 3 falls into the first position, the one at 5 has no return.
        assert_eq!(times(&buy, false), [1, 6, 9]);
        assert_eq!(times(&buy, true), [1, 3, 6, 9]);
        let both = CoinThresholds {
            sell: Some(-2.0),
            ..buy
        };
        assert_eq!(
            times(&both, false),
            [1, 6, 9],
            "one position a coin, whatever its side"
        );
        assert_eq!(times(&both, true), [1, 2, 3, 6, 7, 8, 9]);
    }

    #[test]
    fn a_sale_gains_when_the_price_falls() {
        let rules = Rules {
            costs: Costs {
                fee_bps: 0.0,
                slippage_bps: 0.0,
            },
            hold_ms: 3,
            overlapping: false,
        };
        let sell = CoinThresholds {
            sell: Some(-1.0),
            ..Default::default()
        };
        let first = trades(&coin(), 0..3, &sell, &rules)[0];
        assert_eq!((first.side, first.due_ms), (Side::Sell, 5));
        assert!((first.profit + 0.3).abs() < 1e-12);
    }

    #[test]
    fn spans_are_half_open() {
        assert_eq!(coin().within(2, 5), 2..5);
        assert_eq!(coin().within(-5, 100), 0..10);
        assert_eq!(coin().within(7, 3), 7..7);
    }
}
