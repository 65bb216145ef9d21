//! The lines below the tables: how the intervals were made, and what is missing and why.

use score::{Report, Score};

use crate::text::format::{counted, grouped, wrapped};

/// One note a line; `labels` are the forecasters' names in the tables.
pub(crate) fn notes(report: &Report, labels: &[String]) -> String {
    let mut notes = vec![format!(
        "Intervals: stationary block bootstrap, {} draws (seed {}); times drawn within each fold, all coins together; mean block length by Politis and White, at least {} and at most half a fold. Reach: {}.",
        grouped(report.draws),
        report.seed,
        counted(report.floor_bars, "bar"),
        counted(report.reach_bars, "bar"),
    )];
    if !report.differences.is_empty() {
        notes.push(
            "Differences: both forecasters on the same draws, over the folds in which both have a score."
                .to_owned(),
        );
    }
    notes.push(
        "IC a day: days drawn as wholes instead; it needs no fold, and each day counts once."
            .to_owned(),
    );
    if !report.trailing_volatility {
        notes.push(
            "The trailing volatility is unknown: that of the training rows is the unit of the IC a day."
                .to_owned(),
        );
    }
    notes.extend(undefined_notes(report, labels));
    for (label, score) in labels.iter().zip(&report.forecasters) {
        notes.extend(score.run.as_ref().map(|run| format!("{label}: {run}")));
    }
    notes.iter().map(|note| wrapped(note)).collect()
}

fn undefined_notes(report: &Report, labels: &[String]) -> Vec<String> {
    let undefined = |score: &Score| score.folds.iter().filter(|fold| fold.is_none()).count();
    let names = |wanted: &dyn Fn(&Score) -> bool| {
        let chosen = labels
            .iter()
            .zip(&report.forecasters)
            .filter(|(_, score)| wanted(score));
        chosen
            .map(|(label, _)| label.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let mut notes = Vec::new();
    let is_unknown = |score: &Score| score.is_unknown;
    let unknown = names(&is_unknown);
    if !unknown.is_empty() {
        notes.push(format!(
            "Without a score, as it is 0 in every row or the run's table lacks its columns: {unknown}."
        ));
        notes.push(
            "`evaluate RUN` adds columns that an older version did not write, where the candles are still in the store."
                .to_owned(),
        );
    }
    let nowhere = names(&|score| undefined(score) == report.folds && !is_unknown(score));
    if !nowhere.is_empty() {
        notes.push(format!(
            "No score in any fold (constant forecast or too few rows): {nowhere}."
        ));
    }
    for (label, score) in labels.iter().zip(&report.forecasters) {
        let missing = undefined(score);
        if missing > 0 && missing < report.folds {
            notes.push(format!(
                "{label}: no score in {missing} of {} folds (constant forecast or few rows), left out of its means.",
                report.folds
            ));
        }
    }
    let without_interval = names(&|score| {
        let pearson = score.metric("pearson");
        pearson.value.is_some() && pearson.interval.is_none()
    });
    if !without_interval.is_empty() {
        let times = counted(report.times, "time");
        notes.push(format!(
            "No interval ({times} hold fewer than five blocks): {without_interval}."
        ));
    }
    notes
}
