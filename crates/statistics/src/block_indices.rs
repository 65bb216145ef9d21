//! The times that each draw of a block bootstrap takes, for statistics that need them one by one.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::bootstrap::drawn_blocks;

/// Draws of circular blocks of exactly `block` times (Politis and Romano, "A circular
/// block-resampling procedure for stationary data", 1992): each begins anywhere, and what runs past the
/// end goes on at the beginning.
///
/// Draw number k is the same in every call with the same seed and lengths.
///
/// # Shapes
/// `[draws][times]`.
pub fn circular_block_indices(
    times: usize,
    block: usize,
    draws: usize,
    seed: u64,
) -> Vec<Vec<usize>> {
    let block = block.max(1);
    let one_draw = |number: usize| -> Vec<usize> {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(number as u64);
        let blocks = (0..times.div_ceil(block)).flat_map(|_| {
            // 2^64 is so many times the number of times that the rest of the division is no bias.
            let start = (generator.next_u64() % times as u64) as usize;
            (0..block).map(move |step| (start + step) % times)
        });
        blocks.take(times).collect()
    };
    (0..draws).map(one_draw).collect()
}

/// Draws of blocks of geometric length with the mean `block` (Politis and Romano, "The stationary
/// bootstrap", JASA 89, 1994), which is at most half of the times; the blocks are those of
/// [`crate::drawn_blocks`].
///
/// # Shapes
/// `[draws][times]`.
pub fn stationary_block_indices(
    times: usize,
    block: usize,
    draws: usize,
    seed: u64,
) -> Vec<Vec<usize>> {
    let one_draw = |number: usize| -> Vec<usize> {
        let blocks = drawn_blocks(&[times], block, seed, number);
        blocks.into_iter().flatten().flatten().collect()
    };
    (0..draws).map(one_draw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circular_blocks_run_on_and_wrap() {
        let draws = circular_block_indices(10, 4, 50, 3);
        assert_eq!(draws.len(), 50);
        for draw in &draws {
            assert_eq!(draw.len(), 10);
            for block in draw.chunks(4) {
                assert!(block.windows(2).all(|pair| pair[1] == (pair[0] + 1) % 10));
            }
        }
        let starts: std::collections::BTreeSet<usize> = draws.iter().map(|draw| draw[0]).collect();
        assert!(starts.len() > 8, "blocks begin anywhere: {starts:?}");
        assert_eq!(draws, circular_block_indices(10, 4, 50, 3));
        assert_eq!(circular_block_indices(0, 4, 2, 3), [[], []]);
    }

    #[test]
    fn stationary_blocks_are_as_long_as_asked_on_average() {
        let draws = stationary_block_indices(500, 10, 200, 0);
        let breaks = |draw: &Vec<usize>| {
            let is_break = |pair: &&[usize]| pair[1] != (pair[0] + 1) % 500;
            draw.windows(2).filter(is_break).count()
        };
        let mean = draws.iter().map(breaks).sum::<usize>() as f64 / 200.0;
        assert!((mean - 50.0).abs() < 2.0, "{mean} blocks of 500 times");
        assert!(draws.iter().all(|draw| draw.len() == 500));
    }
}
