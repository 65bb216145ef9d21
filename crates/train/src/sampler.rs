//! Which windows a step trains on: a function of seed, fold and step alone, so that a resumed run
//! sees the same.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Goes through all windows in a new random order every epoch.
#[derive(Debug)]
pub struct Sampler {
    windows: usize,
    batch: usize,
    seed: u64,
    order: Vec<u32>,
    epoch: Option<u64>,
}

impl Sampler {
    /// Over `windows` windows (at least 1), `batch` a step.
    pub fn new(windows: usize, batch: usize, seed: u64) -> Self {
        Self {
            windows: windows.max(1),
            batch,
            seed,
            order: Vec::new(),
            epoch: None,
        }
    }

    /// The windows of step `step`.
    pub fn batch(&mut self, step: u64) -> Vec<usize> {
        let first = step * self.batch as u64;
        (first..first + self.batch as u64)
            .map(|position| self.window_at(position))
            .collect()
    }

    fn window_at(&mut self, position: u64) -> usize {
        let (epoch, place) = (
            position / self.windows as u64,
            position % self.windows as u64,
        );
        if self.epoch != Some(epoch) {
            self.order = (0..self.windows as u32).collect();
            self.order
                .shuffle(&mut ChaCha8Rng::seed_from_u64(mix(self.seed, epoch)));
            self.epoch = Some(epoch);
        }
        self.order[place as usize] as usize
    }
}

/// One seed from two numbers (the finalizer of SplitMix64, Steele, Lea and Flood 2014).
pub fn mix(a: u64, b: u64) -> u64 {
    let mut z = a
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(b)
        .wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_epoch_has_every_window_once() {
        let mut sampler = Sampler::new(10, 4, 7);
        let drawn: Vec<usize> = (0..5).flat_map(|step| sampler.batch(step)).collect();
        for epoch in drawn.chunks(10) {
            let mut sorted = epoch.to_vec();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..10).collect::<Vec<_>>());
        }
        assert_ne!(drawn[..10], drawn[10..]);
    }

    #[test]
    fn a_step_does_not_depend_on_the_steps_before() {
        let mut sampler = Sampler::new(10, 4, 7);
        let all: Vec<_> = (0..6).map(|step| sampler.batch(step)).collect();
        assert_eq!(Sampler::new(10, 4, 7).batch(5), all[5]);
    }
}
