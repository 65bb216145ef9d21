//! Prediction intervals as tables: how much they hold, how wide they are, where and when.

use score::{INTERVAL_METRICS, IntervalReport, IntervalScores, IntervalValue, Report, Unit};
use statistics::ConfidenceInterval;
use terminal::Table;

use super::interval_verdict::{interval_label, interval_verdicts};
use crate::text::format::{
    counted, dash, interval_title, legend_line, magnitude, percent, wrapped,
};

/// Titles of the thirds of the rows by their trailing volatility.
const THIRDS: [&str; 3] = ["calm third", "middle", "wild third"];

/// The prediction intervals of a report; `labels` are the forecasters' names in the tables. Empty
/// where there are none.
pub(crate) fn intervals_sections(report: &Report, labels: &[String]) -> Vec<String> {
    let of_nominal = |one: &IntervalReport| {
        let mut text = format!(
            "{}\n{}\n",
            wrapped(&interval_heading(one)),
            overall(report, one, labels)
        );
        let verdicts = interval_verdicts(report, one, labels);
        text += &verdicts
            .iter()
            .map(|sentence| wrapped(sentence))
            .collect::<String>();
        text.push('\n');
        for metric in 0..INTERVAL_METRICS.len() {
            text += &format!("{}\n", parts(report, one, labels, metric));
        }
        text + &legend()
    };
    report.intervals.iter().map(of_nominal).collect()
}

/// What the intervals are, and which folds are left out because somebody has none there.
pub(crate) fn interval_heading(one: &IntervalReport) -> String {
    let without: Vec<String> = one.folds_without.iter().map(ToString::to_string).collect();
    let none = match without.as_slice() {
        [] => String::new(),
        [fold] => {
            format!("; fold {fold} is left out, as what is fitted on earlier folds has none there")
        }
        folds => format!(
            "; folds {} are left out, as what is fitted on earlier folds has none there",
            folds.join(", ")
        ),
    };
    format!(
        "Prediction intervals that should hold {:.0} %: {}{none}",
        one.nominal * 100.0,
        counted(one.rows, "row")
    )
}

/// Each forecaster over all rows, and how it differs from the control.
fn overall(report: &Report, one: &IntervalReport, labels: &[String]) -> String {
    let ends = interval_title(report.confidence);
    let titles = INTERVAL_METRICS
        .iter()
        .map(|metric| vec![metric.title.to_owned(), ends.clone()]);
    let mut table = Table::grouped("", titles);
    for scores in &one.forecasters {
        table.push(interval_label(report, labels, scores), figures(scores));
    }
    let control = one.forecasters.last().map_or("", |control| &control.name);
    for scores in one.forecasters.iter().filter(|scores| scores.run.is_some()) {
        let label = format!("{} minus {control}", interval_label(report, labels, scores));
        table.push(&label, differences(scores));
    }
    table.render()
}

/// The cells of a forecaster over all rows: each metric with its interval.
pub(crate) fn figures(scores: &IntervalScores) -> Vec<String> {
    let of_metric = |(value, unit): (&IntervalValue, Unit)| {
        [
            figure(unit, Some(value.value)),
            ends(unit, value.interval, figure),
        ]
    };
    with_units(scores).flat_map(of_metric).collect()
}

/// The cells of a forecaster minus the control.
pub(crate) fn differences(scores: &IntervalScores) -> Vec<String> {
    let of_metric = |(value, unit): (&IntervalValue, Unit)| {
        let interval = value.minus_control_interval;
        [
            difference(unit, value.minus_control),
            ends(unit, interval, difference),
        ]
    };
    with_units(scores).flat_map(of_metric).collect()
}

fn with_units(scores: &IntervalScores) -> impl Iterator<Item = (&IntervalValue, Unit)> {
    let units = INTERVAL_METRICS.iter().map(|metric| metric.unit);
    scores.metrics.iter().zip(units)
}

/// One metric in each fold and each third by volatility.
fn parts(report: &Report, one: &IntervalReport, labels: &[String], metric: usize) -> String {
    let mut table = Table::new(part_titles(report, metric));
    for scores in &one.forecasters {
        table.push(
            interval_label(report, labels, scores),
            part_cells(scores, metric),
        );
    }
    table.render()
}

/// The titles of a table of one metric in each fold and each third by volatility.
pub(crate) fn part_titles(report: &Report, metric: usize) -> Vec<String> {
    let folds = report
        .fold_numbers
        .iter()
        .map(|number| format!("fold {number}"));
    std::iter::once(INTERVAL_METRICS[metric].title.to_owned())
        .chain(folds)
        .chain(THIRDS.map(str::to_owned))
        .collect()
}

/// The cells below [`part_titles`].
pub(crate) fn part_cells(scores: &IntervalScores, metric: usize) -> Vec<String> {
    let IntervalValue {
        folds, terciles, ..
    } = &scores.metrics[metric];
    let unit = INTERVAL_METRICS[metric].unit;
    folds
        .iter()
        .chain(terciles)
        .map(|value| figure(unit, *value))
        .collect()
}

fn legend() -> String {
    let metrics = INTERVAL_METRICS
        .iter()
        .map(|metric| legend_line(metric.title, metric.legend));
    let others = [
        (
            "past_quantiles",
            "a control: the quantiles of what each coin realized in earlier folds",
        ),
        (
            "thirds",
            "of the rows, by the trailing volatility at the time of the forecast",
        ),
    ];
    let others = others.map(|(word, meaning)| legend_line(word, meaning));
    metrics.chain(others).collect()
}

/// A value of a metric in its unit.
fn figure(unit: Unit, value: Option<f64>) -> String {
    match unit {
        Unit::Share => percent(value),
        _ => magnitude(value),
    }
}

/// A difference of two values of a metric, with its sign.
fn difference(unit: Unit, value: Option<f64>) -> String {
    value.map_or_else(dash, |value| {
        let sign = if value < 0.0 { '-' } else { '+' };
        format!("{sign}{}", figure(unit, Some(value.abs())))
    })
}

fn ends(
    unit: Unit,
    interval: Option<ConfidenceInterval>,
    text: fn(Unit, Option<f64>) -> String,
) -> String {
    interval.map_or_else(dash, |ends| {
        let [low, high] = ends.map(|end| text(unit, Some(end)));
        format!("{} to {high}", low.trim_end_matches(" %"))
    })
}
