//! What stands in a bar without a candle.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Column, Error, TimeSpan};

/// A whole candle out of nothing may be at most so long.
const LONGEST_PREVIOUS: TimeSpan = TimeSpan::hours(3 * 24);

/// How bars without a candle are filled, for at most `data.fill_limit`. They are flagged as not
/// observed: no forecast is made at one, and no target is made of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fill {
    /// The prices are the last close. Amounts are unknown, and so are the returns that a volatility
    /// is made of.
    #[default]
    Prices,
    /// The bar is one in which nothing traded: the prices are the last close, amounts are 0, market
    /// cap and supply are those before, and its return of 0 counts among the past returns that a
    /// volatility is forecast from. `data.fill_limit` is at most 3 days.
    Previous,
    /// Refused: it takes the price after the gap, which nobody knows within it, so that nothing that
    /// is made of it may be scored.
    Interpolate,
}

/// How, and for how many bars in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filling {
    /// What is put in.
    pub fill: Fill,
    /// Most bars in a row.
    pub limit_bars: usize,
}

impl From<usize> for Filling {
    /// Prices alone.
    fn from(limit_bars: usize) -> Self {
        Self {
            fill: Fill::Prices,
            limit_bars,
        }
    }
}

impl Filling {
    /// What a column has in a bar without a candle, given the last close and the last value of the
    /// column; None where that is unknown.
    pub(crate) fn value(self, column: Column, close: f64, before: f64) -> Option<f64> {
        match self.fill {
            _ if column.is_price() => Some(close),
            Fill::Previous if column.is_traded() => Some(0.0),
            Fill::Previous if column.is_size() => Some(before),
            Fill::Prices | Fill::Previous | Fill::Interpolate => None,
        }
    }
}

impl Fill {
    /// Returns true for the default, which old files do not name.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Refuses what knows the price after a gap, and a limit that does not fit.
    ///
    /// # Errors
    /// [`Error::Config`] with the key, the value found and what is expected.
    pub(crate) fn validate(self, limit: TimeSpan, limit_bars: usize) -> Result<(), Error> {
        match self {
            Self::Prices => Ok(()),
            Self::Interpolate => Err(Error::config(
                "data.fill",
                "interpolate",
                "prices or previous: interpolation takes the price after a gap, which nobody knows \
                 within it, so that no forecast and no score may be made of it",
            )),
            Self::Previous if limit.ms() > LONGEST_PREVIOUS.ms() => {
                let expected = format!("at most {LONGEST_PREVIOUS} with data.fill = \"previous\"");
                Err(Error::config("data.fill_limit", limit, expected))
            }
            Self::Previous if limit_bars == 0 => {
                let expected = format!(
                    "one bar of data.interval at least, and at most {LONGEST_PREVIOUS}, with \
                     data.fill = \"previous\""
                );
                Err(Error::config("data.fill_limit", limit, expected))
            }
            Self::Previous => Ok(()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use market::{Interval, Symbol};

    use super::*;
    use crate::{CandleTable, Panel, log_returns};

    const DAY_MS: i64 = 86_400_000;

    /// Days 0, 1 and 5 with a market cap; a hole of three.
    fn panel(filling: Filling) -> Panel {
        let mut candles = CandleTable::default();
        for (day, close) in [(0, 10.0), (1, 20.0), (5, 30.0)] {
            let mut row = [f64::NAN; Column::ALL.len()];
            row[..5].copy_from_slice(&[close, close + 1.0, close - 1.0, close, 7.0]);
            row[Column::MarketCap as usize] = 100.0 * close;
            candles.push_row(day * DAY_MS, row);
        }
        let coins = [(Symbol::new("AUSDT").unwrap(), candles)];
        let interval: Interval = "1d".parse().unwrap();
        Panel::build(&coins, interval, (0, 6 * DAY_MS), filling, &Column::ALL)
    }

    fn previous(limit_bars: usize) -> Filling {
        Filling {
            fill: Fill::Previous,
            limit_bars,
        }
    }

    #[test]
    fn a_bar_in_which_nothing_traded_has_no_volume_and_the_market_cap_before() {
        let panel = panel(previous(2));
        let of = |column, row| panel.value(column, row, 0);
        for row in [2, 3] {
            assert_eq!(of(Column::High, row), 20.0);
            assert_eq!(of(Column::Volume, row), 0.0);
            assert_eq!(of(Column::MarketCap, row), 2000.0);
            assert!(!panel.is_observed(row, 0), "a filled bar is flagged");
        }
        assert!(of(Column::Close, 4).is_nan() && of(Column::Volume, 4).is_nan());
        assert!(of(Column::Target, 2).is_nan());
    }

    /// The return over the gap counts where the whole of it is filled.
    #[test]
    fn returns_of_filled_bars_are_inputs_and_no_part_of_a_target() {
        let filled = panel(previous(3));
        let found = log_returns(&filled, 0, 0..6);
        assert_eq!(found[2..5], [0.0; 3]);
        assert!((found[5] - 1.5_f64.ln()).abs() < 1e-15);
        let observed = log_returns(&filled.with_observed_returns(), 0, 0..6);
        assert!(observed[2..].iter().all(|value| value.is_nan()));
        let prices = log_returns(&panel(3.into()), 0, 0..6);
        assert!(prices[2..].iter().all(|value| value.is_nan()));
        let too_short = log_returns(&panel(previous(2)), 0, 0..6);
        assert!(too_short[4..].iter().all(|value| value.is_nan()));
    }

    #[test]
    fn interpolation_and_long_gaps_are_refused_with_the_reason() {
        let of = |fill: Fill, hours: i64, bars| {
            fill.validate(TimeSpan::hours(hours), bars)
                .map_err(|error| error.to_string())
        };
        assert!(of(Fill::Previous, 72, 3).is_ok() && of(Fill::Prices, 96, 4).is_ok());
        let refused = of(Fill::Interpolate, 24, 1).unwrap_err();
        assert!(refused.contains("takes the price after a gap"), "{refused}");
        let refused = of(Fill::Previous, 96, 4).unwrap_err();
        assert!(
            refused.contains("data.fill_limit = 4d: expected at most 3d"),
            "{refused}"
        );
        let refused = of(Fill::Previous, 1, 0).unwrap_err();
        assert!(
            refused.contains("one bar of data.interval at least"),
            "{refused}"
        );
    }
}
