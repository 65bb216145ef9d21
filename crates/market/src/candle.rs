//! One candle, and the test every candle must pass before it is believed.

use crate::{CandleError, Interval};

/// How far a taker volume may exceed the total, relative to it: files hold volumes as f32, whose
/// relative rounding is 6e-8.
const TAKER_TOLERANCE: f64 = 1e-6;

/// What traded during one interval. Only time and close are always there: some sources hold
/// nothing else.
///
/// A candle is known only when it is closed, at `open_time_ms` + interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candle {
    /// Start of the interval, UTC milliseconds, on the interval's grid.
    pub open_time_ms: i64,
    /// First price, quote currency per base unit.
    pub open: Option<f64>,
    /// Highest price.
    pub high: Option<f64>,
    /// Lowest price.
    pub low: Option<f64>,
    /// Last price.
    pub close: f64,
    /// Traded amount in base units.
    pub volume: Option<f64>,
    /// Traded amount in the quote currency.
    pub quote_volume: Option<f64>,
    /// Number of trades.
    pub count: Option<f64>,
    /// The part of `volume` where the buyer was the taker.
    pub taker_buy_volume: Option<f64>,
    /// The part of `quote_volume` where the buyer was the taker.
    pub taker_buy_quote_volume: Option<f64>,
}

impl Candle {
    /// A candle of which only the close is known.
    pub fn close_only(open_time_ms: i64, close: f64) -> Self {
        Self {
            open_time_ms,
            open: None,
            high: None,
            low: None,
            close,
            volume: None,
            quote_volume: None,
            count: None,
            taker_buy_volume: None,
            taker_buy_quote_volume: None,
        }
    }

    /// Checks that the candle can be true: on the grid, prices finite, positive and in order,
    /// amounts finite and not negative, taker parts no larger than the whole (but for f32
    /// rounding). Fields that are `None` are not looked at.
    ///
    /// # Errors
    ///
    /// [`CandleError`] for the first field that is wrong.
    pub fn check(&self, interval: Interval) -> Result<(), CandleError> {
        if self.open_time_ms.rem_euclid(interval.ms()) != 0 {
            let expected = format!("a multiple of {} ms ({interval})", interval.ms());
            return Err(self.error("open_time", self.open_time_ms.to_string(), expected));
        }
        self.check_prices()?;
        self.check_amounts()
    }

    fn check_prices(&self) -> Result<(), CandleError> {
        let prices = [
            ("open", self.open),
            ("high", self.high),
            ("low", self.low),
            ("close", Some(self.close)),
        ];
        for (field, price) in prices {
            if let Some(price) = price
                && !(price.is_finite() && price > 0.0)
            {
                return Err(self.error(field, price.to_string(), "a finite price above 0"));
            }
        }
        for (field, price) in prices {
            if let (Some(high), Some(price)) = (self.high, price)
                && high < price
            {
                let expected = format!("at least {field} ({price})");
                return Err(self.error("high", high.to_string(), expected));
            }
        }
        for (field, price) in prices {
            if let (Some(low), Some(price)) = (self.low, price)
                && low > price
            {
                let expected = format!("at most {field} ({price})");
                return Err(self.error("low", low.to_string(), expected));
            }
        }
        Ok(())
    }

    fn check_amounts(&self) -> Result<(), CandleError> {
        let amounts = [
            ("volume", self.volume),
            ("quote_volume", self.quote_volume),
            ("count", self.count),
            ("taker_buy_volume", self.taker_buy_volume),
            ("taker_buy_quote_volume", self.taker_buy_quote_volume),
        ];
        for (field, amount) in amounts {
            if let Some(amount) = amount
                && !(amount.is_finite() && amount >= 0.0)
            {
                return Err(self.error(field, amount.to_string(), "a finite amount, 0 or more"));
            }
        }
        let parts = [
            (
                "taker_buy_volume",
                self.taker_buy_volume,
                "volume",
                self.volume,
            ),
            (
                "taker_buy_quote_volume",
                self.taker_buy_quote_volume,
                "quote_volume",
                self.quote_volume,
            ),
        ];
        for (field, part, whole_field, whole) in parts {
            if let (Some(part), Some(whole)) = (part, whole)
                && part > whole * (1.0 + TAKER_TOLERANCE)
            {
                let expected = format!("at most {whole_field} ({whole})");
                return Err(self.error(field, part.to_string(), expected));
            }
        }
        Ok(())
    }

    fn error(
        &self,
        field: &'static str,
        value: String,
        expected: impl Into<String>,
    ) -> CandleError {
        CandleError {
            open_time_ms: self.open_time_ms,
            field,
            value,
            expected: expected.into(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::Candle;
    use crate::{CandleError, Interval};

    fn good() -> Candle {
        Candle {
            open_time_ms: 1_704_067_200_000,
            open: Some(10.0),
            high: Some(12.0),
            low: Some(9.0),
            close: 11.0,
            volume: Some(5.0),
            quote_volume: Some(55.0),
            count: Some(3.0),
            taker_buy_volume: Some(2.0),
            taker_buy_quote_volume: Some(22.0),
        }
    }

    fn check(change: impl Fn(&mut Candle)) -> Result<(), CandleError> {
        let mut candle = good();
        change(&mut candle);
        candle.check(Interval::ONE_MINUTE)
    }

    #[test]
    fn plausible_candles_pass() {
        check(|_| {}).unwrap();
        check(|candle| *candle = Candle::close_only(0, 1e-8)).unwrap();
        check(|candle| candle.open_time_ms = -60_000).unwrap();
        check(|candle| candle.high = None).unwrap();
        // A minute without trades.
        check(|candle| {
            *candle = Candle {
                open: Some(11.0),
                high: Some(11.0),
                low: Some(11.0),
                volume: Some(0.0),
                quote_volume: Some(0.0),
                count: Some(0.0),
                taker_buy_volume: Some(0.0),
                taker_buy_quote_volume: Some(0.0),
                ..good()
            };
        })
        .unwrap();
        // Both volumes rounded to f32 by the file they come from.
        check(|candle| candle.taker_buy_volume = Some(5.0 * (1.0 + 1.2e-7))).unwrap();
    }

    type Change = fn(&mut Candle);

    #[test]
    fn impossible_candles_are_refused_by_field() {
        let cases: [(&str, Change); 16] = [
            ("open_time", |candle| candle.open_time_ms += 1),
            ("open_time", |candle| candle.open_time_ms = i64::MIN),
            ("open", |candle| candle.open = Some(0.0)),
            ("high", |candle| candle.high = Some(f64::INFINITY)),
            ("low", |candle| candle.low = Some(-1.0)),
            ("close", |candle| candle.close = f64::NAN),
            ("high", |candle| candle.high = Some(10.5)),
            ("high", |candle| {
                candle.open = None;
                candle.high = Some(8.0);
            }),
            ("low", |candle| candle.low = Some(10.5)),
            ("low", |candle| {
                candle.high = None;
                candle.low = Some(10.5);
            }),
            ("volume", |candle| candle.volume = Some(-1.0)),
            ("quote_volume", |candle| {
                candle.quote_volume = Some(f64::NAN)
            }),
            ("count", |candle| candle.count = Some(-3.0)),
            ("taker_buy_volume", |candle| {
                candle.taker_buy_volume = Some(5.1)
            }),
            ("taker_buy_volume", |candle| {
                candle.taker_buy_volume = Some(f64::INFINITY)
            }),
            ("taker_buy_quote_volume", |candle| {
                candle.taker_buy_quote_volume = Some(60.0);
            }),
        ];
        for (index, (field, change)) in cases.into_iter().enumerate() {
            let error = check(change).unwrap_err();
            assert_eq!(error.field, field, "case {index}: {error}");
        }
    }

    #[test]
    fn the_message_names_field_value_and_expectation() {
        let error = check(|candle| candle.high = Some(10.5)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "candle at 2024-01-01T00:00:00Z (1704067200000): high is 10.5, expected at least close (11)"
        );
        let error = check(|candle| candle.open_time_ms += 30_000).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("open_time is 1704067230000, expected a multiple of 60000 ms (1m)"),
            "{error}"
        );
    }
}
