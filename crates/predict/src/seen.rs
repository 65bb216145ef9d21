//! Which time a saved model has seen, and which fold's model has not seen a time yet.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use baseline::FoldRecord;
use cli::ConfigTable;
use dataset::{
    DataConfig, Normalizer, Origin, RunConfig, RunDir, SplitConfig, TargetConfig, format_time,
    parse_time,
};
use ensemble::SavedWeights;

use crate::Checkpoint;
use crate::checkpoint::{Kind, Request, of_fold, released};

/// The time that a model was fitted, stopped early or tuned on, with the reach of its targets. A
/// time before the end of it is not out of sample, and neither is one before its beginning: the
/// weights know what came later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Open time of the first row fitted on, UTC ms; None where the files do not say.
    from_ms: Option<i64>,
    /// Open time of the first row that is out of sample, UTC ms; None where the files do not say.
    until_ms: Option<i64>,
    /// Whether it is known; else `until_ms` is the end of the run's candles, which is no earlier.
    is_known: bool,
}

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
pub(crate) struct Choice {
    /// The fold; None: the run's own files, which are the last fold's.
    pub fold: Option<usize>,
    /// Whether it has, or may have, seen the time.
    pub is_in_sample: bool,
}

impl Seen {
    fn until(from_ms: i64, until_ms: i64) -> Self {
        Self {
            from_ms: Some(from_ms),
            until_ms: Some(until_ms),
            is_known: true,
        }
    }

    /// Whether a forecast at `at_ms` is out of sample for sure.
    fn is_before(self, at_ms: i64) -> bool {
        self.until_ms.is_some_and(|until_ms| at_ms >= until_ms)
    }

    /// Both together: the later end decides.
    fn joined(self, other: Self) -> Self {
        let both = |of: fn(&Self) -> Option<i64>, choose: fn(i64, i64) -> i64| {
            Some(choose(of(&self)?, of(&other)?))
        };
        Self {
            from_ms: both(|seen| seen.from_ms, i64::min),
            until_ms: both(|seen| seen.until_ms, i64::max),
            is_known: self.is_known && other.is_known,
        }
    }

    /// The span in words, after `which`.
    fn in_words(self) -> String {
        match (self.is_known, self.from_ms, self.until_ms) {
            (true, Some(from_ms), Some(until_ms)) => format!(
                "was fitted on {} to {} UTC, with early stopping and the reach of its targets",
                format_time(from_ms),
                format_time(until_ms)
            ),
            (_, _, Some(until_ms)) => format!(
                "was made by an older version, which does not say on what it was fitted: on nothing from {} UTC on, where \
                 the run's candles end",
                format_time(until_ms)
            ),
            _ => {
                "was made by an older version, which does not say on what it was fitted".to_owned()
            }
        }
    }
}

/// The model of a run that is out of sample at `at_ms`: the one asked for, else the latest fold's
/// that is.
///
/// # Errors
/// Every model has seen the time, or may have, and [`InSample::Refuse`]; files that cannot be read.
pub(crate) fn choose(
    run: &Path,
    fold: Option<usize>,
    at_ms: i64,
    in_sample: InSample,
) -> anyhow::Result<Choice> {
    let seen = seen(run, fold)?;
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
    let other = latest_before(run, at_ms)?;
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
            bail!(
                "{}: {} UTC is not out of sample: {which} {}\n\
                 hint: {other}{later}--in-sample forecasts all the same, and marks every row",
                run.display(),
                format_time(at_ms),
                seen.in_words()
            )
        }
    }
}

/// The run with the model that is out of sample at `at_ms`, which may be another fold's than the
/// one that `loaded` has.
///
/// # Errors
/// As [`choose`] and [`Checkpoint::load_or`].
pub(crate) fn out_of_sample(
    loaded: Checkpoint,
    request: &Request<'_>,
    at_ms: i64,
    in_sample: InSample,
) -> anyhow::Result<Checkpoint> {
    if loaded.is_rule() {
        return Ok(loaded);
    }
    let Choice { fold, is_in_sample } = choose(request.run, request.fold, at_ms, in_sample)?;
    let chosen = if fold == request.fold {
        loaded
    } else {
        Request { fold, ..*request }.load()?
    };
    Ok(Checkpoint {
        is_in_sample,
        ..chosen
    })
}

/// The latest fold whose model had seen nothing of `at_ms` and what follows. A fold that lacks
/// seeds is still in training.
fn latest_before(run: &Path, at_ms: i64) -> anyhow::Result<Option<usize>> {
    let seeds = released(run).map_or(0, |weights| weights.len());
    let is_whole =
        |fold: usize| seeds == 0 || of_fold(run, fold).is_ok_and(|weights| weights.len() == seeds);
    let is_before = |&fold: &usize| {
        is_whole(fold) && seen(run, Some(fold)).is_ok_and(|seen| seen.is_before(at_ms))
    };
    Ok(folds(run)?.into_iter().filter(is_before).max())
}

/// The folds that a run may have models of.
fn folds(run: &Path) -> anyhow::Result<Vec<usize>> {
    if run.join(SavedWeights::FILE).exists() {
        return Ok(SavedWeights::read(run)?
            .0
            .folds
            .iter()
            .map(|fold| fold.fold as usize)
            .collect());
    }
    let entries = fs::read_dir(run).with_context(|| format!("cannot read {}", run.display()))?;
    let number = |entry: fs::DirEntry| {
        entry
            .file_name()
            .to_str()?
            .strip_prefix("fold-")?
            .parse()
            .ok()
    };
    Ok(entries.flatten().filter_map(number).collect())
}

/// The time that the run's own model has seen, or that of a fold.
fn seen(run: &Path, fold: Option<usize>) -> anyhow::Result<Seen> {
    let table = ConfigTable::read(&run.join(RunDir::CONFIG_FILE))?;
    let kind: RunConfig = table.section("run")?;
    let known = match Kind::of(&kind, run)? {
        Kind::Network => of_network(run, fold, &table)?,
        Kind::LightGbm => {
            let folder = fold.map_or(run.to_owned(), |fold| run.join(format!("fold-{fold}")));
            let record = FoldRecord::read(&folder)?.with_context(|| {
                let list = cli::quoted(run.display());
                format!(
                    "{} has no model\nhint: ls {list} shows the folds there are",
                    folder.display()
                )
            })?;
            record
                .origin
                .map(|origin| Seen::until(origin.seen_from_ms, origin.seen_until_ms))
        }
        Kind::Ensemble => Some(of_ensemble(run, fold)?),
    };
    known.map_or_else(|| at_most(&table), Ok)
}

/// What the weights' files say; for those of older versions the statistics, where early stopping
/// looked at nothing.
fn of_network(
    run: &Path,
    fold: Option<usize>,
    table: &ConfigTable,
) -> anyhow::Result<Option<Seen>> {
    let weights = fold.map_or_else(|| released(run), |fold| of_fold(run, fold))?;
    let of_file = |path: &PathBuf| -> anyhow::Result<Option<Seen>> {
        let origin = Origin::from_metadata(&model::read_metadata(path)?);
        Ok(origin.map(|origin| Seen::until(origin.seen_from_ms, origin.seen_until_ms)))
    };
    let all: Option<Vec<Seen>> = weights.iter().map(of_file).collect::<anyhow::Result<_>>()?;
    if let Some(seen) = all.and_then(|all| all.into_iter().reduce(Seen::joined)) {
        return Ok(Some(seen));
    }
    let (split, training): (SplitConfig, toml::Table) =
        (table.section("split")?, table.section("training")?);
    let is_warm = training.contains_key("warm_start");
    if split.early_stopping_share > 0.0 || is_warm {
        return Ok(None);
    }
    let path = fold
        .map_or(run.to_owned(), |fold| run.join(format!("fold-{fold}")))
        .join(RunDir::STATS_FILE);
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let stats = Normalizer::from_json(&text, &path)?;
    let (data, target): (DataConfig, TargetConfig) =
        (table.section("data")?, table.section("target")?);
    let reach_ms = target.reach_bars(data.interval) as i64 * data.interval.ms();
    Ok(Some(Seen::until(
        stats.fit_from_ms,
        stats.fit_until_ms + reach_ms,
    )))
}

/// The members' and that of the weights which put them together.
fn of_ensemble(run: &Path, fold: Option<usize>) -> anyhow::Result<Seen> {
    let (saved, _) = SavedWeights::read(run)?;
    let own = saved.fold(fold, run)?.seen_until_ms;
    let mut all = Vec::new();
    for member in &saved.members {
        all.push(seen(&run.join(member), fold)?);
    }
    let members = all
        .into_iter()
        .reduce(Seen::joined)
        .context("an ensemble has members")?;
    let own = Seen {
        until_ms: own.or(members.until_ms),
        from_ms: members.from_ms,
        is_known: own.is_some(),
    };
    Ok(members.joined(own))
}

/// Of a run that does not say: nothing from the end of its candles on.
fn at_most(table: &ConfigTable) -> anyhow::Result<Seen> {
    let data: DataConfig = table.section("data")?;
    Ok(Seen {
        from_ms: None,
        until_ms: data.until.and_then(|until| parse_time(&until).ok()),
        is_known: false,
    })
}
