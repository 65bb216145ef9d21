//! A candle with every number that the exchange sends, closed or still forming.

use market::{Candle, Market};

use crate::decimal::decimal;

/// One candle as the exchange sends it. What a store lacks is made up: prices are the close,
/// amounts are 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ServedCandle {
    pub open_time_ms: i64,
    pub open: f64,
    pub high: f64,
    pub low: f64,
    pub close: f64,
    pub volume: f64,
    pub quote_volume: f64,
    pub count: i64,
    pub taker_buy_volume: f64,
    pub taker_buy_quote_volume: f64,
}

impl From<Candle> for ServedCandle {
    fn from(candle: Candle) -> Self {
        let amount = |value: Option<f64>| value.unwrap_or(0.0);
        Self {
            open_time_ms: candle.open_time_ms,
            open: candle.open.unwrap_or(candle.close),
            high: candle.high.unwrap_or(candle.close),
            low: candle.low.unwrap_or(candle.close),
            close: candle.close,
            volume: amount(candle.volume),
            quote_volume: amount(candle.quote_volume),
            count: amount(candle.count).round() as i64,
            taker_buy_volume: amount(candle.taker_buy_volume),
            taker_buy_quote_volume: amount(candle.taker_buy_quote_volume),
        }
    }
}

impl ServedCandle {
    /// The bar when `share` (0 to 1) of its time has passed: its range and amounts have grown that
    /// far.
    ///
    /// Its close is never the final one, so that whoever takes a forming candle for a closed one is
    /// caught.
    pub fn forming(self, share: f64) -> Self {
        let on_the_way = |end: f64| self.open + (end - self.open) * share;
        let written = |price: f64| decimal(price, Market::Spot);
        let last = written(self.close);
        let halfway = self.open + (self.close - self.open) * share / 2.0;
        let close = [halfway, self.high, self.low]
            .into_iter()
            .find(|&price| written(price) != last)
            .unwrap_or(self.close * 1.0005 + 1e-8);
        let amount = |whole: f64| rounded(whole * share);
        Self {
            high: rounded(on_the_way(self.high)).max(rounded(close)),
            low: rounded(on_the_way(self.low)).min(rounded(close)),
            close: rounded(close),
            volume: amount(self.volume),
            quote_volume: amount(self.quote_volume),
            count: (self.count as f64 * share).floor() as i64,
            taker_buy_volume: amount(self.taker_buy_volume),
            taker_buy_quote_volume: amount(self.taker_buy_quote_volume),
            ..self
        }
    }
}

/// To the 8 decimals that are written, unless that would make a price 0.
fn rounded(value: f64) -> f64 {
    let rounded = (value * 1e8).round() / 1e8;
    if rounded == 0.0 { value } else { rounded }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use market::Interval;

    fn bar(open: f64, high: f64, low: f64, close: f64) -> ServedCandle {
        let candle = Candle {
            open: Some(open),
            high: Some(high),
            low: Some(low),
            ..Candle::close_only(0, close)
        };
        ServedCandle {
            volume: 10.0,
            count: 7,
            taker_buy_volume: 4.0,
            ..ServedCandle::from(candle)
        }
    }

    #[test]
    fn a_forming_bar_is_a_candle_but_has_another_close() {
        let bars = [
            bar(10.0, 12.0, 9.0, 11.0),
            bar(10.0, 10.0, 10.0, 10.0),
            bar(10.0, 10.0, 9.0, 10.0),
            bar(10.0, 11.0, 10.0, 10.0),
            bar(1e-8, 1e-8, 1e-8, 1e-8),
            bar(69_000.01, 69_000.01, 68_999.0, 69_000.0),
        ];
        for bar in bars {
            for share in [0.0, 0.001, 0.5, 0.999, 1.0] {
                let forming = bar.forming(share);
                assert_ne!(
                    decimal(forming.close, Market::Spot),
                    decimal(bar.close, Market::Spot),
                    "{bar:?} {share}"
                );
                assert_eq!(forming.open, bar.open);
                let candle = Candle {
                    open: Some(forming.open),
                    high: Some(forming.high),
                    low: Some(forming.low),
                    volume: Some(forming.volume),
                    taker_buy_volume: Some(forming.taker_buy_volume),
                    ..Candle::close_only(0, forming.close)
                };
                candle.check(Interval::ONE_MINUTE).unwrap();
            }
        }
        assert_eq!(bar(10.0, 12.0, 9.0, 11.0).forming(0.5).count, 3);
    }
}
