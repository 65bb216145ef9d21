//! Scores forecasters on the rows they share.

use std::collections::{BTreeMap, BTreeSet};

use crate::concentration::Concentration;
use crate::controls::{is_control, is_unknown};
use crate::ground::Ground;
use crate::metrics::{METRICS, Metric, Place, Prepared, Sample};
use crate::ranks::Ranks;
use crate::report::{Concentrations, Difference, Report, Score};
use crate::resampling::{Bootstrap, Scored, compared_pairs};
use crate::rows::{Forecaster, Rows, check_forecasters};
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
pub fn score(rows: &Rows, forecasters: &[Forecaster], options: &Options) -> Result<Report, Error> {
    score_by(METRICS, rows, forecasters, options)
}

/// As [`score`], by these metrics.
///
/// # Errors
/// As [`score`].
pub fn score_by(
    metrics: &[Metric],
    rows: &Rows,
    forecasters: &[Forecaster],
    options: &Options,
) -> Result<Report, Error> {
    options.validate()?;
    rows.check()?;
    check_forecasters(rows, forecasters)?;

    let ground = Ground::new(rows, options);
    let scored = Scored::all(&ground, forecasters);
    let pairs = compared_pairs(&scored);
    let prepared = Prepared {
        scored: &scored,
        bootstrap: &Bootstrap::new(&ground, &scored, &pairs),
        ranks: &Ranks::new(&ground, forecasters),
    };
    let compared: Vec<Metric> = metrics
        .iter()
        .filter(|metric| metric.place == Place::Scores)
        .copied()
        .collect();
    let samples: Vec<Sample<'_>> = forecasters
        .iter()
        .enumerate()
        .map(|(place, forecaster)| Sample::drawn(&ground, forecaster, &prepared, place))
        .collect();
    let places = 0..forecasters.len();
    Ok(Report {
        rows: rows.len(),
        times: ground.layout.times.len(),
        folds: ground.layout.folds.len(),
        fold_numbers: ground.layout.folds.iter().map(|fold| fold.number).collect(),
        coins: rows.symbol.iter().collect::<BTreeSet<_>>().len(),
        bar_ms: rows.bar_ms,
        reach_bars: rows.reach_bars,
        draws: options.draws,
        confidence: options.confidence,
        seed: options.seed,
        floor_bars: ground.floor,
        trailing_volatility: rows.trailing_volatility.is_some(),
        metrics: metrics.to_vec(),
        forecasters: places
            .map(|place| {
                score_of(
                    metrics,
                    &samples[place],
                    (&prepared, place),
                    &forecasters[place],
                )
            })
            .collect(),
        differences: pairs
            .iter()
            .map(|&(a, b)| {
                difference(
                    metrics,
                    [&samples[a], &samples[b]],
                    [&forecasters[a], &forecasters[b]],
                )
            })
            .collect(),
        shuffled: shuffled_base(forecasters).map(|base| Shuffled::new(&ground, base, &compared)),
    })
}

fn score_of(
    metrics: &[Metric],
    sample: &Sample<'_>,
    (prepared, place): (&Prepared<'_>, usize),
    forecaster: &Forecaster,
) -> Score {
    let Prepared { bootstrap, .. } = prepared;
    let ground = bootstrap.ground;
    let (raw, forecast) = (Variant::Raw, &forecaster.forecast);
    let series = &prepared.scored[place].series[raw as usize];
    let value = |metric: &Metric| (metric.of)(sample).summary(ground.options.confidence);
    let is_control = is_control(&forecaster.name, forecaster.run.as_deref());
    Score {
        name: forecaster.name.clone(),
        run: forecaster.run.clone(),
        metrics: metrics
            .iter()
            .map(|metric| (*metric, value(metric)))
            .collect(),
        folds: series.folds.clone(),
        fold_intervals: bootstrap.fold_intervals(series.block, place),
        interval_day: bootstrap.interval(bootstrap.score_draws(ground.day, place, raw)),
        block_bars: series.block,
        block_bars_day: ground.day,
        coins: ground.per_coin(forecast),
        coin_intervals: match is_control {
            true => BTreeMap::new(),
            false => ground.coin_intervals(forecast, series.block),
        },
        concentration: concentrations(ground, &prepared.scored[place]),
        is_unknown: is_unknown(forecaster),
        break_even: None,
    }
}

fn difference(
    metrics: &[Metric],
    [x, y]: [&Sample<'_>; 2],
    [a, b]: [&Forecaster; 2],
) -> Difference {
    let of = |metric: &Metric| {
        let estimate = (metric.minus?)(x, y);
        Some((*metric, estimate.summary(x.confidence())))
    };
    Difference {
        a: a.name.clone(),
        b: b.name.clone(),
        a_run: a.run.clone(),
        b_run: b.run.clone(),
        metrics: metrics.iter().filter_map(of).collect(),
    }
}

/// How much of a forecaster's scores lies in how little time.
pub(crate) fn concentrations(ground: &Ground<'_>, scored: &Scored) -> Concentrations {
    let of = |variant: Variant| {
        Concentration::of(
            ground.rows,
            &ground.layout,
            &scored.series[variant as usize],
        )
    };
    Concentrations {
        delayed: of(Variant::Delayed),
        delayed_neutral: of(Variant::DelayedNeutral),
        pearson: of(Variant::Raw),
        neutral: of(Variant::Neutral),
    }
}
