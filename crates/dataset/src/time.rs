//! The months that the store's files are named for.

use jiff::Timestamp;

/// The month that a time falls in, as `2021-05`: the name of its file in the store.
pub(crate) fn month(time_ms: i64) -> String {
    Timestamp::from_millisecond(time_ms).map_or_else(
        |_| "out-of-range".to_owned(),
        |time| time.strftime("%Y-%m").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_the_file_of_its_month() {
        assert_eq!(month(1_617_325_200_000), "2021-04");
        assert_eq!(month(i64::MAX), "out-of-range");
    }
}
