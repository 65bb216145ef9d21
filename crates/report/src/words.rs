//! Numbers and times in running text.

use dataset::format_time;
use page::{Block, Document};

/// Sentences in lines that a terminal has room for.
pub(crate) fn wrapped(sentences: impl IntoIterator<Item = String>) -> String {
    let sentences = Block::List(sentences.into_iter().collect());
    Document::new("").opening(sentences).text()
}

/// What is not known.
pub(crate) const UNKNOWN: &str = "-";

const DAY_MS: i64 = 86_400_000;

/// A share in percent with two digits that count: `0.27 %`, `12 %`.
pub(crate) fn percent(share: f64) -> String {
    let value = share * 100.0;
    match value.abs() {
        size if !size.is_finite() => UNKNOWN.to_owned(),
        size if size >= 1000.0 => format!("{} %", grouped(value.round())),
        size if size >= 10.0 || size == 0.0 => format!("{value:.0} %"),
        size if size >= 1.0 => format!("{value:.1} %"),
        size if size >= 0.1 => format!("{value:.2} %"),
        size if size >= 0.001 => format!("{value:.3} %"),
        _ => format!("{value:.1e} %"),
    }
}

/// As [`percent`], with its sign.
pub(crate) fn signed_percent(share: f64) -> String {
    let sign = if share > 0.0 { "+" } else { "" };
    sign.to_owned() + &percent(share)
}

/// The change that a log return is, in percent with its sign.
pub(crate) fn change(log_return: f64) -> String {
    signed_percent(log_return.exp_m1())
}

/// A number with so many digits behind the point.
pub(crate) fn number(value: Option<f64>, digits: usize) -> String {
    let known = value.filter(|value| value.is_finite());
    known.map_or_else(|| UNKNOWN.to_owned(), |value| format!("{value:.digits$}"))
}

/// A price over another one, with at least three digits that count.
pub(crate) fn ratio(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 && size.is_finite() => grouped(value.round()),
        _ => price(value),
    }
}

/// An amount of money with three digits that count: `3.12 billion`.
pub(crate) fn amount(value: f64) -> String {
    let units = [
        (1e12, " trillion"),
        (1e9, " billion"),
        (1e6, " million"),
        (1e3, " thousand"),
    ];
    let unit = units.iter().find(|(size, _)| value.abs() >= *size);
    match unit {
        _ if !value.is_finite() => UNKNOWN.to_owned(),
        Some((size, name)) => significant(value / size) + name,
        None => significant(value),
    }
}

/// A price or another number with four digits that count.
pub(crate) fn price(value: f64) -> String {
    let digits = match value.abs() {
        size if size > 0.0 && size.is_finite() => (3 - size.log10().floor() as i64).clamp(0, 12),
        _ => 0,
    };
    let digits = usize::try_from(digits).unwrap_or(0);
    format!("{value:.digits$}")
}

fn significant(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// A whole number with commas between thousands.
fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 {
        format!("-{text}")
    } else {
        text
    }
}

/// A count with commas between thousands.
pub(crate) fn count(number: usize) -> String {
    grouped(number as f64)
}

/// A count with its noun, in the plural where it is not 1.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(number))
}

/// A time; of a midnight the day alone.
pub(crate) fn day(time_ms: i64) -> String {
    let text = format_time(time_ms);
    match time_ms % DAY_MS {
        0 => text.get(..10).map_or(text.clone(), str::to_owned),
        _ => text,
    }
}

/// A length in the longest unit that divides it: `30 days`, `2 hours`.
pub(crate) fn length(ms: i64) -> String {
    let units = [(DAY_MS, "day"), (3_600_000, "hour"), (60_000, "minute")];
    let unit = units.iter().find(|(size, _)| ms % size == 0);
    let (size, noun) = unit.unwrap_or(&(60_000, "minute"));
    counted(usize::try_from(ms / size).unwrap_or(0), noun)
}

/// Names with commas, and how many there are beyond the most that are named.
pub(crate) fn names<T: ToString>(all: &[T], most: usize) -> String {
    let named: Vec<String> = all.iter().take(most).map(ToString::to_string).collect();
    match all.len().checked_sub(most) {
        Some(more @ 1..) => format!("{} and {}", named.join(", "), counted(more, "other")),
        _ => named.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        let found = [0.0027, 0.123, 0.0153, 19.5, 0.0, 6e-9, f64::NAN].map(percent);
        assert_eq!(
            found,
            ["0.27 %", "12 %", "1.5 %", "1,950 %", "0 %", "6.0e-7 %", "-"]
        );
        assert_eq!(change(2.0_f64.ln()), "+100 %");
        assert_eq!(change(0.5_f64.ln()), "-50 %");
        assert_eq!(
            [3.123e9, 45_600.0, 7.0].map(amount),
            ["3.12 billion", "45.6 thousand", "7.00"]
        );
        assert_eq!(
            [0.000_778_1, 43_210.9, 1.2].map(price),
            ["0.0007781", "43211", "1.200"]
        );
        assert_eq!(
            counted(1, "hole") + " " + &counted(1234, "hole"),
            "1 hole 1,234 holes"
        );
    }

    #[test]
    fn times_and_lists_read_well() {
        assert_eq!(day(1_609_459_200_000), "2021-01-01");
        assert_eq!(day(1_609_459_260_000), "2021-01-01 00:01");
        assert_eq!(
            [DAY_MS * 30, 7_200_000, 300_000].map(length),
            ["30 days", "2 hours", "5 minutes"]
        );
        assert_eq!(names(&["a", "b", "c", "d"], 2), "a, b and 2 others");
        assert_eq!(names(&["a", "b"], 2), "a, b");
    }
}
