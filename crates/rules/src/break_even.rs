//! The fee that each coin's forecasts could bear.

use rayon::prelude::*;
use score::{BreakEven, BreakEvenFees, ForecastColumn, Options, Report, Rows, check_forecasters};
use statistics::{ConfidenceInterval, FoldSpan, RowSpans, are_equal, quantile};

use crate::error::Error;
use crate::trade::{Side, may_open};
use crate::tuning::{CoinRows, mean_interval, pooled_interval};

/// Forecasts are acted on from this quantile of the sizes of the coin's earlier ones on.
const CUT_SHARE: f64 = 0.9;

/// Basis points of a fill from what a position earns: it pays the fee where it opens and where it
/// closes.
const BPS_OF_A_FILL: f64 = 1e4 / 2.0;

/// The fee of a fill that each coin's largest forecasts could pay, by symbol: what a position earns
/// in the mean before fees, in basis points, divided by its two fills.
///
/// A coin is bought (sold) where its forecast is above (below) 0 and its size is at least the 0.9
/// quantile of the sizes of the coin's forecasts of earlier folds, all those before the fold's
/// first time. So the first fold sets the first cut and is not traded. A position is entered one
/// bar after the forecast and held for the target's reach; the coin's forecasts are passed over
/// until it is closed. Forecasts whose `realized_delayed` is unknown are not acted on.
///
/// It means something only where the target is the return between two prices. Intervals are of a
/// stationary bootstrap of blocks of a coin's positions, and for all coins together of blocks of
/// time, as thresholds have them.
///
/// # Errors
/// Rows that are inconsistent, not one finite forecast a row, options out of range.
pub fn break_even(
    rows: &Rows,
    forecaster: &ForecastColumn,
    options: &Options,
) -> Result<BreakEvenFees, Error> {
    options.validate()?;
    rows.check()?;
    check_forecasters(rows, std::slice::from_ref(forecaster))?;
    let spans = fold_spans(rows);
    let held_bars = rows.reach_bars + 1;
    let floor_trades = options.floor_bars(rows).div_ceil(held_bars);
    let earned: Vec<(String, Vec<(i64, f64)>)> = CoinRows::of_all(rows, forecaster, 1)
        .into_par_iter()
        .map(|coin| {
            (
                coin.symbol.clone(),
                earned(&coin, &spans, held_bars as i64 * rows.bar_ms),
            )
        })
        .collect();
    let of_coin = |(symbol, earned): &(String, Vec<(i64, f64)>)| {
        let fees: Vec<f64> = earned
            .iter()
            .map(|(_, gross)| gross * BPS_OF_A_FILL)
            .collect();
        (
            symbol.clone(),
            mean_fee(&fees, mean_interval(&fees, floor_trades, options)),
        )
    };
    let coins = earned.par_iter().map(of_coin).collect();
    let all: Vec<(i64, f64)> = earned
        .iter()
        .flat_map(|(_, earned)| earned)
        .map(|(time, gross)| (*time, gross * BPS_OF_A_FILL))
        .collect();
    let fees: Vec<f64> = all.iter().map(|(_, fee)| *fee).collect();
    let traded_ms = spans
        .get(1)
        .zip(spans.last())
        .map(|(first, last)| [first[0], last[1]]);
    let interval = traded_ms.and_then(|span| {
        pooled_interval(
            &all,
            span,
            options.floor_bars(rows) as i64 * rows.bar_ms,
            options,
        )
    });
    Ok(BreakEvenFees {
        coins,
        all: mean_fee(&fees, interval),
    })
}

/// The report with the fee that each coin could bear, as by [`break_even`], of every forecaster
/// that is no control. It is meant for targets that are the return between two prices.
///
/// # Errors
/// As [`break_even`].
pub fn with_break_even(
    mut report: Report,
    rows: &Rows,
    forecasters: &[ForecastColumn],
    options: &Options,
) -> Result<Report, Error> {
    for (score, forecaster) in report.forecasters.iter_mut().zip(forecasters) {
        if !score.is_control() {
            score.break_even = Some(break_even(rows, forecaster, options)?);
        }
    }
    Ok(report)
}

/// Of what each position could pay for a fill, in basis points.
fn mean_fee(fees_bps: &[f64], interval: Option<ConfidenceInterval>) -> BreakEven {
    let trades = fees_bps.len();
    BreakEven {
        fee_bps: (trades > 0).then(|| fees_bps.iter().sum::<f64>() / trades as f64),
        interval,
        trades,
    }
}

/// The first time of every fold and the first after it, in order of time.
fn fold_spans(rows: &Rows) -> Vec<[i64; 2]> {
    let of_fold = |fold: &FoldSpan| {
        let times = &rows.time_ms[fold.rows.clone()]; // sorted, and no fold is empty
        [times[0], times[times.len() - 1] + 1]
    };
    let mut spans: Vec<[i64; 2]> = RowSpans::new(&rows.fold, &rows.time_ms)
        .folds
        .iter()
        .map(of_fold)
        .collect();
    spans.sort_unstable();
    spans
}

/// Size from which on a coin's forecasts are acted on from `from_ms` on; None where it has none
/// before, or one that never changes.
fn cut(coin: &CoinRows, from_ms: i64) -> Option<f64> {
    let earlier = coin.within(i64::MIN, from_ms);
    // A forecast that is always the same one is never a large one.
    if are_equal(&coin.forecast[earlier.clone()]) {
        return None;
    }
    let mut sizes: Vec<f64> = coin.forecast[earlier]
        .iter()
        .map(|forecast| forecast.abs())
        .collect();
    sizes.sort_unstable_by(f64::total_cmp);
    quantile(&sizes, CUT_SHARE)
}

/// Time and gross profit, as a fraction, of each of a coin's positions.
fn earned(coin: &CoinRows, spans: &[[i64; 2]], hold_ms: i64) -> Vec<(i64, f64)> {
    let mut positions = Vec::new();
    let mut due_ms = None;
    for &[from_ms, until_ms] in spans {
        let Some(cut) = cut(coin, from_ms) else {
            continue;
        };
        for row in coin.within(from_ms, until_ms) {
            let (time_ms, forecast, price_return) = (
                coin.time_ms[row],
                coin.forecast[row],
                coin.price_return[row],
            );
            let is_large = forecast != 0.0 && forecast.abs() >= cut;
            if !is_large || price_return.is_nan() || !may_open(time_ms, due_ms, false) {
                continue;
            }
            let side = if forecast > 0.0 {
                Side::Buy
            } else {
                Side::Sell
            };
            positions.push((time_ms, side.sign() * price_return));
            due_ms = Some(time_ms + hold_ms);
        }
    }
    positions
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// One coin, bars of 1 ms, a reach of 2; times 0 to 9 are fold 1, 10 to 19 fold 2, 20 to 29
    /// fold 3.
    fn rows() -> Rows {
        let times = 0..30;
        Rows {
            quantity: score::Quantity::Return,
            close: None,
            time_ms: times.clone().collect(),
            symbol: vec![0; 30],
            fold: times.clone().map(|time| (time / 10) as u32 + 1).collect(),
            realized: vec![0.0; 30],
            realized_delayed: vec![0.0; 30],
            controls: Vec::new(),
            trailing_volatility: None,
            volatility: vec![1.0; 30],
            weight: vec![1.0; 30],
            symbols: vec!["AUSDT".to_owned()],
            bar_ms: 1,
            reach_bars: 2,
        }
    }

    fn forecaster(forecast: Vec<f64>) -> ForecastColumn {
        ForecastColumn {
            level: None,
            name: "network".to_owned(),
            run: Some("run".to_owned()),
            forecast,
        }
    }

    fn of_coin(rows: &Rows, forecast: Vec<f64>) -> BreakEven {
        let found = break_even(rows, &forecaster(forecast), &Options::default()).unwrap();
        assert_eq!(
            (found.coins["AUSDT"].fee_bps, found.coins["AUSDT"].trades),
            (found.all.fee_bps, found.all.trades)
        );
        found.coins["AUSDT"]
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
        let found = of_coin(&rows, forecast.clone());
        assert_eq!(found.trades, 2);
        // Earned 30 and 20 basis points: 25 in the mean, over two fills.
        assert!((found.fee_bps.unwrap() - 12.5).abs() < 1e-9, "{found:?}");
        // What is not known later is not traded on; the next one then is.
        rows.realized_delayed[12] = f64::NAN;
        let found = of_coin(&rows, forecast.clone());
        assert_eq!(
            (found.trades, found.fee_bps.unwrap() < 0.0),
            (1, true),
            "{found:?}"
        );
        assert_eq!(of_coin(&rows, vec![0.0; 30]), BreakEven::default());
    }

    /// It agrees with the costs that thresholds and the ledger count, save for the fee on what was
    /// earned.
    #[test]
    fn a_position_that_pays_this_fee_earns_nothing() {
        let costs = crate::trade::Costs {
            fee_bps: 12.5,
            slippage_bps: 0.0,
        };
        let left = costs.net(Side::Buy, 0.003) + costs.net(Side::Sell, -0.002);
        assert!(left.abs() < 5e-6, "{left}");
    }

    #[test]
    fn no_cut_depends_on_its_own_fold_or_a_later_one() {
        let wave = |seed: i64| {
            (0..30_i64)
                .map(|time| ((time * 7 + seed) % 11 - 5) as f64)
                .collect::<Vec<_>>()
        };
        let rows = rows();
        let spans = fold_spans(&rows);
        assert_eq!(spans, [[0, 10], [10, 20], [20, 30]]);
        let cuts = |forecast: Vec<f64>| {
            let coins = CoinRows::of_all(&rows, &forecaster(forecast), 1);
            spans
                .iter()
                .map(|span| cut(&coins[0], span[0]))
                .collect::<Vec<_>>()
        };
        let first = cuts(wave(1));
        assert_eq!(first[0], None);
        for fold in 0..3 {
            let mut changed = wave(1);
            changed[10 * fold..]
                .iter_mut()
                .for_each(|value| *value *= 100.0);
            let found = cuts(changed);
            assert_eq!(found[..=fold], first[..=fold], "fold {}", fold + 1);
            assert!(
                found[fold + 1..]
                    .iter()
                    .zip(&first[fold + 1..])
                    .all(|(found, first)| found > first)
            );
        }
    }
}
