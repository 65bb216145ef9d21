//! Which fold's model has not seen a time yet.

use std::path::Path;

use anyhow::anyhow;
use cli::WithHint;
use dataset::format_time;
use run::Kinds;

use crate::Checkpoint;
use crate::checkpoint::Request;
use crate::kinds::kinds;

/// What to do where no fold's model is out of sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InSample {
    /// It is an error.
    Refuse,
    /// The model that was asked for forecasts, and every row is marked.
    Mark,
}

/// The model to forecast with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Choice {
    /// The fold; None: the run's own files, which are the last fold's.
    pub fold: Option<usize>,
    /// Whether it has, or may have, seen the time.
    pub is_in_sample: bool,
}

/// The model of a run that is out of sample at `at_ms`: the one asked for, else the latest fold's
/// that is.
///
/// # Errors
/// Every model has seen the time, or may have, and [`InSample::Refuse`]; files that cannot be read.
fn choose(
    kinds: &Kinds,
    (run, fold): (&Path, Option<usize>),
    at_ms: i64,
    in_sample: InSample,
) -> anyhow::Result<Choice> {
    let seen = kinds.seen(run, (fold, Some(at_ms)))?;
    if seen.is_before(at_ms) {
        return Ok(Choice {
            fold,
            is_in_sample: false,
        });
    }
    if in_sample == InSample::Mark {
        cli::warn(format!(
            "{} is in sample: the model of {} {}",
            format_time(at_ms),
            run.display(),
            seen.in_words()
        ));
        return Ok(Choice {
            fold,
            is_in_sample: true,
        });
    }
    let other = latest_before(kinds, run, at_ms)?;
    match (fold, other) {
        (None, Some(other)) => {
            cli::note(format!(
                "fold {other} forecasts, which had not seen {}: the last fold's model {}",
                format_time(at_ms),
                seen.in_words()
            ));
            Ok(Choice {
                fold: Some(other),
                is_in_sample: false,
            })
        }
        _ => {
            let which = fold.map_or("the model".to_owned(), |fold| {
                format!("the model of fold {fold}")
            });
            let other = other.map_or(String::new(), |other| {
                format!("--fold {other} had not seen it; ")
            });
            let later = match seen.until_ms {
                Some(until_ms) => format!(
                    "--at '{}' and later is out of sample; ",
                    format_time(until_ms)
                ),
                None => String::new(),
            };
            Err(anyhow!(
                "{}: {} UTC is not out of sample: {which} {}",
                run.display(),
                format_time(at_ms),
                seen.in_words()
            )
            .hint(format!(
                "{other}{later}--in-sample forecasts all the same, and marks every row"
            )))
        }
    }
}

/// The run with the model that is out of sample at `at_ms`, which may be another fold's than the
/// one that `loaded` has.
///
/// # Errors
/// As [`choose`] and [`Checkpoint::load`].
pub(crate) fn out_of_sample(
    loaded: Checkpoint,
    request: &Request<'_>,
    at_ms: i64,
    in_sample: InSample,
) -> anyhow::Result<Checkpoint> {
    if loaded.is_rule() {
        return Ok(loaded);
    }
    let asked = (request.run, request.fold);
    let Choice { fold, is_in_sample } = choose(&kinds(request.device), asked, at_ms, in_sample)?;
    let at_ms = Some(at_ms);
    // A fold may have another refit for this time; a run's own files are of no other time.
    let is_loaded = fold == request.fold && (fold.is_none() || request.at_ms == at_ms);
    let mut chosen = match is_loaded {
        true => loaded,
        false => Request {
            fold,
            at_ms,
            ..*request
        }
        .load()?,
    };
    chosen.is_in_sample = is_in_sample;
    Ok(chosen)
}

/// The latest fold whose model had seen nothing of `at_ms` and what follows.
fn latest_before(kinds: &Kinds, run: &Path, at_ms: i64) -> anyhow::Result<Option<usize>> {
    let is_before = |&fold: &usize| {
        let seen = kinds.seen(run, (Some(fold), Some(at_ms)));
        seen.is_ok_and(|seen| seen.is_before(at_ms))
    };
    Ok(kinds.folds(run)?.into_iter().filter(is_before).max())
}
