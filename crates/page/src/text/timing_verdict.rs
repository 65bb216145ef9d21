//! What may be said of savings by timing: read off their intervals.

use rules::{DeadlineReport, Saving, TimingReport, TimingScore};

use super::timing_labels::{timing_labels, within};
use crate::text::format::interval_title;

/// One sentence a deadline: what timing by the first run saves, and beside the strongest control. None
/// where no run times.
pub(crate) fn timing_verdict(report: &TimingReport) -> Vec<String> {
    let deadlines = report.deadlines.iter();
    deadlines
        .filter_map(|one| at_deadline(report, one))
        .collect()
}

fn at_deadline(report: &TimingReport, deadline: &DeadlineReport) -> Option<String> {
    let labels = timing_labels(deadline);
    let first = deadline.forecasters.first();
    let first = first.filter(|score| score.run.is_some())?;
    let (label, when) = (labels.first()?, within(report, deadline));
    let title = interval_title(report.confidence);
    let told = match (first.saved.mean_bps, first.saved.interval_bps) {
        (Some(mean), Some(ends @ [low, high])) if low > 0.0 || high < 0.0 => format!(
            "Timing by {label} {} {:.2} basis points of the price {when} ({title}: {})",
            if low > 0.0 { "saves" } else { "costs" },
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
    let beside = match strongest(deadline, &labels) {
        Some((name, ahead)) => beside(name, ahead),
        None => "no control stands beside it".to_owned(),
    };
    Some(format!("{told}; {beside}."))
}

/// The control that saves most, and how far the first run is ahead of it.
fn strongest<'a>(deadline: &'a DeadlineReport, labels: &'a [String]) -> Option<(&'a str, Saving)> {
    let saved = |score: &TimingScore| score.saved.mean_bps.unwrap_or(f64::NEG_INFINITY);
    let controls = labels.iter().zip(&deadline.forecasters);
    let controls = controls.filter(|(_, score)| score.run.is_none());
    let (label, score) = controls.max_by(|a, b| saved(a.1).total_cmp(&saved(b.1)))?;
    Some((label, score.first_run_ahead.unwrap_or_default()))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn saving(mean_bps: Option<f64>, interval_bps: Option<[f64; 2]>) -> Saving {
        Saving {
            mean_bps,
            interval_bps,
            t: None,
        }
    }

    fn score(name: &str, saved: Saving, first_run_ahead: Option<Saving>) -> TimingScore {
        TimingScore {
            name: name.to_owned(),
            run: first_run_ahead.is_none().then(|| format!("runs/{name}")),
            saved,
            first_run_ahead,
            buy: rules::SideSavings::default(),
            sell: rules::SideSavings::default(),
            mean_bars: None,
            coins: std::collections::BTreeMap::new(),
        }
    }

    fn verdict(forecasters: Vec<TimingScore>) -> Vec<String> {
        timing_verdict(&TimingReport {
            coins: 2,
            folds: vec![2],
            span_ms: [0, 86_400_000],
            bar_ms: 60_000,
            every_bars: 60,
            half_spread_bps: 0.0,
            patience: 1.0,
            confidence: 0.95,
            draws: 2000,
            seed: 0,
            deadlines: vec![DeadlineReport {
                deadline_bars: 60,
                orders: 100,
                days: 30,
                forecasters,
            }],
        })
    }

    /// The sentence of a run that saves this, and is ahead of the control by that.
    fn sentence(saved: Saving, ahead: Saving) -> String {
        let zero = score("zero", saving(Some(0.0), None), Some(ahead));
        verdict(vec![score("net", saved, None), zero]).concat()
    }

    #[test]
    fn savings_are_read_off_their_intervals() {
        let ahead = saving(Some(0.4), Some([0.1, 0.7]));
        let open = saving(Some(0.1), Some([-0.2, 0.4]));
        let behind = saving(Some(-0.4), Some([-0.7, -0.1]));
        assert_eq!(
            sentence(ahead, open),
            "Timing by net saves 0.40 basis points of the price within 60 min (95 % interval: +0.10 to +0.70); whether it is \
             more than by the strongest control, zero, cannot be told: +0.10 (-0.20 to +0.40)."
        );
        assert_eq!(
            sentence(behind, behind),
            "Timing by net costs 0.40 basis points of the price within 60 min (95 % interval: -0.70 to -0.10); that is less \
             than by the strongest control, zero: -0.40 (-0.70 to -0.10)."
        );
        assert_eq!(
            sentence(open, ahead),
            "It cannot be told whether timing by net saves anything within 60 min: +0.10 basis points of the price (95 % \
             interval: -0.20 to +0.40, which contains 0); that is more than by the strongest control, zero, by +0.40 (+0.10 to \
             +0.70)."
        );
        // What is said is what the interval gives, not the sign of the mean; an end at 0 gives nothing.
        let skewed = saving(Some(0.01), Some([-0.7, -0.1]));
        assert!(sentence(skewed, open).starts_with("Timing by net costs"));
        let at_zero = saving(Some(0.4), Some([0.0, 0.7]));
        assert!(sentence(at_zero, at_zero).starts_with("It cannot be told whether"));
        assert!(sentence(at_zero, at_zero).contains("zero, cannot be told"));
    }

    #[test]
    fn without_an_interval_or_a_control_nothing_is_claimed() {
        let known = saving(Some(0.4), None);
        assert_eq!(
            sentence(known, known),
            "It cannot be told whether timing by net saves anything within 60 min: +0.40 basis points of the price, and the days \
             are too few for an interval; beside the strongest control, zero, nothing can be told."
        );
        let alone = verdict(vec![score("net", known, None)]).concat();
        assert!(alone.ends_with("for an interval; no control stands beside it."));
        let unfilled = verdict(vec![score("net", saving(None, None), None)]);
        assert_eq!(
            unfilled,
            [
                "What timing by net saves within 60 min is not known: no order was filled; no control stands beside it."
            ]
        );
        // A control alone is no run, and where nobody times nothing is said.
        assert!(verdict(vec![score("zero", known, Some(known))]).is_empty());
        assert!(verdict(Vec::new()).is_empty());
    }

    /// Of several controls the one that saves most is the rival.
    #[test]
    fn the_rival_is_the_control_that_saves_most() {
        let ahead = |mean: f64| Some(saving(Some(mean), Some([mean - 0.05, mean + 0.05])));
        let text = verdict(vec![
            score("net", saving(Some(0.4), Some([0.1, 0.7])), None),
            score("weak", saving(Some(-1.0), None), ahead(1.4)),
            score("strong", saving(Some(0.3), None), ahead(0.1)),
            score("unknown", saving(None, None), Some(Saving::default())),
        ]);
        assert!(
            text[0].ends_with("the strongest control, strong, by +0.10 (+0.05 to +0.15)."),
            "{text:?}"
        );
    }
}
