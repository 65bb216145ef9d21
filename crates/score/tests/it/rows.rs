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

/// Rows of `folds` folds of `times` one-minute timestamps of `coins` coins, with a common and an
/// own part of returns.
pub fn rows(folds: usize, times: usize, coins: usize) -> Rows {
    let mut noise = Noise::new(1);
    let mut rows = Rows {
        time_ms: Vec::new(),
        symbol: Vec::new(),
        fold: Vec::new(),
        realized: Vec::new(),
        realized_delayed: Vec::new(),
        last_return: Vec::new(),
        deviations: [const { Some(Vec::new()) }; 3],
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
            rows.last_return
                .push(-0.2 * realized + 0.001 * noise.draw());
            for (column, part) in rows.deviations.iter_mut().flatten().zip([0.1, 0.2, 0.3]) {
                column.push(-part * realized + 0.001 * noise.draw());
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
        name: name.to_owned(),
        run: Some(format!("checkpoints/{name}")),
        forecast,
    }
}
