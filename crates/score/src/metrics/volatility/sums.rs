//! Values of sums over rows or times, which is what metrics of volatility are.

use std::ops::Range;

use crate::levels::{LevelForecast, RegimeRow};
use crate::metrics::estimate::Estimate;
use crate::metrics::sample::Sample;

/// A value of sums over rows: `terms` of a row, given what the forecaster publishes, the row and the
/// volatility that came; None where a row does not count.
pub(super) fn of_rows<const N: usize>(
    sample: &Sample<'_>,
    terms: impl Fn(&LevelForecast, usize, f64) -> Option<[f64; N]>,
    of: impl Fn(&[f64; N]) -> Option<f64> + Sync,
) -> Estimate {
    let add = |level: &LevelForecast, row: usize, realized: f64, sums: &mut [f64; N]| {
        if let Some(terms) = terms(level, row, realized) {
            sums.iter_mut()
                .zip(terms)
                .for_each(|(sum, term)| *sum += term);
        }
    };
    of_sums(sample, add, of)
}

/// As [`of_rows`], where `add` adds a row to the sums: of many sums most rows change few.
pub(super) fn of_sums<const N: usize>(
    sample: &Sample<'_>,
    add: impl Fn(&LevelForecast, usize, f64, &mut [f64; N]),
    of: impl Fn(&[f64; N]) -> Option<f64> + Sync,
) -> Estimate {
    of_ranges(
        sample,
        |level, realized, time| {
            let mut sums = [0.0; N];
            time.for_each(|row| add(level, row, realized[row], &mut sums));
            sums
        },
        of,
    )
}

/// A value of sums over times: `terms` of a time, given what the forecaster publishes, the time's
/// rows and the volatilities that came in them.
pub(super) fn of_times<const N: usize>(
    sample: &Sample<'_>,
    terms: impl Fn(&LevelForecast, Range<usize>, &[f64]) -> [f64; N],
    of: impl Fn(&[f64; N]) -> Option<f64> + Sync,
) -> Estimate {
    of_ranges(
        sample,
        |level, realized, time| terms(level, time.clone(), &realized[time]),
        of,
    )
}

/// A value of sums over times, of which the volatilities of all rows are given too.
fn of_ranges<const N: usize>(
    sample: &Sample<'_>,
    terms: impl Fn(&LevelForecast, &[f64], Range<usize>) -> [f64; N],
    of: impl Fn(&[f64; N]) -> Option<f64> + Sync,
) -> Estimate {
    match (sample.level(), sample.level_rows()) {
        (Some(level), Some(rows)) => {
            sample.summed(|time| terms(level, rows.realized, time.clone()), of)
        }
        _ => Estimate::default(),
    }
}

/// A value of sums over the rows with classes.
pub(super) fn of_regimes<const N: usize>(
    sample: &Sample<'_>,
    terms: impl Fn(&RegimeRow) -> [f64; N],
    of: impl Fn(&[f64; N]) -> Option<f64> + Sync,
) -> Estimate {
    match sample.level_rows() {
        Some(rows) if has_regimes(sample) => of_rows(
            sample,
            |_, row, _| Some(terms(rows.regimes[row].as_ref()?)),
            of,
        ),
        _ => Estimate::default(),
    }
}

/// A value of sums over the rows and the levels whose probabilities are known: `add` adds a probability and
/// whether the volatility came above the level.
pub(super) fn of_above<const N: usize>(
    sample: &Sample<'_>,
    add: impl Fn(f64, bool, &mut [f64; N]),
    of: impl Fn(&[f64; N]) -> Option<f64> + Sync,
) -> Estimate {
    let add_row = |level: &LevelForecast, row: usize, _: f64, sums: &mut [f64; N]| {
        let realized = sample.rows().realized[row];
        let known = level
            .above
            .iter()
            .filter_map(|above| above.row(row, realized));
        known.for_each(|(probability, is_above)| add(probability, is_above, sums));
    };
    of_sums(sample, add_row, of)
}

/// Whether the forecaster publishes classes.
pub(super) fn has_regimes(sample: &Sample<'_>) -> bool {
    sample.level().is_some_and(|level| level.regimes.is_some())
}

/// The mean over the rows that have an interval of a value of its bounds and of the log volatility
/// that came.
pub(super) fn of_bounds(
    sample: &Sample<'_>,
    bounds: impl Fn(&LevelForecast) -> Option<&[Vec<f64>; 2]>,
    value: impl Fn([f64; 2], f64) -> f64,
) -> Estimate {
    of_rows(
        sample,
        |level, row, _| {
            let bounds = bounds(level)?.each_ref().map(|bound| bound[row]);
            let is_known = bounds.iter().all(|bound| !bound.is_nan());
            is_known.then(|| [value(bounds, sample.rows().realized[row]), 1.0])
        },
        |[sum, count]| Some(sum / count),
    )
}

/// 1 - squared errors / squared deviations from the mean, of sums of squared errors, values, squared
/// values and rows.
pub(super) fn r_squared([errors, sum, squares, count]: &[f64; 4]) -> Option<f64> {
    Some(1.0 - errors / (squares - sum * sum / count))
}

/// Means over the coins of a time: of what came, and of what was forecast.
pub(super) fn market_means(forecast: &[f64], realized: &[f64]) -> [f64; 2] {
    [statistics::mean(realized), statistics::mean(forecast)]
}

/// A number of the line of realized on forecast volatility, given its slope and intercept.
pub(super) fn level_line(sample: &Sample<'_>, pick: impl Fn([f64; 2]) -> f64 + Sync) -> Estimate {
    of_rows(
        sample,
        |level, row, realized| {
            let forecast = level.volatility[row];
            Some([
                1.0,
                forecast,
                realized,
                forecast * forecast,
                forecast * realized,
            ])
        },
        |[count, x, y, xx, xy]| {
            let slope = (xy - x * y / count) / (xx - x * x / count);
            Some(pick([slope, (y - slope * x) / count]))
        },
    )
}

/// A row's cell among the nine of realized (rows) by forecast class.
pub(super) fn confusion(row: &RegimeRow) -> [f64; 9] {
    let mut cells = [0.0; 9];
    cells[3 * row.realized + row.forecast] = 1.0;
    cells
}
