//! What an ensemble prints of its weights.

use terminal::Table;

use crate::gains::Gain;
use crate::{Method, SavedWeights};

/// The weights of every fold as a table, one column a member and part.
pub fn weights_table(saved: &SavedWeights, names: &[String]) -> String {
    let title = match saved.method {
        Method::Stacked => {
            "Weights, fitted on the folds before (events: those that do not overlap):"
        }
        Method::IcADay => {
            "Weights, fitted on the days of the folds before (events: days), in units of trailing \
             volatility; fold 1 has the first member alone:"
        }
        Method::Average => "Weights, by the members' scales in the folds before:",
        Method::Mean => "Weights, the same for all members:",
        Method::Qlike => {
            "Weights, by the QLIKE on the last days of the folds before (events: those that do not \
             overlap):"
        }
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

/// What each member adds to the others as a table.
///
/// None where no day has an IC, as those of a target that is no return.
pub fn gains_table(gains: &[Gain], names: &[String]) -> Option<String> {
    if gains.iter().all(|gain| gain.gain.value.is_none()) {
        return None;
    }
    let header = [
        "member",
        "alone",
        "t",
        "the others",
        "t",
        "gain",
        "t",
        "interval",
    ];
    let mut table = Table::new(header.map(str::to_owned));
    for (gain, name) in gains.iter().zip(names) {
        let number = |value: Option<f64>| value.map_or("-".to_owned(), |v| format!("{v:+.4}"));
        let t = |value: Option<f64>| value.map_or("-".to_owned(), |v| format!("{v:.1}"));
        let interval = gain.gain.interval;
        let of = [&gain.alone, &gain.others, &gain.gain];
        let cells = of.iter().flat_map(|of| [number(of.value), t(of.t)]);
        let interval = interval.map_or("-".to_owned(), |[low, high]| {
            format!("{low:+.4} to {high:+.4}")
        });
        table.push(name, cells.chain([interval]));
    }
    Some(format!(
        "What each member adds, in IC a day (gain: this ensemble minus the same of the other \
         members):\n\n{}",
        table.render()
    ))
}
