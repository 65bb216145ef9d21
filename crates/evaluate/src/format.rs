//! Numbers as the tables print them; what is undefined is `-`.

use crate::concentration::Concentration;
use crate::report::{Concentrations, Headline, Interval};

/// Longest line of running text.
const LINE: usize = 118;

fn dash() -> String {
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
pub(crate) fn interval(ends: Option<Interval>) -> String {
    ends.map_or_else(dash, |[low, high]| {
        format!("{} to {}", signed(low), signed(high))
    })
}

/// The heading of a column of intervals, such as `95 % interval`.
pub(crate) fn interval_title(confidence: f64) -> String {
    let percent = format!("{:.1}", confidence * 100.0);
    format!("{} % interval", percent.trim_end_matches(".0"))
}

/// The names of the four figures that a claim rests on.
pub(crate) const HEADLINE: [&str; 4] = ["+1 bar", "neutral +1", "Pearson", "neutral"];

/// The headings above [`headline_cells`], after that of the labels.
pub(crate) fn headline_header(label: &str, interval_title: &str) -> impl Iterator<Item = String> {
    let columns = HEADLINE
        .into_iter()
        .flat_map(|title| [title, interval_title]);
    std::iter::once(label)
        .chain(columns)
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .into_iter()
}

/// Each of the four figures with its interval.
pub(crate) fn headline_cells(figures: Headline) -> impl Iterator<Item = String> {
    figures
        .into_iter()
        .flat_map(|(value, ends)| [correlation(value), interval(ends)])
}

/// The shares of the covariance that the best day and the best hours hold.
pub(crate) fn shares(concentration: Option<Concentration>) -> String {
    let share = |share: f64| format!("{:.0} %", share * 100.0);
    concentration.map_or_else(dash, |one| {
        format!("{} | {}", share(one.best_day), share(one.best_hours))
    })
}

/// What there is to say of scores that hang on few events.
pub(crate) fn narrow_warning(label: &str, concentrations: &Concentrations) -> Option<String> {
    let versions = concentrations.versions().into_iter().zip(HEADLINE);
    let narrow: Vec<String> = versions
        .filter_map(|(one, name)| Some((one.filter(Concentration::is_narrow)?, name)))
        .map(|(one, name)| {
            let day = &dataset::format_time(one.best_day_ms)[..10];
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

/// A share in percent.
pub(crate) fn percent(share: Option<f64>) -> String {
    share.map_or_else(dash, |share| format!("{:.2} %", share * 100.0))
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

/// Sentences in lines of at most 118 characters, each ended by a line break.
pub(crate) fn wrapped(text: &str) -> String {
    let mut lines = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > LINE {
            lines.push('\n');
            used = 0;
        }
        if used > 0 {
            lines.push(' ');
            used += 1;
        }
        lines += word;
        used += length;
    }
    lines + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

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
