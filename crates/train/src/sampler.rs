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

    /// Number of batches that go through all windows once.
    fn batches(&self) -> u64 {
        self.windows.div_ceil(self.batch.max(1)) as u64
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

/// Draws the windows of each step from one of several panels, each in proportion to its batches.
#[derive(Debug)]
pub struct PanelSampler {
    panels: Vec<Sampler>,
    seed: u64,
    /// The panel of each step of an epoch.
    order: Vec<usize>,
    epoch: Option<u64>,
}

impl PanelSampler {
    /// Over panels (at least one) of so many windows, of which a step takes so many.
    pub fn new(panels: &[(usize, usize)], seed: u64) -> Self {
        let sampler = |&(windows, batch): &(usize, usize)| Sampler::new(windows, batch, seed);
        Self {
            panels: panels.iter().map(sampler).collect(),
            seed,
            order: Vec::new(),
            epoch: None,
        }
    }

    /// Windows of a step, in the mean over an epoch.
    pub fn windows_a_step(&self) -> usize {
        let windows = |sampler: &Sampler| sampler.batches() * sampler.batch as u64;
        let steps: u64 = self.panels.iter().map(Sampler::batches).sum();
        (self.panels.iter().map(windows).sum::<u64>() / steps.max(1)) as usize
    }

    /// The panel of step `step`, and its windows.
    pub fn batch(&mut self, step: u64) -> (usize, Vec<usize>) {
        let steps: u64 = self.panels.iter().map(Sampler::batches).sum();
        let (epoch, place) = (step / steps, (step % steps) as usize);
        if self.epoch != Some(epoch) {
            let all = self.panels.iter().enumerate();
            self.order = all
                .flat_map(|(panel, sampler)| (0..sampler.batches()).map(move |_| panel))
                .collect();
            let seed = mix(mix(self.seed, epoch), u64::MAX);
            self.order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
            self.epoch = Some(epoch);
        }
        let panel = self.order[place];
        let before = self.order[..place].iter().filter(|&&other| other == panel);
        let step_of_panel = epoch * self.panels[panel].batches() + before.count() as u64;
        (panel, self.panels[panel].batch(step_of_panel))
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
    fn one_panel_is_drawn_from_as_if_there_were_no_others() {
        let mut panels = PanelSampler::new(&[(10, 4)], 7);
        let mut sampler = Sampler::new(10, 4, 7);
        for step in 0..9 {
            assert_eq!(panels.batch(step), (0, sampler.batch(step)));
        }
    }

    /// Ten windows in batches of four are three steps of an epoch, six in batches of one are six.
    #[test]
    fn panels_are_drawn_in_proportion_to_their_batches() {
        let sizes = [(10, 4), (6, 1)];
        let mut panels = PanelSampler::new(&sizes, 7);
        let drawn: Vec<(usize, Vec<usize>)> = (0..36).map(|step| panels.batch(step)).collect();
        for epoch in drawn.chunks(9) {
            assert_eq!(epoch.iter().filter(|(panel, _)| *panel == 0).count(), 3);
            let of_second = epoch.iter().filter(|(panel, _)| *panel == 1);
            let mut windows: Vec<usize> = of_second.flat_map(|(_, batch)| batch.clone()).collect();
            windows.sort_unstable();
            assert_eq!(windows, (0..6).collect::<Vec<_>>());
        }
        let order = |epoch: usize| -> Vec<usize> {
            let steps = &drawn[epoch * 9..(epoch + 1) * 9];
            steps.iter().map(|(panel, _)| *panel).collect()
        };
        assert_ne!(order(0), order(1));
        // A step is a function of its number alone, so that a resumed training sees the same.
        assert_eq!(PanelSampler::new(&sizes, 7).batch(31), drawn[31]);
        // Each panel goes through its own windows in the order of its own sampler.
        let firsts = drawn.iter().filter(|(panel, _)| *panel == 0).take(5);
        let mut alone = Sampler::new(10, 4, 7);
        for (step, (_, batch)) in firsts.enumerate() {
            assert_eq!(*batch, alone.batch(step as u64));
        }
    }

    #[test]
    fn a_step_does_not_depend_on_the_steps_before() {
        let mut sampler = Sampler::new(10, 4, 7);
        let all: Vec<_> = (0..6).map(|step| sampler.batch(step)).collect();
        assert_eq!(Sampler::new(10, 4, 7).batch(5), all[5]);
    }
}
