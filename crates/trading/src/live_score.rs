//! How forecasts and what came of them go together, with a bootstrap interval.

use statistics::{RowSpans, Series, draw, enough_blocks, percentile_interval};

/// A correlation of fewer settled forecasts says nothing.
pub const FEWEST_OUTCOMES: usize = 100;

/// More rows than this are not drawn from: the interval would hold the next bar up.
const MOST_DRAWN: usize = 200_000;

/// Draws of the bootstrap.
const DRAWS: usize = 300;

/// Seed of the draws.
const SEED: u64 = 1;

/// A forecast and what came.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Open time of the last candle that the forecast knows, UTC ms.
    pub time_ms: i64,
    /// The forecast.
    pub forecast: f64,
    /// The return over the target's time from that candle's close.
    pub realized: f64,
}

/// The Pearson correlation of settled forecasts with what came.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LivePearson {
    /// Time of the last forecast that it is of, UTC ms.
    pub time_ms: i64,
    /// The correlation.
    pub value: f64,
    /// Its 95 % interval by a stationary block bootstrap over times; None where there are too few blocks,
    /// or more than 200,000 forecasts.
    pub interval: Option<[f64; 2]>,
    /// Number of settled forecasts.
    pub forecasts: usize,
}

/// The correlation of outcomes that are sorted by time; None below [`FEWEST_OUTCOMES`], or where all are
/// alike. The bootstrap draws blocks of no fewer than `hold_bars` times, as returns overlap for so long.
pub fn live_pearson(outcomes: &[Outcome], hold_bars: usize) -> Option<LivePearson> {
    let last = outcomes.last()?;
    if outcomes.len() < FEWEST_OUTCOMES {
        return None;
    }
    let column = |of: fn(&Outcome) -> f64| outcomes.iter().map(of).collect::<Vec<f64>>();
    let times: Vec<i64> = outcomes.iter().map(|outcome| outcome.time_ms).collect();
    let spans = RowSpans::new(&vec![1; outcomes.len()], &times);
    let series = Series::new(
        &spans,
        &column(|outcome| outcome.forecast),
        &column(|outcome| outcome.realized),
        hold_bars,
    );
    let value = series.folds.first().copied().flatten()?;
    let lengths = [spans.times.len()];
    let can_draw = outcomes.len() <= MOST_DRAWN && enough_blocks(&lengths, series.block, hold_bars);
    let interval = || {
        let draws = draw(&[&series], &lengths, series.block, SEED, DRAWS);
        let values: Vec<f64> = (draws.iter())
            .flat_map(|draws| draws.iter().flatten().copied())
            .collect();
        percentile_interval(&values, 0.95)
    };
    Some(LivePearson {
        time_ms: last.time_ms,
        value,
        interval: if can_draw { interval() } else { None },
        forecasts: outcomes.len(),
    })
}

/// The correlation over windows of `window_ms`, at most `most_points` of them, oldest first; none before
/// [`FEWEST_OUTCOMES`] are settled. The last time of the outcomes, which are sorted by it, is always the
/// end of a window.
pub fn rolling_pearson(
    outcomes: &[Outcome],
    window_ms: i64,
    hold_bars: usize,
    most_points: usize,
) -> Vec<LivePearson> {
    let mut times: Vec<i64> = outcomes.iter().map(|outcome| outcome.time_ms).collect();
    times.dedup();
    let step = times.len().div_ceil(most_points.max(1)).max(1);
    let point = |end_ms: &i64| {
        let first = outcomes.partition_point(|outcome| outcome.time_ms <= end_ms - window_ms);
        let until = outcomes.partition_point(|outcome| outcome.time_ms <= *end_ms);
        live_pearson(outcomes.get(first..until)?, hold_bars)
    };
    let ends = times.iter().rev().step_by(step).rev();
    ends.filter_map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of a linear congruential generator, from -0.5 to 0.5.
    fn noise() -> impl FnMut() -> f64 {
        let mut state = 1_u32;
        move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state) / 4_294_967_296.0 - 0.5
        }
    }

    /// The value is numpy.corrcoef of the same numbers: forecasts that are returns with as much noise.
    #[test]
    fn the_line_is_the_correlation_of_its_window_and_begins_at_a_hundred() {
        let minute = 60_000;
        let mut next = noise();
        let mut close = 100.0;
        let outcomes: Vec<Outcome> = (0..240_i64)
            .map(|bar| {
                let (part, rest) = (next(), next());
                let later = close * (1.0 + part * 1e-3);
                let realized = later / close - 1.0;
                close = later;
                Outcome {
                    time_ms: bar * minute,
                    forecast: part + rest,
                    realized,
                }
            })
            .collect();
        assert_eq!(live_pearson(&outcomes[..99], 1), None);
        assert!(rolling_pearson(&outcomes[..99], 120 * minute, 1, 48).is_empty());
        assert_eq!(live_pearson(&outcomes[..100], 1).unwrap().forecasts, 100);
        let points = rolling_pearson(&outcomes, 120 * minute, 1, 48);
        let last = points.last().unwrap();
        assert_eq!((last.time_ms, last.forecasts), (239 * minute, 120));
        let numpy = 0.620_087_771_425_196_6;
        assert!((last.value - numpy).abs() < 1e-9, "{}", last.value);
        let [low, high] = last.interval.unwrap();
        assert!(low < last.value && last.value < high, "{low} {high}");
        assert!(points.len() <= 48);
        assert_eq!(live_pearson(&outcomes[120..], 1).as_ref(), Some(last));
    }
}
