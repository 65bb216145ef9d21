//! Scores forecasts of log volatility on the rows they share.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::coins::coins;
use super::comparison::{confidence_set, daily_losses, diebold_mariano_t};
use super::control_classes::classes_of;
use super::day_draws::DayDraws;
use super::details::Details;
use super::forecast::{LevelForecast, Quantity, RegimeForecast};
use super::level_rows::LevelRows;
use super::report::LevelScore;
use crate::Options;
use crate::common_rows::CommonRows;
use crate::daily::DAY_MS;
use crate::metrics::{Estimate, Metric, ReportSection, Sample};
use crate::report::{Concentrations, Difference, Report, Score};
use crate::rows::{ForecastColumn, Rows};

/// Scores every forecaster by the metrics of volatility among these, and the differences between
/// each that is no control and any after it or control. Rows, forecasters and options are known to
/// be consistent.
pub(crate) fn score_levels(
    metrics: &[Metric],
    rows: &Rows,
    forecasters: &[ForecastColumn],
    options: &Options,
) -> Report {
    let metrics = of_volatility(metrics, forecasters);
    let known = forecasters
        .iter()
        .find_map(|one| one.level.as_ref()?.regimes.as_ref());
    let published: Vec<Cow<'_, ForecastColumn>> = forecasters
        .iter()
        .map(|one| with_level(one, rows, known))
        .collect();
    let forecasters: Vec<&ForecastColumn> = published.iter().map(AsRef::as_ref).collect();
    let common = CommonRows::new(rows, options);
    let days = DayDraws::new(rows, &common.spans, options);
    let realized: Vec<f64> = rows.realized.iter().map(|log| log.exp()).collect();
    let level_rows: Vec<LevelRows<'_>> = (forecasters.par_iter())
        .map(|one| LevelRows::new((rows, &realized), &days, one))
        .collect();
    let of_metrics = |(forecaster, level): (&&ForecastColumn, &LevelRows<'_>)| {
        let sample = Sample::of_level(&common, forecaster, level);
        metrics.iter().map(|metric| (metric.of)(&sample)).collect()
    };
    let estimates: Vec<Vec<Estimate>> = (forecasters.par_iter().zip(&level_rows))
        .map(of_metrics)
        .collect();
    let losses: Vec<Vec<f64>> = (forecasters.par_iter())
        .map(|one| daily_losses(&common, &days, one))
        .collect();
    let confidence = confidence_set(&common, &days, &forecasters, &losses);
    let details = Details {
        common: &common,
        days: &days,
    };
    let score = |place: usize| {
        LevelScorer {
            details: &details,
            metrics: &metrics,
            estimates: &estimates[place],
            rows: &level_rows[place],
        }
        .score(forecasters[place], confidence[place])
    };
    let difference = |&(a, b): &(usize, usize)| Difference {
        a: forecasters[a].name.clone(),
        b: forecasters[b].name.clone(),
        a_run: forecasters[a].run.clone(),
        b_run: forecasters[b].run.clone(),
        metrics: (metrics.iter().enumerate())
            .filter(|(_, metric)| metric.section == ReportSection::Scores)
            .map(|(place, metric)| {
                let estimate = estimates[a][place].minus(&estimates[b][place]);
                (*metric, estimate.summary(options.confidence))
            })
            .collect(),
        qlike_t: diebold_mariano_t(&losses[a], &losses[b]),
    };
    Report {
        forecasters: (0..forecasters.len()).into_par_iter().map(score).collect(),
        differences: pairs(&forecasters).par_iter().map(difference).collect(),
        ..empty_report(&common, metrics)
    }
}

/// The metrics of volatility; those of probabilities above a level only where one is published, by `regime.above`.
fn of_volatility(metrics: &[Metric], forecasters: &[ForecastColumn]) -> Vec<Metric> {
    let has_levels = (forecasters.iter().filter_map(|one| one.level.as_ref()))
        .any(|level| !level.above.is_empty());
    let is_own = |metric: &&Metric| {
        metric.quantity == Quantity::LogVolatility
            && (has_levels || metric.section != ReportSection::Levels)
    };
    metrics.iter().filter(is_own).copied().collect()
}

/// The forecaster with what it publishes: its log as it is where it says nothing else, and of a
/// control the classes whose edges are known.
fn with_level<'a>(
    forecaster: &'a ForecastColumn,
    rows: &Rows,
    known: Option<&RegimeForecast>,
) -> Cow<'a, ForecastColumn> {
    match forecaster.level {
        Some(_) => Cow::Borrowed(forecaster),
        None => Cow::Owned(ForecastColumn {
            level: Some(LevelForecast {
                regimes: known
                    .filter(|_| forecaster.is_control())
                    .and_then(|known| classes_of(forecaster, rows, known)),
                ..LevelForecast::uncorrected(&forecaster.forecast)
            }),
            ..forecaster.clone()
        }),
    }
}

/// Each that is no control with each after it that is none, and with each control.
fn pairs(forecasters: &[&ForecastColumn]) -> Vec<(usize, usize)> {
    let (controls, models): (Vec<usize>, Vec<usize>) =
        (0..forecasters.len()).partition(|&place| forecasters[place].is_control());
    let of_model = |(place, &model): (usize, &usize)| {
        let others = models[place + 1..].iter().chain(&controls);
        others.map(move |&other| (model, other)).collect::<Vec<_>>()
    };
    models.iter().enumerate().flat_map(of_model).collect()
}

/// A report without forecasters.
fn empty_report(common: &CommonRows<'_>, metrics: Vec<Metric>) -> Report {
    let CommonRows { rows, options, .. } = common;
    Report {
        quantity: rows.quantity,
        rows: rows.len(),
        times: common.spans.times.len(),
        folds: common.spans.folds.len(),
        fold_numbers: common.spans.folds.iter().map(|fold| fold.number).collect(),
        fold_spans_ms: common.spans.fold_spans_ms(&rows.time_ms),
        coins: rows.symbol.iter().collect::<BTreeSet<_>>().len(),
        bar_ms: rows.bar_ms,
        reach_bars: rows.reach_bars,
        draws: options.draws,
        confidence: options.confidence,
        seed: options.seed,
        floor_bars: block_bars(rows, options),
        trailing_volatility: rows.trailing_volatility.is_some(),
        metrics,
        forecasters: Vec::new(),
        differences: Vec::new(),
        shuffled: None,
        intervals: Vec::new(),
        largest_coins: Vec::new(),
    }
}

/// Bars of a block of days.
fn block_bars(rows: &Rows, options: &Options) -> usize {
    let bars = (options.block_days as i64).saturating_mul(DAY_MS) / rows.bar_ms.max(1);
    usize::try_from(bars).unwrap_or(0).max(1)
}

/// What one forecaster's score is made from.
struct LevelScorer<'a> {
    details: &'a Details<'a>,
    metrics: &'a [Metric],
    estimates: &'a [Estimate],
    rows: &'a LevelRows<'a>,
}

impl LevelScorer<'_> {
    fn score(&self, forecaster: &ForecastColumn, mcs_p: Option<f64>) -> Score {
        let CommonRows { rows, options, .. } = self.details.common;
        let pairs = || self.metrics.iter().zip(self.estimates);
        let compared = pairs().filter(|(metric, _)| metric.section == ReportSection::Scores);
        let folds = compared.map(|(metric, estimate)| (metric.name, estimate.folds.clone()));
        let of_level = |level: &LevelForecast| LevelScore {
            mcs_p,
            folds: folds.collect(),
            bins: self.details.bins(level, self.rows),
            errors: self.details.errors(level),
            regimes: (level.regimes.as_ref())
                .and_then(|regimes| self.details.regimes(regimes, self.rows)),
            above: (level.above.iter())
                .filter_map(|above| self.details.above(above))
                .collect(),
            coins: coins(rows, level, self.rows),
        };
        Score {
            name: forecaster.name.clone(),
            run: forecaster.run.clone(),
            metrics: pairs()
                .map(|(metric, estimate)| (*metric, estimate.summary(options.confidence)))
                .collect(),
            level: forecaster.level.as_ref().map(of_level),
            folds: Vec::new(),
            fold_intervals: Vec::new(),
            ic_a_day_folds: Vec::new(),
            ic_a_day_fold_intervals: Vec::new(),
            interval_day: None,
            block_bars: block_bars(rows, options),
            block_bars_day: block_bars(rows, options),
            coins: BTreeMap::new(),
            coin_intervals: BTreeMap::new(),
            concentration: Concentrations::default(),
            is_unknown: false,
            break_even: None,
        }
    }
}
