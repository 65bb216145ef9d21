//! Times as people write them.

use jiff::Timestamp;

/// `2021-05-01 00:15`, UTC, of UTC milliseconds; with seconds only where they are not 0.
pub(crate) fn format_time(time_ms: i64) -> String {
    match Timestamp::from_millisecond(time_ms) {
        Ok(time) if time_ms % 60_000 == 0 => time.strftime("%Y-%m-%d %H:%M").to_string(),
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => format!("{time_ms} ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_to_the_minute_or_the_second() {
        assert_eq!(format_time(1_617_325_200_000), "2021-04-02 01:00");
        assert_eq!(format_time(1_617_325_201_000), "2021-04-02 01:00:01");
        assert_eq!(format_time(i64::MAX), format!("{} ms", i64::MAX));
    }
}
