//! The challenger's config: the champion's, with one fold that scores the held-back span.

use anyhow::anyhow;
use cli::WithHint;
use dataset::{Config, Scheme, TimeSpan, format_time, parse_time};

use crate::Period;

/// How often a model is retrained, which is how long a span is held back: what was asked for, else
/// `split.refit_every`.
///
/// # Errors
/// Neither is there; a span that is no whole number of bars.
pub fn cadence(asked: Option<TimeSpan>, config: &Config) -> anyhow::Result<TimeSpan> {
    let found = asked.or(config.split.refit_every).ok_or_else(|| {
        cli::usage(
            anyhow!("the champion's config has no split.refit_every, expected a time to hold back")
                .hint(
                    "--hold-back 7d for instance; the challenger's config keeps it as its cadence",
                ),
        )
    })?;
    let bar_ms = config.data.interval.ms();
    if found.ms() < bar_ms || found.ms() % bar_ms != 0 {
        return Err(cli::usage(
            anyhow!(
                "--hold-back {found}: expected a whole number of bars of {}",
                config.data.interval
            )
            .hint("--hold-back 7d for instance"),
        ));
    }
    Ok(found)
}

/// What a fit is to score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scored {
    /// Length of a fold, the last of which ends with the held-back span.
    pub fold: TimeSpan,
    /// Number of folds: one, or of a member of an ensemble more, as weights are fitted on forecasts of
    /// earlier folds.
    pub folds: usize,
}

/// The overrides of the champion's config that make the challenger's: candles to the end of the held-back
/// span, and folds that end there, each with one fit on all that lies before.
pub fn overrides(
    config: &Config,
    period: &Period,
    scored: Scored,
    cadence: TimeSpan,
) -> Vec<String> {
    vec![
        format!("data.until={:?}", format_time(period.candles_until_ms)),
        format!("split.folds={}", scored.folds),
        format!("split.test={:?}", scored.fold.to_string()),
        format!("split.train={:?}", train(config, cadence).to_string()),
        format!("split.refit_every={:?}", cadence.to_string()),
        // The version that fits it is this one.
        "run.version=".to_owned(),
        "training.warm_start=".to_owned(),
        "training.begin_with=".to_owned(),
    ]
}

/// Length of the training time: as configured; else, where it rolls, that of the champion's folds, and
/// where it grows the least that makes sense.
pub(crate) fn train(config: &Config, cadence: TimeSpan) -> TimeSpan {
    if let Some(train) = config.split.train {
        return train;
    }
    let ends = [&config.data.from, &config.data.until]
        .map(|end| end.as_deref().and_then(|text| parse_time(text).ok()));
    match (config.split.scheme, ends, config.split.folds) {
        (Scheme::Rolling, [Some(from), Some(until)], Some(folds)) => {
            let part_ms = (until - from) / (folds as i64 + 1);
            TimeSpan::of_bars(
                (part_ms / config.data.interval.ms()) as usize,
                config.data.interval,
            )
        }
        _ => cadence,
    }
}
