//! Coins by their size: quarters by market cap or by what is traded, and market caps as a whole.

use serde::Serialize;
use statistics::{quantile, quantile_bins, spearman};

use super::coin::CoinFigures;
use super::over_time::{across, quantile_of};

/// Coins below which quarters say nothing.
const LEAST_COINS: usize = 8;

/// By what coins are put in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Size {
    /// The mean market cap.
    MarketCap,
    /// The mean amount that is traded in a day.
    TradedPerDay,
}

impl Size {
    /// The size in words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::MarketCap => "mean market cap",
            Self::TradedPerDay => "mean traded amount a day",
        }
    }

    fn of(self, coin: &CoinFigures) -> Option<f64> {
        match self {
            Self::MarketCap => coin.market_cap.map(|cap| cap.mean),
            Self::TradedPerDay => coin.traded_per_day(),
        }
    }
}

/// Four groups of coins by size, of as many coins each, smallest first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct SizeQuartiles {
    /// By what.
    pub size: Size,
    /// The groups.
    pub quartiles: Vec<Quartile>,
    /// Spearman's correlation of size and volatility over coins.
    pub spearman: Option<f64>,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Quartile {
    /// Number of its coins.
    pub coins: usize,
    /// Smallest and largest size, in the quote currency.
    pub sizes: [f64; 2],
    /// Its coins' volatilities of a day: quantiles at 10, 50 and 90 %.
    pub volatility: [Option<f64>; 3],
    /// Median over its coins of the returns' skewness.
    pub skewness: Option<f64>,
    /// Median over its coins of the returns' excess kurtosis.
    pub excess_kurtosis: Option<f64>,
    /// Median over its coins of the correlation with the coin that all are compared with.
    pub correlation: Option<f64>,
    /// Median volatility over its coins at each point.
    pub over_time: Vec<f64>,
}

impl SizeQuartiles {
    /// Of coins and their volatilities at each point; None of fewer than eight with a size.
    ///
    /// The size is the market cap where half of the coins have one, else what is traded.
    pub fn of(coins: &[(&CoinFigures, &[f64])]) -> Option<Self> {
        let with_cap = coins
            .iter()
            .filter(|coin| coin.0.market_cap.is_some())
            .count();
        let size = match 2 * with_cap >= coins.len() {
            true => Size::MarketCap,
            false => Size::TradedPerDay,
        };
        let sized: Vec<(f64, &(&CoinFigures, &[f64]))> = coins
            .iter()
            .filter_map(|coin| Some((size.of(coin.0)?, coin)))
            .collect();
        if sized.len() < LEAST_COINS {
            return None;
        }
        let sizes: Vec<f64> = sized.iter().map(|(size, _)| *size).collect();
        let groups = quantile_bins(&sizes, 4);
        let quartile = |number: u16| {
            let own = sized
                .iter()
                .zip(&groups)
                .filter(|(_, group)| **group == number);
            Quartile::of(&own.map(|(coin, _)| *coin).collect::<Vec<_>>())
        };
        let of_coin =
            |coin: &(f64, &(&CoinFigures, &[f64]))| Some((coin.0, coin.1.0.volatility()?));
        let (sizes, volatilities): (Vec<f64>, Vec<f64>) = sized.iter().filter_map(of_coin).unzip();
        Some(Self {
            size,
            quartiles: (0..4).map(quartile).collect(),
            spearman: spearman(&sizes, &volatilities),
        })
    }
}

impl Quartile {
    fn of(coins: &[(f64, &(&CoinFigures, &[f64]))]) -> Self {
        let figures = || coins.iter().map(|(_, coin)| coin.0);
        let volatility = |share| quantile_of(figures().filter_map(CoinFigures::volatility), share);
        let returns = || figures().filter_map(|coin| coin.returns);
        let series: Vec<&[f64]> = coins.iter().map(|(_, coin)| coin.1).collect();
        let sizes = || coins.iter().map(|(size, _)| *size);
        Self {
            coins: coins.len(),
            sizes: [
                sizes().fold(f64::INFINITY, f64::min),
                sizes().fold(f64::NEG_INFINITY, f64::max),
            ],
            volatility: [volatility(0.1), volatility(0.5), volatility(0.9)],
            skewness: quantile_of(returns().filter_map(|one| one.skewness), 0.5),
            excess_kurtosis: quantile_of(returns().filter_map(|one| one.excess_kurtosis), 0.5),
            correlation: quantile_of(
                figures().filter_map(|coin| coin.correlation_with_reference),
                0.5,
            ),
            over_time: across(&series, |sorted| quantile(sorted, 0.5)),
        }
    }
}

/// Market caps of the coins that have one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct MarketCaps {
    /// Number of these coins.
    pub coins: usize,
    /// Sum of their last market caps.
    pub total: f64,
    /// Share of the largest coin.
    pub largest_share: f64,
    /// Share of the five largest together.
    pub five_largest_share: f64,
    /// Effective number of coins: one over the sum of squared shares.
    pub effective_coins: f64,
    /// Median over coins of what is traded in a day as a share of the market cap.
    pub turnover_per_day: Option<f64>,
    /// Spearman's correlation of market cap and traded amount over coins.
    pub spearman_with_traded: Option<f64>,
}

impl MarketCaps {
    /// None where no coin has one.
    pub fn of(coins: &[&CoinFigures]) -> Option<Self> {
        let caps = || coins.iter().filter_map(|coin| coin.market_cap);
        let mut last: Vec<f64> = caps().map(|cap| cap.last).collect();
        last.sort_unstable_by(|a, b| b.total_cmp(a));
        let total: f64 = last.iter().sum();
        let largest = *last.first()?;
        let both = |coin: &&CoinFigures| Some((coin.market_cap?.mean, coin.traded_per_day()?));
        let (means, traded): (Vec<f64>, Vec<f64>) = coins.iter().filter_map(both).unzip();
        let squares: f64 = last.iter().map(|cap| (cap / total).powi(2)).sum();
        Some(Self {
            coins: last.len(),
            total,
            largest_share: largest / total,
            five_largest_share: last.iter().take(5).sum::<f64>() / total,
            effective_coins: 1.0 / squares,
            turnover_per_day: quantile_of(caps().filter_map(|cap| cap.turnover_per_day), 0.5),
            spearman_with_traded: spearman(&means, &traded),
        })
    }
}
