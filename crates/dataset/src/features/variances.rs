//! One coin's variance bar by bar, from returns and from ranges, and its means over days.

use std::ops::Range;

use market::Interval;
use statistics::BarPrices;

use super::trailing::{TrailingSum, trailing_sums};
use crate::{Column, Panel, log_returns};

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

/// Windows of volatilities: those of Corsi's heterogeneous autoregression, in days.
pub(super) const DAYS: [usize; 3] = [1, 7, 30];

/// No volatility per day counts as lower than a hundredth of a percent.
pub(super) const FLOOR: f64 = 1e-4;

/// A window has a mean where no more than one in so many of its bars is missing: none of up to 99 bars
/// of a day, and two of a day's 288 bars of five minutes.
const BARS_PER_HOLE: usize = 100;

/// How many bars a window of so many days has: at least one.
pub(super) fn bars_of_days(days: usize, interval: Interval) -> usize {
    bars_of_ms(days as i64 * DAY_MS, interval)
}

/// How many bars a window of so many hours has: at least one.
pub(super) fn bars_of_hours(hours: usize, interval: Interval) -> usize {
    bars_of_ms(hours as i64 * HOUR_MS, interval)
}

/// The size of a coin; NaN where it is 0 or below, which says that nobody knows it.
pub(super) fn known_size(size: f64) -> f64 {
    if size > 0.0 { size } else { f64::NAN }
}

fn bars_of_ms(span_ms: i64, interval: Interval) -> usize {
    usize::try_from(span_ms / interval.ms()).unwrap_or(1).max(1)
}

/// One coin at some rows and at those before them that a feature looks back on.
pub(crate) struct CoinVariances<'a> {
    panel: &'a Panel,
    coin: usize,
    interval: Interval,
    rows: Range<usize>,
    /// How many of the rows are asked for, the last ones.
    wanted: usize,
    /// Log returns of one bar, NaN where there is none to be trusted.
    pub returns: Vec<f64>,
}

impl<'a> CoinVariances<'a> {
    /// The coin at `rows` and the `warm_up_bars - 1` rows before them, as far as there are any.
    pub fn of(
        panel: &'a Panel,
        coin: usize,
        rows: Range<usize>,
        (interval, warm_up_bars): (Interval, usize),
    ) -> Self {
        let from = rows.start.saturating_sub(warm_up_bars.saturating_sub(1));
        let wanted = rows.len();
        let rows = from..rows.end;
        Self {
            panel,
            coin,
            interval,
            wanted,
            returns: log_returns(panel, coin, rows.clone()),
            rows,
        }
    }

    /// Features without the rows that were read for the warm-up alone.
    pub fn wanted(&self, mut features: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
        let warm_up = self.first_wanted();
        features
            .iter_mut()
            .for_each(|values| _ = values.drain(..warm_up));
        features
    }

    /// The first of the rows that are asked for, counted from the first that is there.
    pub fn first_wanted(&self) -> usize {
        self.rows.len() - self.wanted
    }

    /// The number since 1970 of the first bar.
    pub fn first_bar(&self) -> i64 {
        self.panel.bar_number(self.rows.start)
    }

    /// One column of the candles.
    pub fn series(&self, column: Column) -> Vec<f64> {
        self.panel.series(column, self.coin, self.rows.clone())
    }

    /// The squared return of each bar.
    pub fn squared_returns(&self) -> Vec<f64> {
        self.returns.iter().map(|value| value * value).collect()
    }

    /// The prices of each bar; those of a bar whose return cannot be trusted are NaN.
    pub fn prices(&self) -> Vec<BarPrices> {
        let [open, high, low, close] = [Column::Open, Column::High, Column::Low, Column::Close]
            .map(|column| self.series(column));
        let of_row = |(row, value): (usize, &f64)| {
            let trusted = |price: f64| if value.is_nan() { f64::NAN } else { price };
            BarPrices {
                open: trusted(open[row]),
                high: trusted(high[row]),
                low: trusted(low[row]),
                close: trusted(close[row]),
            }
        };
        self.returns.iter().enumerate().map(of_row).collect()
    }

    /// How many bars a window of so many days has: at least one.
    pub fn bars(&self, days: usize) -> usize {
        bars_of_days(days, self.interval)
    }

    /// The values of so many days before.
    pub fn earlier(&self, values: &[f64], days: usize) -> Vec<f64> {
        let unknown = std::iter::repeat_n(f64::NAN, self.bars(days));
        let all = unknown.chain(values.iter().copied());
        all.take(values.len()).collect()
    }

    /// ln of the volatility per day over the last `days`, from variances of one bar.
    pub fn log_volatility(&self, variances: &[f64], days: usize, floor: f64) -> Vec<f64> {
        self.log_per_day(&self.mean(variances, self.bars(days)), floor)
    }

    /// ln of the volatility per day, at least the logarithm of `floor`, from variances of one bar.
    pub fn log_per_day(&self, variances: &[f64], floor: f64) -> Vec<f64> {
        let bars_of_day = self.bars(1) as f64;
        let log = |variance: &f64| match variance.is_nan() {
            true => f64::NAN,
            false => (variance * bars_of_day).max(0.0).sqrt().max(floor).ln(),
        };
        variances.iter().map(log).collect()
    }

    /// ln of the volatility per day over the last `bars`, from variances of one bar, at the rows that are asked
    /// for alone: nothing before their windows is looked at.
    pub fn wanted_log_volatility(&self, variances: &[f64], bars: usize, floor: f64) -> Vec<f64> {
        let first = self.first_wanted();
        let from = (first + 1).saturating_sub(bars);
        let first_bar = self.first_bar() + from as i64;
        let mut means = mean_of_known(&variances[from..], (bars, least_known(bars)), first_bar);
        self.log_per_day(&means.split_off(first - from), floor)
    }

    /// The mean of the last `bars` values; NaN where more than one in a hundred is missing.
    pub fn mean(&self, values: &[f64], bars: usize) -> Vec<f64> {
        self.mean_of_known(values, bars, least_known(bars))
    }

    /// The mean of the known ones of the last `bars` values, of which fewer than `bars` may be there;
    /// NaN where fewer than `least` are known.
    pub fn mean_of_known(&self, values: &[f64], bars: usize, least: usize) -> Vec<f64> {
        mean_of_known(values, (bars, least), self.first_bar())
    }
}

/// How many of so many bars must be known.
fn least_known(bars: usize) -> usize {
    bars - bars / BARS_PER_HOLE
}

/// [`CoinVariances::mean_of_known`] of values of which the first is that of a bar by its number since 1970.
fn mean_of_known(values: &[f64], (bars, least): (usize, usize), first_bar: i64) -> Vec<f64> {
    let sums = trailing_sums(values, bars, first_bar).into_iter();
    let mean = |sum: TrailingSum| match (sum.count as usize) < least {
        true => f64::NAN,
        false => sum.mean(),
    };
    sums.map(mean).collect()
}
