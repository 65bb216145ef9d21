//! Where the time of a training goes.

use std::time::{Duration, Instant};

use serde::Serialize;

/// Shares of the steps' time.
#[derive(Debug, Serialize)]
pub struct StepShares {
    /// Putting batches together.
    pub batch_share: f64,
    /// The network and the loss.
    pub forward_share: f64,
    /// The gradients.
    pub backward_share: f64,
    /// Clipping and the optimizer's step.
    pub optimizer_share: f64,
}

/// A part of a step.
#[derive(Debug, Clone, Copy)]
pub enum StepPart {
    Batch,
    Forward,
    Backward,
    Optimizer,
}

/// Measures the parts of steps.
#[derive(Debug)]
pub struct Stopwatch {
    since: Instant,
    spent: [Duration; 4],
}

impl Stopwatch {
    /// Nothing is measured yet.
    pub fn new() -> Self {
        Self {
            since: Instant::now(),
            spent: [Duration::ZERO; 4],
        }
    }

    /// A step begins now.
    pub fn begin(&mut self) {
        self.since = Instant::now();
    }

    /// The time since the last call was `part`'s.
    pub fn lap(&mut self, part: StepPart) {
        let now = Instant::now();
        self.spent[part as usize] += now - std::mem::replace(&mut self.since, now);
    }

    /// The shares so far; measuring begins anew.
    pub fn shares(&mut self) -> StepShares {
        let spent = std::mem::replace(&mut self.spent, [Duration::ZERO; 4]);
        let total = spent.iter().sum::<Duration>().as_secs_f64().max(1e-9);
        let [batch_share, forward_share, backward_share, optimizer_share] =
            spent.map(|part| part.as_secs_f64() / total);
        StepShares {
            batch_share,
            forward_share,
            backward_share,
            optimizer_share,
        }
    }
}
