//! Figures over time as the lines of a picture.

use page::{Series, SeriesRole};

use super::figures::Figures;
use super::over_time::{Lines, Sums};
use crate::words::count;

/// A line through the values that are known.
pub(crate) fn series(
    label: &str,
    role: SeriesRole,
    figures: &Figures,
    values: &[f64],
    scale: f64,
) -> Series<(i64, f64)> {
    let points = figures
        .over_time
        .times_ms
        .iter()
        .copied()
        .zip(values.iter().copied());
    let known = points.filter(|(_, value)| value.is_finite());
    Series {
        label: label.to_owned(),
        role,
        points: known.map(|(time, value)| (time, value * scale)).collect(),
    }
}

/// The largest coins, and of many coins the median and the band of all.
pub(crate) fn spread_series(
    figures: &Figures,
    lines: &Lines,
    scale: f64,
) -> Vec<Series<(i64, f64)>> {
    let own = lines.largest.iter().enumerate().map(|(place, line)| {
        let label = line.symbol.to_string();
        series(
            &label,
            SeriesRole::Model(place),
            figures,
            &line.values,
            scale,
        )
    });
    let of_all = [
        ("median of all", &lines.of_all.median),
        ("10 % of coins below", &lines.of_all.low),
        ("10 % of coins above", &lines.of_all.high),
    ];
    let of_all = of_all.into_iter().enumerate().filter(|_| lines.others > 0);
    let of_all = of_all.map(|(place, (label, values))| {
        series(label, SeriesRole::Control(place), figures, values, scale)
    });
    own.chain(of_all).collect()
}

/// The sum of all, the largest coins, and the sum of the others.
pub(crate) fn sum_series(figures: &Figures, sums: &Sums, scale: f64) -> Vec<Series<(i64, f64)>> {
    let own = sums.largest.iter().enumerate().map(|(place, line)| {
        let label = line.symbol.to_string();
        series(
            &label,
            SeriesRole::Model(place),
            figures,
            &line.values,
            scale,
        )
    });
    let total = series(
        "all coins",
        SeriesRole::Control(0),
        figures,
        &sums.total,
        scale,
    );
    let label = format!("the other {}", count(sums.others));
    let others = (sums.others > 0).then(|| {
        series(
            &label,
            SeriesRole::Control(1),
            figures,
            &sums.of_others,
            scale,
        )
    });
    std::iter::once(total).chain(own).chain(others).collect()
}
