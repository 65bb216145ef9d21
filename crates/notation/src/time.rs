//! Times as people write them; inside, a time is an `i64` of UTC milliseconds.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// 2100-01-01T00:00Z: no candle is later.
pub const YEAR_2100_MS: i64 = 4_102_444_800_000;

/// `2021-05-01 00:15`, UTC; with seconds only where they are not 0.
pub fn format_time(time_ms: i64) -> String {
    match Timestamp::from_millisecond(time_ms) {
        Ok(time) if time_ms % 60_000 == 0 => time.strftime("%Y-%m-%d %H:%M").to_string(),
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => format!("{time_ms} ms"),
    }
}

/// Reads `2021-05-01`, `2021-05-01 00:15`, `2021-05-01T00:15:00Z` (all UTC) or milliseconds.
///
/// # Errors
/// The text itself with the forms that are understood.
pub fn parse_time(text: &str) -> Result<i64, String> {
    let text = text.trim();
    if let Ok(ms) = text.parse::<i64>() {
        let in_range = (0..YEAR_2100_MS).contains(&ms);
        return if in_range {
            Ok(ms)
        } else {
            Err(format!("`{text}` ms is no time from 1970 to 2100"))
        };
    }
    let civil = text.trim_end_matches('Z').replacen(' ', "T", 1);
    civil
        .parse::<DateTime>()
        .ok()
        .and_then(|time| time.to_zoned(TimeZone::UTC).ok())
        .map(|zoned| zoned.timestamp().as_millisecond())
        .filter(|ms| (0..YEAR_2100_MS).contains(ms))
        .ok_or_else(|| {
            format!(
                "`{text}` is no time: expected 2021-05-01, 2021-05-01T00:15 (UTC) or milliseconds"
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        assert_eq!(parse_time("2021-04-02T01:00Z"), Ok(1_617_325_200_000));
        assert_eq!(parse_time("2021-04-02 01:00"), Ok(1_617_325_200_000));
        assert_eq!(parse_time("2021-04-02"), Ok(1_617_321_600_000));
        assert_eq!(parse_time("1617325200000"), Ok(1_617_325_200_000));
        for text in [
            "yesterday",
            "9223372036854720000",
            "-60000",
            "9999-01-01",
            "1969-12-31",
        ] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_written_to_the_minute_or_the_second() {
        assert_eq!(format_time(1_617_325_200_000), "2021-04-02 01:00");
        assert_eq!(format_time(1_617_325_201_000), "2021-04-02 01:00:01");
        assert_eq!(format_time(i64::MAX), format!("{} ms", i64::MAX));
    }
}
