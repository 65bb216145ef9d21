//! One coin's candles, and the terms at some rows of it.

use std::cell::OnceCell;

use dataset::{FeatureSet, Panel, garch_variance};

use super::days::DayCandles;
use super::{
    LEAST_LEVEL_DAYS, LONG_LEVEL_DAYS, MINUTE_MS, Rhythm, Source, bars_of_days, floored_ln,
};

const MINUTES_A_DAY: i64 = 1440;

/// One in so many returns of a window may be unknown.
const LEAST_KNOWN: usize = 100;

/// One coin of a panel, for the terms at some rows.
pub(crate) struct CoinHistory<'a> {
    panel: &'a Panel,
    coin: usize,
    /// In ascending order.
    rows: &'a [usize],
    /// Log returns of a bar from the panel's first row to the last of `rows`, NaN where unknown.
    returns: &'a [f64],
    /// Bars after a row that are to be forecast.
    horizon_bars: usize,
    har_range: OnceCell<Vec<Vec<f64>>>,
    har_intraday: OnceCell<Vec<Vec<f64>>>,
    days: OnceCell<DayCandles>,
}

impl<'a> CoinHistory<'a> {
    pub fn of(
        (panel, coin): (&'a Panel, usize),
        rows: &'a [usize],
        returns: &'a [f64],
        horizon_bars: usize,
    ) -> Self {
        Self {
            panel,
            coin,
            rows,
            returns,
            horizon_bars,
            har_range: OnceCell::new(),
            har_intraday: OnceCell::new(),
            days: OnceCell::new(),
        }
    }

    /// The values of a term at the rows; those that are means over the coins are of this coin alone.
    pub fn values(&self, source: Source) -> Vec<f64> {
        let range = || self.features(&self.har_range, FeatureSet::HAR_RANGE);
        let intraday = || self.features(&self.har_intraday, FeatureSet::HAR_INTRADAY);
        match source {
            Source::HarRange(place) => self.at_rows(range(), place),
            Source::HarIntraday(place) => self.at_rows(intraday(), place),
            Source::Volatility(days) => {
                let of = |row| (self.mean(days, row, |r| r * r) * self.bars_a_day()).sqrt();
                self.each(of)
            }
            Source::Size(days) => {
                let of = |row| self.mean(days, row, f64::abs) * self.bars_a_day().sqrt();
                self.each(|row| floored_ln(of(row)))
            }
            Source::Falling(days) => {
                let of = |row| self.mean(days, row, |r| r.min(0.0).powi(2)) * self.bars_a_day();
                self.each(|row| floored_ln(of(row).sqrt()))
            }
            Source::Kurtosis(days) => self.each(|row| {
                let variance = self.mean(days, row, |r| r * r);
                let fourth = self.mean(days, row, |r| r.powi(4));
                log_kurtosis(variance, fourth)
            }),
            Source::Days(variance, count) => {
                let days = self
                    .days
                    .get_or_init(|| DayCandles::of((self.panel, self.coin), self.rows));
                self.each(|row| floored_ln(days.mean_variance(variance, row, count).sqrt()))
            }
            Source::LongLevel => self.each(|row| self.long_level(row)),
            Source::Downside => self.each(|row| {
                let falling = self.mean(1, row, |r| r.min(0.0).powi(2));
                match self.mean(1, row, |r| r * r) {
                    // Nothing moved: neither rose nor fell.
                    0.0 => 0.5,
                    all => falling / all,
                }
            }),
            Source::Quarticity => self.each(|row| self.quarticity(row)),
            Source::SameHours(rhythm, count) => {
                self.each(|row| self.same_hours(rhythm, count, row))
            }
            Source::Garch => {
                let first = self.rows.first().copied().unwrap_or(0);
                let end = self.rows.last().map_or(0, |last| last + 1);
                let variances = garch_variance(self.panel, self.coin, first..end);
                self.each(|row| variances[row - first] / 2.0)
            }
            Source::Market(term) => self.values(term.source),
        }
    }

    fn each(&self, of: impl Fn(usize) -> f64) -> Vec<f64> {
        self.rows.iter().map(|&row| of(row)).collect()
    }

    /// The features of a set from the first of the rows to the last.
    fn features<'b>(&self, known: &'b OnceCell<Vec<Vec<f64>>>, set: FeatureSet) -> &'b [Vec<f64>] {
        known.get_or_init(|| {
            let (first, last) = (self.rows.first(), self.rows.last());
            let span = first.copied().unwrap_or(0)..last.map_or(0, |last| last + 1);
            set.formulas().of_coin(self.panel, self.coin, span)
        })
    }

    fn at_rows(&self, features: &[Vec<f64>], place: usize) -> Vec<f64> {
        let first = self.rows.first().copied().unwrap_or(0);
        self.each(|row| features[place][row - first])
    }

    fn bars_a_day(&self) -> f64 {
        (MINUTES_A_DAY * MINUTE_MS) as f64 / self.panel.interval().ms() as f64
    }

    /// The mean of a function of the returns of the last so many days; NaN where more than one in a
    /// hundred of them is unknown, so that a month of days has none missing.
    fn mean(&self, days: usize, row: usize, of: impl Fn(f64) -> f64) -> f64 {
        let bars = bars_of_days(days, self.panel.interval());
        let Some(first) = (row + 1).checked_sub(bars) else {
            return f64::NAN;
        };
        let values = self.returns[first..=row].iter();
        let known = values.filter(|value| !value.is_nan()).copied();
        let (sum, count) = known.fold((0.0, 0), |(sum, n), value| (sum + of(value), n + 1));
        match (bars - count) * LEAST_KNOWN > bars {
            true => f64::NAN,
            false => sum / count as f64,
        }
    }

    /// The mean over the days so far, counted back from a row, of the logarithm of their volatility;
    /// NaN where fewer than 22 are known.
    fn long_level(&self, row: usize) -> f64 {
        let bars = bars_of_days(1, self.panel.interval());
        let ends = (0..=row).rev().step_by(bars).take(LONG_LEVEL_DAYS);
        let of_day = |end| floored_ln((self.mean(1, end, |r| r * r) * self.bars_a_day()).sqrt());
        let known = ends.map(of_day).filter(|value| !value.is_nan());
        let (sum, count) = known.fold((0.0, 0), |(sum, n), value| (sum + value, n + 1));
        match count < LEAST_LEVEL_DAYS {
            true => f64::NAN,
            false => sum / count as f64,
        }
    }

    /// The mean over the last `count` days or weeks of the logarithm of the volatility in the bars that are as far
    /// from that day's row as those to be forecast are from this one; NaN where more than one in ten of the days has
    /// an unknown return.
    fn same_hours(&self, rhythm: Rhythm, count: usize, row: usize) -> f64 {
        let period = bars_of_days(rhythm.days(), self.panel.interval());
        let first = rhythm.first(self.panel.interval(), self.horizon_bars);
        let of_span = |periods: usize| {
            let end = (row + self.horizon_bars).checked_sub(periods * period)?;
            let bars = self
                .returns
                .get((end + 1).checked_sub(self.horizon_bars)?..=end)?;
            let variance = bars.iter().map(|r| r * r).sum::<f64>() / bars.len() as f64;
            let volatility = (variance * self.bars_a_day()).sqrt();
            (!volatility.is_nan()).then(|| floored_ln(volatility))
        };
        let spans = (first..first + count).filter_map(of_span);
        let (sum, known) = spans.fold((0.0, 0), |(sum, n), value| (sum + value, n + 1));
        match (count - known) * 10 > count {
            true => f64::NAN,
            false => sum / known as f64,
        }
    }

    /// `ln(sqrt(n / 3 sum r^4) / sum r^2)` of a day.
    fn quarticity(&self, row: usize) -> f64 {
        let bars = self.bars_a_day();
        let fourth = self.mean(1, row, |r| r.powi(4)) * bars * bars / 3.0;
        match self.mean(1, row, |r| r * r) * bars {
            // Nothing moved.
            0.0 => 0.0,
            variance => (fourth.sqrt() / variance).ln(),
        }
    }
}

/// The logarithm of a mean fourth power over the square of a variance, which is never below 1; 0 where
/// next to nothing moved. NaN stays NaN.
fn log_kurtosis(variance: f64, fourth: f64) -> f64 {
    match variance.is_nan() {
        true => f64::NAN,
        false => (fourth / variance.max(1e-8).powi(2)).max(1.0).ln(),
    }
}
