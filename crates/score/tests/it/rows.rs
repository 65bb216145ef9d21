//! Rows and forecasts for the tests.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use score::{ForecastColumn, Rows};

/// Uniform values between -1 and 1.
pub struct Noise(ChaCha8Rng);

impl Noise {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    pub fn draw(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

/// Names of the controls of returns, after `zero`.
pub const CONTROL_NAMES: [&str; 6] = [
    "zero",
    "last_return",
    "negated_last_return",
    "negated_deviation_30m",
    "negated_deviation_60m",
    "negated_deviation_240m",
];

/// Rows of `folds` folds of `times` one-minute timestamps of `coins` coins, with a common and an
/// own part of returns.
pub fn rows(folds: usize, times: usize, coins: usize) -> Rows {
    let mut noise = Noise::new(1);
    let mut rows = Rows {
        quantity: score::Quantity::Return,
        close: None,
        time_ms: Vec::new(),
        symbol: Vec::new(),
        fold: Vec::new(),
        realized: Vec::new(),
        realized_delayed: Vec::new(),
        controls: CONTROL_NAMES[1..]
            .iter()
            .map(|name| ForecastColumn::control(*name, Vec::new()))
            .collect(),
        trailing_volatility: None,
        volatility: Vec::new(),
        weight: Vec::new(),
        symbols: (0..coins).map(|coin| format!("COIN{coin}")).collect(),
        bar_ms: 60_000,
        reach_bars: 15,
    };
    for time in 0..folds * times {
        let market = noise.draw();
        for coin in 0..coins {
            let realized = 0.001 * (market + noise.draw());
            rows.time_ms.push(60_000 * time as i64);
            rows.symbol.push(coin as u32);
            rows.fold.push((time / times) as u32 + 1);
            rows.realized.push(realized);
            let known = noise.draw() < 0.9;
            rows.realized_delayed.push(if known {
                realized + 0.0002 * noise.draw()
            } else {
                f64::NAN
            });
            let last_return = -0.2 * realized + 0.001 * noise.draw();
            let [first, second, deviations @ ..] = rows.controls.as_mut_slice() else {
                panic!("five controls")
            };
            first.forecast.push(last_return);
            second.forecast.push(-last_return);
            for (control, part) in deviations.iter_mut().zip([0.1, 0.2, 0.3]) {
                let deviation = -part * realized + 0.001 * noise.draw();
                control.forecast.push(-deviation);
            }
            rows.volatility.push(0.001 * (coin + 1) as f64);
            rows.weight.push(1.0);
        }
    }
    rows
}

/// A forecaster that knows `skill` of what is realized.
pub fn forecaster(name: &str, rows: &Rows, skill: f64, seed: u64) -> ForecastColumn {
    let mut noise = Noise::new(seed);
    let forecast = rows
        .realized
        .iter()
        .map(|realized| skill * realized + 0.001 * noise.draw())
        .collect();
    ForecastColumn {
        level: None,
        name: name.to_owned(),
        run: Some(format!("checkpoints/{name}")),
        forecast,
    }
}
