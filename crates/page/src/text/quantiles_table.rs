//! Bins as text: a table for a terminal, and CSV.

use notation::format_time;
use std::fmt::Write;

use rules::{QuantileReport, Scope};
use statistics::ConfidenceInterval;
use terminal::Table;

use crate::text::format::{correlation, counted, grouped, signed_percent, span, wrapped};

/// Most bins that are printed one by one; of more, the first and the last half as many.
const MOST_ROWS: usize = 100;

/// What a forecast was ranked against, in words.
pub(crate) fn scope_words(scope: Scope, trailing_bars: usize) -> String {
    match scope {
        Scope::Timestamp => "the coins of the same time".to_owned(),
        Scope::Date => "the coin's forecasts of the same UTC day, later ones included".to_owned(),
        Scope::Trailing => format!("the coin's last {} forecasts", grouped(trailing_bars)),
    }
}

/// Everything a reader of the bins needs.
pub fn quantiles_table(report: &QuantileReport) -> String {
    [
        headline(report),
        bins_section(report),
        ranks_section(report),
        notes(report),
    ]
    .join("\n")
}

fn headline(report: &QuantileReport) -> String {
    let times = report.span_ms.map(format_time);
    let realized_over = span(report.reach_bars, report.bar_ms);
    wrapped(&format!(
        "{} forecasts of {} in {} bins, {} to {} UTC, each ranked among {}. Realized over {}, before fees.",
        grouped(report.rows - report.left_out),
        counted(report.coins, "coin"),
        grouped(report.bins),
        times[0],
        times[1],
        scope_words(report.scope, report.trailing_bars.unwrap_or_default()),
        realized_over,
    ))
}

fn bins_section(report: &QuantileReport) -> String {
    let interval = format!(
        "{} % interval bp",
        (report.confidence * 1000.0).round() / 10.0
    );
    let mut table = Table::new(["bin", "count", "mean bp", interval.as_str(), "cumulative"]);
    let half = MOST_ROWS / 2;
    let is_shown =
        |place: usize| report.bins <= MOST_ROWS || place < half || place >= report.bins - half;
    for (place, one) in report.quantiles.iter().enumerate() {
        if is_shown(place) {
            let cells = [
                grouped(one.count),
                points(one.mean),
                interval_points(one.interval),
                signed_percent(one.cumulative),
            ];
            table.push(&one.bin.to_string(), cells);
        } else if place == half {
            table.push("...", [(); 4].map(|()| String::new()));
        }
    }
    let spread = [
        "".to_owned(),
        points(report.spread),
        interval_points(report.spread_interval),
        "".to_owned(),
    ];
    table.push("highest minus lowest", spread);
    table.render()
}

fn ranks_section(report: &QuantileReport) -> String {
    let overall = format!(
        "Rank IC over all rows {}",
        correlation(report.rank_correlation)
    );
    if report.rank_ic.timestamps == 0 {
        return overall + "\n";
    }
    wrapped(&format!(
        "{overall}; at each time {} in the mean and {} in the median of {}",
        correlation(report.rank_ic.mean),
        correlation(report.rank_ic.median),
        counted(report.rank_ic.timestamps, "time"),
    ))
}

/// How many rows have no bin, and why; None where all have one.
pub(crate) fn left_out_note(report: &QuantileReport) -> Option<String> {
    let why = match report.scope {
        Scope::Timestamp => {
            "at times with fewer coins than bins, or with one forecast for all coins"
        }
        Scope::Date => "on days of a coin with too few forecasts, or equal ones alone",
        Scope::Trailing => {
            "among a coin's first forecasts, with too little before them, or equal ones alone"
        }
    };
    let rows = counted(report.left_out, "row");
    (report.left_out > 0).then(|| format!("{rows} are left out: {why}."))
}

fn notes(report: &QuantileReport) -> String {
    let mut text = left_out_note(report).map_or_else(String::new, |note| wrapped(&note));
    if report.empty_bins > 0 {
        text += &wrapped(&format!(
            "{} hold no row: there are more bins than forecasts that one is ranked among.",
            counted(report.empty_bins, "bin")
        ));
    }
    let slice = match report.slice_ms {
        3_600_000 => "an hour".to_owned(),
        86_400_000 => "a UTC day".to_owned(),
        more => span(1, more),
    };
    text += &wrapped(&format!(
        "Intervals count all rows of {slice} as one event. Cumulative is the bin's mean of every time, added up and \
         divided by the {} that a realized value reaches over.",
        counted(report.reach_bars, "bar"),
    ));
    if let Some(found) = &report.look_ahead {
        text += &wrapped(&format!(
            "Scope date looks ahead within the day: on {} that both scopes have, highest minus lowest is {} bp \
             here, and {} bp against the past alone.",
            counted(found.rows, "row"),
            points(found.date),
            points(found.trailing),
        ));
    }
    text
}

/// One line a bin, with fractions as they are; what is undefined is empty.
pub fn quantiles_csv(report: &QuantileReport) -> String {
    let cell = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let mut text = "bin,count,mean,low,high,cumulative\n".to_owned();
    for one in &report.quantiles {
        let end = |end: usize| cell(one.interval.map(|ends| ends[end]));
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{},{},{},{},{},{}",
            one.bin,
            one.count,
            cell(one.mean),
            end(0),
            end(1),
            one.cumulative
        );
    }
    text
}

/// A fraction in basis points with two digits, as means of single bars are small.
fn points(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{:+.2}", value * 1e4))
}

fn interval_points(ends: Option<ConfidenceInterval>) -> String {
    ends.map_or_else(
        || "-".to_owned(),
        |[low, high]| format!("{:+.2} to {:+.2}", low * 1e4, high * 1e4),
    )
}
