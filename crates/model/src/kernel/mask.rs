//! The mask of dropout: a function of a seed and a place, so that it is never stored.

/// Which values are kept, and by how much they grow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Mask {
    seed: u64,
    /// A draw of 16 bits below this keeps its value.
    below: u64,
    /// `1 / keep`
    factor: f32,
}

impl Mask {
    /// Keeps each value with probability `keep`, in steps of 1 / 65536.
    pub fn new(seed: u64, keep: f64) -> Self {
        Self {
            seed,
            below: (keep * 65536.0).round() as u64,
            factor: (1.0 / keep) as f32,
        }
    }

    /// Multiplies `values`, the first of which is at `place` of the whole tensor.
    pub fn apply(&self, place: usize, values: &mut [f32]) {
        if place.is_multiple_of(4) {
            for (index, four) in values.chunks_mut(4).enumerate() {
                let factors = self.factors(place / 4 + index);
                four.iter_mut()
                    .zip(factors)
                    .for_each(|(value, factor)| *value *= factor);
            }
        } else {
            for (index, value) in values.iter_mut().enumerate() {
                *value *= self.factors((place + index) / 4)[(place + index) % 4];
            }
        }
    }

    /// The factors of places `4 * quad` to `4 * quad + 3`, each 0 or `1 / keep`.
    ///
    /// SplitMix64 of a counter, each of its values giving four draws (Steele et al. 2014,
    /// <https://doi.org/10.1145/2660193.2660195>).
    fn factors(&self, quad: usize) -> [f32; 4] {
        let state = self
            .seed
            .wrapping_add((quad as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut bits = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        [0, 16, 32, 48].map(|shift| {
            if (bits >> shift) & 0xffff < self.below {
                self.factor
            } else {
                0.0
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(count: usize, seed: u64) -> Vec<f32> {
        let mut ones = vec![1.0; count];
        Mask::new(seed, 0.8).apply(0, &mut ones);
        ones
    }

    #[test]
    fn the_mask_keeps_its_share_and_follows_its_seed() {
        let mask_7 = mask(100_003, 7);
        assert!(mask_7.iter().all(|&value| value == 0.0 || value == 1.25));
        let kept = mask_7.iter().filter(|&&value| value > 0.0).count() as f64 / mask_7.len() as f64;
        assert!((kept - 0.8).abs() < 0.005, "{kept}");
        assert_eq!(mask_7, mask(100_003, 7));
        assert_ne!(mask_7, mask(100_003, 8));
        // Neighbours are independent of each other.
        let pairs = mask_7
            .windows(2)
            .filter(|pair| pair[0] > 0.0 && pair[1] > 0.0)
            .count();
        assert!((pairs as f64 / mask_7.len() as f64 - 0.64).abs() < 0.005);
        // A part has the factors of its place.
        for place in [4, 5, 6, 99] {
            let mut part = vec![1.0; 50];
            Mask::new(7, 0.8).apply(place, &mut part);
            assert_eq!(part, mask_7[place..place + 50], "from {place}");
        }
    }
}
