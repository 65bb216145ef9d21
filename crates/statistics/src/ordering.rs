//! Values in order, as whole numbers: a sort of pairs that lie together is several times as fast as
//! one that looks values up by their places.

use rayon::prelude::*;

/// Values above which a sort is worth sharing among cores.
const MANY: usize = 1 << 16;

/// (order key, place) of each value, lowest first, equal ones in order of appearance.
pub(crate) fn sorted(values: &[f64]) -> Vec<(u64, u32)> {
    let mut keys: Vec<(u64, u32)> = values
        .iter()
        .zip(0..)
        .map(|(value, place)| (order_key(*value), place))
        .collect();
    // No two pairs are equal, so the order is the same on any number of cores.
    if keys.len() > MANY {
        keys.par_sort_unstable();
    } else {
        keys.sort_unstable();
    }
    keys
}

/// A whole number that orders as the value does, which is not NaN; both zeros are one.
fn order_key(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 0 {
        bits | 1 << 63
    } else {
        !bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_order_as_values_do() {
        let values = [
            f64::NEG_INFINITY,
            f64::MIN,
            -1.0,
            -1e-300,
            0.0,
            1e-300,
            1.0,
            f64::MAX,
            f64::INFINITY,
        ];
        assert!(
            values
                .windows(2)
                .all(|pair| order_key(pair[0]) < order_key(pair[1]))
        );
        assert_eq!(order_key(0.0), order_key(-0.0));
    }

    #[test]
    fn equal_values_stand_as_they_came() {
        let places = |values: &[f64]| {
            sorted(values)
                .into_iter()
                .map(|(_, place)| place)
                .collect::<Vec<_>>()
        };
        assert_eq!(places(&[2.0, 1.0, 2.0, 0.0, -0.0]), [3, 4, 1, 0, 2]);
        let many = vec![1.0; MANY + 10];
        assert!(places(&many).is_sorted());
    }
}
