//! How long the exchange wants to hear nothing, wherever it says so.

use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// The longest ban that the exchange gives (its documentation: from 2 minutes to 3 days). A longer
/// one is a slip of the pen.
const LONGEST: Duration = Duration::from_secs(3 * 86_400);

/// The silence that an answer asks for, at most three days: `Retry-After` in seconds or as a date,
/// or a body that says `banned until <milliseconds since 1970>`; the longer of both. None where
/// neither tells of a time that is yet to come.
///
/// `now_ms` is the server's clock.
pub(super) fn asked_for(headers: &HeaderMap, body: &str, now_ms: i64) -> Option<Duration> {
    let until = |ms: i64| {
        u64::try_from(ms.saturating_sub(now_ms))
            .ok()
            .map(Duration::from_millis)
    };
    let by_header =
        text(headers, RETRY_AFTER.as_str()).and_then(|text| match text.trim().parse::<f64>() {
            Ok(secs) => (secs.is_finite() && secs >= 0.0)
                .then(|| Duration::from_secs_f64(secs.min(LONGEST.as_secs_f64()))),
            Err(_) => until(date_ms(text)?),
        });
    let by_body = banned_until_ms(body)
        .and_then(until)
        .filter(|silence| !silence.is_zero());
    by_header.max(by_body).map(|silence| silence.min(LONGEST))
}

/// The end of a ban as the exchange writes it, milliseconds since 1970; seconds and microseconds
/// are told by their size.
fn banned_until_ms(body: &str) -> Option<i64> {
    let digits = body
        .split("banned until ")
        .nth(1)?
        .split(|letter: char| !letter.is_ascii_digit())
        .next()?;
    // Digits beyond any number are as good as the largest one: the silence has a limit.
    match digits
        .parse::<i64>()
        .unwrap_or(if digits.is_empty() { 0 } else { i64::MAX })
    {
        0 => None,
        secs @ 1..100_000_000_000 => Some(secs * 1000),
        micros @ 100_000_000_000_000.. if micros < i64::MAX / 1000 => Some(micros / 1000),
        ms => Some(ms),
    }
}

/// The server's clock by the answer's `Date`, milliseconds since 1970.
pub(super) fn server_ms(headers: &HeaderMap) -> Option<i64> {
    date_ms(text(headers, DATE.as_str())?)
}

/// This machine's clock, milliseconds since 1970.
pub(super) fn local_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// A date as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn date_ms(text: &str) -> Option<i64> {
    Some(
        jiff::fmt::rfc2822::parse(text.trim())
            .ok()?
            .timestamp()
            .as_millisecond(),
    )
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    const NOW: i64 = 1_704_067_200_000;

    fn secs(retry_after: Option<&'static str>, body: &str) -> Option<u64> {
        let mut headers = HeaderMap::new();
        if let Some(value) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(value));
        }
        asked_for(&headers, body, NOW).map(|silence| silence.as_secs())
    }

    #[test]
    fn the_end_is_found_wherever_it_is_written() {
        let body = format!(
            "{{\"code\":-1003,\"msg\":\"Way too much; IP banned until {}. Use\"}}",
            NOW + 1_200_000
        );
        assert_eq!(secs(None, &body), Some(1200));
        assert_eq!(secs(Some("5"), &body), Some(1200), "the longer one");
        assert_eq!(secs(Some("1800"), &body), Some(1800));
        assert_eq!(secs(Some("Mon, 01 Jan 2024 00:01:00 GMT"), ""), Some(60));
        assert_eq!(secs(Some(" 1.5 "), ""), Some(1));
        assert_eq!(
            secs(None, &format!("banned until {}", NOW / 1000 + 90)),
            Some(90),
            "seconds"
        );
        assert_eq!(
            secs(None, &format!("banned until {}", (NOW + 90_000) * 1000)),
            Some(90),
            "microseconds"
        );
    }

    #[test]
    fn absurd_ends_are_none_or_three_days() {
        let longest = Some(3 * 86_400);
        for huge in [
            "18446744073709551615",
            "99999999999999999999999999",
            "1e300",
            "604800",
        ] {
            assert_eq!(secs(Some(huge), ""), longest, "{huge}");
        }
        for huge in [
            "9223372036854775807",
            "99999999999999999999999999",
            "4102444800000",
        ] {
            assert_eq!(
                secs(None, &format!("banned until {huge}")),
                longest,
                "{huge}"
            );
        }
        for none in [
            "-5",
            "soon",
            "",
            "inf",
            "NaN",
            "Mon, 01 Jan 2023 00:01:00 GMT",
        ] {
            assert_eq!(
                secs(Some(none), "banned until further notice"),
                None,
                "{none}"
            );
        }
        assert_eq!(secs(None, "banned until 1600000000000"), None, "it is over");
        assert_eq!(secs(None, "banned until -1700000000000"), None);
        assert_eq!(secs(None, "banned until 0"), None);
        assert_eq!(secs(None, "{}"), None);
    }

    #[test]
    fn the_servers_clock_is_in_its_answer() {
        let mut headers = HeaderMap::new();
        assert_eq!(server_ms(&headers), None);
        headers.insert(
            DATE,
            HeaderValue::from_static("Mon, 01 Jan 2024 00:00:00 GMT"),
        );
        assert_eq!(server_ms(&headers), Some(NOW));
        headers.insert(DATE, HeaderValue::from_static("now"));
        assert_eq!(server_ms(&headers), None);
    }
}
