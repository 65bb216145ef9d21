//! The fee that each coin's forecasts could bear.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;

use crate::bootstrap::quantile;
use crate::rows::{Forecaster, Layout, Rows};
use crate::scoring::check_forecasters;
use crate::tuning::CoinRows;
use crate::{Error, Side, may_open};

/// Forecasts are acted on from this quantile of the sizes of the coin's earlier ones on.
const CUT_SHARE: f64 = 0.9;

/// A position pays the fee where it opens and where it closes.
const FILLS: f64 = 2.0;

/// What one coin's forecasts could pay.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BreakEven {
    /// The fee of a fill (a one-way trade), in basis points, at which the sum of profits is 0; negative where it is below
    /// 0 without fees, None without trades.
    pub fee_bps: Option<f64>,
    /// Positions, of two fills each.
    pub trades: usize,
}

/// The fee of a fill that each coin's largest forecasts could pay, by symbol: what a position earns in the mean before
/// fees, in basis points, divided by its two fills.
///
/// A coin is bought (sold) where its forecast is above (below) 0 and its size is at least the 0.9 quantile of the sizes of
/// the coin's forecasts of earlier folds, all those before the fold's first time. So the first fold sets the first cut and
/// is not traded. A position is entered one bar after the forecast and held for the target's reach; the coin's forecasts
/// are passed over until it is closed. Forecasts whose `realized_delayed` is unknown are not acted on.
///
/// It means something only where the target is the return between two prices.
///
/// # Errors
/// Rows that are inconsistent, or not one finite forecast a row.
pub fn break_even(rows: &Rows, forecaster: &Forecaster) -> Result<BTreeMap<String, BreakEven>, Error> {
    rows.check()?;
    check_forecasters(rows, std::slice::from_ref(forecaster))?;
    let spans = fold_spans(rows);
    let hold_ms = (rows.reach_bars + 1) as i64 * rows.bar_ms;
    let of_coin = |coin: CoinRows| {
        let (trades, gross) = traded(&coin, &spans, hold_ms);
        let fee_bps = (trades > 0).then(|| gross / (trades as f64 * FILLS) * 1e4);
        (coin.symbol, BreakEven { fee_bps, trades })
    };
    Ok(CoinRows::of_all(rows, forecaster, 1).into_par_iter().map(of_coin).collect())
}

/// The first time of every fold and the first after it, in order of time.
fn fold_spans(rows: &Rows) -> Vec<[i64; 2]> {
    let of_fold = |fold: &crate::rows::FoldSpan| {
        let times = &rows.time_ms[fold.rows.clone()]; // sorted, and no fold is empty
        [times[0], times[times.len() - 1] + 1]
    };
    let mut spans: Vec<[i64; 2]> = Layout::new(rows).folds.iter().map(of_fold).collect();
    spans.sort_unstable();
    spans
}

/// Size from which on a coin's forecasts are acted on from `from_ms` on; None where it has none before.
fn cut(coin: &CoinRows, from_ms: i64) -> Option<f64> {
    let earlier = coin.within(i64::MIN, from_ms);
    let mut sizes: Vec<f64> = coin.forecast[earlier].iter().map(|forecast| forecast.abs()).collect();
    sizes.sort_unstable_by(f64::total_cmp);
    quantile(&sizes, CUT_SHARE)
}

/// Number of positions, and the sum of what they earn before fees.
fn traded(coin: &CoinRows, spans: &[[i64; 2]], hold_ms: i64) -> (usize, f64) {
    let (mut trades, mut gross) = (0, 0.0);
    let mut due_ms = None;
    for &[from_ms, until_ms] in spans {
        let Some(cut) = cut(coin, from_ms) else { continue };
        for row in coin.within(from_ms, until_ms) {
            let (time_ms, forecast, earned) = (coin.time_ms[row], coin.forecast[row], coin.price_return[row]);
            let is_large = forecast != 0.0 && forecast.abs() >= cut;
            if !is_large || earned.is_nan() || !may_open(time_ms, due_ms, false) {
                continue;
            }
            let side = if forecast > 0.0 { Side::Buy } else { Side::Sell };
            trades += 1;
            gross += side.sign() * earned;
            due_ms = Some(time_ms + hold_ms);
        }
    }
    (trades, gross)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// One coin, bars of 1 ms, a reach of 2; times 0 to 9 are fold 1, 10 to 19 fold 2, 20 to 29 fold 3.
    fn rows() -> Rows {
        let times = 0..30;
        Rows {
            time_ms: times.clone().collect(),
            symbol: vec![0; 30],
            fold: times.clone().map(|time| (time / 10) as u32 + 1).collect(),
            realized: vec![0.0; 30],
            realized_delayed: vec![0.0; 30],
            last_return: vec![0.0; 30],
            volatility: vec![1.0; 30],
            weight: vec![1.0; 30],
            symbols: vec!["AUSDT".to_owned()],
            bar_ms: 1,
            reach_bars: 2,
        }
    }

    fn forecaster(forecast: Vec<f64>) -> Forecaster {
        Forecaster { name: "network".to_owned(), run: None, forecast }
    }

    #[test]
    fn the_fee_is_half_of_what_a_position_earns() {
        let mut rows = rows();
        let mut forecast = vec![0.0; 30];
        // Sizes 1 to 10 in fold 1: the 0.9 quantile is 9.1.
        for (place, value) in forecast.iter_mut().take(10).enumerate() {
            *value = (place + 1) as f64;
        }
        forecast[12] = 20.0; // a position until 15
        forecast[14] = -20.0; // passed over: the coin has a position
        forecast[15] = -9.2;
        forecast[19] = 9.0; // too small
        rows.realized_delayed[0..10].fill(1.0); // fold 1 is not traded
        rows.realized_delayed[12] = 0.003;
        rows.realized_delayed[14] = 1.0;
        rows.realized_delayed[15] = -0.002;
        rows.realized_delayed[19] = 1.0;
        let found = break_even(&rows, &forecaster(forecast.clone())).unwrap()["AUSDT"];
        assert_eq!(found.trades, 2);
        // Earned 30 and 20 basis points: 25 in the mean, over two fills.
        assert!((found.fee_bps.unwrap() - 12.5).abs() < 1e-9, "{found:?}");
        // What is not known later is not traded on; the next one then is.
        rows.realized_delayed[12] = f64::NAN;
        let found = break_even(&rows, &forecaster(forecast.clone())).unwrap()["AUSDT"];
        assert_eq!((found.trades, found.fee_bps.unwrap() < 0.0), (1, true), "{found:?}");
        assert_eq!(break_even(&rows, &forecaster(vec![0.0; 30])).unwrap()["AUSDT"].trades, 0);
    }

    /// It agrees with the costs that thresholds and the ledger count, save for the fee on what was earned.
    #[test]
    fn a_position_that_pays_this_fee_earns_nothing() {
        let costs = crate::Costs { fee_bps: 12.5, slippage_bps: 0.0 };
        let left = costs.net(Side::Buy, 0.003) + costs.net(Side::Sell, -0.002);
        assert!(left.abs() < 5e-6, "{left}");
    }

    #[test]
    fn no_cut_depends_on_its_own_fold_or_a_later_one() {
        let wave = |seed: i64| (0..30_i64).map(|time| ((time * 7 + seed) % 11 - 5) as f64).collect::<Vec<_>>();
        let rows = rows();
        let spans = fold_spans(&rows);
        assert_eq!(spans, [[0, 10], [10, 20], [20, 30]]);
        let cuts = |forecast: Vec<f64>| {
            let coins = CoinRows::of_all(&rows, &forecaster(forecast), 1);
            spans.iter().map(|span| cut(&coins[0], span[0])).collect::<Vec<_>>()
        };
        let first = cuts(wave(1));
        assert_eq!(first[0], None);
        for fold in 0..3 {
            let mut changed = wave(1);
            changed[10 * fold..].iter_mut().for_each(|value| *value *= 100.0);
            let found = cuts(changed);
            assert_eq!(found[..=fold], first[..=fold], "fold {}", fold + 1);
            assert!(found[fold + 1..].iter().zip(&first[fold + 1..]).all(|(found, first)| found > first));
        }
    }
}
