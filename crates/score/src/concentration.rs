//! How much of a score lies in how little time: a correlation that one day makes is one event, not
//! thousands.

use std::collections::BTreeMap;

use serde::Serialize;
use statistics::{RowSpans, Series};

use crate::rows::Rows;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Of a hundred hours the best one is looked at.
const HOURS_PER_BEST: usize = 100;

/// A share of the covariance above which a score hangs on few events.
const MOST: f64 = 1.0 / 3.0;

/// Which share of a covariance the best day and the best hundredth of the hours hold.
///
/// The covariance is that of the score: products of forecast and realized, both standardized within
/// their fold, each fold with the same weight. The rest may be below 0, so a share may be above 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Concentration {
    /// Share of the UTC day with the largest part.
    pub best_day: f64,
    /// The beginning of that day, UTC milliseconds.
    pub best_day_ms: i64,
    /// Share of the hours with the largest parts, a hundredth of all, at least one.
    pub best_hours: f64,
    /// Number of those hours.
    pub hours: usize,
    /// Number of all hours.
    pub of_hours: usize,
}

impl Concentration {
    /// Of one version of a score; None where it has none or is not above 0.
    pub(crate) fn of(rows: &Rows, spans: &RowSpans, series: &Series) -> Option<Self> {
        let mut hours: BTreeMap<i64, f64> = BTreeMap::new();
        for (fold, products) in spans.folds.iter().zip(series.mean_products()) {
            for (time, product) in spans.times[fold.times.clone()].iter().zip(products) {
                *hours
                    .entry(rows.time_ms[time.start].div_euclid(HOUR_MS))
                    .or_default() += product;
            }
        }
        let total: f64 = hours.values().sum();
        if total <= 0.0 {
            return None;
        }
        let mut days: BTreeMap<i64, f64> = BTreeMap::new();
        for (hour, sum) in &hours {
            *days.entry((hour * HOUR_MS).div_euclid(DAY_MS)).or_default() += sum;
        }
        let (day, best_day) = days.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let mut sums: Vec<f64> = hours.into_values().collect();
        sums.sort_unstable_by(|a, b| b.total_cmp(a));
        let count = sums.len().div_ceil(HOURS_PER_BEST);
        Some(Self {
            best_day: best_day / total,
            best_day_ms: day * DAY_MS,
            best_hours: sums[..count].iter().sum::<f64>() / total,
            hours: count,
            of_hours: sums.len(),
        })
    }

    /// Whether the score hangs on few events.
    pub fn is_narrow(&self) -> bool {
        self.best_day > MOST || self.best_hours > MOST
    }
}
