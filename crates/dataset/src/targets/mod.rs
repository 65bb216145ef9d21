//! What is forecast, one file each: a value over the bars after t, known only once they have
//! closed.

mod bar;
mod close_controls;
mod config;
mod control;
mod gresearch;
mod list;
mod price_controls;
mod provided;
mod realized_variance;
mod reference;
mod regime;
mod return_;
mod target;
mod values;
mod volatility;
mod volatility_controls;

pub use close_controls::close_controls;
pub use config::{Base, Entry, Fit, TargetConfig};
pub use control::{Control, ControlColumn, ControlSign, TrainingTargets};
pub use list::TargetKind;
pub use price_controls::price_controls;
pub use realized_variance::Estimator;
pub use reference::targets_reference;
pub use target::{Payoff, Settings, Target, Task};
pub use values::Targets;

#[cfg(test)]
mod tests;
