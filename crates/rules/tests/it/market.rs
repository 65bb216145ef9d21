//! A market of which some coins can be forecast, for the tests.

use rules::{Costs, DeflateBy, TuneOptions};
use score::{ForecastColumn, Rows};

use crate::rows::Noise;

pub const HOLD: usize = 15;
pub const COINS: usize = 6;
pub const TIMES: usize = 20_000;

/// Rows of coins of which only the first `skilled` can be forecast; forecasts are slow, as real
/// ones.
pub fn market(skilled: usize, seed: u64) -> (Rows, ForecastColumn) {
    let mut noise = Noise::new(seed);
    let mut slow = [0.0; COINS];
    let mut rows = Rows {
        quantity: score::Quantity::Return,
        close: None,
        time_ms: Vec::new(),
        symbol: Vec::new(),
        fold: Vec::new(),
        realized: Vec::new(),
        realized_delayed: Vec::new(),
        controls: vec![ForecastColumn::control("last_return", Vec::new())],
        trailing_volatility: None,
        volatility: Vec::new(),
        weight: Vec::new(),
        symbols: (0..COINS).map(|coin| format!("COIN{coin}")).collect(),
        bar_ms: 60_000,
        reach_bars: HOLD,
    };
    let mut forecast = Vec::new();
    for time in 0..TIMES {
        let market = noise.draw();
        for (coin, slow) in slow.iter_mut().enumerate() {
            *slow = 0.9 * *slow + noise.draw();
            let known = if coin < skilled { 0.003 * *slow } else { 0.0 };
            let realized = known + 0.002 * (market + noise.draw());
            rows.time_ms.push(60_000 * time as i64);
            rows.symbol.push(coin as u32);
            rows.fold.push((4 * time / TIMES) as u32 + 1);
            rows.realized.push(realized);
            rows.realized_delayed.push(if noise.draw() < 0.9 {
                0.9 * realized
            } else {
                f64::NAN
            });
            rows.controls[0].forecast.push(0.0);
            rows.volatility.push(0.002);
            rows.weight.push(1.0);
            forecast.push(0.003 * *slow);
        }
    }
    (
        rows,
        ForecastColumn {
            level: None,
            name: "network".to_owned(),
            run: Some("checkpoints/a".to_owned()),
            forecast,
        },
    )
}

/// No costs.
pub fn free() -> TuneOptions {
    TuneOptions {
        costs: Costs {
            fee_bps: 0.0,
            slippage_bps: 0.0,
        },
        ..TuneOptions::default()
    }
}

/// Deflated by what chance alone gives.
pub fn by_chance() -> TuneOptions {
    TuneOptions {
        deflate_by: DeflateBy::Chance,
        ..TuneOptions::default()
    }
}
