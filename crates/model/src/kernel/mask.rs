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
    #[inline(always)]
    pub fn apply(&self, place: usize, values: &mut [f32]) {
        // Values that share their bits with some before them.
        let begun = (place.next_multiple_of(4) - place).min(values.len());
        let (first, rest) = values.split_at_mut(begun);
        for (index, value) in first.iter_mut().enumerate() {
            let at = place + index;
            *value *= self.factor(self.bits(at / 4) >> (at % 4 * 16) & 0xffff);
        }
        let first_quad = (place + begun) / 4;
        for (index, values) in rest.chunks_mut(4 * QUADS).enumerate() {
            let mut bits = [0; QUADS];
            for (quad, bits) in bits.iter_mut().enumerate() {
                *bits = self.bits(first_quad + index * QUADS + quad);
            }
            let bytes = bits.map(u64::to_le_bytes);
            let draws = bytes.as_flattened().chunks_exact(2);
            for (value, draw) in values.iter_mut().zip(draws) {
                *value *= self.factor(u64::from(u16::from_le_bytes([draw[0], draw[1]])));
            }
        }
    }

    /// 0 or `1 / keep`.
    #[inline(always)]
    fn factor(&self, draw: u64) -> f32 {
        if draw < self.below { self.factor } else { 0.0 }
    }

    /// The draws of places `4 * quad` to `4 * quad + 3`, the first in the lowest 16 bits.
    ///
    /// SplitMix64 of a counter, each of its values giving four draws (Steele et al. 2014,
    /// <https://doi.org/10.1145/2660193.2660195>).
    #[inline(always)]
    fn bits(&self, quad: usize) -> u64 {
        let state = self
            .seed
            .wrapping_add((quad as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut bits = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}

/// Quads that go through the vector instructions together.
const QUADS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN_7: [bool; 16] = [
        true, true, false, true, true, false, true, true, true, true, true, false, true, true,
        false, true,
    ];

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
        // The first draws of seed 7, computed by SplitMix64 of numpy's 64-bit integers.
        let kept: Vec<bool> = mask_7[..16].iter().map(|&value| value > 0.0).collect();
        assert_eq!(kept, GOLDEN_7);
        // A part has the factors of its place.
        for place in [4, 5, 6, 99] {
            let mut part = vec![1.0; 50];
            Mask::new(7, 0.8).apply(place, &mut part);
            assert_eq!(part, mask_7[place..place + 50], "from {place}");
        }
    }
}
