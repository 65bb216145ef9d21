//! Names of what times trades, and of deadlines.

use rules::{DeadlineReport, TimingReport, TimingScore};

/// A time in minutes, hours or days as people write it.
pub(super) fn duration(ms: f64) -> String {
    let minutes = ms / 60_000.0;
    match minutes {
        minutes if minutes < 600.0 => format!("{minutes:.0} min"),
        minutes if minutes < 6000.0 => format!("{:.0} h", minutes / 60.0),
        minutes => format!("{:.0} d", minutes / 1440.0),
    }
}

/// The deadline in words, such as `within 60 min`.
pub(crate) fn within(report: &TimingReport, deadline: &DeadlineReport) -> String {
    format!(
        "within {}",
        duration((deadline.deadline_bars as i64 * report.bar_ms) as f64)
    )
}

/// Each forecaster's name; the run where two have one name.
pub(crate) fn timing_labels(deadline: &DeadlineReport) -> Vec<String> {
    let scores = &deadline.forecasters;
    let label = |score: &TimingScore| {
        let is_alone = scores
            .iter()
            .filter(|other| other.name == score.name)
            .count()
            == 1;
        let run = score.run.as_ref().filter(|_| !is_alone);
        run.map_or_else(
            || score.name.clone(),
            |run| format!("{} ({run})", score.name),
        )
    };
    scores.iter().map(label).collect()
}
