//! Pipeline tests across crates.
#![allow(clippy::too_many_lines, reason = "a test reads from top to bottom")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod bad_input;
mod base;
mod cache;
mod daily;
mod embed;
mod ensemble;
mod fitting;
mod horizons;
mod intervals;
mod live;
mod look_ahead;
mod panel20;
mod panels;
mod refits;
mod regimes;
mod released;
mod ridge;
mod scratch;
mod signal;
mod store;
mod volatility;
mod volatility_ensemble;
mod volatility_live;

/// Held by whoever draws random numbers in this process: Burn has one generator, and another test
/// that seeds it between two draws would change what is drawn.
fn drawing() -> std::sync::MutexGuard<'static, ()> {
    static GENERATOR: std::sync::Mutex<()> = std::sync::Mutex::new(());
    GENERATOR
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A run's model. Weights are drawn before they are read, so this is drawing, too.
fn load(
    run: &std::path::Path,
    fold: Option<usize>,
    overrides: &[String],
    device: model::DeviceChoice,
) -> anyhow::Result<predict::Checkpoint> {
    let _drawing = drawing();
    predict::Checkpoint::load(run, fold, overrides, device)
}
