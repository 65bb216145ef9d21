//! What may be said of prediction intervals: read off their scores' intervals.

use score::{IntervalReport, IntervalScores, IntervalValue, Report};
use statistics::ConfidenceInterval;

use crate::text::format::{interval_title, magnitude, percent};

/// The metric that intervals are compared by: the pinball loss of both of their ends.
const DECISIVE: &str = "interval_score";

/// One sentence a forecaster: whether its intervals are better than the control's by the pinball loss of
/// their ends, and whether they hold what they should.
pub(crate) fn interval_verdicts(
    report: &Report,
    one: &IntervalReport,
    labels: &[String],
) -> Vec<String> {
    let control = one
        .forecasters
        .last()
        .map_or("the control", |control| &control.name);
    let models = one.forecasters.iter().filter(|scores| scores.run.is_some());
    let title = interval_title(report.confidence);
    models
        .filter_map(|scores| {
            let label = interval_label(report, labels, scores);
            let loss = value(scores, DECISIVE)?;
            Some(format!(
                "{} {}",
                compared(label, control, loss, &title),
                held(one.nominal, value(scores, "coverage")?)
            ))
        })
        .collect()
}

/// The name of a forecaster of intervals in the tables.
pub(crate) fn interval_label<'a>(
    report: &Report,
    labels: &'a [String],
    one: &'a IntervalScores,
) -> &'a str {
    match &one.run {
        Some(run) => report.label_of(labels, &one.name, Some(run)),
        None => &one.name,
    }
}

fn value<'a>(scores: &'a IntervalScores, metric: &str) -> Option<&'a IntervalValue> {
    scores.metrics.iter().find(|value| value.metric == metric)
}

fn compared(label: &str, control: &str, loss: &IntervalValue, title: &str) -> String {
    let ends = |[low, high]: ConfidenceInterval| {
        let mut ends = [low.abs(), high.abs()];
        ends.sort_by(f64::total_cmp);
        let [low, high] = ends.map(|end| magnitude(Some(end)));
        format!("{title}: {low} to {high}")
    };
    let size = magnitude(loss.minus_control.map(f64::abs));
    match loss.minus_control_interval {
        Some(found @ [_, high]) if high < 0.0 => format!(
            "By the pinball loss of both ends (the interval score) the intervals of {label} beat those of {control}: it is lower by \
             {size} ({}).",
            ends(found)
        ),
        Some(found @ [low, _]) if low > 0.0 => format!(
            "By the pinball loss of both ends (the interval score) the intervals of {label} lose to those of {control}: it is higher \
             by {size} ({}).",
            ends(found)
        ),
        Some([low, high]) => format!(
            "It cannot be told whether the intervals of {label} beat those of {control}: the pinball loss of both ends (the interval \
             score) differs by {} ({title}: {} to {}), which contains 0.",
            signed(loss.minus_control),
            signed(Some(low)),
            signed(Some(high))
        ),
        None => format!(
            "It cannot be told whether the intervals of {label} beat those of {control}: there are too few blocks of time for an \
             interval of the difference in the pinball loss of both ends."
        ),
    }
}

/// Whether they hold as much as they should.
fn held(nominal: f64, coverage: &IntervalValue) -> String {
    let share = percent(Some(coverage.value));
    let wanted = format!("{:.0} %", nominal * 100.0);
    match coverage.interval {
        Some([low, high]) => {
            let ends = format!("{:.2} to {:.2} %", low * 100.0, high * 100.0);
            let word = match (high < nominal, low > nominal) {
                (true, _) => "less than the",
                (_, true) => "more than the",
                _ => "which agrees with the",
            };
            format!("They hold {share} ({ends}), {word} {wanted} that they should.")
        }
        None => format!("They hold {share} of {wanted} that they should."),
    }
}

fn signed(value: Option<f64>) -> String {
    let sign = if value.is_some_and(|value| value < 0.0) {
        "-"
    } else {
        "+"
    };
    format!("{sign}{}", magnitude(value.map(f64::abs)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(
        value: f64,
        interval: Option<[f64; 2]>,
        minus: Option<f64>,
        ends: Option<[f64; 2]>,
    ) -> IntervalValue {
        IntervalValue {
            metric: DECISIVE,
            value,
            interval,
            minus_control: minus,
            minus_control_interval: ends,
            folds: Vec::new(),
            terciles: [None; 3],
        }
    }

    #[test]
    fn intervals_are_judged_by_the_pinball_loss_of_their_ends() {
        let of = |ends| {
            let loss = value_of(0.01, None, Some(-0.001), ends);
            compared("ridge", "past_quantiles", &loss, "95 % interval")
        };
        assert_eq!(
            of(Some([-0.002, -0.0005])),
            "By the pinball loss of both ends (the interval score) the intervals of ridge beat those of past_quantiles: it is lower \
             by 0.001000 (95 % interval: 0.0005000 to 0.002000)."
        );
        assert!(of(Some([0.0005, 0.002])).contains("lose to those of past_quantiles"));
        assert!(
            of(Some([-0.002, 0.0005]))
                .starts_with("It cannot be told whether the intervals of ridge beat")
        );
        assert!(of(None).contains("too few blocks"));
    }

    #[test]
    fn coverage_is_told_beside_what_it_should_be() {
        let told = |interval| held(0.8, &value_of(0.78, interval, None, None));
        assert_eq!(
            told(Some([0.77, 0.79])),
            "They hold 78.00 % (77.00 to 79.00 %), less than the 80 % that they should."
        );
        assert!(told(Some([0.77, 0.81])).contains("which agrees with the 80 %"));
        assert!(told(None).contains("78.00 % of 80 %"));
    }
}
