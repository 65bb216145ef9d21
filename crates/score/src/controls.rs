//! Forecasters that know nothing or next to nothing: what a model has to beat.

use statistics::{RowSpans, mean};

use crate::levels::Quantity;
use crate::rows::{ForecastColumn, Rows};

/// Name of the control that forecasts 0.
const ZERO: &str = "zero";

/// The controls on these rows. Of returns: zero, then the target's own, as 0 where they are unknown.
/// Of volatilities: the target's own that are known somewhere, elsewhere the mean of their known
/// values at that time (else of all).
pub fn controls(rows: &Rows) -> Vec<ForecastColumn> {
    match rows.quantity {
        Quantity::Return => controls_of_returns(rows),
        Quantity::LogVolatility => {
            let spans = RowSpans::new(&rows.fold, &rows.time_ms);
            (rows.controls.iter())
                .filter_map(|control| filled(control, &spans))
                .collect()
        }
    }
}

/// The control with a value in every row; None where it is known nowhere.
fn filled(control: &ForecastColumn, spans: &RowSpans) -> Option<ForecastColumn> {
    let known_mean = |values: &[f64]| {
        let known: Vec<f64> = values
            .iter()
            .copied()
            .filter(|value| value.is_finite())
            .collect();
        (!known.is_empty()).then(|| mean(&known))
    };
    let overall = known_mean(&control.forecast)?;
    let mut forecast = control.forecast.clone();
    for time in &spans.times {
        let own = &mut forecast[time.clone()];
        if own.iter().any(|value| !value.is_finite()) {
            let of_time = known_mean(own).unwrap_or(overall);
            let unknown = own.iter_mut().filter(|value| !value.is_finite());
            unknown.for_each(|value| *value = of_time);
        }
    }
    Some(ForecastColumn {
        forecast,
        ..control.clone()
    })
}

fn controls_of_returns(rows: &Rows) -> Vec<ForecastColumn> {
    let known = |value: &f64| if value.is_nan() { 0.0 } else { *value };
    let own = rows.controls.iter().map(|control| ForecastColumn {
        forecast: control.forecast.iter().map(known).collect(),
        ..control.clone()
    });
    let zero = ForecastColumn::control(ZERO, vec![0.0; rows.len()]);
    std::iter::once(zero).chain(own).collect()
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

/// True for a control of what the rows do not know: it has no score, and its error would be that of
/// `zero`.
pub(crate) fn is_unknown(forecaster: &ForecastColumn) -> bool {
    let is_zero = || forecaster.forecast.iter().all(|value| *value == 0.0);
    forecaster.is_control() && forecaster.name != ZERO && is_zero()
}
