//! What may be said of a forecaster beside the controls: read off the intervals, never off the
//! values.

use score::{Difference, Report, ReportSection, Score, Value};
use statistics::ConfidenceInterval;

use crate::text::format::{correlation, interval};

/// The metric that the strongest control is chosen by.
const DECISIVE: &str = "ic_a_day";

/// One sentence or two for each forecaster that is no control: where it is ahead of every
/// control, where that is not shown, where it is behind one, and where its score is one
/// that shuffled days have too.
pub(crate) fn verdicts(report: &Report, labels: &[String]) -> Vec<String> {
    let models = report.forecasters.iter().zip(labels);
    let models = models.filter(|(score, _)| !score.is_control());
    models
        .flat_map(|(score, label)| verdict(report, score, label))
        .collect()
}

fn verdict(report: &Report, score: &Score, label: &str) -> Vec<String> {
    let is_own =
        |difference: &&Difference| difference.a == score.name && difference.a_run == score.run;
    let against_controls: Vec<&Difference> = report
        .differences
        .iter()
        .filter(is_own)
        .filter(|difference| difference.b_run.is_none())
        .collect();
    let mut sentences: Vec<String> = beside_strongest(report, score, label).into_iter().collect();
    if !against_controls.is_empty() {
        let (mut ahead, mut open, mut behind) = (Vec::new(), Vec::new(), Vec::new());
        for metric in report.metrics_at(ReportSection::Scores) {
            let version = metric.title;
            let named = |wanted: fn(Option<ConfidenceInterval>) -> bool| {
                let of = |difference: &&&Difference| wanted(difference.interval(metric.name));
                against_controls
                    .iter()
                    .filter(of)
                    .map(|difference| difference.b.as_str())
                    .collect::<Vec<_>>()
            };
            let not_beaten = named(|interval| interval.is_none_or(|[low, _]| low <= 0.0));
            let ahead_of_it = named(|interval| interval.is_some_and(|[_, high]| high < 0.0));
            match not_beaten.as_slice() {
                [] => ahead.push(version.to_owned()),
                names => open.push(format!("{version} ({})", names.join(", "))),
            }
            if !ahead_of_it.is_empty() {
                behind.push(format!("{version} ({})", ahead_of_it.join(", ")));
            }
        }
        sentences.push(match ahead.as_slice() {
            [] => format!("{label} is shown to beat every control in no column."),
            versions => format!(
                "{label} beats every control, by the interval of the difference, in: {}.",
                versions.join(", ")
            ),
        });
        if !open.is_empty() {
            sentences.push(format!("{label}, not shown to beat: {}.", open.join("; ")));
        }
        if !behind.is_empty() {
            sentences.push(format!(
                "{label} is behind, by the interval of the difference: {}.",
                behind.join("; ")
            ));
        }
    }
    sentences.extend(like_shuffled(report, score, label));
    sentences
}

/// How far a forecaster is ahead of the strongest control by the IC a day.
fn beside_strongest(report: &Report, score: &Score, label: &str) -> Option<String> {
    let value = |score: &Score| score.value(DECISIVE);
    let controls = report.forecasters.iter();
    let strongest = controls
        .filter(|other| other.is_control())
        .filter(|other| value(other).is_some())
        .max_by(|a, b| {
            value(a)
                .unwrap_or(f64::MIN)
                .total_cmp(&value(b).unwrap_or(f64::MIN))
        })?;
    let difference = report.differences.iter().find(|one| {
        (&one.a, &one.a_run, &one.b) == (&score.name, &score.run, &strongest.name)
            && one.b_run.is_none()
    })?;
    let of = |found: Value| {
        let t = found.t.map_or_else(String::new, |t| format!("; t {t:+.1}"));
        format!(
            "{} ({}{t})",
            correlation(found.value),
            interval(found.interval)
        )
    };
    let found = difference.metric(DECISIVE);
    let word = match found.interval? {
        [low, _] if low > 0.0 => "ahead of it by",
        [_, high] if high < 0.0 => "behind it by",
        _ => "not shown to differ from it:",
    };
    Some(format!(
        "By IC a day the strongest control is {}, {}. {label} is {word} {}.",
        strongest.name,
        of(strongest.metric(DECISIVE)),
        of(found),
    ))
}

/// The versions in which shuffled days have a score as high.
fn like_shuffled(report: &Report, score: &Score, label: &str) -> Option<String> {
    let shuffled = report.shuffled.as_ref()?;
    let within: Vec<&str> = report
        .metrics_at(ReportSection::Scores)
        .filter(|metric| {
            let pair = score.value(metric.name).zip(shuffled.spread(metric.name));
            pair.is_some_and(|(value, spread)| value <= spread.range[1])
        })
        .map(|metric| metric.title)
        .collect();
    (!within.is_empty()).then(|| {
        format!(
            "{label} is no higher than the best of {} shuffled orders in: {}.",
            shuffled.orders,
            within.join(", ")
        )
    })
}
