//! How forecasts and what came of them go together, bar by bar, with a bootstrap band.

use std::collections::BTreeMap;

use market::Symbol;
use serde::Serialize;
use statistics::{RowSpans, Series, draw, enough_blocks, percentile_interval};
use trading::LoggedForecast;
use utoipa::ToSchema;

/// Fewer settled forecasts say nothing.
pub const FEWEST_FORECASTS: usize = 100;

/// Most points of the line.
const POINTS: usize = 48;

/// Draws of the bootstrap of a point.
const DRAWS: usize = 300;

/// Seed of the draws.
const SEED: u64 = 1;

/// The correlation of the forecasts of a window that ends here.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ScorePoint {
    /// When the last forecast of the window is settled, UTC ms.
    pub time: i64,
    /// Pearson correlation of forecast and return.
    pub pearson: f64,
    /// Lower and upper end of its 95 % interval, by a stationary block bootstrap over times; null where
    /// the window has too few blocks.
    pub interval: Option<[f64; 2]>,
    /// Settled forecasts of the window.
    pub forecasts: usize,
}

/// Closes by coin and open time.
pub type Closes = BTreeMap<Symbol, BTreeMap<i64, f64>>;

/// Time, forecast and return of each settled forecast, in the order of the forecasts.
fn settled(forecasts: &[LoggedForecast], closes: &Closes, hold_ms: i64) -> Vec<(i64, f64, f64)> {
    let of_forecast = |logged: &LoggedForecast| {
        let of_coin = closes.get(&logged.symbol)?;
        let now = of_coin.get(&logged.time_ms)?;
        let later = of_coin.get(&(logged.time_ms + hold_ms))?;
        Some((logged.time_ms, logged.forecast?, later / now - 1.0))
    };
    forecasts.iter().filter_map(of_forecast).collect()
}

/// The correlation over windows of `window_ms`, at most 48 of them; empty before 100 forecasts are
/// settled. `forecasts` are sorted by time; the bootstrap draws blocks of no fewer than `hold_bars`
/// times, as returns overlap for so long.
pub fn rolling_pearson(
    forecasts: &[LoggedForecast],
    closes: &Closes,
    (window_ms, hold_ms): (i64, i64),
    hold_bars: usize,
) -> Vec<ScorePoint> {
    let rows = settled(forecasts, closes, hold_ms);
    let mut times: Vec<i64> = rows.iter().map(|(time, _, _)| *time).collect();
    times.dedup();
    let step = times.len().div_ceil(POINTS).max(1);
    // The last time is always a point.
    let ends = times.iter().rev().step_by(step).rev();
    let point = |end: &i64| {
        let first = rows.partition_point(|(time, _, _)| *time <= end - window_ms);
        let until = rows.partition_point(|(time, _, _)| time <= end);
        let (pearson, interval) = with_interval(rows.get(first..until)?, hold_bars)?;
        Some(ScorePoint {
            time: end + hold_ms,
            pearson,
            interval,
            forecasts: until - first,
        })
    };
    ends.filter_map(point).collect()
}

fn with_interval(rows: &[(i64, f64, f64)], hold_bars: usize) -> Option<(f64, Option<[f64; 2]>)> {
    if rows.len() < FEWEST_FORECASTS {
        return None;
    }
    let times: Vec<i64> = rows.iter().map(|row| row.0).collect();
    let (forecasts, returns): (Vec<f64>, Vec<f64>) = rows.iter().map(|row| (row.1, row.2)).unzip();
    let spans = RowSpans::new(&vec![1; rows.len()], &times);
    let series = Series::new(&spans, &forecasts, &returns, hold_bars);
    let pearson = series.folds.first().copied().flatten()?;
    let lengths = [spans.times.len()];
    if !enough_blocks(&lengths, series.block, hold_bars) {
        return Some((pearson, None));
    }
    let draws = draw(&[&series], &lengths, series.block, SEED, DRAWS);
    let values: Vec<f64> = draws
        .iter()
        .flat_map(|draws| draws.iter().flatten().copied())
        .collect();
    Some((pearson, percentile_interval(&values, 0.95)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(time_ms: i64, forecast: f64) -> LoggedForecast {
        LoggedForecast {
            time_ms,
            symbol: Symbol::new("BTCUSDT").unwrap(),
            forecast: Some(forecast),
            refused: None,
            forecaster: String::new(),
            made_at_ms: time_ms + 60_100,
            is_complete: true,
            drift_std: None,
        }
    }

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
        let (mut close, mut of_coin, mut forecasts) = (100.0, BTreeMap::new(), Vec::new());
        for bar in 0..240_i64 {
            let (part, rest) = (next(), next());
            of_coin.insert(bar * minute, close);
            close *= 1.0 + part * 1e-3;
            forecasts.push(logged(bar * minute, part + rest));
        }
        of_coin.insert(240 * minute, close);
        let closes = Closes::from([(Symbol::new("BTCUSDT").unwrap(), of_coin)]);
        let line =
            |count: usize| rolling_pearson(&forecasts[..count], &closes, (120 * minute, minute), 1);
        assert!(line(99).is_empty());
        let points = line(240);
        let last = points.last().unwrap();
        assert_eq!((last.time, last.forecasts), (240 * minute, 120));
        let numpy = 0.620_087_771_425_196_6;
        assert!((last.pearson - numpy).abs() < 1e-9, "{}", last.pearson);
        let [low, high] = last.interval.unwrap();
        assert!(low < last.pearson && last.pearson < high, "{low} {high}");
        assert!(points.len() <= POINTS);
    }
}
