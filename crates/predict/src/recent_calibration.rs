//! Whether what a run published of volatilities of late was right.

use dataset::Panel;
use run::{Publication, PublishedVolatility};
use serde::{Deserialize, Serialize};

use crate::Checkpoint;
use crate::track_record::{OUTCOME_DAYS, TrackRecord, bars_of_day, outcome_bars};

/// What was forecast of the last days whose outcomes are known, by the same model, beside these. The
/// model had seen none of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecentCalibration {
    /// Open time of the last candle of the first forecast, UTC ms.
    pub from: i64,
    /// The same of the last forecast.
    pub until: i64,
    /// Number of outcomes, of all coins.
    pub outcomes: usize,
    /// Of each published interval.
    pub coverages: Vec<RecentCoverage>,
    /// Mean of the volatilities that came over the mean of those forecast.
    pub realized_to_forecast: f64,
    /// Mean probability of High; None where no regimes are published.
    pub high_forecast: Option<f64>,
    /// Share of the outcomes that were High.
    pub high_realized: Option<f64>,
}

/// How many outcomes an interval held.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RecentCoverage {
    /// Share that it should hold.
    pub expected: f64,
    /// Share that it held.
    pub found: f64,
    /// The lowest and highest share in as many days of the run's scored folds whose outcomes were known
    /// before the first of these forecasts; None where they are too few.
    pub usual: Option<[f64; 2]>,
}

/// One outcome.
struct Outcome {
    realized: f64,
    published: PublishedVolatility,
}

/// The outcomes of the last days before the last row of a panel; None where none is known that the
/// model has not seen.
///
/// # Errors
/// What the forecaster says.
pub(crate) fn recent_calibration(
    checkpoint: &Checkpoint,
    panel: &Panel,
    publication: &Publication,
) -> anyhow::Result<Option<RecentCalibration>> {
    let rows = outcome_rows(checkpoint, panel);
    let (Some(&first), Some(&last)) = (rows.first(), rows.last()) else {
        return Ok(None);
    };
    let targets = checkpoint.config.target.compute(panel);
    let forecasts = checkpoint.forecaster.forecast(panel, &rows)?;
    let coins = panel.coins();
    let mut outcomes = Vec::new();
    for (&row, answers) in rows.iter().zip(forecasts.chunks(coins)) {
        let Some(step) = publication.step_at(panel.time_ms(row)) else {
            continue;
        };
        let known: Vec<(&str, f64, f64)> = (answers.iter().enumerate())
            .filter_map(|(coin, answer)| {
                let symbol = panel.symbols()[coin].as_str();
                Some((symbol, *answer.as_ref().ok()?, targets.value(row, coin)))
            })
            .filter(|(_, forecast, realized)| forecast.is_finite() && realized.is_finite())
            .collect();
        let asked: Vec<(&str, f64)> = known.iter().map(|one| (one.0, one.1)).collect();
        let published = step.publish_all(&asked).into_iter().zip(&known);
        outcomes.extend(published.map(|(published, one)| Outcome {
            realized: one.2,
            published,
        }));
    }
    let span = (panel.time_ms(first), panel.time_ms(last));
    Ok((!outcomes.is_empty())
        .then(|| RecentCalibration::of(&outcomes, span, checkpoint.record.as_ref())))
}

/// One row a day, the last ones whose targets are known and that the model has not seen, in order.
fn outcome_rows(checkpoint: &Checkpoint, panel: &Panel) -> Vec<usize> {
    let config = &checkpoint.config;
    let interval = config.data.interval;
    if outcome_bars(interval, 0) == 0 {
        return Vec::new();
    }
    let Some(unseen_ms) = checkpoint.unseen_from_ms else {
        return Vec::new();
    };
    let first = checkpoint.forecaster.history_bars() - 1;
    let Some(last) = (panel.rows() - 1).checked_sub(config.reach_bars()) else {
        return Vec::new();
    };
    let days = (0..OUTCOME_DAYS).filter_map(|day| last.checked_sub(day * bars_of_day(interval)));
    let mut rows: Vec<usize> = days
        .filter(|&row| row >= first && panel.time_ms(row) >= unseen_ms)
        .collect();
    rows.reverse();
    rows
}

impl RecentCalibration {
    fn of(outcomes: &[Outcome], (from, until): (i64, i64), record: Option<&TrackRecord>) -> Self {
        let count = outcomes.len() as f64;
        let mean = |of: &dyn Fn(&Outcome) -> f64| outcomes.iter().map(of).sum::<f64>() / count;
        let intervals = outcomes
            .iter()
            .map(|one| one.published.intervals.as_slice());
        let expected: Vec<f64> = intervals
            .max_by_key(|intervals| intervals.len())
            .map_or(&[][..], |intervals| intervals)
            .iter()
            .map(|interval| interval.coverage)
            .collect();
        let coverage = |(place, expected): (usize, f64)| {
            let holds = |one: &Outcome| {
                let interval = one.published.intervals.get(place);
                let is_held = interval.is_some_and(|interval| {
                    (interval.lower..=interval.upper).contains(&one.realized)
                });
                f64::from(u8::from(is_held))
            };
            RecentCoverage {
                expected,
                found: mean(&holds),
                usual: record
                    .and_then(|record| record.usual_coverage(expected, OUTCOME_DAYS, from)),
            }
        };
        let has_regimes = outcomes
            .iter()
            .all(|one| !one.published.probabilities.is_empty() && !one.published.edges.is_empty());
        let high = |one: &Outcome| {
            one.published
                .probabilities
                .last()
                .map_or(0.0, |(_, high)| *high)
        };
        let is_high = |one: &Outcome| {
            let edge = one.published.edges.last();
            f64::from(u8::from(edge.is_some_and(|edge| one.realized > *edge)))
        };
        Self {
            from,
            until,
            outcomes: outcomes.len(),
            coverages: expected.into_iter().enumerate().map(coverage).collect(),
            realized_to_forecast: mean(&|one| one.realized.exp())
                / mean(&|one| one.published.volatility),
            high_forecast: has_regimes.then(|| mean(&high)),
            high_realized: has_regimes.then(|| mean(&is_high)),
        }
    }

    /// The intervals that held fewer or more outcomes than in any as many days of the scored folds.
    pub fn drifted(&self) -> Vec<&RecentCoverage> {
        let is_off = |coverage: &&RecentCoverage| {
            coverage
                .usual
                .is_some_and(|[least, most]| !(least..=most).contains(&coverage.found))
        };
        self.coverages.iter().filter(is_off).collect()
    }
}

#[cfg(test)]
mod tests {
    use run::PredictionInterval;

    use super::*;

    fn outcome(realized: f64, high: f64) -> Outcome {
        let interval = |coverage, half: f64| PredictionInterval {
            coverage,
            lower: -half,
            upper: half,
        };
        Outcome {
            realized,
            published: PublishedVolatility {
                volatility: 2.0,
                variance: 4.0,
                intervals: vec![interval(0.8, 1.0), interval(0.95, 2.0)],
                edges: vec![0.0, 0.5],
                probabilities: vec![
                    ("low".to_owned(), 0.1),
                    ("medium".to_owned(), 0.9 - high),
                    ("high".to_owned(), high),
                ],
            },
        }
    }

    /// Of four outcomes two lie within 1 and three within 2; two are above .5.
    #[test]
    fn shares_are_counted_by_hand() {
        let outcomes = [
            outcome(0.0, 0.2),
            outcome(0.6, 0.4),
            outcome(-1.5, 0.2),
            outcome(3.0, 0.4),
        ];
        let found = RecentCalibration::of(&outcomes, (1, 2), None);
        let shares: Vec<f64> = found.coverages.iter().map(|one| one.found).collect();
        assert_eq!(shares, [0.5, 0.75]);
        assert_eq!(found.high_realized, Some(0.5));
        assert!((found.high_forecast.unwrap_or_default() - 0.3).abs() < 1e-15);
        let mean = (1.0 + 0.6_f64.exp() + (-1.5_f64).exp() + 3.0_f64.exp()) / 4.0;
        assert!((found.realized_to_forecast - mean / 2.0).abs() < 1e-15);
        assert!(
            found.drifted().is_empty(),
            "nothing is known of what is usual"
        );
        let mut off = found;
        off.coverages[0].usual = Some([0.7, 0.9]);
        off.coverages[1].usual = Some([0.7, 0.9]);
        assert_eq!(off.drifted().len(), 1);
    }
}
