//! What may be said of a forecaster of volatility: read off the intervals, never off the values.

use score::{Difference, Report, Score};

use crate::text::format::{interval, number};

/// Confidence of the Model Confidence Set.
const OUTSIDE: f64 = 0.1;

/// One sentence for each forecaster that is no control on how its QLIKE is beside the controls', and
/// one on the Model Confidence Set.
pub(crate) fn level_verdicts(report: &Report, labels: &[String]) -> Vec<String> {
    let labelled = || labels.iter().zip(&report.forecasters);
    let models = labelled().filter(|(_, score)| !score.is_control());
    let beside = models.filter_map(|(label, score)| beside_controls(report, label, score));
    beside.chain(in_the_set(report, labels)).collect()
}

fn beside_controls(report: &Report, label: &str, score: &Score) -> Option<String> {
    let is_own = |one: &&Difference| (&one.a, &one.a_run) == (&score.name, &score.run);
    let against = report.differences.iter().filter(is_own);
    let against: Vec<&Difference> = against.filter(|one| one.b_run.is_none()).collect();
    let named = |wanted: fn([f64; 2]) -> bool| {
        let is_wanted = |one: &&&Difference| one.interval("qlike").is_some_and(wanted);
        let of = |one: &&Difference| {
            let [value, ends] = [
                number(one.value("qlike"), 4),
                interval(one.interval("qlike")),
            ];
            format!("{} ({value}; {ends})", one.b)
        };
        against
            .iter()
            .filter(is_wanted)
            .map(of)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let parts = [
        ("is better than", named(|[_, high]| high < 0.0)),
        (
            "is not shown to differ from",
            named(|[low, high]| low <= 0.0 && high >= 0.0),
        ),
        ("is worse than", named(|[low, _]| low > 0.0)),
    ];
    let parts = parts.iter().filter(|(_, names)| !names.is_empty());
    let parts: Vec<String> = parts
        .map(|(words, names)| format!("{words} {names}"))
        .collect();
    (!parts.is_empty()).then(|| {
        format!(
            "By QLIKE, as its difference's interval says, {label} {}.",
            parts.join("; ")
        )
    })
}

fn in_the_set(report: &Report, labels: &[String]) -> Option<String> {
    let p = |score: &Score| score.level.as_ref().and_then(|level| level.mcs_p);
    let labelled = || labels.iter().zip(&report.forecasters);
    let names = |is_in: bool| {
        let wanted =
            |(_, score): &(&String, &Score)| p(score).is_some_and(|p| (p >= OUTSIDE) == is_in);
        let names = labelled().filter(wanted).map(|(label, _)| label.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    let inside = names(true);
    (!inside.is_empty()).then(|| match names(false).as_str() {
        "" => format!("All are in the 90 % Model Confidence Set: {inside}."),
        outside => format!("In the 90 % Model Confidence Set: {inside}; not in it: {outside}."),
    })
}
