//! The correlation of forecast and return within each UTC day, and means over days.
//!
//! A correlation that is pooled over weeks hangs on their few wildest hours. Here each day counts
//! once, both sides are in units of the coin's trailing volatility, and the return is clipped at
//! five of them. The correlation is about zero, `sum(f r) / sqrt(sum f^2 sum r^2)`: the mean of a
//! day is not known before its end, so that a correlation about it looks ahead.

use std::collections::BTreeSet;

use rayon::prelude::*;
use statistics::{
    ConfidenceInterval, RowSpans, are_equal, drawn_blocks, enough_blocks, mean, neutralize,
    newey_west_t, percentile_interval, summarize_ic,
};

use crate::Options;
use crate::rows::Rows;

pub(crate) const DAY_MS: i64 = 86_400_000;

/// Trailing volatilities at which a return is clipped.
pub(crate) const MOST: f64 = 5.0;

/// A day needs as many pairs at least.
const LEAST_PAIRS: usize = 3;

/// Days that [`DayMean::without_best_three`] leaves out.
const BEST_DAYS: usize = 3;

/// What is left of equal values when their mean is taken off is no more than this share of them.
const ROUNDING: f64 = 1e-12;

/// A mean over days with what tells luck from skill; what is undefined is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct DayMean {
    /// Mean over the days that have an IC.
    pub mean: Option<f64>,
    /// The mean in units of its standard error, `mean / (sd / sqrt(days))`; [`Days::mean`] has the one
    /// that knows of days that share returns.
    pub t: Option<f64>,
    /// Share of these days above 0.
    pub above_zero: Option<f64>,
    /// Share of the sum over days that the best one has; None where the sum is not above 0.
    pub best_day: Option<f64>,
    /// Mean over all days but the best three.
    pub without_best_three: Option<f64>,
}

impl DayMean {
    pub fn new(days: &[Option<f64>]) -> Self {
        let summary = summarize_ic(days);
        let mut sorted: Vec<f64> = days.iter().flatten().copied().collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let (count, sum) = (sorted.len(), sorted.iter().sum::<f64>());
        let above = sorted.iter().filter(|value| **value > 0.0).count();
        let others = count
            .checked_sub(BEST_DAYS)
            .and_then(|others| sorted.get(..others))
            .filter(|others| !others.is_empty());
        Self {
            mean: summary.mean,
            t: summary.icir.map(|ratio| ratio * (count as f64).sqrt()),
            above_zero: (count > 0).then(|| above as f64 / count as f64),
            best_day: sorted.last().filter(|_| sum > 0.0).map(|best| best / sum),
            without_best_three: others.map(mean),
        }
    }
}

/// Which part of forecasts and returns is compared, entry a bar later in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IcVariant {
    /// Both sides minus their mean over the coins of that time.
    Neutral,
    /// Both as they are.
    Whole,
}

impl IcVariant {
    /// The headline first.
    pub const ALL: [Self; 2] = [Self::Neutral, Self::Whole];
}

/// The UTC days of the scored rows, in order.
pub(crate) struct Days {
    /// Place of the day of each timestamp of the layout.
    of_time: Vec<usize>,
    /// Place of the fold that each day begins in.
    fold: Vec<usize>,
    folds: usize,
    /// Mean block length of the bootstrap in days, no less than the target's reach.
    block: usize,
}

impl Days {
    pub fn new(rows: &Rows, spans: &RowSpans) -> Self {
        let number = |time: &std::ops::Range<usize>| rows.time_ms[time.start].div_euclid(DAY_MS);
        let numbers: BTreeSet<i64> = spans.times.iter().map(number).collect();
        let numbers: Vec<i64> = numbers.into_iter().collect();
        let of_time: Vec<usize> = spans
            .times
            .iter()
            .map(|time| numbers.partition_point(|other| *other < number(time)))
            .collect();
        let mut fold = vec![usize::MAX; numbers.len()];
        for (place, span) in spans.folds.iter().enumerate() {
            for &day in &of_time[span.times.clone()] {
                fold[day] = fold[day].min(place);
            }
        }
        Self {
            of_time,
            fold,
            folds: spans.folds.len(),
            block: block_days(rows.bar_ms, rows.reach_bars),
        }
    }

    /// The IC of every day; 0 where the forecaster says nothing on that day but does on others, None
    /// where a day has none.
    pub fn ics(
        &self,
        rows: &Rows,
        spans: &RowSpans,
        forecast: &[f64],
        part: IcVariant,
    ) -> Vec<Option<f64>> {
        let (x, y) = sides(rows, spans, forecast, part);
        let mut sums = vec![(0, [0.0; 3]); self.fold.len()];
        for (time, day) in spans.times.iter().zip(&self.of_time) {
            let (pairs, [xy, xx, yy]) = &mut sums[*day];
            for (x, y) in x[time.clone()].iter().zip(&y[time.clone()]) {
                if x.is_finite() && y.is_finite() {
                    let y = y.clamp(-MOST, MOST);
                    *pairs += 1;
                    *xy += x * y;
                    *xx += x * x;
                    *yy += y * y;
                }
            }
        }
        // A day on which it says nothing earns nothing; who never says anything has no score.
        let is_ever_heard = sums.iter().any(|(_, [_, xx, _])| *xx > 0.0);
        let of_day = |(pairs, [xy, xx, yy]): (usize, [f64; 3])| {
            let is_silent = is_ever_heard && xx == 0.0 && yy > 0.0;
            let correlation = if is_silent {
                0.0
            } else {
                xy / (xx * yy).sqrt()
            };
            (pairs >= LEAST_PAIRS && correlation.is_finite()).then_some(correlation)
        };
        sums.into_iter().map(of_day).collect()
    }

    /// The mean over days, whose t knows of days that share returns: then the standard error has their
    /// autocovariances up to twice the overlap, with the weights of Newey and West (1987).
    pub fn mean(&self, days: &[Option<f64>]) -> DayMean {
        let found = DayMean::new(days);
        if self.block == 1 {
            return found;
        }
        let known: Vec<f64> = days.iter().flatten().copied().collect();
        let count = known.len() as f64;
        // With n - 1 as where days share nothing.
        let t = newey_west_t(&known, 2 * (self.block - 1));
        DayMean {
            t: t.map(|t| t * ((count - 1.0) / count).sqrt()),
            ..found
        }
    }

    /// The ICs of each fold's days; a day that two folds share belongs to the earlier one.
    fn of_folds(&self, days: &[Option<f64>]) -> impl Iterator<Item = Vec<Option<f64>>> {
        let of_fold = |fold: usize| {
            let own = days.iter().zip(&self.fold);
            own.filter(|(_, other)| **other == fold)
                .map(|(day, _)| *day)
                .collect()
        };
        (0..self.folds).map(of_fold)
    }

    /// Mean over the days of each fold.
    pub fn fold_means(&self, days: &[Option<f64>]) -> Vec<Option<f64>> {
        let mean = |own: Vec<Option<f64>>| DayMean::new(&own).mean;
        self.of_folds(days).map(mean).collect()
    }

    /// Interval of the mean over the days of each fold, as [`Days::draws`] of these days alone.
    pub fn fold_intervals(
        &self,
        days: &[Option<f64>],
        options: &Options,
    ) -> Vec<Option<ConfidenceInterval>> {
        let interval = |own: Vec<Option<f64>>| {
            percentile_interval(&self.draws(&own, options)?, options.confidence)
        };
        self.of_folds(days).map(interval).collect()
    }

    /// Means over days that are drawn again, in blocks as long as the target's reach; None where
    /// there are fewer than five blocks.
    ///
    /// Draw number k sees the same days in every call with as many days: values of one day that are
    /// subtracted before are paired.
    pub fn draws(&self, days: &[Option<f64>], options: &Options) -> Option<Vec<f64>> {
        let known: Vec<f64> = days.iter().flatten().copied().collect();
        if !enough_blocks(&[known.len()], self.block, self.block) {
            return None;
        }
        let draw = |number: usize| {
            let blocks = drawn_blocks(&[known.len()], self.block, options.seed, number);
            let drawn = blocks.into_iter().flatten();
            drawn
                .map(|block| known[block].iter().sum::<f64>())
                .sum::<f64>()
                / known.len() as f64
        };
        Some((0..options.draws).into_par_iter().map(draw).collect())
    }
}

/// A day, and the days after it that its returns reach into, to the nearest whole day: returns over
/// a day from every bar of a day reach through the next one, those over 15 minutes hardly into it.
/// Bars of a day are apart by a bar, so that returns over one do not overlap.
pub(crate) fn block_days(bar_ms: i64, reach_bars: usize) -> usize {
    let overlap_ms = bar_ms.saturating_mul(reach_bars.saturating_sub(1) as i64);
    let days = overlap_ms.saturating_add(DAY_MS / 2) / DAY_MS;
    usize::try_from(days).unwrap_or(0) + 1
}

/// Forecast and log return with entry a bar later, in units of the coin's trailing volatility; NaN
/// where a row is left out.
fn sides(rows: &Rows, spans: &RowSpans, forecast: &[f64], part: IcVariant) -> (Vec<f64>, Vec<f64>) {
    // A constant divided by volatilities would be a score of these.
    if are_equal(forecast) {
        return (
            vec![f64::NAN; forecast.len()],
            rows.realized_delayed.clone(),
        );
    }
    let unit = rows.unit();
    let quotients = |values: &[f64], of: fn(f64) -> f64| -> Vec<f64> {
        let pairs = values.iter().zip(unit);
        pairs.map(|(value, unit)| of(*value) / unit).collect()
    };
    let x = quotients(forecast, |value| value);
    let y = quotients(&rows.realized_delayed, f64::ln_1p);
    match part {
        IcVariant::Whole => (x, y),
        IcVariant::Neutral => {
            let (mut own, y) = neutralize(&spans.times, &x, &y);
            for time in &spans.times {
                // One forecast for all coins says nothing of a coin beside the others, though its
                // quotients differ. Where the quotients are equal, what is left is rounding.
                let is_one = are_equal(&forecast[time.clone()]);
                let largest = x[time.clone()]
                    .iter()
                    .fold(0.0, |most: f64, x| most.max(x.abs()));
                for own in &mut own[time.clone()] {
                    if is_one || own.abs() <= ROUNDING * largest {
                        *own *= 0.0;
                    }
                }
            }
            (own, y)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks are at least as long as the reach, and longer where days overlap.
    #[test]
    fn blocks_hold_the_days_that_share_returns() {
        const MINUTE_MS: i64 = 60_000;
        let days = |bar: i64, reach: i64| {
            let found = block_days(bar * MINUTE_MS, (reach / bar) as usize);
            assert!(
                found as i64 * 1440 >= reach,
                "{found} days for {reach} minutes"
            );
            found
        };
        let of_minutes = [15, 60, 240, 720, 1440, 4320].map(|reach| days(1, reach));
        assert_eq!(of_minutes, [1, 1, 1, 1, 2, 4]);
        assert_eq!(
            [15, 60, 240, 1440].map(|reach| days(5, reach)),
            [1, 1, 1, 2]
        );
        // Daily bars: as many days as the reach has.
        assert_eq!(
            [1, 3, 7, 14].map(|reach| days(1440, reach * 1440)),
            [1, 3, 7, 14]
        );
    }

    /// Days whose returns overlap have a wider interval than as many that do not.
    #[test]
    fn overlapping_days_widen_the_interval() {
        let noise = |day: usize| ((day * day * 7919 + day * 104_729) % 10_007) as f64 / 10_007.0;
        let overlapping = |day: usize| Some(noise(day) + noise(day + 1) - 1.0);
        let values: Vec<Option<f64>> = (0..200).map(overlapping).collect();
        let of_reach = |reach_bars: usize| Days {
            of_time: Vec::new(),
            fold: vec![0; values.len()],
            folds: 1,
            block: block_days(300_000, reach_bars),
        };
        let t = |reach_bars: usize| of_reach(reach_bars).mean(&values).t.unwrap();
        // Newey and West's weights up to two days: two thirds of the covariance of neighbours, which
        // is half of the variance.
        let (ratio, expected) = (t(48) / t(288), (1.0f64 + 2.0 / 3.0).sqrt());
        assert!((ratio / expected - 1.0).abs() < 0.1, "{ratio}");
        assert_eq!(t(48), DayMean::new(&values).t.unwrap());
        let width = |reach_bars: usize| {
            let days = of_reach(reach_bars);
            let draws = days.draws(&values, &Options::default()).unwrap();
            let [low, high] = percentile_interval(&draws, 0.95).unwrap();
            high - low
        };
        // The mean of neighbours that share half their variance: mean blocks of two days see half
        // of the covariance, which is a quarter of the variance on either side.
        let ratio = width(288) / width(48);
        let expected = 1.5f64.sqrt();
        assert!((ratio / expected - 1.0).abs() < 0.1, "{ratio}");
        assert_eq!(width(3), width(48));
    }

    #[test]
    fn a_mean_over_days_says_what_the_best_ones_hold() {
        let days = [Some(0.4), None, Some(0.1), Some(-0.1), Some(0.2), Some(0.0)];
        let found = DayMean::new(&days);
        let close = |found: Option<f64>, expected: f64| {
            let found = found.unwrap_or(f64::NAN);
            assert!((found - expected).abs() < 1e-12, "{found}, {expected}");
        };
        close(found.mean, 0.12);
        close(found.best_day, 0.4 / 0.6);
        close(found.without_best_three, -0.05);
        close(found.above_zero, 0.6);
        // Standard deviation with n - 1: the root of (.28^2 + .02^2 + .22^2 + .08^2 + .12^2) / 4.
        close(found.t, 0.12 / (0.037_f64.sqrt() / 5.0_f64.sqrt()));
        assert_eq!(DayMean::new(&[None, None]), DayMean::default());
    }
}
