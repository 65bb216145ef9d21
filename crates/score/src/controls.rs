//! Forecasters that know nothing or next to nothing: what a model has to beat.

use crate::deviations::{DEVIATION_MINUTES, has_mean};
use crate::rows::{ForecastColumn, Rows};

/// Names of the controls, in the order of [`controls`].
pub const CONTROL_NAMES: [&str; 6] = [
    "zero",
    "last_return",
    "negated_last_return",
    "negated_deviation_30m",
    "negated_deviation_60m",
    "negated_deviation_240m",
];

/// Names of the controls that say that a close returns to its mean, in the order of
/// [`DEVIATION_MINUTES`].
const DEVIATION_CONTROLS: [&str; 3] = [CONTROL_NAMES[3], CONTROL_NAMES[4], CONTROL_NAMES[5]];

/// The controls on these rows. Left out are those of a mean that would have fewer than two bars.
pub fn controls(rows: &Rows) -> Vec<ForecastColumn> {
    let known = |value: &f64| if value.is_nan() { 0.0 } else { *value };
    let last_return: Vec<f64> = rows.last_return.iter().map(known).collect();
    let negated = last_return.iter().map(|value| -value).collect();
    let mut controls = vec![
        control("zero", vec![0.0; rows.len()]),
        control("last_return", last_return),
        control("negated_last_return", negated),
    ];
    controls.extend(deviation_controls(rows));
    controls
}

/// True for a forecaster that comes from no run and bears a control's name.
pub fn is_control(name: &str, run: Option<&str>) -> bool {
    run.is_none() && CONTROL_NAMES.contains(&name)
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

/// Those whose mean has at least two bars; 0 everywhere, and so without a score, where the rows do
/// not know it.
fn deviation_controls(rows: &Rows) -> impl Iterator<Item = ForecastColumn> {
    let named = DEVIATION_CONTROLS
        .into_iter()
        .zip(DEVIATION_MINUTES)
        .zip(&rows.deviations);
    let possible = named.filter(move |((_, minutes), _)| has_mean(*minutes, rows.bar_ms));
    possible.map(move |((name, _), values)| {
        let negated = |value: &f64| if value.is_nan() { 0.0 } else { -value };
        let forecast = values
            .as_ref()
            .map(|values| values.iter().map(negated).collect());
        control(name, forecast.unwrap_or_else(|| vec![0.0; rows.len()]))
    })
}

/// Names of the controls whose mean would have fewer than two bars.
pub fn impossible_controls(bar_ms: i64) -> Vec<&'static str> {
    let named = DEVIATION_CONTROLS.into_iter().zip(DEVIATION_MINUTES);
    named
        .filter(|(_, minutes)| !has_mean(*minutes, bar_ms))
        .map(|(name, _)| name)
        .collect()
}

/// True for a control of what the rows do not know: it has no score, and its error would be that of
/// `zero`.
pub(crate) fn is_unknown(forecaster: &ForecastColumn) -> bool {
    let is_zero = || forecaster.forecast.iter().all(|value| *value == 0.0);
    forecaster.name != CONTROL_NAMES[0]
        && is_control(&forecaster.name, forecaster.run.as_deref())
        && is_zero()
}

fn control(name: &str, forecast: Vec<f64>) -> ForecastColumn {
    ForecastColumn {
        name: name.to_owned(),
        run: None,
        forecast,
    }
}
