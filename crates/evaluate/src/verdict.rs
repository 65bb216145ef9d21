//! What may be said of a forecaster beside the controls: read off the intervals, never off the
//! values.

use crate::controls::is_control;
use crate::format::HEADLINE;
use crate::report::{Difference, Interval, Report, Score};

/// Names of a claim's versions: those of the headline, then the rank ICs.
const VERSIONS: [&str; 6] = [
    HEADLINE[0],
    HEADLINE[1],
    HEADLINE[2],
    HEADLINE[3],
    "rank IC +1",
    "rank IC",
];

impl Report {
    /// One sentence or two for each forecaster that is no control: where it is ahead of every
    /// control, where that is not shown, where it is behind one, and where its score is one
    /// that shuffled days have too.
    pub(crate) fn verdicts(&self, labels: &[String]) -> Vec<String> {
        let models = self.forecasters.iter().zip(labels);
        let models = models.filter(|(score, _)| !is_control(&score.name, score.run.as_deref()));
        models
            .flat_map(|(score, label)| self.verdict(score, label))
            .collect()
    }

    fn verdict(&self, score: &Score, label: &str) -> Vec<String> {
        let is_own =
            |difference: &&Difference| difference.a == score.name && difference.a_run == score.run;
        let against_controls: Vec<&Difference> = self
            .differences
            .iter()
            .filter(is_own)
            .filter(|difference| is_control(&difference.b, difference.b_run.as_deref()))
            .collect();
        let mut sentences = Vec::new();
        if !against_controls.is_empty() {
            let (mut ahead, mut open, mut behind) = (Vec::new(), Vec::new(), Vec::new());
            for (place, version) in VERSIONS.into_iter().enumerate() {
                let named = |wanted: fn(Option<Interval>) -> bool| {
                    let of = |difference: &&&Difference| wanted(interval_of(difference, place));
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
        sentences.extend(self.like_shuffled(score, label));
        sentences
    }

    /// The versions in which shuffled days have a score as high.
    fn like_shuffled(&self, score: &Score, label: &str) -> Option<String> {
        let shuffled = self.shuffled.as_ref()?;
        let versions = score
            .headline()
            .into_iter()
            .zip(shuffled.versions())
            .zip(HEADLINE);
        let within: Vec<&str> = versions
            .filter(|(((value, _), spread), _)| {
                value
                    .zip(*spread)
                    .is_some_and(|(value, spread)| value <= spread.range[1])
            })
            .map(|(_, name)| name)
            .collect();
        (!within.is_empty()).then(|| {
            format!(
                "{label} is no higher than the best of {} shuffled orders in: {}.",
                shuffled.orders,
                within.join(", ")
            )
        })
    }
}

fn interval_of(difference: &Difference, version: usize) -> Option<Interval> {
    let pooled = difference.headline().map(|(_, interval)| interval);
    let ranks = difference.ranks().map(|(_, interval)| interval);
    pooled.into_iter().chain(ranks).nth(version).flatten()
}
