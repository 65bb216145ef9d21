//! Scores forecasters on the rows they share.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::common_rows::CommonRows;
use crate::concentration::Concentration;
use crate::daily::IcVariant;
use crate::levels::{Quantity, score_levels};
use crate::metrics::{METRICS, Metric, ReportSection, Sample, SharedDraws};
use crate::ranks::Ranks;
use crate::report::{Concentrations, Difference, Report, Score};
use crate::resampling::{Bootstrap, ForecasterSeries, compared_pairs};
use crate::rows::{ForecastColumn, Rows, check_forecasters};
use crate::shuffled::{Shuffled, shuffled_base};
use crate::variants::Variant;
use crate::{Error, Options};

/// Scores every forecaster, and every difference between one that is no control and any other, by
/// all [`METRICS`].
///
/// The result depends on the rows, the forecasts and the options alone, not on the number of
/// threads.
///
/// # Errors
/// Where the rows are inconsistent ([`Rows::checked`]), the options out of range
/// ([`Options::validate`]), there is no forecaster, or a forecaster has not exactly one finite
/// forecast a row.
pub fn score(
    rows: &Rows,
    forecasters: &[ForecastColumn],
    options: &Options,
) -> Result<Report, Error> {
    score_by(METRICS, rows, forecasters, options)
}

/// As [`score`], by these metrics.
///
/// # Errors
/// As [`score`].
pub fn score_by(
    metrics: &[Metric],
    rows: &Rows,
    forecasters: &[ForecastColumn],
    options: &Options,
) -> Result<Report, Error> {
    options.validate()?;
    rows.check()?;
    check_forecasters(rows, forecasters)?;
    if rows.quantity == Quantity::LogVolatility {
        return Ok(score_levels(metrics, rows, forecasters, options));
    }
    let is_own = |metric: &&Metric| metric.quantity == Quantity::Return;
    let metrics: &[Metric] = &metrics.iter().filter(is_own).copied().collect::<Vec<_>>();

    let common = CommonRows::new(rows, options);
    let scored = ForecasterSeries::all(&common, forecasters);
    let pairs = compared_pairs(&scored);
    let prepared = SharedDraws {
        scored: &scored,
        bootstrap: &Bootstrap::new(&common, &scored, &pairs),
        ranks: &Ranks::new(&common, forecasters),
    };
    let is_compared = |metric: &&Metric| metric.section == ReportSection::Scores;
    let compared: Vec<Metric> = metrics.iter().filter(is_compared).copied().collect();
    let samples: Vec<Sample<'_>> = forecasters
        .iter()
        .enumerate()
        .map(|(place, forecaster)| Sample::drawn(&common, forecaster, &prepared, place))
        .collect();
    let mut scores: Vec<Score> = (0..samples.len())
        .into_par_iter()
        .map(|place| score_of(metrics, &samples[place], &prepared, place))
        .collect();
    // One after the other, as the sums of all coins are large.
    for (score, forecaster) in scores.iter_mut().zip(forecasters) {
        if !forecaster.is_control() {
            score.coin_intervals = common.coin_intervals(&forecaster.forecast, score.block_bars);
        }
    }
    Ok(Report {
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
        floor_bars: common.floor,
        trailing_volatility: rows.trailing_volatility.is_some(),
        metrics: metrics.to_vec(),
        forecasters: scores,
        differences: pairs
            .par_iter()
            .map(|&(a, b)| difference(metrics, &samples[a], &samples[b]))
            .collect(),
        shuffled: shuffled_base(forecasters).map(|base| Shuffled::new(&common, base, &compared)),
        intervals: Vec::new(),
        largest_coins: Vec::new(),
    })
}

/// A forecaster's score, save the intervals of its coins.
fn score_of(
    metrics: &[Metric],
    sample: &Sample<'_>,
    prepared: &SharedDraws<'_>,
    place: usize,
) -> Score {
    let SharedDraws { bootstrap, .. } = prepared;
    let (common, forecaster) = (bootstrap.common, sample.forecaster());
    let series = &prepared.scored[place].series[Variant::Raw as usize];
    let days = &prepared.scored[place].days[IcVariant::Neutral as usize];
    let day_draws = bootstrap.score_draws(common.day, place, Variant::Raw);
    let value = |metric: &Metric| (metric.of)(sample).summary(common.options.confidence);
    Score {
        name: forecaster.name.clone(),
        run: forecaster.run.clone(),
        metrics: metrics
            .iter()
            .map(|metric| (*metric, value(metric)))
            .collect(),
        folds: series.folds.clone(),
        fold_intervals: bootstrap.fold_intervals(series.block, place),
        ic_a_day_folds: common.days.fold_means(days),
        ic_a_day_fold_intervals: common.days.fold_intervals(days, common.options),
        interval_day: bootstrap.interval(day_draws),
        block_bars: series.block,
        block_bars_day: common.day,
        coins: common.per_coin(sample.forecast()),
        coin_intervals: BTreeMap::new(),
        concentration: concentrations(common, &prepared.scored[place]),
        level: None,
        is_unknown: sample.is_unknown(),
        break_even: None,
    }
}

fn difference(metrics: &[Metric], x: &Sample<'_>, y: &Sample<'_>) -> Difference {
    let of = |metric: &Metric| {
        let estimate = (metric.minus?)(x, y);
        Some((*metric, estimate.summary(x.confidence())))
    };
    let (a, b) = (x.forecaster(), y.forecaster());
    Difference {
        a: a.name.clone(),
        b: b.name.clone(),
        a_run: a.run.clone(),
        b_run: b.run.clone(),
        metrics: metrics.iter().filter_map(of).collect(),
        qlike_t: None,
    }
}

/// How much of a forecaster's scores lies in how little time.
pub(crate) fn concentrations(common: &CommonRows<'_>, scored: &ForecasterSeries) -> Concentrations {
    let of = |variant: Variant| {
        Concentration::of(common.rows, &common.spans, &scored.series[variant as usize])
    };
    Concentrations {
        delayed: of(Variant::Delayed),
        delayed_neutral: of(Variant::DelayedNeutral),
        pearson: of(Variant::Raw),
        neutral: of(Variant::Neutral),
    }
}
