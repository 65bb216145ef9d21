//! The shuffled control: the first forecaster's forecasts in other orders of days, which know
//! nothing of the time.
//!
//! One order is one random number: coins move together and forecasts move slowly, so that a score
//! of nothing swings by some hundredths. Many orders show how far. Days are moved as wholes, all
//! coins together, so that an order has the dependence over time and coins that the forecasts have;
//! rows that are shuffled one by one would swing far less.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;
use serde::ser::SerializeMap;
use statistics::{ConfidenceInterval, FoldSpan, mean};

use crate::common_rows::CommonRows;
use crate::metrics::{ByMetric, Metric, MetricEntry, Sample, Value};
use crate::rows::ForecastColumn;

/// Orders that are scored.
pub const SHUFFLED_ORDERS: usize = 20;

/// Parts that a fold is cut into at least, where it has as many times.
const LEAST_PARTS: usize = 5;

/// Scores of a forecaster in [`SHUFFLED_ORDERS`] other orders of days: what a score of nothing
/// looks like on these rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shuffled {
    /// Whose forecasts.
    pub of: String,
    /// Number of orders.
    pub orders: usize,
    /// The spread of each metric that forecasters are compared by.
    #[serde(flatten)]
    pub spreads: ByMetric<Option<Spread>>,
}

impl MetricEntry for Option<Spread> {
    fn write<M: SerializeMap>(&self, metric: &Metric, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry(metric.name, self)
    }
}

/// Mean and ends of a score over orders.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// Mean over orders.
    pub mean: f64,
    /// Standard deviation over orders, with n - 1.
    pub std: f64,
    /// The lowest and the highest.
    pub range: ConfidenceInterval,
}

impl Spread {
    /// Of the scores of all orders; None where one has none.
    pub(crate) fn of(values: &[Option<f64>]) -> Option<Self> {
        let values: Vec<f64> = values.iter().copied().collect::<Option<_>>()?;
        let count = values.len() as f64;
        let mean = mean(&values);
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let low = values.iter().copied().reduce(f64::min)?;
        let high = values.iter().copied().reduce(f64::max)?;
        Some(Self {
            mean,
            std: (squares / (count - 1.0)).sqrt(),
            range: [low, high],
        })
    }
}

/// The values of the metrics in every order of a forecaster's days, `[metric][order]`.
pub(crate) fn order_scores(
    common: &CommonRows<'_>,
    base: &ForecastColumn,
    metrics: &[Metric],
) -> Vec<Vec<Option<f64>>> {
    let score = |number: usize| -> Vec<Option<f64>> {
        let other = ForecastColumn {
            forecast: in_other_order(common, &base.forecast, number),
            ..base.clone()
        };
        let sample = Sample::alone(common, &other);
        let values = metrics.iter().map(|metric| (metric.of)(&sample).value);
        values.collect()
    };
    let orders: Vec<Vec<Option<f64>>> = (0..SHUFFLED_ORDERS).into_par_iter().map(score).collect();
    (0..metrics.len())
        .map(|place| orders.iter().map(|order| order[place]).collect())
        .collect()
}

impl Shuffled {
    /// Of a forecaster, in other orders.
    pub(crate) fn new(common: &CommonRows<'_>, base: &ForecastColumn, metrics: &[Metric]) -> Self {
        let scores = order_scores(common, base, metrics);
        let spreads = scores.iter().map(|orders| Spread::of(orders));
        Self {
            of: base.name.clone(),
            orders: SHUFFLED_ORDERS,
            spreads: metrics.iter().copied().zip(spreads).collect(),
        }
    }

    /// The spread of a metric; None where it has none.
    pub fn spread(&self, metric: &str) -> Option<Spread> {
        self.spreads.get(metric).copied().flatten()
    }

    /// Its name in tables.
    pub fn label(&self) -> String {
        format!("shuffled, {} orders", self.orders)
    }

    /// The mean of a metric, with the range in the place of the interval.
    pub fn value(&self, metric: &str) -> Value {
        let spread = self.spread(metric);
        Value {
            value: spread.map(|spread| spread.mean),
            interval: spread.map(|spread| spread.range),
            t: None,
        }
    }
}

/// Whose days are shuffled: the first forecaster that is no control, else the last return.
pub(crate) fn shuffled_base(forecasters: &[ForecastColumn]) -> Option<&ForecastColumn> {
    let model = forecasters.iter().find(|one| !one.is_control());
    model.or_else(|| forecasters.iter().find(|one| one.name == "last_return"))
}

/// Every fold's forecasts with its days in another order, in which none is where it was; NaN where
/// a coin has no forecast at the time that is taken.
fn in_other_order(common: &CommonRows<'_>, forecast: &[f64], number: usize) -> Vec<f64> {
    let (rows, spans) = (common.rows, &common.spans);
    let mut generator = ChaCha8Rng::seed_from_u64(common.options.seed);
    generator.set_stream(number as u64);
    let mut other = vec![f64::NAN; forecast.len()];
    let mut of_coin = vec![f64::NAN; rows.symbols.len()];
    for fold in &spans.folds {
        for (to, from) in fold
            .times
            .clone()
            .zip(other_times(fold, common.day, &mut generator))
        {
            for row in spans.times[from].clone() {
                of_coin[rows.symbol[row] as usize] = forecast[row];
            }
            for row in spans.times[to].clone() {
                other[row] = of_coin[rows.symbol[row] as usize];
            }
            of_coin.fill(f64::NAN);
        }
    }
    other
}

/// The fold's times in parts of about a day, in one round that leaves no part in its place
/// (Sattolo, 1986).
fn other_times(fold: &FoldSpan, day_bars: usize, generator: &mut ChaCha8Rng) -> Vec<usize> {
    let times = fold.times.len();
    let parts = (times / day_bars).max(LEAST_PARTS.min(times)).max(1);
    let mut order: Vec<usize> = (0..parts).collect();
    for last in (1..parts).rev() {
        order.swap(last, generator.random_range(0..last));
    }
    let start = |part: usize| fold.times.start + part * times / parts;
    order
        .into_iter()
        .flat_map(|part| start(part)..start(part + 1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_time_stays_where_it_was_and_none_is_lost() {
        for (times, day) in [
            (7200, 1440),
            (7201, 1440),
            (1500, 1440),
            (40, 1440),
            (8928, 288),
            (6, 1),
            (2, 1),
        ] {
            let fold = FoldSpan {
                number: 1,
                rows: 100..100 + times,
                times: 100..100 + times,
            };
            for seed in 0..20 {
                let order = other_times(&fold, day, &mut ChaCha8Rng::seed_from_u64(seed));
                assert!(
                    order
                        .iter()
                        .zip(fold.times.clone())
                        .all(|(from, to)| *from != to),
                    "{times} {day} {seed}"
                );
                let mut sorted = order.clone();
                sorted.sort_unstable();
                assert!(sorted.into_iter().eq(fold.times.clone()));
            }
        }
        let one = FoldSpan {
            number: 1,
            rows: 0..1,
            times: 0..1,
        };
        assert_eq!(
            other_times(&one, 1440, &mut ChaCha8Rng::seed_from_u64(0)),
            [0]
        );
    }

    #[test]
    fn a_spread_needs_all_its_orders() {
        let spread = Spread::of(&[Some(1.0), Some(3.0)]);
        assert_eq!(
            spread,
            Some(Spread {
                mean: 2.0,
                std: 2.0_f64.sqrt(),
                range: [1.0, 3.0]
            })
        );
        assert_eq!(Spread::of(&[Some(1.0), None]), None);
    }
}
