//! Made volatilities and forecasts of them, which numpy makes by the same formulas.

use score::{AboveForecast, ForecastColumn, LevelForecast, Quantity, RegimeForecast, Rows};

/// Two folds of 100 days of nine coins.
const DAYS: usize = 200;
pub const COINS: usize = 9;

/// Days, coins and what a coin's volatility has of its own, row by row.
fn places() -> impl Iterator<Item = (f64, f64, f64)> {
    (0..DAYS * COINS).map(|row| {
        let (day, coin) = ((row / COINS) as f64, (row % COINS) as f64);
        (day, coin, 0.2 * (1.7 * coin).sin())
    })
}

/// Rows of log volatilities, with the control `naive` and one that is known nowhere.
pub fn rows() -> Rows {
    let realized = places().map(|(day, coin, own)| {
        let noise = 0.37 * day * day + 2.1 * coin * coin + coin;
        -3.0 + 0.3 * (0.21 * day).sin() + own + 0.4 * noise.sin()
    });
    let naive = places().map(|(day, coin, _)| -3.2 + 0.1 * (0.9 * day + coin).sin());
    let count = DAYS * COINS;
    Rows {
        quantity: Quantity::LogVolatility,
        close: None,
        time_ms: (0..count)
            .map(|row| (row / COINS) as i64 * 86_400_000)
            .collect(),
        symbol: (0..count).map(|row| (row % COINS) as u32).collect(),
        fold: (0..count)
            .map(|row| if row / COINS < 100 { 1 } else { 2 })
            .collect(),
        realized: realized.collect(),
        realized_delayed: vec![f64::NAN; count],
        controls: vec![
            ForecastColumn::control("naive", naive.collect()),
            ForecastColumn::control("nowhere", vec![f64::NAN; count]),
        ],
        volatility: vec![0.3; count],
        trailing_volatility: None,
        weight: vec![1.0; count],
        symbols: (0..COINS).map(|coin| format!("COIN{coin}")).collect(),
        bar_ms: 86_400_000,
        reach_bars: 7,
    }
}

/// A forecaster with volatilities, classes and 80 % intervals.
pub fn har() -> ForecastColumn {
    let logs: Vec<f64> = places()
        .map(|(day, coin, own)| {
            -3.05 + 0.2 * (0.21 * day + 0.3).sin() + own + 0.1 * (3.3 * day + coin).sin()
        })
        .collect();
    let own = || places().map(|(_, _, own)| own);
    let edges = [-3.1, -2.85].map(|edge| own().map(|own| edge + own).collect::<Vec<f64>>());
    let below = |edge: &[f64], row: usize| 1.0 / (1.0 + (-(edge[row] - logs[row]) / 0.25).exp());
    let mut probability = [Vec::new(), Vec::new(), Vec::new()];
    for row in 0..logs.len() {
        let [first, second] = edges.each_ref().map(|edge| below(edge, row));
        let raw = [first, second - first, 1.0 - second].map(|share| share.max(1e-4));
        let whole: f64 = raw.iter().sum();
        probability
            .iter_mut()
            .zip(raw)
            .for_each(|(column, share)| column.push(share / whole));
    }
    let plain = LevelForecast::uncorrected(&logs);
    // One row's probability is unknown.
    let mut above = [0.05_f64, 0.07].map(|level| AboveForecast {
        level,
        probability: (logs.iter())
            .map(|log| 1.0 / (1.0 + ((level.ln() - log) / 0.25).exp()))
            .collect(),
    });
    above[1].probability[0] = f64::NAN;
    let moved = |by: f64| logs.iter().map(|log| log + by).collect::<Vec<f64>>();
    ForecastColumn {
        name: "har".to_owned(),
        run: Some("checkpoints/har".to_owned()),
        level: Some(LevelForecast {
            volatility: plain.volatility.iter().map(|value| 1.08 * value).collect(),
            variance: plain.variance.iter().map(|value| 1.3 * value).collect(),
            regimes: Some(RegimeForecast {
                edges,
                probability,
                classes: 3,
            }),
            bounds_80: Some([moved(-0.35), moved(0.35)]),
            bounds_95: None,
            above: above.into(),
        }),
        forecast: logs,
    }
}

/// What each coin brings until the next day; three coins end early or have a hole.
pub fn returns() -> Vec<f64> {
    places()
        .map(|(day, coin, _)| {
            let is_unknown = (day == 7.0 && coin == 3.0)
                || (day == 50.0 && coin == 0.0)
                || (day == 199.0 && coin > 4.0);
            match is_unknown {
                true => f64::NAN,
                false => 0.03 * (0.9 * day * day + coin).sin() + 0.01 * (0.05 * day).cos() + 0.004,
            }
        })
        .collect()
}
