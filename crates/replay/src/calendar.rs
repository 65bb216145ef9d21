//! Days and months of the archive, and dates in HTTP headers.

use dataset::{format_time, parse_time};
use market::utc_text;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// How long after midnight the exchange puts new files into its archive.
const PUBLISHED_AFTER_MS: i64 = 2 * HOUR_MS;

/// One file's worth of time in the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub from_ms: i64,
    pub until_ms: i64,
    /// When the file appears: for a day, at 02:00 of the next; for a month, at 02:00 of the next
    /// month's first Monday.
    pub published_ms: i64,
}

impl Period {
    /// A day such as `2021-04-03`; None for any other text.
    pub fn day(text: &str) -> Option<Self> {
        let from_ms = parse_time(text)
            .ok()
            .filter(|&ms| format_time(ms) == format!("{text} 00:00"))?;
        let until_ms = from_ms + DAY_MS;
        Some(Self {
            from_ms,
            until_ms,
            published_ms: until_ms + PUBLISHED_AFTER_MS,
        })
    }

    /// A month such as `2021-04`; None for any other text.
    pub fn month(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let (year, month): (i32, i32) = (year.parse().ok()?, month.parse().ok()?);
        let first = |year: i32, month: i32| {
            Self::day(&format!("{year:04}-{month:02}-01")).map(|day| day.from_ms)
        };
        if text != format!("{year:04}-{month:02}") {
            return None;
        }
        let from_ms = first(year, month)?;
        let until_ms = if month == 12 {
            first(year + 1, 1)?
        } else {
            first(year, month + 1)?
        };
        let monday_ms = until_ms + (7 - weekday(until_ms)) % 7 * DAY_MS;
        Some(Self {
            from_ms,
            until_ms,
            published_ms: monday_ms + PUBLISHED_AFTER_MS,
        })
    }
}

/// 0 for Monday to 6 for Sunday.
fn weekday(time_ms: i64) -> i64 {
    // 1970-01-01 was a Thursday.
    (time_ms.div_euclid(DAY_MS) + 3).rem_euclid(7)
}

/// `Mon, 03 May 2021 00:15:00 GMT`, the form of HTTP's `Date`.
pub(crate) fn http_date(time_ms: i64) -> String {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    // 2021-05-03T00:15:00Z
    let text = utc_text(time_ms);
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default().to_owned();
    let named =
        |names: &[&'static str], index: usize| names.get(index).copied().unwrap_or_default();
    let day_name = named(&DAYS, weekday(time_ms).try_into().unwrap_or_default());
    let month_name = named(
        &MONTHS,
        part(5..7)
            .parse::<usize>()
            .unwrap_or_default()
            .wrapping_sub(1),
    );
    format!(
        "{day_name}, {} {month_name} {} {} GMT",
        part(8..10),
        part(0..4),
        part(11..19)
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn ms(text: &str) -> i64 {
        parse_time(text).unwrap()
    }

    #[test]
    fn a_day_s_file_appears_the_next_day() {
        let day = Period::day("2021-04-03").unwrap();
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
            assert_eq!(Period::day(text), None, "{text}");
        }
    }

    #[test]
    fn a_month_s_file_appears_on_the_next_first_monday() {
        let month = Period::month("2021-04").unwrap();
        assert_eq!(
            (month.from_ms, month.until_ms),
            (ms("2021-04-01"), ms("2021-05-01"))
        );
        // 2021-05-01 was a Saturday.
        assert_eq!(month.published_ms, ms("2021-05-03T02:00"));
        // 2021-02-01 was a Monday.
        assert_eq!(
            Period::month("2021-01").unwrap().published_ms,
            ms("2021-02-01T02:00")
        );
        assert_eq!(Period::month("2023-12").unwrap().until_ms, ms("2024-01-01"));
        for text in [
            "2021-13",
            "2021-4",
            "2021-00",
            "2021",
            "2021-04-03",
            "+021-04",
        ] {
            assert_eq!(Period::month(text), None, "{text}");
        }
    }

    #[test]
    fn dates_read_as_http_writes_them() {
        assert_eq!(http_date(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    }
}
