//! Days and months of the archive, and dates in HTTP headers.

use jiff::civil::{Date, Time, Weekday};
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// How long after midnight the exchange puts new files into its archive.
const PUBLISHED_AFTER_MS: i64 = 2 * 3_600_000;

/// One file's worth of time in the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FilePeriod {
    pub from_ms: i64,
    pub until_ms: i64,
    /// When the file appears: for a day, at 02:00 of the next; for a month, at 02:00 of the next
    /// month's first Monday.
    pub published_ms: i64,
}

impl FilePeriod {
    /// A day such as `2021-04-03`; None for any other text.
    pub fn day(text: &str) -> Option<Self> {
        let day = text
            .parse::<Date>()
            .ok()
            .filter(|day| day.to_string() == text)?;
        let next = day.tomorrow().ok()?;
        Self::new(day, next, next)
    }

    /// A month such as `2021-04`; None for any other text.
    pub fn month(text: &str) -> Option<Self> {
        let first: Date = format!("{text}-01").parse().ok()?;
        let next = first.checked_add(1.month()).ok()?;
        if first.strftime("%Y-%m").to_string() != text {
            return None;
        }
        Self::new(
            first,
            next,
            next.nth_weekday_of_month(1, Weekday::Monday).ok()?,
        )
    }

    fn new(from: Date, until: Date, published: Date) -> Option<Self> {
        Some(Self {
            from_ms: midnight_ms(from)?,
            until_ms: midnight_ms(until)?,
            published_ms: midnight_ms(published)? + PUBLISHED_AFTER_MS,
        })
    }
}

fn midnight_ms(date: Date) -> Option<i64> {
    let midnight = TimeZone::UTC.to_timestamp(date.to_datetime(Time::midnight()));
    Some(midnight.ok()?.as_millisecond())
}

/// `Mon, 03 May 2021 00:15:00 GMT`, the form of HTTP's `Date`.
pub(crate) fn http_date(time_ms: i64) -> String {
    let time = Timestamp::from_millisecond(time_ms).unwrap_or_default();
    DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&time)
        .unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use dataset::parse_time;

    use super::*;

    fn ms(text: &str) -> i64 {
        parse_time(text).unwrap()
    }

    #[test]
    fn a_day_s_file_appears_the_next_day() {
        let day = FilePeriod::day("2021-04-03").unwrap();
        assert_eq!(
            (day.from_ms, day.until_ms),
            (ms("2021-04-03"), ms("2021-04-04"))
        );
        assert_eq!(day.published_ms, ms("2021-04-04T02:00"));
        for text in [
            "2021-04",
            "2021-4-3",
            "2021-04-31",
            "1617408000000",
            "",
            "2021-04-03T00:00",
        ] {
            assert_eq!(FilePeriod::day(text), None, "{text}");
        }
    }

    #[test]
    fn a_month_s_file_appears_on_the_next_first_monday() {
        let month = FilePeriod::month("2021-04").unwrap();
        assert_eq!(
            (month.from_ms, month.until_ms),
            (ms("2021-04-01"), ms("2021-05-01"))
        );
        // 2021-05-01 was a Saturday.
        assert_eq!(month.published_ms, ms("2021-05-03T02:00"));
        // 2021-02-01 was a Monday.
        assert_eq!(
            FilePeriod::month("2021-01").unwrap().published_ms,
            ms("2021-02-01T02:00")
        );
        assert_eq!(
            FilePeriod::month("2023-12").unwrap().until_ms,
            ms("2024-01-01")
        );
        for text in [
            "2021-13",
            "2021-4",
            "2021-00",
            "2021",
            "2021-04-03",
            "+021-04",
        ] {
            assert_eq!(FilePeriod::month(text), None, "{text}");
        }
    }

    #[test]
    fn dates_read_as_http_writes_them() {
        assert_eq!(http_date(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    }
}
