//! What may be said of savings by timing: read off their intervals.

use rules::{DeadlineReport, Saving, TimingReport, TimingScore};

use super::timing_labels::{timing_labels, within};
use crate::text::format::interval_title;

/// One sentence a deadline: what timing by the first run saves, and beside the strongest control.
pub(crate) fn timing_verdict(report: &TimingReport) -> Vec<String> {
    let deadlines = report.deadlines.iter();
    deadlines
        .filter_map(|one| at_deadline(report, one))
        .collect()
}

fn at_deadline(report: &TimingReport, deadline: &DeadlineReport) -> Option<String> {
    let labels = timing_labels(deadline);
    let first = deadline.forecasters.first()?;
    let (label, when) = (labels.first()?, within(report, deadline));
    let title = interval_title(report.confidence);
    let told = match (first.saved.mean_bps, first.saved.interval_bps) {
        (Some(mean), Some(ends @ [low, high])) if low > 0.0 || high < 0.0 => format!(
            "Timing by {label} {} {:.2} basis points of the price {when} ({title}: {})",
            if mean > 0.0 { "saves" } else { "costs" },
            mean.abs(),
            signed(ends)
        ),
        (Some(mean), Some(ends)) => format!(
            "It cannot be told whether timing by {label} saves anything {when}: {mean:+.2} basis points of the price ({title}: {}, \
             which contains 0)",
            signed(ends)
        ),
        (Some(mean), None) => format!(
            "It cannot be told whether timing by {label} saves anything {when}: {mean:+.2} basis points of the price, and the days \
             are too few for an interval"
        ),
        (None, _) => {
            format!("What timing by {label} saves {when} is not known: no order was filled")
        }
    };
    let beside = strongest(deadline, &labels).map_or_else(String::new, |(name, ahead)| {
        format!("; {}", beside(name, ahead))
    });
    Some(format!("{told}{beside}."))
}

/// The control that saves most, and how far the first run is ahead of it.
fn strongest<'a>(deadline: &'a DeadlineReport, labels: &'a [String]) -> Option<(&'a str, Saving)> {
    let saved = |score: &TimingScore| score.saved.mean_bps.unwrap_or(f64::NEG_INFINITY);
    let controls = labels.iter().zip(&deadline.forecasters);
    let controls = controls.filter(|(_, score)| score.run.is_none());
    let (label, score) = controls.max_by(|a, b| saved(a.1).total_cmp(&saved(b.1)))?;
    Some((label, score.first_run_ahead?))
}

fn beside(control: &str, ahead: Saving) -> String {
    let figures = |mean: f64, ends: [f64; 2]| format!("{mean:+.2} ({})", signed(ends));
    match (ahead.mean_bps, ahead.interval_bps) {
        (Some(mean), Some(ends @ [low, _])) if low > 0.0 => format!(
            "that is more than by the strongest control, {control}, by {}",
            figures(mean, ends)
        ),
        (Some(mean), Some(ends @ [_, high])) if high < 0.0 => format!(
            "that is less than by the strongest control, {control}: {}",
            figures(mean, ends)
        ),
        (Some(mean), Some(ends)) => format!(
            "whether it is more than by the strongest control, {control}, cannot be told: {}",
            figures(mean, ends)
        ),
        _ => format!("beside the strongest control, {control}, nothing can be told"),
    }
}

fn signed([low, high]: [f64; 2]) -> String {
    format!("{low:+.2} to {high:+.2}")
}
