//! Forecasters that know nothing or next to nothing: what a model has to beat.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::rows::{Forecaster, Layout, Rows};

/// Names of the controls, in the order of [`controls`].
pub const CONTROL_NAMES: [&str; 4] = ["zero", "last_return", "negated_last_return", "shuffled"];

/// The four controls where no model is scored: `shuffled` permutes the last return.
pub fn controls(rows: &Rows, seed: u64) -> Vec<Forecaster> {
    let mut controls = without_shuffled(rows);
    let shuffled = shuffled(rows, &controls[1], seed); // `last_return`, as listed in CONTROL_NAMES
    controls.push(shuffled);
    controls
}

/// The four controls beside a model: `shuffled` permutes the forecasts of `base`, the first real forecaster.
pub fn controls_of(rows: &Rows, base: &Forecaster, seed: u64) -> Vec<Forecaster> {
    let mut controls = without_shuffled(rows);
    controls.push(shuffled(rows, base, seed));
    controls
}

/// True for a forecaster that comes from no run and bears a control's name.
pub fn is_control(name: &str, run: Option<&str>) -> bool {
    run.is_none() && CONTROL_NAMES.contains(&name)
}

/// The forecasts of `base` permuted within each fold and coin: same values, no knowledge of the time. Its score is
/// expected at 0, save for what the coins' mean forecasts tell of their mean returns.
///
/// `base` without one forecast a row is returned as it is, for [`score`](crate::score) to refuse.
pub fn shuffled(rows: &Rows, base: &Forecaster, seed: u64) -> Forecaster {
    let mut forecast = base.forecast.clone();
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    if forecast.len() == rows.len() {
        for fold in &Layout::new(rows).folds {
            for places in rows_of_coins(rows, fold.rows.clone()) {
                let mut values: Vec<f64> = places.iter().map(|row| base.forecast[*row]).collect();
                values.shuffle(&mut generator);
                for (row, value) in places.iter().zip(values) {
                    forecast[*row] = value;
                }
            }
        }
    }
    control("shuffled", forecast)
}

/// Rows of each coin within a range of rows, in the order of the symbols.
pub(crate) fn rows_of_coins(rows: &Rows, range: std::ops::Range<usize>) -> Vec<Vec<usize>> {
    let mut coins = vec![Vec::new(); rows.symbols.len()];
    for row in range {
        if let Some(coin) = coins.get_mut(rows.symbol[row] as usize) {
            coin.push(row);
        }
    }
    coins
}

fn without_shuffled(rows: &Rows) -> Vec<Forecaster> {
    let known = |value: &f64| if value.is_nan() { 0.0 } else { *value };
    let last_return: Vec<f64> = rows.last_return.iter().map(known).collect();
    let negated = last_return.iter().map(|value| -value).collect();
    vec![
        control("zero", vec![0.0; rows.len()]),
        control("last_return", last_return),
        control("negated_last_return", negated),
    ]
}

fn control(name: &str, forecast: Vec<f64>) -> Forecaster {
    Forecaster { name: name.to_owned(), run: None, forecast }
}
