//! Bins of equal count, as `pandas.qcut(values.rank(method="first"), bins)` makes them.
//!
//! The ranks are 1 to n, the edges their quantiles at k / bins, linear between ranks, and a bin
//! holds its upper edge. So edge k lies at 1 + (n - 1) k / bins, and the value with i others below
//! it is in the bin whose number is the count of edges below its rank: the smallest whole number of
//! at least i bins / (n - 1). Whole numbers decide it, so that no rounding moves a value that lies
//! on an edge (pandas moves a few where there are more bins than values).

use crate::ordering::sorted;

/// Values below which there is nothing to rank.
const LEAST_VALUES: usize = 2;

/// The bin, from 0, of a value with `below` of its `count` fellows (itself included in the count)
/// before it.
pub(crate) fn bin_of_place(below: usize, count: usize, bins: usize) -> u16 {
    if below == 0 || count < LEAST_VALUES {
        return 0;
    }
    ((below * bins).div_ceil(count - 1) - 1) as u16
}

/// The bin of each value, counted from 0, lowest values first; of equal values the one that stands
/// first is lower.
///
/// The values are finite; bins are 1 to 65,535. With more bins than values some bins stay empty.
///
/// # Examples
/// ```
/// assert_eq!(statistics::quantile_bins(&[0.3, 0.1, 0.2, 0.2], 2), [1, 0, 0, 1]);
/// ```
pub fn quantile_bins(values: &[f64], bins: usize) -> Vec<u16> {
    let mut bin = vec![0; values.len()];
    for (below, (_, place)) in sorted(values).into_iter().enumerate() {
        bin[place as usize] = bin_of_place(below, values.len(), bins);
    }
    bin
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_leave_bins_empty() {
        assert_eq!(quantile_bins(&[], 10), [0; 0]);
        assert_eq!(quantile_bins(&[5.0], 10), [0]);
        assert_eq!(quantile_bins(&[5.0, 4.0], 10), [9, 0]);
        assert_eq!(quantile_bins(&[1.0, 2.0, 3.0], 5000), [0, 2499, 4999]);
    }

    #[test]
    fn bins_hold_as_many_as_each_other_within_one() {
        for (count, bins) in [(20, 10), (23, 10), (1440, 50), (101, 7)] {
            let values: Vec<f64> = (0..count).map(|k| f64::from(k * 37 % count)).collect();
            let mut held = vec![0; bins];
            quantile_bins(&values, bins)
                .iter()
                .for_each(|bin| held[usize::from(*bin)] += 1);
            let (least, most) = (held.iter().min(), held.iter().max());
            assert!(
                most.zip(least)
                    .is_some_and(|(most, least)| most - least <= 1),
                "{count} in {bins}: {held:?}"
            );
        }
    }
}
