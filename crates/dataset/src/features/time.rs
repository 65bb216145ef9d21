//! Features of the time at which a bar closes, the same for every coin: `features.time` adds them to
//! any set.

use std::f64::consts::TAU;

use market::Interval;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const WEEK_MS: i64 = 7 * DAY_MS;

/// UTC ms of a Monday, 1970-01-05.
const MONDAY_MS: i64 = 4 * DAY_MS;

/// A feature of a time.
#[derive(Debug)]
pub(super) struct TimeFeature {
    pub name: &'static str,
    /// How it is computed, in words that the book's reference shows.
    pub formula: &'static str,
    /// Bars shorter than this have it: on longer ones it is constant, or another feature again.
    below_ms: i64,
    /// Of UTC ms.
    of: fn(i64) -> f64,
}

impl TimeFeature {
    const fn new(
        name: &'static str,
        formula: &'static str,
        below_ms: i64,
        of: fn(i64) -> f64,
    ) -> Self {
        Self {
            name,
            formula,
            below_ms,
            of,
        }
    }

    /// Its value for a bar that closes at `close_ms`, UTC.
    pub fn at(&self, close_ms: i64) -> f64 {
        (self.of)(close_ms)
    }
}

/// All of them, in the order of the channels. A pair of a sine and a cosine tells every time of a
/// cycle apart, and puts its end beside its beginning.
pub(super) static TIME_FEATURES: [TimeFeature; 9] = [
    TimeFeature::new(
        "minute_of_day_sin",
        "sin(2 pi m / 1440) of the minute m of the UTC day",
        HOUR_MS,
        |time_ms| (TAU * minute_of_day(time_ms) / 1440.0).sin(),
    ),
    TimeFeature::new(
        "minute_of_day_cos",
        "cos(2 pi m / 1440)",
        HOUR_MS,
        |time_ms| (TAU * minute_of_day(time_ms) / 1440.0).cos(),
    ),
    TimeFeature::new(
        "hour_sin",
        "sin(2 pi h / 24) of the hour h of the UTC day, from 0 to 23",
        DAY_MS,
        |time_ms| (TAU * hour(time_ms) / 24.0).sin(),
    ),
    TimeFeature::new("hour_cos", "cos(2 pi h / 24)", DAY_MS, |time_ms| {
        (TAU * hour(time_ms) / 24.0).cos()
    }),
    TimeFeature::new(
        "weekday_sin",
        "sin(2 pi d / 7) of the day d of the week, Monday 0",
        WEEK_MS,
        |time_ms| (TAU * weekday(time_ms) / 7.0).sin(),
    ),
    TimeFeature::new("weekday_cos", "cos(2 pi d / 7)", WEEK_MS, |time_ms| {
        (TAU * weekday(time_ms) / 7.0).cos()
    }),
    TimeFeature::new(
        "session_asia",
        "1 from 00:00 to 08:00 UTC, else 0",
        DAY_MS,
        |time_ms| is_within(time_ms, 0.0, 8.0),
    ),
    TimeFeature::new(
        "session_europe",
        "1 from 07:00 to 16:00 UTC, else 0",
        DAY_MS,
        |time_ms| is_within(time_ms, 7.0, 16.0),
    ),
    TimeFeature::new(
        "session_america",
        "1 from 13:00 to 22:00 UTC, else 0",
        DAY_MS,
        |time_ms| is_within(time_ms, 13.0, 22.0),
    ),
];

/// Those that bars of `interval` have.
pub(super) fn time_features(interval: Interval) -> Vec<&'static TimeFeature> {
    let varies = |feature: &&TimeFeature| interval.ms() < feature.below_ms;
    TIME_FEATURES.iter().filter(varies).collect()
}

fn minute_of_day(time_ms: i64) -> f64 {
    (time_ms.rem_euclid(DAY_MS) / 60_000) as f64
}

fn hour(time_ms: i64) -> f64 {
    (time_ms.rem_euclid(DAY_MS) / HOUR_MS) as f64
}

fn weekday(time_ms: i64) -> f64 {
    ((time_ms - MONDAY_MS).rem_euclid(WEEK_MS) / DAY_MS) as f64
}

fn is_within(time_ms: i64, from: f64, until: f64) -> f64 {
    f64::from(u8::from((from..until).contains(&hour(time_ms))))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// By Python's datetime: 2024-02-29 was a Thursday.
    #[test]
    fn a_time_has_the_values_of_the_calendar() {
        let time_ms = 1_709_215_200_000; // 2024-02-29 14:00 UTC
        let values: Vec<f64> = TIME_FEATURES.iter().map(|one| one.at(time_ms)).collect();
        let expected = [
            -0.5, // 14 of 24 hours
            -0.866_025_403_784_438_6,
            -0.5,
            -0.866_025_403_784_438_6,
            0.433_883_739_117_558_2, // 3 of 7 days
            -0.900_968_867_902_419_1,
            0.0,
            1.0,
            1.0,
        ];
        for (found, expected) in values.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{values:?}");
        }
    }

    #[test]
    fn bars_have_the_features_that_vary_on_them() {
        let names = |interval: &str| -> Vec<&str> {
            let features = time_features(interval.parse().unwrap());
            features.iter().map(|feature| feature.name).collect()
        };
        assert_eq!(names("1m").len(), 9);
        assert_eq!(names("1h").len(), 7);
        assert_eq!(names("1d"), ["weekday_sin", "weekday_cos"]);
    }
}
