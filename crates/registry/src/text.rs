//! Versions and history as text.

use std::fmt::Write;

use dataset::format_time;
use terminal::Table;

use crate::{Alias, HistoryLine, Listed, NamedScore, Verdict};

/// One line a version.
pub(crate) fn versions_table(all: &[Listed]) -> String {
    if all.is_empty() {
        return "no version is registered that is so\n".to_owned();
    }
    let header = [
        "model",
        "version",
        "alias",
        "kind",
        "target",
        "coins",
        "fitted until",
        "score",
        "run",
    ];
    let mut table = Table::new(header).left([1, 2, 3, 4, 6, 7, 8]).unbroken();
    for Listed {
        entry,
        aliases,
        is_retired,
    } in all
    {
        let mut names: Vec<&str> = aliases.iter().map(Alias::as_str).collect();
        names.extend(is_retired.then_some("retired"));
        let until = entry
            .training_span_ms
            .map(|[_, until_ms]| format_time(until_ms));
        let cells = [
            entry.version.to_string(),
            names.join(", "),
            entry.kind.clone(),
            entry.target.clone(),
            entry.universe.len().to_string(),
            until.unwrap_or_else(|| "-".to_owned()),
            entry.scores.first().map_or("-".to_owned(), in_words),
            entry.run.display().to_string(),
        ];
        table.push(entry.name.as_str(), cells);
    }
    table.render()
}

/// A score with its interval.
fn in_words(score: &NamedScore) -> String {
    let interval = score.interval.map_or(String::new(), |[low, high]| {
        format!(" [{low:+.4} {high:+.4}]")
    });
    format!("{} {:+.4}{interval}", score.metric, score.value)
}

/// What was known of a version when it was added, each with its label.
fn facts(listed: &Listed) -> Vec<(&'static str, String)> {
    let entry = &listed.entry;
    let span = entry
        .training_span_ms
        .map_or("not known".to_owned(), |[from, until]| {
            format!("{} to {} UTC", format_time(from), format_time(until))
        });
    let aliases: Vec<&str> = listed.aliases.iter().map(Alias::as_str).collect();
    vec![
        ("model", format!("{} {}", entry.name, entry.version)),
        ("aliases", aliases.join(", ")),
        ("run", entry.run.display().to_string()),
        (
            "forecaster",
            format!("{} ({})", entry.forecaster, entry.kind),
        ),
        (
            "target",
            format!("{}, bars of {}", entry.target, entry.interval),
        ),
        ("coins", entry.universe.join(" ")),
        ("fitted on", span),
        ("config SHA-256", entry.config_sha256.clone()),
        (
            "data SHA-256",
            entry
                .data_sha256
                .clone()
                .unwrap_or_else(|| "not known".to_owned()),
        ),
        ("code", entry.code_version.clone()),
        (
            "size",
            format!(
                "{} files of {} bytes together",
                entry.files.len(),
                entry.bytes()
            ),
        ),
        (
            "added",
            format!("{} UTC by {}", format_time(entry.added_ms), entry.who),
        ),
        ("why", entry.why.clone()),
    ]
}

/// Everything that is known of a version.
pub(crate) fn in_full(listed: &Listed) -> String {
    let entry = &listed.entry;
    let mut lines = facts(listed);
    if listed.is_retired {
        lines.insert(1, ("retired", "yes".to_owned()));
    }
    if let Some(before) = &entry.scores_of {
        lines.push(("scores", format!("of {before}, the model before the refit")));
    }
    lines.extend(entry.scores.iter().map(|score| ("score", in_words(score))));
    if let Some(found) = &entry.retraining {
        let (word, reason) = match &found.verdict {
            Verdict::Promoted(reason) => ("promoted", reason),
            Verdict::Refused(reason) => ("refused", reason),
        };
        lines.push((
            "retraining",
            format!("beside {}: {word}, {reason}", found.champion),
        ));
        lines.extend(found.drift.iter().map(|reason| ("drift", reason.clone())));
    }
    let mut text = String::new();
    for (label, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{label:<15} {value}");
    }
    text
}

/// One line a change.
pub(crate) fn history_table(history: &[HistoryLine]) -> String {
    let header = [
        "when (UTC)",
        "action",
        "version",
        "alias",
        "before",
        "who",
        "why",
    ];
    let mut table = Table::new(header).left([1, 2, 3, 4, 5, 6]).unbroken();
    for line in history {
        let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        let cells = [
            line.action.clone(),
            line.version.to_string(),
            text(line.alias.as_ref().map(ToString::to_string)),
            text(line.previous.as_ref().map(ToString::to_string)),
            line.who.clone(),
            line.why.clone(),
        ];
        table.push(&format_time(line.time_ms), cells);
    }
    table.render()
}
