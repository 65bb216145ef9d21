//! Numbers and times at the axes of charts.

use notation::format_time;

use crate::text::format::grouped;

/// `05-01` of UTC milliseconds.
pub(crate) fn month_and_day(time_ms: i64) -> String {
    format_time(time_ms)[5..10].to_owned()
}

/// A time below an axis that is so long: with its year where months come twice, with its hour where
/// days do.
pub(crate) fn time_on_axis(time_ms: i64, span_ms: i64) -> String {
    const DAY_MS: i64 = 86_400_000;
    let text = format_time(time_ms);
    let shown = match span_ms {
        span if span > 300 * DAY_MS => text.get(..10),
        span if span < 4 * DAY_MS => text.get(5..16),
        _ => text.get(5..10),
    };
    shown.unwrap_or(&text).to_owned()
}

/// A number with no more digits than it needs: below .01 two that count, above 9,999 with commas.
pub(crate) fn tick(value: f64) -> String {
    let size = value.abs();
    let digits = match size {
        size if size >= 100.0 => 0,
        size if !(1e-9..0.01).contains(&size) => 3,
        size => usize::try_from(1 - size.log10().floor() as i64).unwrap_or(3),
    };
    if size >= 9_999.5 {
        let sign = if value < 0.0 { "-" } else { "" };
        return format!("{sign}{}", grouped(size.round() as usize));
    }
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_of_any_size_differ() {
        let of = [0.0, 0.05, 0.0004, -0.000_25, 1e-17, 120.0, -250_000.0];
        let told = ["0", "0.05", "0.0004", "-0.00025", "0", "120", "-250,000"];
        assert_eq!(of.map(tick), told);
    }

    #[test]
    fn two_years_have_years_and_one_day_has_hours() {
        const DAY_MS: i64 = 86_400_000;
        let told = [730, 40, 1].map(|days| time_on_axis(DAY_MS, days * DAY_MS));
        assert_eq!(told, ["1970-01-02", "01-02", "01-02 00:00"]);
    }
}
