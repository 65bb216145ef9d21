//! What a call came to, for programs and for people.

use std::fmt::Write;
use std::path::PathBuf;

use registry::{ModelName, ModelVersion};
use serde::Serialize;
use terminal::Table;

use crate::Contest;

/// What a call came to. As JSON it is one object, whose `outcome` names the variant.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Another process retrains the model.
    Busy {
        /// The model.
        model: ModelName,
        /// The process.
        holder: String,
    },
    /// The next span is not whole yet, and nothing has drifted that would make it come earlier.
    NotDue {
        /// The model.
        model: ModelName,
        /// The version in production.
        champion: ModelVersion,
        /// What the candles must reach, UTC.
        due: String,
        /// What they reach, UTC.
        candles_until: String,
    },
    /// The challenger was registered, and production is as it was.
    Refused(Challenge),
    /// The challenger was registered and is in production.
    Promoted(Challenge),
}

/// A challenger beside the champion.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Challenge {
    /// The model.
    pub model: ModelName,
    /// The version that was in production.
    pub champion: ModelVersion,
    /// The version that was scored beside it.
    pub challenger: ModelVersion,
    /// The version that is in production now: the refit of the challenger, where there is one.
    pub in_production: ModelVersion,
    /// The runs that were registered: the challenger's, and that of its refit.
    pub runs: Vec<PathBuf>,
    /// First open time of the span that was held back, and of what comes after it, UTC.
    pub held_back: [String; 2],
    /// How both scored.
    #[serde(flatten)]
    pub contest: Contest,
    /// Why it is promoted or refused.
    pub reason: String,
    /// What had drifted, where that made it come before its time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<String>,
}

impl Outcome {
    /// Champion and challenger beside each other with the verdict; empty where there is no challenger.
    pub fn text(&self) -> String {
        match self {
            Self::Busy { .. } | Self::NotDue { .. } => String::new(),
            Self::Refused(challenge) => report(challenge, "not promoted"),
            Self::Promoted(challenge) => report(challenge, "promoted"),
        }
    }
}

/// Champion and challenger beside each other, and the verdict in a word.
fn report(challenge: &Challenge, verdict: &str) -> String {
    let contest = &challenge.contest;
    let number = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:+.5}"));
    let interval = contest.gain_interval.map_or("-".to_owned(), |[low, high]| {
        format!("{low:+.5} to {high:+.5}")
    });
    let mut table = Table::new(["", "version", contest.metric.as_str(), "90 % interval"]).left([1]);
    let rows = [
        (
            "champion",
            challenge.champion.to_string(),
            number(contest.champion_score),
            String::new(),
        ),
        (
            "challenger",
            challenge.challenger.to_string(),
            number(contest.challenger_score),
            String::new(),
        ),
        ("gain", String::new(), number(contest.gain), interval),
    ];
    for (label, version, value, interval) in rows {
        table.push(label, [version, value, interval]);
    }
    let mut text = table.render();
    // Writing to a String cannot fail.
    for reason in &challenge.drift {
        let _ = writeln!(text, "\nIt comes before its time: {reason}.");
    }
    let [from, until] = &challenge.held_back;
    let _ = writeln!(
        text,
        "\nOn {} forecasts from {from} to {until} UTC, which neither was fitted on.\n\
         The challenger is {verdict}: {}.",
        contest.rows, challenge.reason
    );
    text
}
