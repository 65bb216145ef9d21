//! IC a day of single forecasters, day by day, for who needs no more of a report.

use std::collections::BTreeMap;

use statistics::{RowSpans, percentile_interval, qlike};

use crate::daily::{DAY_MS, Days, IcVariant};
use crate::rows::{ForecastColumn, Rows};
use crate::{LevelForecast, Options, Quantity, Value};

/// The UTC days of the rows, in order: those that [`daily_ics`] and [`daily_scores`] are of, each the
/// number of days since 1970.
pub fn days_of(rows: &Rows) -> Vec<i64> {
    let numbers = rows
        .time_ms
        .iter()
        .map(|time_ms| time_ms.div_euclid(DAY_MS));
    let mut days: Vec<i64> = numbers.collect();
    days.sort_unstable();
    days.dedup();
    days
}

/// How good a forecaster is on every UTC day, by what its quantity is judged by: the IC of a return
/// (higher is better), the mean QLIKE of a volatility (lower is better). None where a day has none.
pub fn daily_scores(rows: &Rows, forecaster: &ForecastColumn) -> Vec<Option<f64>> {
    match rows.quantity == Quantity::LogVolatility {
        true => daily_qlikes(rows, forecaster),
        false => daily_ics(rows, &forecaster.forecast),
    }
}

fn daily_qlikes(rows: &Rows, forecaster: &ForecastColumn) -> Vec<Option<f64>> {
    let uncorrected = || LevelForecast::uncorrected(&forecaster.forecast);
    let level = forecaster.level.clone().unwrap_or_else(uncorrected);
    let mut sums: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
    for ((time_ms, realized), variance) in
        (rows.time_ms.iter().zip(&rows.realized)).zip(&level.variance)
    {
        let (sum, count) = sums.entry(time_ms.div_euclid(DAY_MS)).or_default();
        *sum += qlike((2.0 * realized).exp(), *variance);
        *count += 1.0;
    }
    let mean = |(sum, count): (f64, f64)| Some(sum / count).filter(|mean| mean.is_finite());
    sums.into_values().map(mean).collect()
}

/// The IC of every UTC day, market-neutral and entered a bar later; None where a day has none. The
/// metric `ic_a_day` is their mean.
///
/// `forecast` has one value a row, and the rows must be [checked](Rows::checked).
pub fn daily_ics(rows: &Rows, forecast: &[f64]) -> Vec<Option<f64>> {
    let spans = RowSpans::new(&rows.fold, &rows.time_ms);
    Days::new(rows, &spans).ics(rows, &spans, forecast, IcVariant::Neutral)
}

/// The mean of [`daily_ics`] of one forecaster, or of its differences from another's, with its
/// interval and its t.
pub fn mean_over_days(rows: &Rows, days: &[Option<f64>], options: &Options) -> Value {
    let spans = RowSpans::new(&rows.fold, &rows.time_ms);
    let all = Days::new(rows, &spans);
    let (found, draws) = (all.mean(days), all.draws(days, options));
    Value {
        value: found.mean,
        interval: draws.and_then(|draws| percentile_interval(&draws, options.confidence)),
        t: found.t,
    }
}
