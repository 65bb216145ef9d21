//! The `[portfolio]` section.

use std::collections::BTreeMap;

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

/// Where the half spreads of coins come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpreadModel {
    /// `half_spread_bps` for all coins.
    #[default]
    Same,
    /// Half a tick at least: the smallest step of the coin's closes in the last `covariance_days`.
    /// No spread is smaller, so that this is too kind rather than too severe.
    Tick,
    /// The same, and half the spread that closes, lows and highs of these days show at least (Abdi
    /// and Ranaldo 2017). It takes prices that turn back for a spread, so that this is too severe
    /// rather than too kind. A coin with fewer than 100 bars that follow each other has the median of
    /// the others.
    AbdiRanaldo,
}

impl SpreadModel {
    /// Returns true for the default, which the log of trials does not name.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    fn is_same(&self) -> bool {
        *self == Self::Same
    }
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
    /// Where each coin's own half spread comes from, if it is more than `half_spread_bps`: `same`,
    /// which is the default, `tick` or `abdi_ranaldo`. Those of a UTC day are of the days before it.
    #[serde(skip_serializing_if = "SpreadModel::is_same")]
    pub spread: SpreadModel,
    /// Half spreads of single coins, in basis points, in place of what `half_spread_bps` and
    /// `spread` say, such as `{ BTCUSDT = 0.01 }`: for who knows their quotes. None by default.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub half_spreads_bps: BTreeMap<String, f64>,
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

impl PortfolioConfig {
    /// Returns true where coins may have other half spreads than `half_spread_bps`.
    pub fn has_own_spreads(&self) -> bool {
        self.spread != SpreadModel::Same || !self.half_spreads_bps.is_empty()
    }
}

impl Default for PortfolioConfig {
    fn default() -> Self {
        Self {
            orders: OrderKind::Taker,
            fees_bps: vec![0.0, 0.5, 1.0, 2.0, 5.0, 10.0],
            half_spread_bps: 0.0,
            spread: SpreadModel::Same,
            half_spreads_bps: BTreeMap::new(),
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
        let expected = "basis points from 0 to 1000";
        if !is_fee(&self.half_spread_bps) {
            let found = self.half_spread_bps;
            return Err(setting("portfolio.half_spread_bps", found, expected));
        }
        let mut known = self.half_spreads_bps.iter();
        if let Some((symbol, half)) = known.find(|(_, half)| !is_fee(half)) {
            let found = format!("{symbol} = {half}");
            return Err(setting("portfolio.half_spreads_bps", found, expected));
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
        let half_spreads_bps = BTreeMap::from([("BTCUSDT".to_owned(), f64::NAN)]);
        insta::assert_snapshot!(refused(PortfolioConfig { half_spreads_bps, ..usual() }), @"`portfolio.half_spreads_bps` is BTCUSDT = NaN, expected basis points from 0 to 1000");
        insta::assert_snapshot!(refused(PortfolioConfig { volume_share: 0.0, ..usual() }), @"`portfolio.volume_share` is 0, expected a number above 0");
        insta::assert_snapshot!(refused(PortfolioConfig { capital: f64::NAN, ..usual() }), @"`portfolio.capital` is NaN, expected a number above 0");
    }
}
