//! The rules of trading that thresholds, backtest and paper trading share: signal, costs, overlap.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use score::Calibration;
use serde::{Deserialize, Serialize};

use crate::error::{Error, setting};

/// The direction of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Gains when the price rises.
    Buy,
    /// Gains when the price falls.
    Sell,
}

impl Side {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Buy, Self::Sell];

    /// `buy` or `sell`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        }
    }

    /// What a return is to a position before costs: 1 or -1.
    pub fn sign(self) -> f64 {
        match self {
            Self::Buy => 1.0,
            Self::Sell => -1.0,
        }
    }
}

/// What every fill costs, in basis points of its value; a position pays twice, when it opens and
/// when it closes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Costs {
    /// The exchange's fee. The default is Binance's taker fee on the spot market, without
    /// discounts.
    pub fee_bps: f64,
    /// How much worse than the candle's price a fill is. The default is about the spread of a
    /// liquid pair.
    pub slippage_bps: f64,
}

impl Default for Costs {
    fn default() -> Self {
        Self {
            fee_bps: 10.0,
            slippage_bps: 1.0,
        }
    }
}

impl Costs {
    /// Profit after costs of a position over a price change of `price_return` (0.01 is 1 %), as a
    /// fraction of its value at entry: what the one fill brings in minus what the other takes.
    ///
    /// # Examples
    /// ```
    /// use rules::{Costs, Side};
    /// let costs = Costs { fee_bps: 10.0, slippage_bps: 0.0 };
    /// assert!((costs.net(Side::Buy, 0.01) - (1.01 * 0.999 - 1.001)).abs() < 1e-15);
    /// assert!((costs.net(Side::Sell, 0.01) - (0.999 - 1.01 * 1.001)).abs() < 1e-15);
    /// ```
    pub fn net(&self, side: Side, price_return: f64) -> f64 {
        let (fee, slippage) = (self.fee_bps * 1e-4, self.slippage_bps * 1e-4);
        let (bought, sold) = (
            (1.0 + slippage) * (1.0 + fee),
            (1.0 - slippage) * (1.0 - fee),
        );
        match side {
            Side::Buy => (1.0 + price_return) * sold - bought,
            Side::Sell => sold - (1.0 + price_return) * bought,
        }
    }

    /// Refuses costs that no exchange has.
    ///
    /// # Errors
    /// Names the key that is negative or not finite.
    pub fn validate(&self) -> Result<(), Error> {
        for (key, value) in [
            ("fee_bps", self.fee_bps),
            ("slippage_bps", self.slippage_bps),
        ] {
            if !(0.0..10_000.0).contains(&value) {
                return Err(setting(key, value, "basis points from 0 to 10000"));
            }
        }
        Ok(())
    }
}

/// Forecasts on which a coin is bought or sold, as plain fractions; None: never.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CoinThresholds {
    /// Bought at forecasts of at least this, which is above 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buy: Option<f64>,
    /// Sold at forecasts of at most this, which is below 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sell: Option<f64>,
    /// What a forecast goes through before it is compared; None: nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
}

impl CoinThresholds {
    /// Which way a forecast is acted on; None: not at all.
    pub fn side(&self, forecast: f64) -> Option<Side> {
        let forecast = self.calibration.map_or(forecast, |line| line.of(forecast));
        match (self.buy, self.sell) {
            (Some(buy), _) if forecast >= buy => Some(Side::Buy),
            (_, Some(sell)) if forecast <= sell => Some(Side::Sell),
            _ => None,
        }
    }
}

/// The content of `thresholds.toml`: what to trade on, and on which span of which forecasts that
/// was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// `honest` or `seed`.
    pub protocol: String,
    /// How many bars a position is held.
    pub hold_bars: usize,
    /// Bars from the forecast to the candle at whose close a position opens; 0: the last candle
    /// that the forecast knows, as the target counts.
    #[serde(default)]
    pub entry_delay_bars: usize,
    /// The costs that were counted.
    pub costs: Costs,
    /// The times of the forecasts that thresholds were tuned on, first and last, UTC.
    pub tuned: [String; 2],
    /// The times of the forecasts they were judged on, first and last, UTC; none for protocol
    /// `seed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<[String; 2]>,
    /// By symbol; a coin that is not here is not traded.
    #[serde(default)]
    pub coins: BTreeMap<String, CoinThresholds>,
}

/// The longest time in bars that a position may be waited for or held: two months of minutes.
const MOST_BARS: usize = 100_000;

/// A forecast beyond this is in no unit that a target has.
const LARGEST_FORECAST: f64 = 1000.0;

/// A forecast that is worth more than a million times itself is none.
const LARGEST_SLOPE: f64 = 1e6;

impl Thresholds {
    /// Reads the file's text.
    ///
    /// # Errors
    /// Text that is no thresholds, a threshold on the wrong side of 0, a number that no position
    /// can be opened by: the key, the value found and its range.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        let thresholds: Self = toml::from_str(text).map_err(|error| Error::Thresholds {
            reason: error.to_string().trim_end().to_owned(),
        })?;
        let wrong = |symbol: &String, key: &str, found: f64, expected: &str| Error::Thresholds {
            reason: format!("coins.{symbol}.{key} is {found}, expected a number {expected}"),
        };
        for (symbol, coin) in &thresholds.coins {
            if let Some(buy) = coin
                .buy
                .filter(|buy| !(*buy > 0.0 && *buy <= LARGEST_FORECAST))
            {
                return Err(wrong(symbol, "buy", buy, "above 0, at most 1000"));
            }
            if let Some(sell) = coin
                .sell
                .filter(|sell| !(*sell < 0.0 && *sell >= -LARGEST_FORECAST))
            {
                return Err(wrong(symbol, "sell", sell, "below 0, at least -1000"));
            }
            let Calibration { slope, intercept } = coin.calibration.unwrap_or(Calibration {
                slope: 1.0,
                intercept: 0.0,
            });
            if !(-LARGEST_SLOPE..=LARGEST_SLOPE).contains(&slope) {
                return Err(wrong(
                    symbol,
                    "calibration.slope",
                    slope,
                    "from -1000000 to 1000000",
                ));
            }
            if !(-LARGEST_FORECAST..=LARGEST_FORECAST).contains(&intercept) {
                return Err(wrong(
                    symbol,
                    "calibration.intercept",
                    intercept,
                    "from -1000 to 1000",
                ));
            }
        }
        let bars = [
            ("hold_bars", thresholds.hold_bars, 1),
            ("entry_delay_bars", thresholds.entry_delay_bars, 0),
        ];
        for (key, found, least) in bars {
            if !(least..=MOST_BARS).contains(&found) {
                let reason =
                    format!("{key} is {found}, expected a number from {least} to {MOST_BARS}");
                return Err(Error::Thresholds { reason });
            }
        }
        thresholds.costs.validate()?;
        Ok(thresholds)
    }

    /// The file's text.
    ///
    /// # Errors
    /// A number that TOML cannot hold.
    pub fn to_toml(&self) -> Result<String, Error> {
        toml::to_string(self).map_err(|error| Error::Thresholds {
            reason: error.to_string(),
        })
    }
}

/// Whether a position may open at `time_ms` beside the coin's last one, which is due at `due_ms`.
///
/// Both are closing times of candles. What counts is when the last one is due by the clock, not
/// when its candle came.
pub fn may_open(time_ms: i64, due_ms: Option<i64>, overlapping: bool) -> bool {
    overlapping || due_ms.is_none_or(|due_ms| due_ms <= time_ms)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn thresholds_round_trip_and_wrong_ones_are_refused() {
        let coin = CoinThresholds {
            buy: Some(0.001),
            sell: None,
            calibration: Some(Calibration {
                slope: 0.5,
                intercept: -1e-5,
            }),
        };
        let thresholds = Thresholds {
            protocol: "honest".to_owned(),
            hold_bars: 15,
            entry_delay_bars: 1,
            costs: Costs::default(),
            tuned: ["2021-04-07 08:10".to_owned(), "2021-04-28 00:00".to_owned()],
            judged: None,
            coins: BTreeMap::from([("BTCUSDT".to_owned(), coin)]),
        };
        let text = thresholds.to_toml().unwrap();
        assert_eq!(Thresholds::from_toml(&text).unwrap(), thresholds, "{text}");
        let error =
            Thresholds::from_toml(&text.replace("buy = 0.001", "buy = -0.001")).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("coins.BTCUSDT.buy is -0.001, expected a number above 0"),
            "{error}"
        );
        assert!(Thresholds::from_toml("coins = 3").is_err());
    }

    /// A position of 2^50 bars was once due before the year 0.
    #[test]
    fn absurd_numbers_are_refused_by_name() {
        let text = "protocol = \"honest\"\nhold_bars = 15\nentry_delay_bars = 0\ntuned = [\"\", \"\"]\n[costs]\nfee_bps = \
                    10.0\nslippage_bps = 1.0\n[coins.BTCUSDT]\nbuy = 0.001\nsell = -0.001\ncalibration = { slope = 1.0, \
                    intercept = 0.0 }\n";
        Thresholds::from_toml(text).unwrap();
        for (from, to, key) in [
            (
                "hold_bars = 15",
                "hold_bars = 1125899906842624",
                "hold_bars is 1125899906842624",
            ),
            ("hold_bars = 15", "hold_bars = 0", "hold_bars is 0"),
            (
                "entry_delay_bars = 0",
                "entry_delay_bars = 1125899906842624",
                "entry_delay_bars is",
            ),
            ("fee_bps = 10.0", "fee_bps = 1e308", "fee_bps"),
            ("slippage_bps = 1.0", "slippage_bps = nan", "slippage_bps"),
            ("buy = 0.001", "buy = inf", "coins.BTCUSDT.buy is inf"),
            ("buy = 0.001", "buy = 1e308", "coins.BTCUSDT.buy is 1"),
            (
                "sell = -0.001",
                "sell = -1e9",
                "coins.BTCUSDT.sell is -1000000000",
            ),
            (
                "slope = 1.0",
                "slope = 1e308",
                "coins.BTCUSDT.calibration.slope is 1",
            ),
            (
                "intercept = 0.0",
                "intercept = nan",
                "coins.BTCUSDT.calibration.intercept is NaN",
            ),
        ] {
            let error = Thresholds::from_toml(&text.replace(from, to))
                .unwrap_err()
                .to_string();
            assert!(
                error.contains(key) && error.contains("expected"),
                "{to}: {error}"
            );
        }
    }

    #[test]
    fn a_side_is_taken_beyond_its_threshold_only() {
        let coin = CoinThresholds {
            buy: Some(0.001),
            sell: Some(-0.002),
            calibration: None,
        };
        assert_eq!(coin.side(0.001), Some(Side::Buy));
        assert_eq!(coin.side(0.000_99), None);
        assert_eq!(coin.side(-0.002), Some(Side::Sell));
        assert_eq!(coin.side(f64::NAN), None);
        assert_eq!(CoinThresholds::default().side(1.0), None);
        let halved = CoinThresholds {
            calibration: Some(Calibration {
                slope: 0.5,
                intercept: 0.0,
            }),
            ..coin
        };
        assert_eq!(halved.side(0.0019), None);
    }

    #[test]
    fn costs_are_paid_twice_and_never_gained() {
        let costs = Costs {
            fee_bps: 10.0,
            slippage_bps: 5.0,
        };
        for side in Side::ALL {
            assert!((costs.net(side, 0.0) + 0.003).abs() < 1e-5);
            assert_eq!(
                Costs {
                    fee_bps: 0.0,
                    slippage_bps: 0.0
                }
                .net(side, 0.01),
                side.sign() * (1.01 - 1.0)
            );
        }
        assert!(
            Costs {
                fee_bps: -1.0,
                ..costs
            }
            .validate()
            .is_err()
        );
        assert!(
            Costs {
                slippage_bps: f64::NAN,
                ..costs
            }
            .validate()
            .is_err()
        );
    }

    #[test]
    fn a_position_may_follow_one_that_is_due() {
        assert!(may_open(100, None, false));
        assert!(may_open(100, Some(100), false));
        assert!(!may_open(100, Some(101), false));
        assert!(may_open(100, Some(101), true));
    }
}
