//! From bins to their means, intervals and cumulative returns, in one pass over the rows.
//!
//! An interval is the mean plus and minus the normal quantile times a standard error that is robust
//! to clusters: rows of one slice of time (a UTC day, or an hour where there are fewer than 20
//! days; more where the target reaches over more than half of it) count as one event, whatever goes
//! on within it. It takes one pass for any number of bins, where a bootstrap would take one a draw.

use score::{ForecastColumn, Rows};
use statistics::{
    ConfidenceInterval, normal_quantile, quantile, rank_ic_per_timestamp, spearman, summarize_ic,
    timestamp_groups,
};

use crate::error::Error;
use crate::quantiles::report::{LookAhead, Quantile, QuantileReport, RankIc};
use crate::quantiles::scope::{DAY_MS, QuantileOptions, Scope, bins_of};

/// An hour in milliseconds.
const HOUR_MS: i64 = 3_600_000;

/// Days below which an hour is the slice.
const LEAST_DAYS: usize = 20;

/// Slices that an interval needs.
const LEAST_SLICES: usize = 5;

/// Puts a forecaster's forecasts into bins and says what was realized in each.
///
/// # Errors
/// Rows that are inconsistent, settings out of range, no row with a bin.
pub fn quantiles(
    rows: &Rows,
    forecaster: &ForecastColumn,
    options: &QuantileOptions,
) -> Result<QuantileReport, Error> {
    let forecast = forecaster.forecast.as_slice();
    let bins = bins_of(rows, forecast, options)?;
    let slice_ms = slice_ms(rows);
    let summary = Summary::new(rows, &bins, options.bins, slice_ms);
    let z = -normal_quantile((1.0 - options.confidence) / 2.0);
    let around = |mean: Option<f64>, error: Option<f64>| {
        mean.zip(error)
            .map(|(mean, error)| [mean - z * error, mean + z * error])
    };
    let quantiles: Vec<Quantile> = (0..options.bins)
        .map(|bin| {
            let mean = summary.mean(bin);
            Quantile {
                bin: bin + 1,
                count: summary.bins[bin].count as usize,
                mean,
                interval: around(mean, summary.error(bin)),
                cumulative: summary.bins[bin].cumulative / rows.reach_bars as f64,
            }
        })
        .collect();
    let spread = summary.spread();
    let spread_interval: Option<ConfidenceInterval> =
        around(spread, summary.spread_error(rows, &bins, slice_ms));
    let times = rows.time_ms.iter();
    Ok(QuantileReport {
        forecaster: forecaster.name.clone(),
        run: forecaster.run.clone(),
        scope: options.scope,
        looks_ahead: options.scope == Scope::Date,
        bins: options.bins,
        trailing_bars: (options.scope == Scope::Trailing).then_some(options.trailing_bars),
        rows: rows.len(),
        left_out: bins.iter().filter(|bin| bin.is_none()).count(),
        empty_bins: quantiles
            .iter()
            .filter(|quantile| quantile.count == 0)
            .count(),
        coins: rows.symbols.len(),
        span_ms: [
            times.clone().min().copied().unwrap_or(0),
            times.max().copied().unwrap_or(0),
        ],
        bar_ms: rows.bar_ms,
        reach_bars: rows.reach_bars,
        confidence: options.confidence,
        slice_ms,
        rank_correlation: spearman(forecast, &rows.realized),
        rank_ic: rank_ic(rows, forecast),
        spread,
        spread_interval,
        look_ahead: look_ahead(rows, forecast, &bins, options)?,
        quantiles,
    })
}

fn rank_ic(rows: &Rows, forecast: &[f64]) -> RankIc {
    let times = timestamp_groups(&rows.time_ms);
    let coefficients = rank_ic_per_timestamp(&times, forecast, &rows.realized);
    let summary = summarize_ic(&coefficients);
    let mut defined: Vec<f64> = coefficients.iter().flatten().copied().collect();
    defined.sort_unstable_by(f64::total_cmp);
    RankIc {
        mean: summary.mean,
        median: quantile(&defined, 0.5),
        timestamps: summary.timestamps,
    }
}

/// The spread of both scopes, on the rows that have a bin in both.
fn look_ahead(
    rows: &Rows,
    forecast: &[f64],
    date: &[Option<u16>],
    options: &QuantileOptions,
) -> Result<Option<LookAhead>, Error> {
    if options.scope != Scope::Date {
        return Ok(None);
    }
    let trailing = bins_of(
        rows,
        forecast,
        &QuantileOptions {
            scope: Scope::Trailing,
            ..options.clone()
        },
    )?;
    let both: Vec<bool> = date
        .iter()
        .zip(&trailing)
        .map(|(date, trailing)| date.is_some() && trailing.is_some())
        .collect();
    let spread = |bins: &[Option<u16>]| {
        let of_bin = |wanted: usize| {
            let kept = bins.iter().zip(&both).zip(&rows.realized);
            let kept = kept.filter(|((bin, both), _)| {
                **both && bin.is_some_and(|bin| usize::from(bin) == wanted)
            });
            let (count, sum) = kept.fold((0.0, 0.0), |(count, sum), (_, realized)| {
                (count + 1.0, sum + realized)
            });
            (count > 0.0).then_some(sum / count)
        };
        Some(of_bin(options.bins - 1)? - of_bin(0)?)
    };
    Ok(Some(LookAhead {
        rows: both.iter().filter(|both| **both).count(),
        date: spread(date),
        trailing: spread(&trailing),
    }))
}

/// A day, or an hour where there are few days, and never less than twice the reach: neighbouring
/// slices share the returns of at most half of their rows.
fn slice_ms(rows: &Rows) -> i64 {
    let mut days: Vec<i64> = rows
        .time_ms
        .chunk_by(|a, b| a == b)
        .map(|times| times[0].div_euclid(DAY_MS))
        .collect();
    days.dedup();
    days.sort_unstable();
    days.dedup();
    let usual = match days.len() < LEAST_DAYS {
        true => HOUR_MS,
        false => DAY_MS,
    };
    let reach_ms = rows.bar_ms.saturating_mul(rows.reach_bars as i64);
    // Whole days or hours.
    let slices = (reach_ms.saturating_mul(2).saturating_add(usual - 1) / usual).max(1);
    usual.saturating_mul(slices)
}

/// Running figures of one bin.
#[derive(Debug, Clone, Copy, Default)]
struct RunningBin {
    count: f64,
    sum: f64,
    /// Sum over times of the mean realized at the time.
    cumulative: f64,
    /// Of the slice, and of the time, that the pass is in: rows and their sum.
    slice: [f64; 2],
    time: [f64; 2],
    /// Over slices: how many had a row, and the sums of count², sum² and count times sum.
    slices: usize,
    squares: [f64; 3],
}

impl RunningBin {
    fn end_of_time(&mut self) {
        let [count, sum] = std::mem::take(&mut self.time);
        self.cumulative += sum / count;
    }

    fn end_of_slice(&mut self) {
        let [count, sum] = std::mem::take(&mut self.slice);
        self.slices += 1;
        for (total, square) in self
            .squares
            .iter_mut()
            .zip([count * count, sum * sum, count * sum])
        {
            *total += square;
        }
    }
}

/// All bins after one pass.
struct Summary {
    bins: Vec<RunningBin>,
}

impl Summary {
    fn new(rows: &Rows, bins: &[Option<u16>], number: usize, slice_ms: i64) -> Self {
        let mut running = vec![RunningBin::default(); number];
        let (mut in_time, mut in_slice): (Vec<u16>, Vec<u16>) = (Vec::new(), Vec::new());
        let mut last = None;
        for ((bin, realized), time_ms) in bins.iter().zip(&rows.realized).zip(&rows.time_ms) {
            if last != Some(*time_ms) {
                in_time
                    .drain(..)
                    .for_each(|bin| running[usize::from(bin)].end_of_time());
                if last
                    .is_some_and(|last| last.div_euclid(slice_ms) != time_ms.div_euclid(slice_ms))
                {
                    in_slice
                        .drain(..)
                        .for_each(|bin| running[usize::from(bin)].end_of_slice());
                }
                last = Some(*time_ms);
            }
            let Some(bin) = *bin else { continue };
            let one = &mut running[usize::from(bin)];
            if one.time[0] == 0.0 {
                in_time.push(bin);
            }
            if one.slice[0] == 0.0 {
                in_slice.push(bin);
            }
            one.count += 1.0;
            one.sum += realized;
            for [count, sum] in [&mut one.time, &mut one.slice] {
                *count += 1.0;
                *sum += realized;
            }
        }
        in_time
            .drain(..)
            .for_each(|bin| running[usize::from(bin)].end_of_time());
        in_slice
            .drain(..)
            .for_each(|bin| running[usize::from(bin)].end_of_slice());
        Self { bins: running }
    }

    fn mean(&self, bin: usize) -> Option<f64> {
        let one = self.bins.get(bin)?;
        (one.count > 0.0).then(|| one.sum / one.count)
    }

    /// Standard error of the mean: the slices' sums of deviations from it, squared.
    fn error(&self, bin: usize) -> Option<f64> {
        let (one, mean) = (self.bins.get(bin)?, self.mean(bin)?);
        let [counts, sums, products] = one.squares;
        let squares = (sums - 2.0 * mean * products + mean * mean * counts).max(0.0);
        clustered(squares, one.slices).map(|error| error / one.count)
    }

    fn spread(&self) -> Option<f64> {
        Some(self.mean(self.bins.len() - 1)? - self.mean(0)?)
    }

    /// Standard error of the spread: slices move both ends, so it takes a pass of its own.
    fn spread_error(&self, rows: &Rows, bins: &[Option<u16>], slice_ms: i64) -> Option<f64> {
        let top = self.bins.len() - 1;
        let (low, high) = (self.bins.first()?, self.bins.get(top)?);
        let (low_mean, high_mean) = (self.mean(0)?, self.mean(top)?);
        let (mut squares, mut slices, mut slice, mut touched) = (0.0, 0, 0.0, false);
        let mut last = None;
        for ((bin, realized), time_ms) in bins.iter().zip(&rows.realized).zip(&rows.time_ms) {
            let number = time_ms.div_euclid(slice_ms);
            if last != Some(number) {
                squares += slice * slice;
                slices += usize::from(touched);
                (slice, touched, last) = (0.0, false, Some(number));
            }
            let Some(bin) = *bin else { continue };
            if usize::from(bin) == top {
                slice += (realized - high_mean) / high.count;
                touched = true;
            } else if bin == 0 {
                slice -= (realized - low_mean) / low.count;
                touched = true;
            }
        }
        squares += slice * slice;
        slices += usize::from(touched);
        clustered(squares, slices)
    }
}

/// Root of the slices' squares, corrected for their number; `None` where they are few.
fn clustered(squares: f64, slices: usize) -> Option<f64> {
    let number = slices as f64;
    (slices >= LEAST_SLICES).then(|| (squares * number / (number - 1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns that overlap are no separate events.
    #[test]
    fn a_slice_is_twice_the_reach_at_least() {
        let slice = |days: i64, reach_ms: i64| {
            let times = (0..days * 24).map(|hour| hour * HOUR_MS);
            let count = (days * 24) as usize;
            let rows = Rows {
                quantity: score::Quantity::Return,
                close: None,
                time_ms: times.collect(),
                symbol: vec![0; count],
                fold: vec![1; count],
                realized: vec![0.0; count],
                realized_delayed: vec![0.0; count],
                controls: Vec::new(),
                trailing_volatility: None,
                volatility: vec![1.0; count],
                weight: vec![1.0; count],
                symbols: vec!["AUSDT".to_owned()],
                bar_ms: HOUR_MS / 4,
                reach_bars: (reach_ms / (HOUR_MS / 4)) as usize,
            };
            slice_ms(&rows)
        };
        assert_eq!(slice(10, HOUR_MS / 4), HOUR_MS);
        assert_eq!(slice(10, HOUR_MS), 2 * HOUR_MS);
        assert_eq!(slice(10, 4 * HOUR_MS), 8 * HOUR_MS);
        assert_eq!(slice(30, 4 * HOUR_MS), DAY_MS);
        assert_eq!(slice(30, 13 * HOUR_MS), 2 * DAY_MS);
        assert_eq!(slice(30, DAY_MS), 2 * DAY_MS);
        assert_eq!(slice(90, 7 * DAY_MS), 14 * DAY_MS);
    }
}
