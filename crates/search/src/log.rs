//! The log of trials: a line of `trials.jsonl` for each, failed ones included, and a run of MLflow where
//! a server is named.

use std::path::Path;

use run::{TrialLine, add_trials};
use serde_json::json;
use tracking::Tracker;

use crate::judge::Measure;
use crate::settings::Search;
use crate::trial::Outcome;
use crate::worker::AskedTrial;

/// One trial while it runs.
#[derive(Debug)]
pub(crate) struct TrialLog<'a> {
    overrides: &'a [String],
    tracker: Option<Tracker>,
}

impl<'a> TrialLog<'a> {
    /// Begins the log of a trial of the search in `dir`.
    pub fn begin(dir: &Path, asked: &AskedTrial, overrides: &'a [String]) -> Self {
        let search = dir.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{search}-trial-{}", asked.number);
        let tracker = Tracker::from_env("quarterhour", &name);
        if let Some(tracker) = &tracker {
            let pairs = overrides.iter().filter_map(|text| text.split_once('='));
            tracker.params(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())));
            tracker.tag("search", &search);
        }
        Self { overrides, tracker }
    }

    /// The value after a fold.
    pub fn fold(&self, fold: usize, value: f64, measure: Measure) {
        if let Some(tracker) = &self.tracker {
            tracker.metrics(fold as u64, &[(metric(measure), value)]);
        }
    }

    /// Writes the trial's line; one that was interrupted is run again and gets its line then.
    ///
    /// # Errors
    /// A log that cannot be added to.
    pub fn end(self, search: &Search<'_>, outcome: &Outcome, run: &Path) -> anyhow::Result<()> {
        let (state, value, error) = match outcome {
            Outcome::Complete(value) => ("complete", Some(*value), None),
            Outcome::Pruned => ("pruned", None, None),
            Outcome::Failed(error) => ("failed", None, Some(error)),
            Outcome::Interrupted => ("interrupted", None, None),
        };
        if let Some(tracker) = self.tracker {
            tracker.tag("state", state);
            let is_done = matches!(outcome, Outcome::Complete(_) | Outcome::Pruned);
            if let Err(error) = tracker.finish(is_done) {
                cli::warn_with_hints(error.to_string(), error.hint());
            }
        }
        if *outcome == Outcome::Interrupted {
            return Ok(());
        }
        let line = TrialLine {
            setting: json!({
                "command": "search",
                "search": search.name(),
                "fit": search.command.name(),
                "folds": search.folds,
                "overrides": self.overrides,
            }),
            days: None,
            daily_sharpe: None,
            result: Some(json!({
                "state": state, metric(search.measure): value, "error": error,
                "run": run.file_name().map(|name| name.to_string_lossy()),
            })),
        };
        add_trials(&search.dir, &[line]).map(|_| ())
    }
}

fn metric(measure: Measure) -> &'static str {
    match measure {
        Measure::IcADay => "ic_a_day",
        Measure::Qlike => "qlike",
    }
}
