//! Milliseconds since 1970 as dates of the calendar and as readable text, in UTC.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// `2024-01-01T00:00:00Z` for UTC milliseconds (fractions of a second are cut off).
///
/// # Examples
///
/// ```
/// assert_eq!(market::utc_text(1_704_067_200_000), "2024-01-01T00:00:00Z");
/// ```
pub fn utc_text(ms: i64) -> String {
    datetime(ms).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// UTC milliseconds as a date and a time of day; beyond the years that jiff knows, the nearest it
/// knows.
pub(crate) fn datetime(ms: i64) -> DateTime {
    let nearest = if ms < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    TimeZone::UTC.to_datetime(Timestamp::from_millisecond(ms).unwrap_or(nearest))
}

#[cfg(test)]
mod tests {
    use super::utc_text;

    #[test]
    fn known_times_read_as_the_calendar_says() {
        assert_eq!(utc_text(0), "1970-01-01T00:00:00Z");
        assert_eq!(utc_text(-1), "1969-12-31T23:59:59Z");
        assert_eq!(utc_text(1_709_251_199_999), "2024-02-29T23:59:59Z");
        assert_eq!(utc_text(1_617_325_200_000), "2021-04-02T01:00:00Z");
    }

    #[test]
    fn extreme_times_do_not_panic() {
        assert!(!utc_text(i64::MIN).is_empty());
        assert!(!utc_text(i64::MAX).is_empty());
    }
}
