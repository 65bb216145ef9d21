//! Which time a saved model has seen.

use dataset::{Origin, format_time};

/// The time that a model was fitted, stopped early or tuned on, with the reach of its targets. A
/// time before the end of it is not out of sample, and neither is one before its beginning: the
/// weights know what came later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrainingSpan {
    /// Open time of the first row fitted on, UTC ms; None where the files do not say.
    pub from_ms: Option<i64>,
    /// Open time of the first row that is out of sample, UTC ms; None where the files do not say.
    pub until_ms: Option<i64>,
    /// Open time of the first row that none of its fits knows, UTC ms: later than `until_ms` where the
    /// files keep refits, each of which forecasts from its own time on. None where the files do not say.
    pub fitted_until_ms: Option<i64>,
    /// Whether it is known; else `until_ms` is the end of the run's candles, which is no earlier.
    pub is_known: bool,
}

impl TrainingSpan {
    /// A known span.
    pub fn until(from_ms: i64, until_ms: i64) -> Self {
        Self {
            from_ms: Some(from_ms),
            until_ms: Some(until_ms),
            fitted_until_ms: Some(until_ms),
            is_known: true,
        }
    }

    /// The span of files that keep refits, the last of which forecasts from `last_ms` on.
    pub fn refitted(self, last_ms: i64) -> Self {
        Self {
            fitted_until_ms: self.fitted_until_ms.map(|until_ms| until_ms.max(last_ms)),
            ..self
        }
    }

    /// Whether a forecast at `at_ms` is out of sample for sure.
    pub fn is_before(self, at_ms: i64) -> bool {
        self.until_ms.is_some_and(|until_ms| at_ms >= until_ms)
    }

    /// Both together: the later end decides.
    pub fn joined(self, other: Self) -> Self {
        let both = |of: fn(&Self) -> Option<i64>, choose: fn(i64, i64) -> i64| {
            Some(choose(of(&self)?, of(&other)?))
        };
        Self {
            from_ms: both(|seen| seen.from_ms, i64::min),
            until_ms: both(|seen| seen.until_ms, i64::max),
            fitted_until_ms: both(|seen| seen.fitted_until_ms, i64::max),
            is_known: self.is_known && other.is_known,
        }
    }

    /// The span in words, after `which`.
    pub fn in_words(self) -> String {
        match (self.is_known, self.from_ms, self.until_ms) {
            (true, Some(from_ms), Some(until_ms)) => format!(
                "was fitted on {} to {} UTC, with early stopping and the reach of its targets",
                format_time(from_ms),
                format_time(until_ms)
            ),
            (_, _, Some(until_ms)) => format!(
                "was made by an older version, which does not say on what it was fitted: on \
                 nothing from {} UTC on, where the run's candles end",
                format_time(until_ms)
            ),
            _ => {
                "was made by an older version, which does not say on what it was fitted".to_owned()
            }
        }
    }
}

impl From<&Origin> for TrainingSpan {
    fn from(origin: &Origin) -> Self {
        Self::until(origin.seen_from_ms, origin.seen_until_ms)
    }
}
