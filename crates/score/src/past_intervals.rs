//! The control of prediction intervals: what each coin's returns did in earlier folds.

use std::ops::Range;

use statistics::quantile;

use crate::common_rows::CommonRows;
use crate::controls::rows_of_coins;
use crate::prediction_intervals::PredictionIntervals;

/// Name of the control.
const PAST_QUANTILES: &str = "past_quantiles";

/// For each coin the quantiles of what was realized in earlier folds, of targets that end before
/// the fold begins: an interval that knows neither a forecast nor how volatile the market is now.
/// A coin with too few earlier rows has the quantiles of all coins.
pub(crate) fn past_intervals(common: &CommonRows<'_>, nominal: f64) -> PredictionIntervals {
    let rows = common.rows;
    let mut lower = vec![f64::NAN; rows.len()];
    let mut upper = lower.clone();
    for fold in &common.spans.folds {
        let gap_ms = rows.reach_bars as i64 * rows.bar_ms;
        let start_ms = rows.time_ms[fold.rows.start];
        let is_known = |row: &usize| rows.time_ms[*row] + gap_ms < start_ms;
        let known: Vec<f64> = realized(common, (0..fold.rows.start).filter(is_known));
        let of_all = bounds(known, nominal);
        let earlier = rows_of_coins(rows, 0..fold.rows.start);
        let of_coin = |rows: &Vec<usize>| {
            let known = realized(common, rows.iter().copied().filter(is_known));
            bounds(known, nominal).or(of_all)
        };
        let of_coins: Vec<Option<[f64; 2]>> = earlier.iter().map(of_coin).collect();
        fill(
            common,
            fold.rows.clone(),
            &of_coins,
            (&mut lower, &mut upper),
        );
    }
    PredictionIntervals {
        name: PAST_QUANTILES.to_owned(),
        run: None,
        nominal,
        lower,
        upper,
    }
}

fn realized(common: &CommonRows<'_>, rows: impl Iterator<Item = usize>) -> Vec<f64> {
    rows.map(|row| common.rows.realized[row]).collect()
}

/// The quantiles that leave out half of what is not covered on either side; None where there are
/// fewer values than it takes to see one outside.
fn bounds(mut values: Vec<f64>, nominal: f64) -> Option<[f64; 2]> {
    let tail = (1.0 - nominal) / 2.0;
    if (values.len() as f64) * tail < 1.0 {
        return None;
    }
    values.sort_unstable_by(f64::total_cmp);
    Some([quantile(&values, tail)?, quantile(&values, 1.0 - tail)?])
}

/// Writes each coin's bounds into its rows.
fn fill(
    common: &CommonRows<'_>,
    rows: Range<usize>,
    of_coins: &[Option<[f64; 2]>],
    (lower, upper): (&mut [f64], &mut [f64]),
) {
    for row in rows {
        let coin = common.rows.symbol[row] as usize;
        if let Some([low, high]) = of_coins.get(coin).copied().flatten() {
            (lower[row], upper[row]) = (low, high);
        }
    }
}
