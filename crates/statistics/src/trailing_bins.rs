//! Rank of a value within the last values of its series: what could have been known then.
//!
//! The series is cut into stretches that are ranked on their own, each with the window before it,
//! so that the structure that is searched stays small enough for the processor's cache, and
//! stretches run on all cores.

use rayon::prelude::*;

use crate::bins::bin_of_place;
use crate::ordering::sorted;

/// Shortest stretch that is worth ranking on its own.
const LEAST_STRETCH: usize = 1 << 15;

/// The bin, from 0, of each value among the `window` values that end with it; `None` where fewer
/// than `least` are known.
///
/// It is the bin that [`quantile_bins`](crate::quantile_bins) gives the window's last value: no
/// later value moves it. A window of two or more equal values alone has none.
/// Values are finite, `window` is at least 1.
///
/// # Examples
/// ```
/// let bins = statistics::trailing_bins(&[3.0, 1.0, 2.0, 9.0, 0.0], 2, 3, 2);
/// assert_eq!(bins, [None, Some(0), Some(0), Some(1), Some(0)]);
/// ```
pub fn trailing_bins(values: &[f64], bins: usize, window: usize, least: usize) -> Vec<Option<u16>> {
    let window = window.max(1);
    let equal = equal_until(values);
    let stretch = LEAST_STRETCH.max(4 * window);
    let starts: Vec<usize> = (0..values.len()).step_by(stretch).collect();
    let of_stretch = |start: usize| {
        let end = (start + stretch).min(values.len());
        let before = start.saturating_sub(window - 1);
        let places = places_within(&values[before..end], window);
        places[start - before..]
            .iter()
            .zip(&equal[start..end])
            .map(|(&(below, count), &equal)| {
                (count >= least && equal < count).then(|| bin_of_place(below, count, bins))
            })
            .collect::<Vec<_>>()
    };
    starts
        .into_par_iter()
        .map(of_stretch)
        .collect::<Vec<_>>()
        .concat()
}

/// How many values in a row, up to and with each, are equal to it; 0 of those that stand alone.
fn equal_until(values: &[f64]) -> Vec<usize> {
    let runs = values.chunk_by(|a, b| a == b).map(<[f64]>::len);
    runs.flat_map(|run| (1..=run).map(|number| if number > 1 { number } else { 0 }))
        .collect()
}

/// How many values of the window ending at each value stand below it (earlier equal ones count),
/// and how many it holds.
fn places_within(values: &[f64], window: usize) -> Vec<(usize, usize)> {
    let mut rank = vec![0; values.len()];
    for (place, (_, index)) in sorted(values).into_iter().enumerate() {
        rank[index as usize] = place;
    }
    let mut present = IntegerSet::new(values.len());
    (0..values.len())
        .map(|index| {
            if let Some(left) = index.checked_sub(window) {
                present.remove(rank[left]);
            }
            let below = present.below(rank[index]);
            present.insert(rank[index]);
            (below, window.min(index + 1))
        })
        .collect()
}

/// A set of small whole numbers that knows how many of them are below a number: one bit each, and a
/// Fenwick tree over the words of bits.
struct IntegerSet {
    words: Vec<u64>,
    /// Place k (from 1) counts the words from k - lowbit(k) up to k.
    counts: Vec<u32>,
}

impl IntegerSet {
    fn new(numbers: usize) -> Self {
        let words = numbers.div_ceil(64);
        Self {
            words: vec![0; words],
            counts: vec![0; words + 1],
        }
    }

    fn insert(&mut self, number: usize) {
        self.words[number / 64] |= 1 << (number % 64);
        self.change(number / 64, |count| count + 1);
    }

    fn remove(&mut self, number: usize) {
        self.words[number / 64] &= !(1 << (number % 64));
        self.change(number / 64, |count| count - 1);
    }

    fn change(&mut self, word: usize, to: impl Fn(u32) -> u32) {
        let mut place = word + 1;
        while let Some(count) = self.counts.get_mut(place) {
            *count = to(*count);
            place += place & place.wrapping_neg();
        }
    }

    fn below(&self, number: usize) -> usize {
        let mut count = (self.words[number / 64] & ((1 << (number % 64)) - 1)).count_ones();
        let mut place = number / 64;
        while place > 0 {
            count += self.counts[place];
            place &= place - 1;
        }
        count as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bins::quantile_bins;

    #[test]
    fn each_bin_is_that_of_its_own_window() {
        // Longer than two stretches, with many equal values.
        let values: Vec<f64> = (0..70_000_u64)
            .map(|k| (k * k % 1009 % 300) as f64)
            .collect();
        let (bins, window, least) = (7, 100, 60);
        let found = trailing_bins(&values, bins, window, least);
        for end in (0..400)
            .chain((LEAST_STRETCH - 150)..(LEAST_STRETCH + 150))
            .chain(69_900..70_000)
        {
            let known = &values[(end + 1_usize).saturating_sub(window)..=end];
            let expected = quantile_bins(known, bins)
                .last()
                .copied()
                .filter(|_| known.len() >= least);
            assert_eq!(found[end], expected, "{end}");
        }
    }

    #[test]
    fn nothing_has_no_bins() {
        assert_eq!(trailing_bins(&[], 10, 60, 60), []);
        assert_eq!(trailing_bins(&[1.0], 10, 60, 1), [Some(0)]);
    }
}
