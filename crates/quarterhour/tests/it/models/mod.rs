//! The registry and the retraining as processes: promotions, refusals, kills.

mod kills;
mod promotion;
mod retraining;
mod support;
