//! A trade that a person wants done by a deadline, and what was decided about it minute by minute.

use market::Symbol;
use rules::{Side, TimingDecision, TimingRule};

/// A trade that happens anyway. Times are open times of candles, UTC ms.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// The coin.
    pub symbol: Symbol,
    /// Whether it is bought or sold.
    pub side: Side,
    /// The candle at whose close it arrived: the last one that its first decision knew.
    pub arrival_ms: i64,
    /// The candle at whose close the last of it is filled.
    pub deadline_ms: i64,
    /// The [rule's patience](TimingRule::patience).
    pub patience: f64,
    /// How much worse than a close a fill is, in basis points.
    pub half_spread_bps: f64,
}

/// What was decided about an order at one minute.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderStep {
    /// The order.
    pub order: Order,
    /// The last candle that the decision knew, UTC ms.
    pub time_ms: i64,
    /// The coin's forecast beside the others'; None where it was not known or not to be acted on.
    pub z: Option<f64>,
    /// The decision.
    pub decision: TimingDecision,
    /// The part of the whole order that is traded.
    pub part: f64,
    /// The candle at whose close it is filled, UTC ms.
    pub fill_ms: i64,
    /// That close; None while it is not known, and where nothing is traded.
    pub price: Option<f64>,
}

impl Order {
    /// Decides at the close of the candle that opened at `time_ms`. `left` is the part of the order
    /// that is not traded yet.
    pub fn step(&self, (time_ms, bar_ms): (i64, i64), z: Option<f64>, left: f64) -> OrderStep {
        let bars_left = (self.deadline_ms - time_ms).div_euclid(bar_ms.max(1));
        let bars_left = usize::try_from(bars_left).unwrap_or(0);
        let rule = TimingRule {
            patience: self.patience,
        };
        let decision = rule.decide(self.side, z, bars_left);
        OrderStep {
            order: self.clone(),
            time_ms,
            z,
            decision,
            part: left * decision.share(bars_left),
            fill_ms: time_ms + bar_ms,
            price: None,
        }
    }
}

/// The steps of each order, in the order of their arrival.
pub fn by_order(steps: &[OrderStep]) -> impl Iterator<Item = &[OrderStep]> {
    steps.chunk_by(|left, right| left.order == right.order)
}

/// The part of an order that its steps have not traded.
pub fn part_left(steps: &[OrderStep]) -> f64 {
    // Subtracted one by one, as it was decided.
    steps.iter().fold(1.0, |left, step| left - step.part)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_traded_at_its_deadline_and_after_it() {
        let order = Order {
            symbol: Symbol::new("BTCUSDT").unwrap(),
            side: Side::Sell,
            arrival_ms: 0,
            deadline_ms: 4,
            patience: 0.5,
            half_spread_bps: 1.0,
        };
        let at = |time_ms: i64, z: Option<f64>, left: f64| {
            let step = order.step((time_ms, 1), z, left);
            (step.decision, step.part, step.fill_ms)
        };
        assert_eq!(at(0, None, 1.0), (TimingDecision::Slice, 0.25, 1));
        assert_eq!(at(1, Some(2.0), 0.75), (TimingDecision::Wait, 0.0, 2));
        assert_eq!(at(2, Some(-2.0), 0.75), (TimingDecision::Trade, 0.75, 3));
        assert_eq!(at(3, Some(2.0), 0.75), (TimingDecision::Trade, 0.75, 4));
        assert_eq!(
            at(9, Some(2.0), 0.75),
            (TimingDecision::Trade, 0.75, 10),
            "late"
        );
    }
}
