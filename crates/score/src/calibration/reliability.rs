//! Whether what was expected came: expected against realized return, bin by bin.

use serde::Serialize;
use statistics::{
    ConfidenceInterval, drawn_blocks, enough_blocks, percentile_interval, quantile_bins,
};

use crate::Options;
use crate::daily::{DAY_MS, block_days};
use crate::rows::Rows;

/// The rows of one bin of expected returns.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ReliabilityBin {
    /// Rows in it.
    pub count: usize,
    /// Mean of what was expected, as a plain fraction.
    pub expected: f64,
    /// Mean of what was realized.
    pub realized: f64,
    /// Its interval, from days drawn again; None where there are too few.
    pub interval: Option<ConfidenceInterval>,
}

/// Count, expected and realized of one bin.
type BinSums = [f64; 3];

/// Bins of equal count of the rows whose expected and realized return are known, lowest first; an
/// empty bin is left out.
///
/// # Shapes
/// `rows_of`: places of the rows, in order of time; `expected` and `realized`: one value for each
/// row of the table.
pub(super) fn reliability(
    rows: &Rows,
    rows_of: &[usize],
    (expected, realized): (&[f64], &[f64]),
    (bins, options): (usize, &Options),
) -> Vec<ReliabilityBin> {
    let is_known = |row: &usize| expected[*row].is_finite() && realized[*row].is_finite();
    let known: Vec<usize> = rows_of.iter().copied().filter(is_known).collect();
    let values: Vec<f64> = known.iter().map(|&row| expected[row]).collect();
    // BinSums over the days before each day; one more than days.
    let mut before = vec![vec![BinSums::default(); bins]];
    let mut last_day = None;
    for (&row, bin) in known.iter().zip(quantile_bins(&values, bins)) {
        let day = rows.time_ms[row].div_euclid(DAY_MS);
        if last_day.replace(day) != Some(day) {
            before.push(before[before.len() - 1].clone());
        }
        if let Some(sums) = before.last_mut() {
            let sums = &mut sums[usize::from(bin)];
            sums[0] += 1.0;
            sums[1] += expected[row];
            sums[2] += realized[row];
        }
    }
    let intervals = intervals(&before, (rows, bins), options);
    let all = &before[before.len() - 1];
    let of_bin = |(sums, interval): (&BinSums, Option<ConfidenceInterval>)| ReliabilityBin {
        count: sums[0] as usize,
        expected: sums[1] / sums[0],
        realized: sums[2] / sums[0],
        interval,
    };
    let with_rows = all.iter().zip(intervals).filter(|(sums, _)| sums[0] > 0.0);
    with_rows.map(of_bin).collect()
}

/// Of the mean realized in each bin.
fn intervals(
    before: &[Vec<BinSums>],
    (rows, bins): (&Rows, usize),
    options: &Options,
) -> Vec<Option<ConfidenceInterval>> {
    let (days, block) = (before.len() - 1, block_days(rows.bar_ms, rows.reach_bars));
    if !enough_blocks(&[days], block, block) {
        return vec![None; bins];
    }
    let mut means = vec![Vec::with_capacity(options.draws); bins];
    for number in 0..options.draws {
        let mut sums = vec![[0.0; 2]; bins];
        for block in drawn_blocks(&[days], block, options.seed, number)
            .into_iter()
            .flatten()
        {
            let (from, until) = (&before[block.start], &before[block.end]);
            for (sums, (from, until)) in sums.iter_mut().zip(from.iter().zip(until)) {
                sums[0] += until[0] - from[0];
                sums[1] += until[2] - from[2];
            }
        }
        for (means, [count, realized]) in means.iter_mut().zip(sums) {
            means.push(realized / count);
        }
    }
    let interval = |means: Vec<f64>| percentile_interval(&means, options.confidence);
    means.into_iter().map(interval).collect()
}
