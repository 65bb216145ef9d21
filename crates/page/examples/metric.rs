//! A metric of one's own: the median absolute error, outside the library's list.
//!
//! Run it with `cargo run -p page --release --example metric`. To make it part of every report,
//! put the constant into a file in `crates/score/src/metrics/` and a line into its list.

use page::score_table;
use score::{Better, Estimate, ForecastColumn, METRICS, Metric, Options, Rows, Unit, score_by};

const MEDIAN_ABSOLUTE_ERROR: Metric = Metric {
    name: "median_absolute_error",
    title: "median AE",
    legend: "median absolute error over all rows, which a few wild hours do not move",
    formula: "median of |forecast - realized|",
    unit: Unit::Target,
    better: Better::Lower,
    of: |sample| {
        let pairs = sample.forecast().iter().zip(&sample.rows().realized);
        let mut errors: Vec<f64> = pairs.map(|(a, b)| (a - b).abs()).collect();
        errors.sort_unstable_by(f64::total_cmp);
        Estimate::point(errors.get(errors.len() / 2).copied())
    },
    ..Metric::FURTHER
};

fn main() -> Result<(), score::Error> {
    let rows = rows()?;
    let forecaster = ForecastColumn {
        level: None,
        name: "half".to_owned(),
        run: Some("run".to_owned()),
        forecast: rows.realized.iter().map(|value| value / 2.0).collect(),
    };
    let metrics = [METRICS, &[MEDIAN_ABSOLUTE_ERROR]].concat();
    let report = score_by(&metrics, &rows, &[forecaster], &Options::default())?;
    println!("{}", score_table(&report));
    Ok(())
}

/// Two days of two coins, hour by hour.
fn rows() -> Result<Rows, score::Error> {
    let wave = |row: usize, step: usize| 1e-3 * ((row * 7 % step) as f64 - step as f64 / 2.0);
    let count = 2 * 48;
    let of = |step: usize| -> Vec<f64> { (0..count).map(|row| wave(row, step)).collect() };
    Rows {
        quantity: score::Quantity::Return,
        close: None,
        time_ms: (0..count).map(|row| (row / 2) as i64 * 3_600_000).collect(),
        symbol: (0..count).map(|row| u32::from(row % 2 == 1)).collect(),
        fold: vec![1; count],
        realized: of(11),
        realized_delayed: of(13),
        controls: Vec::new(),
        volatility: vec![1e-3; count],
        trailing_volatility: None,
        weight: vec![1.0; count],
        symbols: ["A", "B"].map(str::to_owned).to_vec(),
        bar_ms: 3_600_000,
        reach_bars: 1,
    }
    .checked()
}
