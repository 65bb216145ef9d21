//! The span that is held back, and when the next one is whole.

use dataset::TimeSpan;

const DAY_MS: i64 = 86_400_000;

/// The span that neither champion nor challenger is fitted on: open times, UTC ms, half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Its first row.
    pub from_ms: i64,
    /// The first row after it.
    pub until_ms: i64,
    /// The first candle after those that the targets of its rows need.
    pub candles_until_ms: i64,
}

impl Period {
    /// The newest span of this length, the targets of which are known from candles that end at `end_ms`. It
    /// ends at a UTC midnight, or where the length is no whole number of days at a multiple of it: calls
    /// of the same day find the same span.
    pub fn newest(length: TimeSpan, end_ms: i64, reach_ms: i64) -> Self {
        let step_ms = if length.ms() % DAY_MS == 0 {
            DAY_MS
        } else {
            length.ms()
        };
        let known_ms = end_ms - reach_ms;
        let until_ms = known_ms - known_ms.rem_euclid(step_ms);
        Self {
            from_ms: until_ms - length.ms(),
            until_ms,
            candles_until_ms: until_ms + reach_ms,
        }
    }
}

/// The time that the candles must reach for the next retraining: `seen_until_ms` is the first row that the
/// champion was not fitted on, `last_until_ms` the end of the span that was held back last.
pub fn due_ms(
    length: TimeSpan,
    seen_until_ms: i64,
    last_until_ms: Option<i64>,
    reach_ms: i64,
) -> i64 {
    seen_until_ms.max(last_until_ms.unwrap_or(i64::MIN)) + length.ms() + reach_ms
}

/// How long a span is that is held back before its time, when something has drifted: a quarter of the
/// cadence in whole days. None where the cadence is too short for that to be earlier.
pub fn early_length(cadence: TimeSpan) -> Option<TimeSpan> {
    let days = (cadence.ms() + 4 * DAY_MS - 1) / (4 * DAY_MS);
    let length = TimeSpan::hours(24 * days);
    (2 * length.ms() < cadence.ms()).then_some(length)
}

/// As [`due_ms`], when something has drifted: a challenger learns at least as long a time that the
/// champion does not know as it is scored on.
pub fn early_due_ms(
    length: TimeSpan,
    seen_until_ms: i64,
    last_until_ms: Option<i64>,
    reach_ms: i64,
) -> i64 {
    due_ms(length, seen_until_ms + length.ms(), last_until_ms, reach_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    /// Candles to 10:30 of day 20, targets 15 minutes ahead, a week held back: days 13 to 20.
    #[test]
    fn the_newest_span_ends_at_a_midnight() {
        let end_ms = 20 * DAY_MS + 10 * HOUR_MS + HOUR_MS / 2;
        let week = TimeSpan::hours(7 * 24);
        let reach_ms = 15 * 60_000;
        let period = Period::newest(week, end_ms, reach_ms);
        let expected = Period {
            from_ms: 13 * DAY_MS,
            until_ms: 20 * DAY_MS,
            candles_until_ms: 20 * DAY_MS + reach_ms,
        };
        assert_eq!(period, expected);
        // At five past midnight the last target of the day before is not known.
        let early = Period::newest(week, 21 * DAY_MS + 5 * 60_000, reach_ms);
        assert_eq!(early, expected);
        let hours = Period::newest(TimeSpan::hours(6), end_ms, reach_ms);
        assert_eq!(
            (hours.from_ms, hours.until_ms),
            (20 * DAY_MS, 20 * DAY_MS + 6 * HOUR_MS)
        );
    }

    #[test]
    fn the_next_span_begins_after_what_the_champion_saw_and_what_was_held_back_last() {
        let week = TimeSpan::hours(7 * 24);
        assert_eq!(due_ms(week, 10 * DAY_MS, None, 5), 17 * DAY_MS + 5);
        assert_eq!(due_ms(week, 10 * DAY_MS, Some(17 * DAY_MS), 0), 24 * DAY_MS);
    }

    #[test]
    fn a_span_before_its_time_is_a_quarter_of_the_cadence_and_so_is_what_is_learnt_anew() {
        let days = |days: i64| TimeSpan::hours(24 * days);
        assert_eq!(early_length(days(28)), Some(days(7)));
        assert_eq!(early_length(days(30)), Some(days(8)));
        assert_eq!(early_length(days(3)), Some(days(1)));
        assert_eq!(early_length(days(2)), None, "two days are due as soon");
        assert_eq!(early_length(TimeSpan::hours(6)), None);
        let due = |last_days: Option<i64>| {
            early_due_ms(days(7), 10 * DAY_MS, last_days.map(|days| days * DAY_MS), 5)
        };
        assert_eq!(due(None), 24 * DAY_MS + 5);
        assert_eq!(due(Some(17)), 24 * DAY_MS + 5);
        assert_eq!(due(Some(38)), 45 * DAY_MS + 5);
    }
}
