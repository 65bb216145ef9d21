//! Orders of one coin: what each is filled at, and what that saves.

use super::prices::{Benchmarks, CoinPrices};
use super::rule::TimingRule;
use crate::trade::Side;

/// What all orders of a run have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// The rule that they follow.
    pub rule: TimingRule,
    /// Closes at which an order may be filled.
    pub bars: usize,
    /// Half the spread, as a fraction of the price.
    pub half_spread: f64,
}

/// An order as it was filled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Filled {
    /// Mean price of its parts, before the spread.
    pub price: f64,
    /// Bars from the arrival to its parts, in the mean.
    pub bars: f64,
}

/// Follows the rule through one order. A decision sees the z-scores up to its own bar, and no
/// price.
///
/// # Shapes
/// `z`: z-scores at the closes at which is decided, NaN where unknown; `fills`: the close after
/// each of them.
pub(super) fn follow(rule: TimingRule, side: Side, z: &[f64], fills: &[f64]) -> Filled {
    let mut left = 1.0;
    let mut filled = Filled {
        price: 0.0,
        bars: 0.0,
    };
    for (place, (z, price)) in z.iter().zip(fills).enumerate() {
        let bars_left = fills.len() - place;
        let known = Some(*z).filter(|z| !z.is_nan());
        let part = left * rule.decide(side, known, bars_left).share(bars_left);
        filled.price += part * price;
        filled.bars += part * (place + 1) as f64;
        left -= part;
        if left <= 0.0 {
            break;
        }
    }
    filled
}

/// Savings of orders, added up: fractions of the price at which each arrived.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct OrderSums {
    /// Orders of each side.
    pub orders: f64,
    /// Those with a known VWAP.
    pub vwap_orders: f64,
    /// Bars that buys and sells waited.
    pub bars: f64,
    /// Buys, sells.
    pub sides: [SideSums; 2],
}

/// Savings of the orders of one side, against each benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct SideSums {
    pub twap: f64,
    pub vwap: f64,
    pub at_once: f64,
}

impl OrderSums {
    /// Adds a buy and a sell that arrive at the same close.
    fn add_orders(&mut self, terms: Terms, benchmarks: Benchmarks, z: &[f64], fills: &[f64]) {
        self.orders += 1.0;
        self.vwap_orders += f64::from(u8::from(!benchmarks.vwap.is_nan()));
        for (sums, side) in self.sides.iter_mut().zip(Side::ALL) {
            let filled = follow(terms.rule, side, z, fills);
            self.bars += filled.bars;
            // A buy pays half a spread more than the close, a sell gets as much less, whenever it
            // is filled.
            let scale = (1.0 + side.sign() * terms.half_spread) * side.sign() / benchmarks.arrival;
            let saved = |benchmark: f64| (benchmark - filled.price) * scale;
            sums.twap += saved(benchmarks.twap);
            sums.at_once += saved(benchmarks.at_once);
            if !benchmarks.vwap.is_nan() {
                sums.vwap += saved(benchmarks.vwap);
            }
        }
    }

    /// Adds the sums of other orders.
    pub fn add(&mut self, other: &Self) {
        self.orders += other.orders;
        self.vwap_orders += other.vwap_orders;
        self.bars += other.bars;
        for (own, other) in self.sides.iter_mut().zip(&other.sides) {
            own.twap += other.twap;
            own.vwap += other.vwap;
            own.at_once += other.at_once;
        }
    }
}

/// A buy and a sell from each of the bars in `starts` on whose prices are known, added up by the
/// day of their arrival.
///
/// # Shapes
/// `starts`: bars with their day's place among `days`; `z`: one z-score a bar, NaN where unknown.
pub(super) fn day_sums(
    prices: &CoinPrices,
    z: &[f64],
    starts: &[(usize, usize)],
    days: usize,
    terms: Terms,
) -> Vec<OrderSums> {
    let mut sums = vec![OrderSums::default(); days];
    for &(start, day) in starts {
        let known = prices
            .fills(start, terms.bars)
            .zip(prices.benchmarks(start, terms.bars));
        let decided = z.get(start..start + terms.bars);
        if let (Some((fills, benchmarks)), Some(z), Some(sums)) =
            (known, decided, sums.get_mut(day))
        {
            sums.add_orders(terms, benchmarks, z, fills);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: TimingRule = TimingRule { patience: 0.0 };

    fn filled(side: Side, z: &[f64]) -> Filled {
        follow(RULE, side, z, &[100.0, 104.0, 112.0, 96.0])
    }

    #[test]
    fn an_order_waits_trades_and_is_traded_at_the_deadline() {
        let at = |price: f64, bars: f64| Filled { price, bars };
        assert_eq!(filled(Side::Buy, &[-1.0, -1.0, 1.0, 0.0]), at(112.0, 3.0));
        assert_eq!(filled(Side::Sell, &[-1.0, -1.0, 1.0, 0.0]), at(100.0, 1.0));
        assert_eq!(filled(Side::Buy, &[-1.0; 4]), at(96.0, 4.0));
        // Nothing is ever known: a quarter at each close.
        assert_eq!(filled(Side::Buy, &[f64::NAN; 4]), at(103.0, 2.5));
        // A quarter first, then the rest.
        assert_eq!(
            filled(Side::Buy, &[f64::NAN, 1.0, 0.0, 0.0]),
            at(103.0, 1.75)
        );
    }

    #[test]
    fn savings_are_fractions_of_the_arrival_with_half_a_spread() {
        let benchmarks = Benchmarks {
            arrival: 100.0,
            twap: 103.0,
            vwap: f64::NAN,
            at_once: 100.0,
        };
        let terms = Terms {
            rule: RULE,
            bars: 4,
            half_spread: 0.01,
        };
        let mut sums = OrderSums::default();
        // The buy is filled at 112, the sell at 100.
        sums.add_orders(
            terms,
            benchmarks,
            &[-1.0, -1.0, 1.0, 0.0],
            &[100.0, 104.0, 112.0, 96.0],
        );
        let [buy, sell] = sums.sides;
        let close =
            |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found}");
        close(buy.twap, -0.09 * 1.01);
        close(buy.at_once, -0.12 * 1.01);
        close(sell.twap, -0.03 * 0.99);
        close(sell.at_once, 0.0);
        assert_eq!(
            (sums.orders, sums.vwap_orders, buy.vwap, sums.bars),
            (1.0, 0.0, 0.0, 4.0)
        );
    }
}
