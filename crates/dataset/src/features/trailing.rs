//! Trailing means that do not depend on where the history starts.

/// The mean over the last `window` values at every row, NaN values left out; NaN where no value is
/// left or fewer than `window` rows exist.
///
/// A running sum would carry rounding from the beginning of the history, so that the same minute
/// had other bits live than offline. Here a window is the end of one block plus the beginning of
/// the next (van Herk 1992, Gil and Werman 1993), and blocks are aligned to the bar's number since
/// 1970 (`first_bar` is that of row 0): every row is a function of exactly its last `window`
/// values, bit for bit, at two additions a row.
pub(crate) fn trailing_mean(values: &[f64], window: usize, first_bar: i64) -> Vec<f64> {
    let sums = trailing_sums(values, window, first_bar).into_iter();
    let of_row = |(row, sum): (usize, TrailingSum)| match row + 1 < window {
        true => f64::NAN,
        false => sum.mean(),
    };
    sums.enumerate().map(of_row).collect()
}

/// The sum and the number of those of the last `window` values that are no NaN, at every row; of the first
/// rows, of the values that there are.
pub(crate) fn trailing_sums(values: &[f64], window: usize, first_bar: i64) -> Vec<TrailingSum> {
    let phase = first_bar.rem_euclid(window as i64) as usize;
    let is_block_start = |row: usize| (row + phase).is_multiple_of(window);
    let mut until_block_end = vec![TrailingSum::default(); values.len()];
    let mut sum = TrailingSum::default();
    for row in (0..values.len()).rev() {
        if is_block_start(row + 1) {
            sum = TrailingSum::default();
        }
        sum = sum.plus(values[row]);
        until_block_end[row] = sum;
    }
    let mut sums = Vec::with_capacity(values.len());
    let mut since_block_start = TrailingSum::default();
    // Whether a block has begun since the first row: what the first rows sum up is in two blocks then.
    let mut has_begun = false;
    for (row, &value) in values.iter().enumerate() {
        if is_block_start(row) {
            since_block_start = TrailingSum::default();
            has_begun = row > 0;
        }
        since_block_start = since_block_start.plus(value);
        let before = match (row + 1).checked_sub(window) {
            None => has_begun.then_some(0),
            Some(first) => (!is_block_start(first)).then_some(first),
        };
        sums.push(match before {
            None => since_block_start,
            Some(first) => until_block_end[first].joined(since_block_start),
        });
    }
    sums
}

/// [`trailing_mean`] of every column of a row-major `[rows, columns]` matrix at once, with the same
/// bits.
pub(crate) fn trailing_means(
    values: &[f64],
    columns: usize,
    window: usize,
    first_bar: i64,
) -> Vec<f64> {
    let rows = values.len().checked_div(columns).unwrap_or(0);
    let phase = first_bar.rem_euclid(window as i64) as usize;
    let is_block_start = |row: usize| (row + phase).is_multiple_of(window);
    let add = |sums: &mut [f64], counts: &mut [f64], row: usize| {
        let row = &values[row * columns..(row + 1) * columns];
        for ((sum, count), &value) in sums.iter_mut().zip(counts).zip(row) {
            *sum += if value.is_nan() { 0.0 } else { value };
            *count += f64::from(u8::from(!value.is_nan()));
        }
    };
    let mut means = vec![f64::NAN; values.len()];
    let mut until_end = vec![0.0; values.len()];
    let mut until_end_counts = vec![0.0; values.len()];
    let (mut sums, mut counts) = (vec![0.0; columns], vec![0.0; columns]);
    for row in (0..rows).rev() {
        if is_block_start(row + 1) {
            sums.fill(0.0);
            counts.fill(0.0);
        }
        add(&mut sums, &mut counts, row);
        until_end[row * columns..(row + 1) * columns].copy_from_slice(&sums);
        until_end_counts[row * columns..(row + 1) * columns].copy_from_slice(&counts);
    }
    sums.fill(0.0);
    counts.fill(0.0);
    for row in 0..rows {
        if is_block_start(row) {
            sums.fill(0.0);
            counts.fill(0.0);
        }
        add(&mut sums, &mut counts, row);
        let Some(first) = (row + 1).checked_sub(window) else {
            continue;
        };
        let means = &mut means[row * columns..(row + 1) * columns];
        if is_block_start(first) {
            for ((mean, sum), count) in means.iter_mut().zip(&sums).zip(&counts) {
                *mean = sum / count;
            }
        } else {
            let before = &until_end[first * columns..(first + 1) * columns];
            let before_counts = &until_end_counts[first * columns..(first + 1) * columns];
            for (column, mean) in means.iter_mut().enumerate() {
                *mean = (before[column] + sums[column]) / (before_counts[column] + counts[column]);
            }
        }
    }
    means
}

/// A sum of values that are no NaN.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TrailingSum {
    total: f64,
    /// How many values.
    pub count: u32,
}

impl TrailingSum {
    fn plus(self, value: f64) -> Self {
        if value.is_nan() {
            self
        } else {
            Self {
                total: self.total + value,
                count: self.count + 1,
            }
        }
    }

    fn joined(self, other: Self) -> Self {
        Self {
            total: self.total + other.total,
            count: self.count + other.count,
        }
    }

    /// NaN of nothing.
    pub fn mean(self) -> f64 {
        self.total / f64::from(self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_the_plain_mean(
            values in prop::collection::vec(prop_oneof![9 => -1e3..1e3, 1 => Just(f64::NAN)], 1..60),
            window in 1usize..12,
            first_bar in -100i64..100,
        ) {
            for (row, mean) in trailing_mean(&values, window, first_bar).into_iter().enumerate() {
                if row + 1 < window {
                    prop_assert!(mean.is_nan());
                    continue;
                }
                let present: Vec<f64> =
                    values[row + 1 - window..=row].iter().copied().filter(|value| !value.is_nan()).collect();
                let plain = present.iter().sum::<f64>() / present.len() as f64;
                prop_assert!(mean.is_nan() && plain.is_nan() || (mean - plain).abs() < 1e-9, "{mean} {plain}");
            }
        }

        #[test]
        fn the_first_rows_sum_up_what_there_is(
            values in prop::collection::vec(prop_oneof![9 => -1e3..1e3, 1 => Just(f64::NAN)], 1..60),
            window in 1usize..12,
            first_bar in -100i64..100,
        ) {
            for (row, sum) in trailing_sums(&values, window, first_bar).into_iter().enumerate() {
                let there = &values[(row + 1).saturating_sub(window)..=row];
                let known: Vec<f64> = there.iter().copied().filter(|value| !value.is_nan()).collect();
                prop_assert_eq!(sum.count as usize, known.len());
                prop_assert!((sum.total - known.iter().sum::<f64>()).abs() < 1e-9);
            }
        }

        #[test]
        fn all_columns_at_once_have_the_same_bits(
            values in prop::collection::vec(prop_oneof![9 => -1e3..1e3, 1 => Just(f64::NAN)], 3..180),
            window in 1usize..12,
            first_bar in -100i64..100,
        ) {
            let values = &values[..values.len() / 3 * 3];
            let together = trailing_means(values, 3, window, first_bar);
            for column in 0..3 {
                let of_column = |values: &[f64]| values.iter().skip(column).step_by(3).copied().collect::<Vec<_>>();
                let alone = trailing_mean(&of_column(values), window, first_bar);
                for (alone, together) in alone.iter().zip(of_column(&together)) {
                    prop_assert!(alone.is_nan() && together.is_nan() || alone.to_bits() == together.to_bits());
                }
            }
        }

        #[test]
        fn does_not_depend_on_where_history_starts(
            values in prop::collection::vec(-1e3..1e3f64, 40..80),
            window in 1usize..12,
            cut in 0usize..20,
        ) {
            let whole = trailing_mean(&values, window, 1000);
            let part = trailing_mean(&values[cut..], window, 1000 + cut as i64);
            for row in cut + window..values.len() {
                prop_assert_eq!(whole[row].to_bits(), part[row - cut].to_bits());
            }
        }
    }
}
