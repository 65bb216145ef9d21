//! The thresholds that are tried for one side of a coin, and what each was worth on the tuning
//! span.

use std::ops::Range;

use score::Options;
use statistics::{Moments, quantile};

use super::result::Candidate;
use super::trade_statistics::{TradeStatistics, Trials};
use super::trades::{CoinRows, Rules, trades};
use crate::{CoinThresholds, Side};

/// Shares of a side's forecasts that are beyond its lowest and its highest threshold.
const WIDEST: f64 = 0.5;
const NARROWEST: f64 = 0.001;

/// A candidate and the shape of its profits, which its deflated Sharpe ratio needs later.
#[derive(Debug, Clone)]
pub(crate) struct ScoredCandidate {
    pub candidate: Candidate,
    pub moments: Option<Moments>,
}

/// How a candidate's trades are looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TrialOptions<'a> {
    pub rules: Rules,
    pub floor_trades: usize,
    pub bootstrap: &'a Options,
}

/// Thresholds of one side, nearest to 0 first: quantiles of the size of its forecasts.
///
/// The shares of forecasts beyond them fall from a half to a thousandth in equal ratios, as
/// forecasts worth their costs are rare. Equal thresholds stand once; without a forecast on this
/// side there are none.
pub(crate) fn levels(forecasts: &[f64], side: Side, count: usize) -> Vec<f64> {
    let mut sizes: Vec<f64> = forecasts
        .iter()
        .map(|forecast| side.sign() * forecast)
        .filter(|size| *size > 0.0)
        .collect();
    sizes.sort_unstable_by(f64::total_cmp);
    if sizes.is_empty() {
        return Vec::new();
    }
    let step = (NARROWEST / WIDEST).powf(1.0 / (count as f64 - 1.0));
    let beyond = (0..count).map(|place| WIDEST * step.powf(place as f64));
    let mut levels: Vec<f64> = beyond
        .filter_map(|share| quantile(&sizes, 1.0 - share))
        .collect();
    levels.dedup();
    levels.into_iter().map(|size| side.sign() * size).collect()
}

/// Tries every level on some rows of a coin.
pub(crate) fn try_all(
    coin: &CoinRows,
    span: Range<usize>,
    side: Side,
    levels: &[f64],
    look: &TrialOptions<'_>,
) -> Vec<ScoredCandidate> {
    let try_one = |&threshold: &f64| {
        let rule = one_sided(side, threshold);
        let profits: Vec<f64> = trades(coin, span.clone(), &rule, &look.rules)
            .iter()
            .map(|trade| trade.profit)
            .collect();
        let tuned = if look.rules.overlapping {
            TradeStatistics::of_overlapping(&profits)
        } else {
            TradeStatistics::of_sequence(&profits, look.floor_trades, look.bootstrap)
        };
        let moments = (!profits.is_empty()).then(|| Moments::new(&profits));
        ScoredCandidate {
            candidate: Candidate { threshold, tuned },
            moments,
        }
    };
    levels.iter().map(try_one).collect()
}

/// The spread of the Sharpe ratios of all that had enough trades, as the count of all; none where
/// only one had.
pub(crate) fn trials<'a>(
    tried: impl Iterator<Item = &'a ScoredCandidate>,
    min_trades: usize,
) -> (usize, Option<Trials>) {
    let (mut count, mut ratios) = (0, Vec::new());
    for one in tried {
        count += 1;
        ratios.extend(
            one.candidate
                .tuned
                .sharpe
                .filter(|_| one.candidate.tuned.trades >= min_trades),
        );
    }
    let defined = ratios.len() >= 2;
    let variance = || Moments::new(&ratios).sample_std().powi(2);
    (
        ratios.len(),
        defined.then(|| Trials {
            count,
            variance: variance(),
        }),
    )
}

/// A coin's thresholds with one side only.
pub(crate) fn one_sided(side: Side, threshold: f64) -> CoinThresholds {
    match side {
        Side::Buy => CoinThresholds {
            buy: Some(threshold),
            ..CoinThresholds::default()
        },
        Side::Sell => CoinThresholds {
            sell: Some(threshold),
            ..CoinThresholds::default()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_quantiles_of_their_own_side() {
        let forecasts: Vec<f64> = (-500..=1000).map(f64::from).collect();
        let buy = levels(&forecasts, Side::Buy, 10);
        assert_eq!(buy.len(), 10);
        assert!(
            (buy[0] - 500.5).abs() < 1e-9 && (buy[9] - 999.001).abs() < 1e-9,
            "{buy:?}"
        );
        assert!(buy.is_sorted());
        let sell = levels(&forecasts, Side::Sell, 10);
        assert!(
            (sell[0] + 250.5).abs() < 1e-9 && sell.is_sorted_by(|a, b| a > b),
            "{sell:?}"
        );
    }

    #[test]
    fn equal_levels_stand_once_and_a_side_may_have_none() {
        assert_eq!(levels(&[1.0; 50], Side::Buy, 40), [1.0]);
        assert!(levels(&[1.0; 50], Side::Sell, 40).is_empty());
    }
}
