//! What an ensemble prints of its weights.

use terminal::Table;

use crate::{Method, SavedWeights};

/// The weights of every fold as a table, one column a member and part.
pub fn weights_table(saved: &SavedWeights, names: &[String]) -> String {
    let title = match saved.method {
        Method::Stacked => {
            "Weights, fitted on the folds before (events: those that do not overlap):"
        }
        Method::Average => "Weights, by the members' scales in the folds before:",
    };
    let header = ["fold", "events", "part"].map(str::to_owned);
    let mut table = Table::new(header.into_iter().chain(names.iter().cloned())).left([2]);
    for fold in &saved.folds {
        let parts = [("market", &fold.weights.market), ("own", &fold.weights.own)];
        for (place, (part, weights)) in parts.into_iter().enumerate() {
            let (number, events) = match place {
                0 => (fold.fold.to_string(), format!("{:.0}", fold.events)),
                _ => (String::new(), String::new()),
            };
            let weights = weights.iter().map(|weight| format!("{weight:.3}"));
            table.push(
                &number,
                [events, part.to_owned()].into_iter().chain(weights),
            );
        }
    }
    format!("{title}\n\n{}", table.render())
}
