//! Whether a challenger takes the champion's place.

use dataset::TimeSpan;
use registry::Verdict;

/// What a challenger must show, beside a score above zero skill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Gate {
    /// A higher mean than the champion's; or, where the champion is older than twice its cadence, a mean
    /// that is not below it at 90 %.
    Mean,
    /// A mean above the champion's at 90 %: the whole interval of the difference is above 0.
    Interval,
}

/// What the gate decides on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// Challenger minus champion, above 0 where the challenger is better; None where it is not defined.
    pub gain: Option<f64>,
    /// Its 90 % interval; None of fewer than five days.
    pub interval: Option<[f64; 2]>,
    /// Whether the challenger's own score is above zero skill.
    pub has_skill: bool,
    /// Time between the last row that the champion was fitted on and the end of the held-back span, ms.
    pub champion_age_ms: i64,
    /// How often the model is retrained.
    pub cadence: TimeSpan,
}

/// The verdict, with its reason as the end of a sentence.
pub fn judge(gate: Gate, judged: &Judged) -> Verdict {
    let Some(gain) = judged.gain else {
        return Verdict::Refused("the difference of the scores is not defined".to_owned());
    };
    if !judged.has_skill {
        return Verdict::Refused("its own score is not above zero skill".to_owned());
    }
    let is_above = judged.interval.is_some_and(|[low, _]| low > 0.0);
    let is_not_below = judged.interval.is_some_and(|[_, high]| high >= 0.0);
    let is_old = judged.champion_age_ms > 2 * judged.cadence.ms();
    match gate {
        Gate::Interval if is_above => {
            Verdict::Promoted(format!("its gain is {gain:+.5}, above 0 at 90 %"))
        }
        Gate::Interval => Verdict::Refused(format!(
            "its gain is {gain:+.5}, which is not above 0 at 90 %"
        )),
        Gate::Mean if gain > 0.0 => Verdict::Promoted(format!("its gain is {gain:+.5}")),
        Gate::Mean if is_old && is_not_below => Verdict::Promoted(format!(
            "its gain is {gain:+.5}, not below 0 at 90 %, and the champion is older than twice its cadence \
             of {}",
            judged.cadence
        )),
        Gate::Mean if is_old => {
            Verdict::Refused(format!("its gain is {gain:+.5}, below 0 at 90 %"))
        }
        Gate::Mean => Verdict::Refused(format!("its gain is {gain:+.5}, not above 0")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 86_400_000;

    fn promoted(gate: Gate, gain: f64, interval: Option<[f64; 2]>, age_days: i64) -> bool {
        let judged = Judged {
            gain: Some(gain),
            interval,
            has_skill: true,
            champion_age_ms: age_days * DAY_MS,
            cadence: TimeSpan::hours(7 * 24),
        };
        matches!(judge(gate, &judged), Verdict::Promoted(_))
    }

    #[test]
    fn the_mean_decides_and_an_old_champion_yields_where_it_is_not_better_at_90_percent() {
        let around = Some([-0.02, 0.01]);
        assert!(promoted(Gate::Mean, 0.001, around, 7));
        assert!(promoted(Gate::Mean, 0.001, None, 7));
        assert!(!promoted(Gate::Mean, -0.001, around, 7));
        assert!(
            !promoted(Gate::Mean, -0.001, around, 14),
            "twice is not older than twice"
        );
        assert!(promoted(Gate::Mean, -0.001, around, 15));
        assert!(!promoted(Gate::Mean, -0.02, Some([-0.03, -0.01]), 15));
        assert!(
            !promoted(Gate::Mean, -0.001, None, 15),
            "without an interval the mean decides"
        );
        assert!(!promoted(Gate::Interval, 0.001, around, 15));
        assert!(promoted(Gate::Interval, 0.02, Some([0.01, 0.03]), 7));
    }

    #[test]
    fn nothing_without_skill_of_its_own_is_promoted() {
        let judged = Judged {
            gain: Some(1.0),
            interval: None,
            has_skill: false,
            champion_age_ms: 0,
            cadence: TimeSpan::hours(24),
        };
        let reason = Verdict::Refused("its own score is not above zero skill".to_owned());
        assert_eq!(judge(Gate::Mean, &judged), reason);
        let undefined = Judged {
            gain: None,
            has_skill: true,
            ..judged
        };
        assert!(matches!(judge(Gate::Mean, &undefined), Verdict::Refused(_)));
    }
}
