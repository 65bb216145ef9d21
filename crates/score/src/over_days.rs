//! IC a day of single forecasters, day by day, for who needs no more of a report.

use statistics::{RowSpans, percentile_interval};

use crate::daily::{DayMean, Days, IcVariant};
use crate::rows::Rows;
use crate::{Options, Value};

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
    let found = DayMean::new(days);
    let draws = Days::new(rows, &spans).draws(days, options);
    Value {
        value: found.mean,
        interval: draws.and_then(|draws| percentile_interval(&draws, options.confidence)),
        t: found.t,
    }
}
