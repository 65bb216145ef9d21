//! `provided`: a column that came with the candles.

use market::Interval;

use super::close_controls::close_controls;
use super::control::Control;
use super::target::{Payoff, Settings, Target, Task};
use super::values::Targets;
use crate::{Column, Panel};

pub(super) fn init(settings: &Settings<'_>) -> Box<dyn Target> {
    Box::new(Provided {
        interval: settings.interval,
        horizon_bars: settings.horizon_bars(),
    })
}

/// The column `target` that came with close-only candles, which reaches over the horizon.
#[derive(Debug)]
struct Provided {
    interval: Interval,
    horizon_bars: usize,
}

impl Target for Provided {
    fn name(&self) -> &'static str {
        "provided"
    }

    fn formula(&self) -> &'static str {
        "the column `target`"
    }

    fn description(&self) -> &'static str {
        "A target that came with the candles, for sources that bring their own. It reaches over the horizon."
    }

    fn reach_bars(&self) -> usize {
        self.horizon_bars
    }

    fn columns(&self) -> &'static [Column] {
        &[Column::Close, Column::Target]
    }

    fn compute(&self, panel: &Panel) -> Targets {
        Targets::of_each(panel, |row, coin| panel.value(Column::Target, row, coin))
    }

    fn unit(&self) -> &'static str {
        "that of the column `target`"
    }

    fn task(&self) -> Task {
        Task::Return
    }

    fn controls(&self) -> Vec<Control> {
        close_controls(self.interval)
    }

    fn earned(&self) -> Payoff {
        Payoff::Unknown
    }
}
