//! At which times and over which windows pictures over time are made, so that a year of minutes and
//! two years of days can both be drawn.

use market::Interval;
use serde::Serialize;

/// Most points of a line over time.
const MOST_POINTS: i64 = 800;

/// Most returns of a coin that coins are compared by.
const MOST_RETURNS: i64 = 20_000;

/// Least bars and returns in a trailing window.
const LEAST_BARS: i64 = 30;

/// Least returns that a correlation over a trailing window is made of.
const LEAST_RETURNS: i64 = 60;

const DAY_MS: i64 = 86_400_000;

/// The span of all candles, cut into points; every length is in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Sampling {
    /// Open time of the first candle of all.
    pub from_ms: i64,
    /// End of the last one.
    pub until_ms: i64,
    /// Length of a bar.
    pub interval: Interval,
    /// Time from one point of a line to the next: a bar or longer.
    pub period_ms: i64,
    /// What a volatility at a point looks back over: a day, 30 bars or a period, the longest of them.
    pub volatility_window_ms: i64,
    /// Length of the returns that coins are correlated by: a bar or longer.
    pub return_ms: i64,
    /// What a correlation at a point looks back over.
    pub correlation_window_ms: i64,
}

impl Sampling {
    /// Of candles that open from the first to the last of `open_times_ms`.
    pub fn new(open_times_ms: (i64, i64), interval: Interval) -> Self {
        let bar = interval.ms();
        let (from_ms, until_ms) = (open_times_ms.0, open_times_ms.1 + bar);
        let length = (until_ms - from_ms).max(bar);
        let lengths = || {
            let intervals = Interval::ALL.into_iter().map(Interval::ms);
            let fitting = intervals.filter(move |ms| *ms >= bar && ms % bar == 0);
            fitting.chain((2..).map(|days| days * DAY_MS))
        };
        // The list has no end, so that one fits.
        let shortest = |most: i64| lengths().find(|ms| length / ms <= most).unwrap_or(length);
        let (period_ms, return_ms) = (shortest(MOST_POINTS), shortest(MOST_RETURNS));
        let volatility_window_ms = DAY_MS.max(LEAST_BARS * bar).max(period_ms);
        Self {
            from_ms,
            until_ms,
            interval,
            period_ms,
            volatility_window_ms,
            return_ms,
            correlation_window_ms: volatility_window_ms.max(LEAST_RETURNS * return_ms),
        }
    }

    /// Number of points.
    pub fn points(&self) -> usize {
        let periods = self.until_ms.div_euclid(self.period_ms)
            - self.from_ms.div_euclid(self.period_ms)
            + i64::from(self.until_ms.rem_euclid(self.period_ms) != 0);
        usize::try_from(periods).unwrap_or(0)
    }

    /// The point in whose period a bar opens.
    pub fn point_of(&self, open_time_ms: i64) -> usize {
        let first = self.from_ms.div_euclid(self.period_ms);
        let place = open_time_ms.div_euclid(self.period_ms) - first;
        usize::try_from(place).unwrap_or(0)
    }

    /// The time that a point stands for: the end of its period, or of the candles.
    pub fn time_ms(&self, point: usize) -> i64 {
        let first = self.from_ms.div_euclid(self.period_ms);
        let end = (first + point as i64 + 1) * self.period_ms;
        end.min(self.until_ms)
    }

    /// How much of a point's period lies between the first and the last candle.
    pub fn length_ms(&self, point: usize) -> i64 {
        let first = self.from_ms.div_euclid(self.period_ms);
        let start = (first + point as i64) * self.period_ms;
        (self.time_ms(point) - start.max(self.from_ms)).max(self.interval.ms())
    }

    /// Number of returns of [`return_ms`](Self::return_ms) between the first and the last candle.
    pub fn returns(&self) -> usize {
        usize::try_from(self.until_ms / self.return_ms - self.from_ms / self.return_ms + 1)
            .unwrap_or(0)
    }

    /// Whether a bar ends a return of [`return_ms`](Self::return_ms), and the place of that return.
    pub fn return_of(&self, open_time_ms: i64) -> Option<usize> {
        let close_ms = open_time_ms + self.interval.ms();
        let place = close_ms / self.return_ms - self.from_ms / self.return_ms;
        let ends = close_ms % self.return_ms == 0;
        usize::try_from(place).ok().filter(|_| ends)
    }

    /// End of the return at a place, UTC milliseconds.
    pub fn return_end_ms(&self, place: usize) -> i64 {
        (self.from_ms / self.return_ms + place as i64) * self.return_ms
    }

    /// How many amounts of a bar, a period or the like make up a day.
    pub fn a_day(length_ms: i64) -> f64 {
        DAY_MS as f64 / length_ms as f64
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const MINUTE_MS: i64 = 60_000;

    fn sampling(days: i64, interval: &str) -> Sampling {
        let interval: Interval = interval.parse().unwrap();
        let first = 19_000 * DAY_MS;
        Sampling::new((first, first + days * DAY_MS - interval.ms()), interval)
    }

    #[test]
    fn lengths_fit_the_span() {
        let in_days = |sampling: Sampling| {
            [
                sampling.period_ms,
                sampling.volatility_window_ms,
                sampling.return_ms,
                sampling.correlation_window_ms,
            ]
            .map(|ms| ms as f64 / DAY_MS as f64)
        };
        assert_eq!(in_days(sampling(638, "1d")), [1.0, 30.0, 1.0, 60.0]);
        let minutes = in_days(sampling(43, "1m"));
        assert_eq!(minutes, [2.0 / 24.0, 1.0, 5.0 / 1440.0, 1.0]);
        let year = in_days(sampling(548, "1m"));
        assert_eq!(year, [1.0, 1.0, 1.0 / 24.0, 2.5]);
        assert_eq!(in_days(sampling(3000, "1d"))[0], 4.0);
    }

    #[test]
    fn every_bar_has_its_point_and_some_end_a_return() {
        let sampling = sampling(43, "1m");
        assert_eq!(sampling.points(), 43 * 12);
        let last = sampling.until_ms - MINUTE_MS;
        assert_eq!(sampling.point_of(sampling.from_ms), 0);
        assert_eq!(sampling.point_of(last), 43 * 12 - 1);
        assert_eq!(sampling.time_ms(43 * 12 - 1), sampling.until_ms);
        assert_eq!(sampling.time_ms(0), sampling.from_ms + sampling.period_ms);
        // A return ends with the close of every fifth minute.
        let first = sampling.from_ms;
        assert_eq!(sampling.return_of(first + 4 * MINUTE_MS), Some(1));
        assert_eq!(sampling.return_of(first + 3 * MINUTE_MS), None);
        assert_eq!(sampling.return_end_ms(1), first + 5 * MINUTE_MS);
        assert_eq!(sampling.return_of(last), Some(sampling.returns() - 1));
    }

    /// A span that begins and ends within a period.
    #[test]
    fn the_last_point_stands_for_the_end_of_the_candles() {
        let interval: Interval = "1m".parse().unwrap();
        let first = 19_000 * DAY_MS + 37 * MINUTE_MS;
        let sampling = Sampling::new((first, first + 43 * DAY_MS), interval);
        let points = sampling.points();
        assert_eq!(sampling.point_of(first + 43 * DAY_MS), points - 1);
        assert_eq!(
            sampling.time_ms(points - 1),
            first + 43 * DAY_MS + MINUTE_MS
        );
        // From 00:37 to 02:00, and from 00:00 to 00:38.
        assert_eq!(sampling.length_ms(0), 83 * MINUTE_MS);
        assert_eq!(sampling.length_ms(1), 120 * MINUTE_MS);
        assert_eq!(sampling.length_ms(points - 1), 38 * MINUTE_MS);
    }
}
