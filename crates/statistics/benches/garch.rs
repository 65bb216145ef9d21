//! Microseconds to fit a GARCH model to 637 made-up returns.
//!
//! `cargo bench -p statistics --bench garch`; the fastest of 200.

use std::time::{Duration, Instant};

use statistics::garch::{Errors, Model, NoFit, fit};

const REPEATS: usize = 200;

fn main() -> Result<(), NoFit> {
    let returns: Vec<f64> = (1..=637).map(f64::from).map(made_up).collect();
    for (arch_lags, garch_lags) in [(1, 1), (2, 2)] {
        for errors in [Errors::Normal, Errors::StudentT] {
            let model = Model {
                arch_lags,
                garch_lags,
                errors,
            };
            let mut least = Duration::MAX;
            for _ in 0..REPEATS {
                let began = Instant::now();
                std::hint::black_box(fit(std::hint::black_box(&returns), &model)?);
                least = least.min(began.elapsed());
            }
            println!("{model:?}: {:.0} us", least.as_secs_f64() * 1e6);
        }
    }
    Ok(())
}

/// A return of a volatility that swings by a half.
fn made_up(i: f64) -> f64 {
    3.0 * (i * i).sin() * (1.0 + 0.5 * (i / 10.0).sin())
}
