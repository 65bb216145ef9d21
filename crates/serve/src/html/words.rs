//! Numbers and times as a person reads them.

use dataset::{Task, format_time};
use predict::ForecastUnit;

/// `01-20 02:56`: a time without its year, UTC.
pub fn short_time(time_ms: i64) -> String {
    let text = format_time(time_ms);
    text.get(5..16).unwrap_or(&text).to_owned()
}

/// A span in its largest units: `3 h`, `11 months`.
pub fn span(ms: i64) -> String {
    let secs = ms.max(0) as f64 / 1000.0;
    let units = [
        (1.0, "s"),
        (60.0, "min"),
        (3600.0, "h"),
        (86_400.0, "days"),
        (2_629_800.0, "months"),
    ];
    let (unit_secs, name) = units
        .into_iter()
        .rev()
        .find(|(unit, _)| secs >= 2.0 * unit)
        .unwrap_or(units[0]);
    format!("{:.0} {name}", (secs / unit_secs).floor())
}

/// A forecast in the unit that people read.
pub fn forecast(value: f64, unit: ForecastUnit) -> String {
    match unit {
        ForecastUnit::BasisPoints => format!("{:+.1}", value * 1e4),
        ForecastUnit::Percent => format!("{:+.2}", value * 100.0),
        ForecastUnit::Plain => format!("{value:+.3}"),
    }
}

/// What a column of forecasts is in.
pub fn unit(unit: ForecastUnit, task: Task) -> &'static str {
    match (unit, task) {
        (ForecastUnit::BasisPoints, _) => "bp",
        (ForecastUnit::Percent, _) => "%",
        (ForecastUnit::Plain, Task::LogVolatility) => "log",
        (ForecastUnit::Plain, _) => "value",
    }
}

/// A price with five digits that say something.
pub fn price(value: f64) -> String {
    let whole = if value.abs() >= 1.0 {
        value.abs().log10().floor() as usize + 1
    } else {
        0
    };
    match whole {
        0 => format!("{value:.7}"),
        _ => format!("{value:.*}", 6_usize.saturating_sub(whole).min(4)),
    }
}

/// A fraction in percent.
pub fn percent(value: f64) -> String {
    format!("{:+.2} %", value * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_reads_short_words() {
        assert_eq!(short_time(1_705_719_360_000), "01-20 02:56");
        assert_eq!(span(3 * 3_600_000 + 60_000), "3 h");
        assert_eq!(span(90_000), "90 s");
        assert_eq!(span(-5), "0 s");
        assert_eq!(span(340 * 86_400_000), "11 months");
        assert_eq!(forecast(0.000_16, ForecastUnit::BasisPoints), "+1.6");
        assert_eq!(forecast(-0.0123, ForecastUnit::Percent), "-1.23");
        assert_eq!(price(41_469.4), "41469.4");
        assert_eq!(price(2354.23), "2354.23");
        assert_eq!(price(99.556), "99.5560");
        assert_eq!(price(0.084_137_4), "0.0841374");
    }
}
