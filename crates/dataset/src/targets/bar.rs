//! `bar`: what the next bars do from their open.

use market::Interval;

use super::close_controls::close_controls;
use super::control::Control;
use super::target::{Payoff, Settings, Target, Task};
use super::values::{Targets, are_observed};
use crate::{Column, Panel};

pub(super) fn init(settings: &Settings<'_>) -> Box<dyn Target> {
    Box::new(BarTarget {
        interval: settings.interval,
        horizon_bars: settings.horizon_bars(),
    })
}

/// `close[t + h] / open[t + 1] - 1`: with a horizon of one bar, what the next bar does from its
/// open to its close.
#[derive(Debug)]
struct BarTarget {
    interval: Interval,
    horizon_bars: usize,
}

impl Target for BarTarget {
    fn name(&self) -> &'static str {
        "bar"
    }

    fn formula(&self) -> &'static str {
        "`close[t + h] / open[t + 1] - 1`"
    }

    fn description(&self) -> &'static str {
        "What the next bars do from their open: with a horizon of one bar, what an order at the next open earns until that bar's close, before costs."
    }

    fn reach_bars(&self) -> usize {
        self.horizon_bars
    }

    fn columns(&self) -> &'static [Column] {
        &[Column::Open, Column::Close]
    }

    fn compute(&self, panel: &Panel) -> Targets {
        Targets::of_each(panel, |row, coin| {
            let (first, last) = (row + 1, row + self.horizon_bars);
            if !are_observed(panel, [row, first, last], coin) {
                return f64::NAN;
            }
            panel.value(Column::Close, last, coin) / panel.value(Column::Open, first, coin) - 1.0
        })
    }

    fn unit(&self) -> &'static str {
        "share of the price"
    }

    fn task(&self) -> Task {
        Task::Return
    }

    fn controls(&self) -> Vec<Control> {
        close_controls(self.interval)
    }

    fn earned(&self) -> Payoff {
        Payoff::FromNextOpen
    }
}
