//! Times of files, in whatever unit or form they are.

use dataset::YEAR_2100_MS;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use storage::Cell;

/// 2009-01-01T00:00Z: no coin was traded before. From then to 2100, seconds, milliseconds,
/// microseconds and nanoseconds since 1970 are told apart by their size alone.
const YEAR_2009_MS: i64 = 1_230_768_000_000;

/// The times that are taken, for messages.
const TIMES: &str = "seconds, milliseconds or microseconds since 1970, of the years 2009 to 2099, or a time such as 2024-01-01 00:15 (UTC)";

/// A cell as it is written in messages.
pub fn shown(cell: Cell) -> String {
    match cell {
        Cell::Missing => "missing".to_owned(),
        Cell::Integer(value) => value.to_string(),
        Cell::Number(value) => value.to_string(),
        Cell::Time(ns) => format!("a time ({ns} ns)"),
        Cell::Text(text) => format!("`{text}`"),
    }
}

/// A time as UTC milliseconds, or what is wrong with it.
pub fn time_ms(cell: Cell) -> Result<i64, String> {
    let not_a_time = || format!("is {}, expected {TIMES}", shown(cell));
    let ns = match cell {
        Cell::Missing => return Err(not_a_time()),
        Cell::Time(ns) => ns,
        Cell::Integer(value) => since_1970(value.into()).ok_or_else(not_a_time)?,
        Cell::Number(value) => decimal(value).ok_or_else(not_a_time)?,
        Cell::Text(text) => {
            let text = text.trim();
            match (text.parse::<i64>(), text.parse::<f64>()) {
                (Ok(value), _) => since_1970(value.into()).ok_or_else(not_a_time)?,
                (_, Ok(value)) => decimal(value).ok_or_else(not_a_time)?,
                _ => written(text).ok_or_else(not_a_time)?,
            }
        }
    };
    // Other fractions of a second are times, which no interval has on its grid.
    if ns.rem_euclid(1_000_000) != 0 {
        return Err(format!(
            "is {}, with a fraction, off the grid of every interval",
            shown(cell)
        ));
    }
    let ms = i64::try_from(ns / 1_000_000).map_err(|_| not_a_time())?;
    if (YEAR_2009_MS..YEAR_2100_MS).contains(&ms) {
        Ok(ms)
    } else {
        Err(not_a_time())
    }
}

/// As [`time_ms`], with its fraction of a second.
pub fn close_time_ms(cell: Cell) -> Result<i64, String> {
    match cell {
        Cell::Time(ns) => i64::try_from(ns / 1_000_000).map_err(|error| error.to_string()),
        Cell::Text(text) => match text.trim().parse() {
            Ok(value) => close_time_ms(Cell::Integer(value)),
            Err(_) => written(text)
                .map(|ns| (ns / 1_000_000) as i64)
                .ok_or_else(|| shown(cell)),
        },
        Cell::Number(value) if value.fract() == 0.0 => close_time_ms(Cell::Integer(value as i64)),
        Cell::Integer(value) => since_1970(value.into())
            .map(|ns| (ns / 1_000_000) as i64)
            .ok_or_else(|| shown(cell)),
        _ => Err(shown(cell)),
    }
}

/// Nanoseconds of a number of seconds, milliseconds or microseconds, told apart by its size.
fn since_1970(value: i128) -> Option<i128> {
    let in_ms =
        |ns: i128| (i128::from(YEAR_2009_MS)..i128::from(YEAR_2100_MS)).contains(&(ns / 1_000_000));
    [1_000_000_000, 1_000_000, 1_000]
        .into_iter()
        .map(|unit| value * unit)
        .find(|&ns| in_ms(ns))
}

/// As [`since_1970`] for a number that may have a fraction, of which only whether there is one
/// matters.
fn decimal(value: f64) -> Option<i128> {
    if !value.is_finite() || value.abs() >= 1e18 {
        return None;
    }
    since_1970(value.floor() as i128).map(|ns| ns + i128::from(value.fract() != 0.0))
}

/// A time as text: ISO 8601, with a zone or in UTC.
fn written(text: &str) -> Option<i128> {
    let text = text.trim().trim_end_matches(" UTC");
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_nanosecond());
    }
    let time: DateTime = text.parse().ok()?;
    Some(
        time.to_zoned(TimeZone::UTC)
            .ok()?
            .timestamp()
            .as_nanosecond(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_of_a_time_is_told_by_its_size() {
        for same in [
            Cell::Integer(1_733_011_200),
            Cell::Integer(1_733_011_200_000),
            Cell::Integer(1_733_011_200_000_000),
        ] {
            assert_eq!(time_ms(same), Ok(1_733_011_200_000));
        }
        for same in [
            "2024-12-01",
            "2024-12-01 00:00:00",
            "2024-12-01T00:00:00Z",
            "2024-12-01T01:00:00+01:00",
            "2024-12-01 00:00:00+00:00",
            "2024-12-01 00:00 UTC",
            "1733011200",
            "1733011200.0",
            "1.7330112e9",
            "2024-12-01 00:00:00.000000",
        ] {
            assert_eq!(time_ms(Cell::Text(same)), Ok(1_733_011_200_000), "{same}");
        }
        assert_eq!(
            time_ms(Cell::Number(1_733_011_200.0)),
            Ok(1_733_011_200_000)
        );
        assert_eq!(
            time_ms(Cell::Time(1_733_011_200_000_000_000)),
            Ok(1_733_011_200_000)
        );
    }

    #[test]
    fn times_that_cannot_be_told_are_refused() {
        // Nanoseconds, a date as a number, a row's number, what is before coins were traded, and
        // none at all.
        for refused in [
            "1704067200000000000",
            "20240101",
            "1",
            "946684800000",
            "soon",
            "",
            "9223372036854775807",
            "01/02/2024",
        ] {
            let reason = time_ms(Cell::Text(refused)).unwrap_err();
            assert!(
                reason.contains("expected seconds, milliseconds or microseconds since 1970"),
                "{refused}: {reason}"
            );
        }
        for fraction in [
            Cell::Integer(1_733_011_200_000_001),
            Cell::Number(1_733_011_200.5),
            Cell::Time(1),
        ] {
            assert!(
                time_ms(fraction)
                    .unwrap_err()
                    .contains("with a fraction, off the grid of every interval"),
                "{fraction:?}"
            );
        }
        assert_eq!(
            time_ms(Cell::Text("2024-12-01 00:00:00.5")),
            Ok(1_733_011_200_500),
            "off every grid, as its check says"
        );
    }
}
