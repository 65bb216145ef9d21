//! The report of a search as a person reads it.

use std::fmt::Write;

use statistics::ConfidenceInterval;
use terminal::Table;

use crate::judge::DayMean;
use crate::report::{Report, listed};

/// The report in tables of text.
pub(crate) fn report_text(report: &Report) -> String {
    let counts = report.trials;
    let title = report.measure.title();
    let mut text = format!(
        "{} trials: {} complete, {} pruned, {} failed. Chosen by {title} (mean over days) on folds {}; \
         folds {} were held back.\n\n",
        counts.all(),
        counts.complete,
        counts.pruned,
        counts.failed,
        listed(&report.search_folds),
        listed(&report.held_back_folds),
    );
    text += &table(report);
    text.push('\n');
    text += &luck(report);
    if report.looks > 1 {
        let _ = writeln!(
            text,
            "The folds held back were looked at {} times, so that they hold back less.",
            report.looks
        );
    }
    text.push('\n');
    for trial in &report.best {
        let _ = writeln!(
            text,
            "trial {}: {}",
            trial.number,
            trial.overrides.join(" ")
        );
    }
    text + &outcome(report)
}

/// What the best config is.
fn outcome(report: &Report) -> String {
    let path = report.best_config.display();
    let number = report.best.first().map_or(0, |trial| trial.number);
    if report.is_better {
        return format!("\nThe config of trial {number} is {path}.\n");
    }
    let gain = report
        .best_gain
        .map_or("-".to_owned(), |gain| format!("{gain:+.5}"));
    format!(
        "\nNo trial is better than the config as it is: as trials are chosen, the best one, trial {number}, has a \
         gain of {gain}. {path} is the config as it is.\n"
    )
}

fn table(report: &Report) -> String {
    let title = report.measure.title();
    let of = |folds: &[usize]| format!("{title}, folds {}", listed(folds));
    let header = [
        String::new(),
        of(&report.search_folds),
        "gain".to_owned(),
        of(&report.held_back_folds),
        "gain".to_owned(),
    ];
    let mut table = Table::new(header).unbroken();
    table.push(
        "as it is",
        [
            mean(&report.base.search),
            "-".to_owned(),
            mean(&report.base.held_back),
            "-".to_owned(),
        ],
    );
    for trial in &report.best {
        let cells = [
            mean(&trial.search),
            signed(&trial.search_gain),
            mean(&trial.held_back),
            signed(&trial.held_back_gain),
        ];
        table.push(&format!("trial {}", trial.number), cells);
    }
    table.render()
        + "A gain is over the config as it is, on the same days; more is better.\n"
        + report.measure.as_chosen()
}

/// What is to be thought of the best trial's gain.
fn luck(report: &Report) -> String {
    let mut text = String::new();
    let tried = report.trials.tried();
    if let Some(expected) = report.expected_maximum {
        let _ = writeln!(
            text,
            "The best of {tried} trials that are all worth as much as the config as it is would be \
             expected to gain {expected:+.5} on the folds that they are chosen on."
        );
    }
    if let Some(deflated) = report.deflated {
        let _ = writeln!(
            text,
            "Deflated by {tried} trials, the best one's gain a day is above 0 with a probability of \
             {deflated:.2}."
        );
    }
    if let Some(overfitting) = &report.overfitting {
        let _ = writeln!(
            text,
            "Probability of overfitting: {:.2} (the best on one half of these days is not above the \
             median on the other half; {} ways to halve them).",
            overfitting.probability, overfitting.splits
        );
    }
    text
}

fn mean(mean: &DayMean) -> String {
    with_interval(mean, |value| format!("{value:.5}"))
}

fn signed(mean: &DayMean) -> String {
    with_interval(mean, |value| format!("{value:+.5}"))
}

fn with_interval(mean: &DayMean, text: impl Fn(f64) -> String) -> String {
    let ends = |[low, high]: ConfidenceInterval| format!(" ({} to {})", text(low), text(high));
    let interval = mean.interval.map_or_else(String::new, ends);
    mean.value
        .map_or("-".to_owned(), |value| text(value) + &interval)
}
