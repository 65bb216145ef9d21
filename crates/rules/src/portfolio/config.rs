//! The `[portfolio]` section.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, setting};

/// How the orders of a portfolio are filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// By a taker, at the next close.
    Taker,
    /// By limit orders at the last close, each for one bar: they are filled where the price trades
    /// through them within it (below for a purchase, above for a sale), which a touch is not. They
    /// pay no half a spread.
    Limit,
}

/// The `[portfolio]` section: what fills cost, what is hedged, and how large positions may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PortfolioConfig {
    /// How orders are filled: `taker` or `limit`.
    pub orders: OrderKind,
    /// Fees of a fill, in basis points of its value; a portfolio is made for each of them.
    pub fees_bps: Vec<f64>,
    /// Half the spread, in basis points, that every fill costs beside the fee. With 0, a fee of the
    /// table stands for fee and half a spread together.
    pub half_spread_bps: f64,
    /// What a long position in a future pays a day, in basis points of its value, and a short one
    /// is paid, for coins without a stored history of funding rates; 0 on the spot market.
    pub funding_bps_per_day: f64,
    /// What hedged portfolios hold against the market: `basket`, which is all coins in equal parts,
    /// or a coin such as BTCUSDT.
    pub hedge: String,
    /// Volatility of the profit that positions are sized for, a year, as a fraction of the capital.
    /// It is that of the earlier folds, without any cap.
    pub target_volatility: f64,
    /// Capital in the quote currency. It decides what share of a bar's volume an order is; profits
    /// are not reinvested.
    pub capital: f64,
    /// Largest position of a coin, as a fraction of the capital, before the hedge.
    pub coin_cap: f64,
    /// Largest sum of the sizes of all positions, as a fraction of the capital, before the hedge.
    pub gross_cap: f64,
    /// Most of a bar's volume that a fill takes; what is left of an order is not filled.
    pub volume_share: f64,
    /// Days of trailing returns that betas and residual variances are of, renewed every UTC day.
    pub covariance_days: f64,
}

impl Default for PortfolioConfig {
    fn default() -> Self {
        Self {
            orders: OrderKind::Taker,
            fees_bps: vec![0.0, 0.5, 1.0, 2.0, 5.0, 10.0],
            half_spread_bps: 0.0,
            funding_bps_per_day: 0.0,
            hedge: "basket".to_owned(),
            target_volatility: 0.1,
            capital: 100_000.0,
            coin_cap: 0.1,
            gross_cap: 2.0,
            volume_share: 0.01,
            covariance_days: 30.0,
        }
    }
}

impl PortfolioConfig {
    /// Checks every value.
    ///
    /// # Errors
    /// Names the key, the value found and what is expected.
    pub fn validate(&self) -> Result<(), Error> {
        let fees = "one fee or more, in basis points from 0 to 1000, each once";
        let is_fee = |fee: &f64| (0.0..=1000.0).contains(fee);
        let mut sorted = self.fees_bps.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.dedup();
        let all_known = !sorted.is_empty() && sorted.iter().all(is_fee);
        if !all_known || sorted.len() != self.fees_bps.len() {
            let found = format!("{:?}", self.fees_bps);
            return Err(setting("portfolio.fees_bps", found, fees));
        }
        if !is_fee(&self.half_spread_bps) {
            let expected = "basis points from 0 to 1000";
            return Err(setting(
                "portfolio.half_spread_bps",
                self.half_spread_bps,
                expected,
            ));
        }
        if !(-1000.0..=1000.0).contains(&self.funding_bps_per_day) {
            let expected = "basis points from -1000 to 1000";
            return Err(setting(
                "portfolio.funding_bps_per_day",
                self.funding_bps_per_day,
                expected,
            ));
        }
        let above_zero = [
            ("portfolio.target_volatility", self.target_volatility),
            ("portfolio.capital", self.capital),
            ("portfolio.coin_cap", self.coin_cap),
            ("portfolio.gross_cap", self.gross_cap),
            ("portfolio.volume_share", self.volume_share),
            ("portfolio.covariance_days", self.covariance_days),
        ];
        let is_wrong = |value: f64| !(value > 0.0 && value.is_finite());
        match above_zero.into_iter().find(|(_, value)| is_wrong(*value)) {
            Some((key, found)) => Err(setting(key, found, "a number above 0")),
            None => Ok(()),
        }
    }

    /// What a fill of an order of this kind costs beside the fee, in basis points.
    pub(super) fn half_spread_bps(&self, orders: OrderKind) -> f64 {
        match orders {
            OrderKind::Taker => self.half_spread_bps,
            OrderKind::Limit => 0.0,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn values_out_of_range_are_named() {
        PortfolioConfig::default().validate().unwrap();
        let refused = |config: PortfolioConfig| config.validate().unwrap_err().to_string();
        let usual = PortfolioConfig::default;
        insta::assert_snapshot!(refused(PortfolioConfig { fees_bps: vec![1.0, 1.0], ..usual() }), @"`portfolio.fees_bps` is [1.0, 1.0], expected one fee or more, in basis points from 0 to 1000, each once");
        insta::assert_snapshot!(refused(PortfolioConfig { half_spread_bps: -1.0, ..usual() }), @"`portfolio.half_spread_bps` is -1, expected basis points from 0 to 1000");
        insta::assert_snapshot!(refused(PortfolioConfig { volume_share: 0.0, ..usual() }), @"`portfolio.volume_share` is 0, expected a number above 0");
        insta::assert_snapshot!(refused(PortfolioConfig { capital: f64::NAN, ..usual() }), @"`portfolio.capital` is NaN, expected a number above 0");
    }
}
