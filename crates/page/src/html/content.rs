//! What the page of scored runs is made from.

use rules::ExposureReport;
use score::{ForecastColumn, Options, Report, Rows};

use super::charts::{ChartSeries, SeriesRole};
use crate::importance::Importance;

/// Everything on a page.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// The scored rows.
    pub rows: &'a Rows,
    /// The forecasts on these rows.
    pub forecasters: &'a [ForecastColumn],
    /// Their scores.
    pub report: &'a Report,
    /// Whether a position between two prices earns what is forecast.
    pub is_return: bool,
    /// The options they were scored with.
    pub options: &'a Options,
    /// Rows of each run that are not in all the others, by run.
    pub dropped: &'a [(String, usize)],
    /// What exposure by the forecasts brings, of volatilities whose candles are there.
    pub exposure: Option<&'a ExposureReport>,
    /// Importance of features, by run.
    pub importance: &'a [(String, Importance)],
    /// The command that makes the page again.
    pub command: &'a str,
}

/// Places of the forecasters that are no controls.
pub(super) fn models<'a>(page: &Page<'a>) -> impl Iterator<Item = usize> + use<'a> {
    let scores = &page.report.forecasters;
    (0..scores.len()).filter(|&place| !scores[place].is_control())
}

/// Series of the models, numbered for their colours.
pub(super) fn model_series<T>(
    page: &Page<'_>,
    points: impl Fn(usize) -> Vec<T>,
) -> Vec<ChartSeries<T>> {
    let labels = page.report.labels();
    models(page)
        .enumerate()
        .map(|(number, place)| ChartSeries {
            label: labels[place].clone(),
            role: SeriesRole::Model(number),
            points: points(place),
        })
        .collect()
}
