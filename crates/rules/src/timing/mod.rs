//! Timing of a trade that happens anyway: a coin has to be bought or sold by a deadline, and at the
//! close of every bar the rule says whether to trade now or to wait.

mod orders;
mod prices;
mod report;
mod rule;
mod run;

pub use prices::{PriceRange, Prices};
pub use report::{DeadlineReport, Saving, SideSavings, TimingReport, TimingScore};
pub use rule::{PATIENCE, TimingDecision, TimingRule, z_scores};
pub use run::{TimingOptions, timing};
