//! Numbers as the tables print them; what is undefined is `-`.

use notation::format_time;
use score::{Concentration, Concentrations, Metric, Report, ReportSection, Unit, Value};
use statistics::ConfidenceInterval;
use terminal::line_width;

/// Longest line of running text.
const LINE: usize = 118;

/// What is undefined.
pub(crate) fn dash() -> String {
    "-".to_owned()
}

/// A correlation with its sign and four digits.
pub(crate) fn correlation(value: Option<f64>) -> String {
    value.map_or_else(dash, signed)
}

fn signed(value: f64) -> String {
    if value.abs() < 0.000_05 {
        "0.0000".to_owned()
    } else {
        format!("{value:+.4}")
    }
}

/// An interval's ends.
pub(crate) fn interval(ends: Option<ConfidenceInterval>) -> String {
    ends.map_or_else(dash, |[low, high]| {
        format!("{} to {}", signed(low), signed(high))
    })
}

/// The heading of a column of intervals, such as `95 % interval`.
pub(crate) fn interval_title(confidence: f64) -> String {
    let percent = format!("{:.1}", confidence * 100.0);
    format!("{} % interval", percent.trim_end_matches(".0"))
}

/// The headings of a metric's columns: the value, its interval, its t.
pub(crate) fn metric_header(metric: &Metric, interval_title: &str) -> Vec<String> {
    let mut header = vec![metric.title.to_owned()];
    header.extend(metric.interval.map(|_| interval_title.to_owned()));
    header.extend(metric.has_t.then(|| "t".to_owned()));
    header
}

/// The cells below [`metric_header`].
pub(crate) fn metric_cells(metric: &Metric, found: Value) -> Vec<String> {
    let mut cells = vec![metric_value(metric, found.value)];
    cells.extend(
        metric
            .interval
            .map(|_| metric_interval(metric, found.interval)),
    );
    cells.extend(metric.has_t.then(|| t(found.t)));
    cells
}

/// The ends of a metric's interval in its unit.
fn metric_interval(metric: &Metric, ends: Option<ConfidenceInterval>) -> String {
    match (metric.unit, ends) {
        (Unit::Share, Some([low, high])) => {
            format!("{:.2} to {:.2} %", low * 100.0, high * 100.0)
        }
        (Unit::Loss | Unit::Number, Some([low, high])) => format!("{low:.4} to {high:.4}"),
        (Unit::Target, Some([low, high])) => {
            format!("{} to {}", magnitude(Some(low)), magnitude(Some(high)))
        }
        _ => interval(ends),
    }
}

/// A metric's value in its unit.
pub(crate) fn metric_value(metric: &Metric, value: Option<f64>) -> String {
    match metric.unit {
        Unit::Correlation => correlation(value),
        Unit::Ratio => ratio(value),
        Unit::Share => percent(value),
        Unit::Target | Unit::Price => magnitude(value),
        Unit::Probability => probability(value),
        Unit::Loss | Unit::Number => number(value, 4),
    }
}

/// The metrics of prices: those with an interval, among them how often the direction was right, and
/// the others. None where no price is known.
pub(crate) fn price_metrics(report: &Report) -> Option<[Vec<&Metric>; 2]> {
    let of_prices = || report.metrics_at(ReportSection::Prices);
    let is_known = |metric: &Metric| {
        let scores = report.forecasters.iter();
        metric.unit == Unit::Price
            && scores
                .flat_map(|score| score.value(metric.name))
                .next()
                .is_some()
    };
    if !of_prices().any(is_known) {
        return None;
    }
    let direction = report.metrics.iter();
    let direction = direction.filter(|metric| metric.name == "directional_accuracy");
    let (first, others): (Vec<_>, Vec<_>) =
        of_prices().partition(|metric| metric.interval.is_some());
    Some([first.into_iter().chain(direction).collect(), others])
}

/// A value in units of its standard error.
pub(crate) fn t(value: Option<f64>) -> String {
    value.map_or_else(dash, |value| format!("{value:+.1}"))
}

/// Titles of [`Concentrations::METRICS`].
pub(crate) fn concentration_titles(metrics: &[Metric]) -> impl Iterator<Item = &'static str> {
    Concentrations::METRICS.into_iter().map(|name| {
        let found = metrics.iter().find(|metric| metric.name == name);
        found.map_or(name, |metric| metric.title)
    })
}

/// The shares of the covariance that the best day and the best hours hold.
pub(crate) fn shares(concentration: Option<Concentration>) -> String {
    let share = |share: f64| format!("{:.0} %", share * 100.0);
    concentration.map_or_else(dash, |one| {
        format!("{} | {}", share(one.best_day), share(one.best_hours))
    })
}

/// What there is to say of scores that hang on few events.
pub(crate) fn narrow_warning(
    label: &str,
    concentrations: &Concentrations,
    metrics: &[Metric],
) -> Option<String> {
    let versions = concentrations
        .versions()
        .into_iter()
        .zip(concentration_titles(metrics));
    let narrow: Vec<String> = versions
        .filter_map(|(one, name)| Some((one.filter(Concentration::is_narrow)?, name)))
        .map(|(one, name)| {
            let day = &format_time(one.best_day_ms)[..10];
            let [of_day, of_hours] =
                [one.best_day, one.best_hours].map(|share| format!("{:.0} %", share * 100.0));
            format!(
                "{name} ({of_day} in {day}, {of_hours} in {} of {} hours)",
                one.hours,
                grouped(one.of_hours)
            )
        })
        .collect();
    (!narrow.is_empty()).then(|| {
        format!(
            "warning: more than a third of {label}'s covariance lies in one day or 1 % of the hours: {}.",
            narrow.join(", ")
        )
    })
}

/// A ratio with its sign and three digits.
pub(crate) fn ratio(value: Option<f64>) -> String {
    value.map_or_else(dash, |value| format!("{value:+.3}"))
}

/// A probability with three digits, or that it is smaller.
pub(crate) fn probability(value: Option<f64>) -> String {
    value.map_or_else(dash, |value| match value < 0.001 {
        true => "< 0.001".to_owned(),
        false => format!("{value:.3}"),
    })
}

/// A share in percent.
pub(crate) fn percent(share: Option<f64>) -> String {
    share.map_or_else(dash, |share| format!("{:.2} %", share * 100.0))
}

/// A fraction in basis points with its sign; `-` where undefined.
pub(crate) fn basis_points(value: Option<f64>) -> String {
    value.map_or_else(dash, |value| format!("{:+.1}", value * 1e4))
}

/// Both ends of an interval in basis points.
pub(crate) fn interval_points(ends: Option<ConfidenceInterval>) -> String {
    ends.map_or_else(dash, |[low, high]| {
        format!("{:+.1} to {:+.1}", low * 1e4, high * 1e4)
    })
}

/// A fraction in percent with its sign.
pub(crate) fn signed_percent(value: f64) -> String {
    if value == 0.0 {
        return "0.00 %".to_owned();
    }
    format!("{:+.2} %", value * 100.0)
}

/// A plain number; `-` where undefined.
pub(crate) fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(dash, |value| format!("{value:.digits$}"))
}

/// An error's size with four digits that count.
pub(crate) fn magnitude(value: Option<f64>) -> String {
    value.map_or_else(dash, |value| {
        let digits = if value > 0.0 {
            (3 - value.log10().floor() as i64).clamp(0, 9)
        } else {
            0
        };
        format!("{value:.*}", usize::try_from(digits).unwrap_or(0))
    })
}

/// A count with its noun, in the plural where it is not 1.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(count))
}

/// How long so many bars are, in the longest unit that divides it: 7 days, 15 minutes.
pub(crate) fn span(bars: usize, bar_ms: i64) -> String {
    let length_ms = bars as i64 * bar_ms;
    let units = [
        (86_400_000, "day"),
        (3_600_000, "hour"),
        (60_000, "minute"),
        (1000, "second"),
    ];
    let unit = units.iter().find(|(ms, _)| length_ms % ms == 0);
    let (ms, noun) = unit.unwrap_or(&(1000, "second"));
    counted((length_ms / ms) as usize, noun)
}

/// A whole number with commas between thousands.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The text with a capital letter at its beginning.
pub(crate) fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// A word and what it means, in lines of at most 118 characters.
pub(crate) fn legend_line(word: &str, meaning: &str) -> String {
    const INDENT: usize = 17;
    let head = format!("  {word}  ");
    let head = format!("{head:<INDENT$}");
    // A word that is longer than the indent takes of its own line alone.
    let width = line_width(LINE) - INDENT;
    let taken = head.chars().count() - INDENT;
    let lines = broken_after(meaning, width, taken);
    let lines: Vec<String> = lines
        .iter()
        .enumerate()
        .map(|(number, line)| match number {
            0 => format!("{head}{line}\n"),
            _ => format!("{:INDENT$}{line}\n", ""),
        })
        .collect();
    lines.concat()
}

/// Sentences in lines of at most 118 characters, each ended by a line break.
pub(crate) fn wrapped(text: &str) -> String {
    broken(text, line_width(LINE)).join("\n") + "\n"
}

/// Lines of at most so many characters, broken between words.
fn broken(text: &str, width: usize) -> Vec<String> {
    broken_after(text, width, 0)
}

/// As [`broken`], where so many characters of the first line are taken.
fn broken_after(text: &str, width: usize, taken: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = taken;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push(String::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += length;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_in_its_longest_unit() {
        let of = |bars, bar_ms| span(bars, bar_ms);
        assert_eq!(of(7, 86_400_000), "7 days");
        assert_eq!(of(288, 300_000), "1 day");
        assert_eq!(of(15, 60_000), "15 minutes");
        assert_eq!(of(12, 300_000), "1 hour");
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(grouped(1_069_338), "1,069,338");
        assert_eq!(grouped(999), "999");
        assert_eq!(magnitude(Some(0.003_912_4)), "0.003912");
        assert_eq!(magnitude(Some(1234.5)), "1234");
        assert_eq!(magnitude(Some(0.0)), "0");
        assert_eq!(correlation(Some(-0.000_01)), "0.0000");
        assert_eq!(correlation(None), "-");
        assert_eq!(interval(Some([-0.01, 0.02])), "-0.0100 to +0.0200");
        assert_eq!(percent(Some(0.512_34)), "51.23 %");
    }

    /// A word that is longer than the room for words: its first line is no wider than the others.
    #[test]
    fn long_words_of_a_legend_fit_their_line() {
        let meaning = "word ".repeat(50);
        for word in ["IC", "negated_deviation_240m"] {
            let text = legend_line(word, &meaning);
            assert!(text.lines().all(|line| line.len() <= LINE), "{text}");
            assert!(text.starts_with(&format!("  {word}  ")), "{text}");
            assert!(
                text.lines()
                    .skip(1)
                    .all(|line| line.starts_with(&" ".repeat(17)))
            );
            assert_eq!(text.split_whitespace().count(), 51);
        }
    }

    #[test]
    fn sentences_are_broken_between_words() {
        assert_eq!(wrapped("a b"), "a b\n");
        let text = wrapped(&"word ".repeat(50));
        assert!(
            text.lines()
                .all(|line| line.len() <= LINE && !line.ends_with(' '))
        );
        assert_eq!(text.split_whitespace().count(), 50);
    }
}
