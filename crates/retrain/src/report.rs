//! What a retraining prints.

use std::fmt::Write;

use dataset::format_time;
use registry::{ModelVersion, Verdict};
use terminal::Table;

use crate::{Contest, Period};

/// Champion and challenger beside each other, and the verdict.
pub fn report(
    (champion, challenger): (&ModelVersion, &ModelVersion),
    period: &Period,
    contest: &Contest,
    verdict: &Verdict,
) -> String {
    let number = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:+.5}"));
    let interval = contest.gain_interval.map_or("-".to_owned(), |[low, high]| {
        format!("{low:+.5} to {high:+.5}")
    });
    let mut table = Table::new(["", "version", contest.metric.as_str(), "90 % interval"]).left([1]);
    let rows = [
        (
            "champion",
            champion.to_string(),
            number(contest.champion),
            String::new(),
        ),
        (
            "challenger",
            challenger.to_string(),
            number(contest.challenger),
            String::new(),
        ),
        ("gain", String::new(), number(contest.gain), interval),
    ];
    for (label, version, value, interval) in rows {
        table.push(label, [version, value, interval]);
    }
    let mut text = table.render();
    let (word, reason) = match verdict {
        Verdict::Promoted(reason) => ("promoted", reason),
        Verdict::Refused(reason) => ("not promoted", reason),
    };
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "\nOn {} forecasts from {} to {} UTC, which neither was fitted on.\nThe challenger is {word}: {reason}.",
        contest.rows,
        format_time(period.from_ms),
        format_time(period.until_ms)
    );
    text
}
