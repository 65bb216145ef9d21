//! What an ensemble prints of its weights.

use std::fmt::Write;

use crate::{Method, SavedWeights};

/// The weights of every fold as a table, one column a member and part.
pub fn weights_table(saved: &SavedWeights, names: &[String]) -> String {
    let mut text = match saved.method {
        Method::Stacked => {
            "Weights, fitted on the folds before (events: those that do not overlap):\n\n"
                .to_owned()
        }
        Method::Average => "Weights, by the members' scales in the folds before:\n\n".to_owned(),
    };
    let width = names.iter().map(String::len).max().unwrap_or(0).max(12) + 2;
    // Writing to a String cannot fail.
    let _ = write!(text, "{:<6}{:>8}  {:<8}", "fold", "events", "part");
    names
        .iter()
        .for_each(|name| _ = write!(text, "{name:>width$}"));
    text.push('\n');
    for fold in &saved.folds {
        let parts = [("market", &fold.weights.market), ("own", &fold.weights.own)];
        for (place, (part, weights)) in parts.into_iter().enumerate() {
            let (number, events) = match place {
                0 => (fold.fold.to_string(), format!("{:.0}", fold.events)),
                _ => (String::new(), String::new()),
            };
            let _ = write!(text, "{number:<6}{events:>8}  {part:<8}");
            weights
                .iter()
                .for_each(|weight| _ = write!(text, "{weight:>width$.3}"));
            text.push('\n');
        }
    }
    text
}
