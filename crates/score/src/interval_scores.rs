//! How good prediction intervals are, beside those of what returns did so far.

use rayon::prelude::*;
use statistics::{
    ConfidenceInterval, FoldSpan, MeanSeries, drawn_blocks, enough_blocks, percentile_interval,
};

use crate::common_rows::CommonRows;
use crate::error::Error;
use crate::interval_report::{IntervalReport, IntervalScores, IntervalValue};
use crate::metrics::{INTERVAL_METRICS, IntervalMetric};
use crate::options::Options;
use crate::past_intervals::past_intervals;
use crate::prediction_intervals::PredictionIntervals;
use crate::rows::Rows;

/// Scores intervals, for each nominal coverage those of all forecasters that have it; `Vec::new()`
/// where no row has an interval. The control `past_quantiles` is put beside them.
///
/// # Errors
/// As [`score`](crate::score); bounds that are not one a row, or cross.
pub fn score_intervals(
    rows: &Rows,
    intervals: &[PredictionIntervals],
    options: &Options,
) -> Result<Vec<IntervalReport>, Error> {
    if intervals.is_empty() {
        return Ok(Vec::new());
    }
    options.validate()?;
    rows.check()?;
    intervals.iter().try_for_each(|one| one.check(rows))?;
    let common = CommonRows::new(rows, options);
    let mut nominals: Vec<f64> = intervals.iter().map(|one| one.nominal).collect();
    nominals.sort_unstable_by(f64::total_cmp);
    nominals.dedup();
    let report = |nominal: &f64| {
        let is_it = |one: &&PredictionIntervals| one.nominal == *nominal;
        of_nominal(&common, *nominal, intervals.iter().filter(is_it))
    };
    Ok(nominals.iter().filter_map(report).collect())
}

/// The report of one nominal coverage; None where no row has all intervals.
fn of_nominal<'a>(
    common: &CommonRows<'_>,
    nominal: f64,
    intervals: impl Iterator<Item = &'a PredictionIntervals>,
) -> Option<IntervalReport> {
    let control = past_intervals(common, nominal);
    let mut all: Vec<&PredictionIntervals> = intervals.collect();
    all.push(&control);
    let has_all = |row: usize| {
        let is_known = |one: &&PredictionIntervals| (one.upper[row] - one.lower[row]).is_finite();
        all.iter().all(is_known)
    };
    let is_scored: Vec<bool> = (0..common.rows.len()).map(has_all).collect();
    let count = is_scored.iter().filter(|is_scored| **is_scored).count();
    if count == 0 {
        return None;
    }
    let thirds = thirds(common.rows, &is_scored);
    let columns: Vec<Vec<MetricColumn>> = (all.par_iter())
        .map(|one| {
            let of = |metric: &IntervalMetric| MetricColumn::new(common, one, metric, &is_scored);
            INTERVAL_METRICS.iter().map(of).collect()
        })
        .collect();
    let draws = Draws::new(common, &columns);
    let forecaster = |(place, one): (usize, &&PredictionIntervals)| IntervalScores {
        name: one.name.clone(),
        run: one.run.clone(),
        metrics: (0..INTERVAL_METRICS.len())
            .map(|metric| value(&columns, &draws, (place, metric), &thirds))
            .collect(),
    };
    let has_none = |fold: &&FoldSpan| !is_scored[fold.rows.clone()].contains(&true);
    Some(IntervalReport {
        nominal,
        rows: count,
        folds_without: (common.spans.folds.iter().filter(has_none))
            .map(|fold| fold.number)
            .collect(),
        block_bars: draws.block,
        forecasters: all.iter().enumerate().map(forecaster).collect(),
    })
}

/// A metric of one forecaster's intervals, row by row.
struct MetricColumn {
    /// Of each row; NaN where it is not scored.
    values: Vec<f64>,
    series: MeanSeries,
}

impl MetricColumn {
    fn new(
        common: &CommonRows<'_>,
        intervals: &PredictionIntervals,
        metric: &IntervalMetric,
        is_scored: &[bool],
    ) -> Self {
        let of_row = |row: usize| match is_scored[row] {
            true => {
                let bounds = [intervals.lower[row], intervals.upper[row]];
                (metric.of_row)(bounds, common.rows.realized[row], intervals.nominal)
            }
            false => f64::NAN,
        };
        let values: Vec<f64> = (0..common.rows.len()).map(of_row).collect();
        let of_time = |rows: &std::ops::Range<usize>| count_and_sum(&values[rows.clone()]);
        let of_fold = |fold: &FoldSpan| -> Vec<[f64; 2]> {
            common.spans.times[fold.times.clone()]
                .iter()
                .map(of_time)
                .collect()
        };
        let folds: Vec<Vec<[f64; 2]>> = common.spans.folds.iter().map(of_fold).collect();
        let series = MeanSeries::new(&folds, mean(&values), common.floor);
        Self { values, series }
    }
}

/// The bootstrap of all columns, all on the same times.
struct Draws {
    block: usize,
    /// `[draw][forecaster][metric]`; empty where there are too few blocks.
    values: Vec<Vec<Vec<f64>>>,
    confidence: f64,
}

impl Draws {
    fn new(common: &CommonRows<'_>, columns: &[Vec<MetricColumn>]) -> Self {
        let series = || columns.iter().flatten().map(|column| &column.series);
        let block = series().map(|series| series.block).max().unwrap_or(1);
        let CommonRows {
            options,
            fold_lengths,
            ..
        } = common;
        let draw = |number: usize| -> Vec<Vec<f64>> {
            let blocks = drawn_blocks(fold_lengths, block, options.seed, number);
            let of_one = |columns: &Vec<MetricColumn>| {
                let means = columns
                    .iter()
                    .map(|column| column.series.resampled(&blocks));
                means.collect()
            };
            columns.iter().map(of_one).collect()
        };
        let values = match enough_blocks(fold_lengths, block, common.floor) {
            true => (0..options.draws).into_par_iter().map(draw).collect(),
            false => Vec::new(),
        };
        Self {
            block,
            values,
            confidence: options.confidence,
        }
    }

    fn interval(&self, of: impl Fn(&[Vec<f64>]) -> f64) -> Option<ConfidenceInterval> {
        let values: Vec<f64> = self.values.iter().map(|draw| of(draw)).collect();
        percentile_interval(&values, self.confidence)
    }
}

/// The figures of one forecaster's metric; the control is the last forecaster.
fn value(
    columns: &[Vec<MetricColumn>],
    draws: &Draws,
    (place, metric): (usize, usize),
    thirds: &[Vec<usize>; 3],
) -> IntervalValue {
    let MetricColumn { values, series } = &columns[place][metric];
    let control = columns.len() - 1;
    let against = &columns[control][metric].series;
    let is_control = place == control;
    let of_third =
        |rows: &Vec<usize>| mean(&rows.iter().map(|&row| values[row]).collect::<Vec<_>>());
    let minus = |draw: &[Vec<f64>]| draw[place][metric] - draw[control][metric];
    IntervalValue {
        metric: INTERVAL_METRICS[metric].name,
        // There is a row at least.
        value: series.mean.unwrap_or(f64::NAN),
        interval: draws.interval(|draw| draw[place][metric]),
        minus_control: (!is_control)
            .then(|| Some(series.mean? - against.mean?))
            .flatten(),
        minus_control_interval: (!is_control).then(|| draws.interval(minus)).flatten(),
        folds: series.fold_means(),
        terciles: thirds.each_ref().map(of_third),
    }
}

/// The scored rows by their trailing volatility: the lowest third, the middle, the highest.
fn thirds(rows: &Rows, is_scored: &[bool]) -> [Vec<usize>; 3] {
    let unit = rows.unit();
    let is_known = |row: &usize| is_scored[*row] && unit[*row].is_finite();
    let mut known: Vec<usize> = (0..rows.len()).filter(is_known).collect();
    known.sort_by(|a, b| unit[*a].total_cmp(&unit[*b]));
    let cut = |third: usize| known.len() * third / 3;
    [0, 1, 2].map(|third| known[cut(third)..cut(third + 1)].to_vec())
}

/// How many values are known, and their sum.
fn count_and_sum(values: &[f64]) -> [f64; 2] {
    let known = values.iter().filter(|value| !value.is_nan());
    known.fold([0.0, 0.0], |[count, sum], value| [count + 1.0, sum + value])
}

fn mean(values: &[f64]) -> Option<f64> {
    let [count, sum] = count_and_sum(values);
    (count > 0.0).then(|| sum / count)
}
