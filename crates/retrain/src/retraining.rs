//! One retraining: whether it is time, the fits, the contest, and what the registry is told.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::anyhow;
use cli::{ConfigArgs, WithHint};
use dataset::{Config, Panel, RunDir, Source, TimeSpan, format_time};
use market::Interval;
use registry::{
    Change, Entry, ModelVersion, Promotion, Registry, Retraining, Verdict, describe, report_change,
};
use run::{CARD_FILE, Kind, Kinds};
use storage::write_atomically;

use crate::arguments::RetrainArgs;
use crate::drift::DriftCheck;
use crate::outcome::{Challenge, Outcome};
use crate::plan::{Scored, overrides};
use crate::{Contest, Judged, Period, due_ms, early_due_ms, early_length, judge};

/// A retraining of one model.
pub(crate) struct Retrain<'a> {
    pub args: &'a RetrainArgs,
    pub kinds: &'a Kinds,
    pub registry: PathBuf,
    pub cadence: TimeSpan,
    pub champion: Entry,
    /// The champion's shared sections.
    pub config: Config,
}

/// Whether it is time.
pub(crate) enum Turn {
    /// It is, for this span; with what has drifted where it is before its time.
    Now(Period, Vec<String>),
    /// It is not.
    Later(Box<Outcome>),
}

/// The times that candles must reach.
struct Due {
    regular_ms: i64,
    /// With `--on-drift`: the length of the span that is held back before its time, and when it is whole.
    early: Option<(TimeSpan, i64)>,
}

impl Due {
    fn soonest_ms(&self) -> i64 {
        let early_ms = self.early.map_or(i64::MAX, |(_, due_ms)| due_ms);
        self.regular_ms.min(early_ms)
    }
}

impl Retrain<'_> {
    /// Whether it is time, once the candles are there.
    pub fn turn(&self) -> anyhow::Result<Turn> {
        let config = &self.config;
        let due = self.due()?;
        if !self.args.no_download && config.data.source == Source::Store {
            let now_ms = now_ms();
            if now_ms < due.soonest_ms() {
                return Ok(self.later(&due, now_ms));
            }
            let mut wanted = config.clone();
            wanted.data.until = None;
            download::fetch(&wanted, &self.args.fetch)?;
        }
        let mut all = config.clone();
        all.data.until = None;
        let panel = Panel::of_closes(&all)?;
        let end_ms = panel.time_ms(panel.rows());
        let reach_ms = self.reach_ms();
        let period = Period::newest(self.cadence, end_ms, reach_ms);
        if period.candles_until_ms >= due.regular_ms {
            return Ok(Turn::Now(period, Vec::new()));
        }
        let early = due.early.map(|(length, due_ms)| {
            let period = Period::newest(length, end_ms, reach_ms);
            (period.candles_until_ms >= due_ms).then_some(period)
        });
        let Some(period) = early.flatten() else {
            return Ok(self.later(&due, end_ms));
        };
        let found = self.drift(&period)?;
        match found.is_empty() {
            true => {
                cli::note("nothing has drifted that would make it come before its time");
                Ok(self.later(&due, end_ms))
            }
            false => Ok(Turn::Now(period, found)),
        }
    }

    fn due(&self) -> anyhow::Result<Due> {
        let seen_until_ms = self.champion_seen_until_ms()?;
        let all = Registry::read_only(&self.registry)?.list(Some(&self.champion.name))?;
        let last = all
            .iter()
            .filter_map(|listed| listed.entry.retraining.as_ref());
        let last_until_ms = last.map(|retraining| retraining.held_back_ms[1]).max();
        let reach_ms = self.reach_ms();
        let early = |length| {
            let due_ms = early_due_ms(length, seen_until_ms, last_until_ms, reach_ms);
            (length, due_ms)
        };
        let length = early_length(self.cadence).filter(|_| self.args.on_drift);
        Ok(Due {
            regular_ms: due_ms(self.cadence, seen_until_ms, last_until_ms, reach_ms),
            early: length.map(early),
        })
    }

    /// Nothing is done: candles end at `end_ms`.
    fn later(&self, due: &Due, end_ms: i64) -> Turn {
        let (name, version) = (&self.champion.name, &self.champion.version);
        let (due, candles_until) = (format_time(due.regular_ms), format_time(end_ms));
        cli::note(format!(
            "nothing to do: {name} {version} is retrained once there are candles to {due} UTC, now they end \
             at {candles_until}"
        ));
        Turn::Later(Box::new(Outcome::NotDue {
            model: name.clone(),
            champion: version.clone(),
            due,
            candles_until,
        }))
    }

    fn drift(&self, period: &Period) -> anyhow::Result<Vec<String>> {
        let check = DriftCheck {
            champion: &self.champion.run,
            config: &self.config,
            cadence: self.cadence,
            period,
            kinds: self.kinds,
            device: self.args.device,
            overrides: &self.args.set,
        };
        check.found()
    }

    fn reach_ms(&self) -> i64 {
        self.config.reach_bars() as i64 * self.config.data.interval.ms()
    }

    /// The first time that the champion was not fitted on, its refits included.
    fn champion_seen_until_ms(&self) -> anyhow::Result<i64> {
        let champion = &self.champion;
        let seen = self.kinds.seen(&champion.run, (None, None))?;
        seen.fitted_until_ms.ok_or_else(|| {
            anyhow!("{} {} {}", champion.name, champion.version, seen.in_words())
                .hint("train it once more with this version, and register that")
        })
    }

    /// Fits, compares, registers, and promotes what is better; `drift` is what made it come before its time.
    pub fn retrain(&self, period: &Period, drift: Vec<String>) -> anyhow::Result<Outcome> {
        let champion = &self.champion;
        let run = self.run_of(period);
        self.announce(period, &run, &drift);
        self.fit(&champion.run, &run, period, self.scored(period)?)?;
        self.check_unseen(&run, period)?;
        let contest = Contest::hold((&champion.run, &run), self.kinds, &self.args.set, period)?;
        let verdict = judge(self.args.gate, &self.judged(period, &contest)?);
        let retraining = contest.recorded(&champion.version, period, &verdict, &drift);
        let change = Change::now(&self.args.why);
        let entries = self.entries(&run, period, &retraining, &change)?;
        self.register(&entries, &change)?;
        let promoted = entries.iter().find(|(_, promotion)| promotion.is_some());
        let in_production = promoted.map_or(&champion.version, |(entry, _)| &entry.version);
        // The first is the challenger, whatever comes after it.
        let challenger = entries
            .first()
            .map_or(&champion.version, |(entry, _)| &entry.version);
        let challenge = |reason: String| Challenge {
            model: champion.name.clone(),
            champion: champion.version.clone(),
            challenger: challenger.clone(),
            in_production: in_production.clone(),
            runs: entries.iter().map(|(entry, _)| entry.run.clone()).collect(),
            held_back: [period.from_ms, period.until_ms].map(format_time),
            contest: contest.clone(),
            reason,
            drift: drift.clone(),
        };
        Ok(match verdict {
            Verdict::Promoted(reason) => Outcome::Promoted(challenge(reason)),
            Verdict::Refused(reason) => Outcome::Refused(challenge(reason)),
        })
    }

    /// Refuses a contest on a span that the challenger was fitted on.
    fn check_unseen(&self, run: &Path, period: &Period) -> anyhow::Result<()> {
        let seen = self.kinds.seen(run, (None, None))?;
        match seen.until_ms {
            Some(until_ms) if until_ms <= period.from_ms => Ok(()),
            _ => Err(anyhow!(
                "{} {}, expected a fit on nothing from {} UTC on, where the span that is held back begins",
                run.display(),
                seen.in_words(),
                format_time(period.from_ms)
            )
            .hint("--run OTHER fits the challenger into another folder")),
        }
    }

    fn announce(&self, period: &Period, run: &Path, drift: &[String]) {
        for reason in drift {
            cli::note(format!("before its time: {reason}"));
        }
        cli::note(format!(
            "the challenger of {} {} goes to {}; {} to {} UTC is held back",
            self.champion.name,
            self.champion.version,
            run.display(),
            format_time(period.from_ms),
            format_time(period.until_ms)
        ));
    }

    /// What is registered: the challenger, and where it is promoted and wanted its refit, one of which has the
    /// promotion.
    fn entries(
        &self,
        run: &Path,
        period: &Period,
        retraining: &Retraining,
        change: &Change,
    ) -> anyhow::Result<Vec<(Entry, Option<Promotion>)>> {
        let champion = &self.champion;
        let described = |run: &Path, version: &ModelVersion| -> anyhow::Result<Entry> {
            let entry = describe(run, (&champion.name, version), self.kinds, change)?;
            Ok(Entry {
                retraining: Some(retraining.clone()),
                ..entry
            })
        };
        let promotion = Promotion {
            alias: self.args.alias.clone(),
            expected: Some(champion.version.clone()),
        };
        let is_promoted = matches!(retraining.verdict, Verdict::Promoted(_));
        let (challenger, refitted) = self.versions()?;
        let first = described(run, &challenger)?;
        if !(is_promoted && self.args.refit) {
            return Ok(vec![(first, is_promoted.then_some(promotion))]);
        }
        let again = self.refit(run, period, (&challenger, &first))?;
        let entry = Entry {
            scores: first.scores.clone(),
            scores_of: Some(challenger.clone()),
            ..described(&again, &refitted)?
        };
        Ok(vec![(first, None), (entry, Some(promotion))])
    }

    /// Registers all of it or nothing: the registry never has a challenger without what came of it.
    fn register(
        &self,
        entries: &[(Entry, Option<Promotion>)],
        change: &Change,
    ) -> anyhow::Result<()> {
        let mut registry = Registry::open(&self.registry)?;
        registry.add_all(entries, change)?;
        report_change(&mut registry);
        let shown = entries.iter().map(|(entry, _)| entry.version.to_string());
        cli::note(format!(
            "`quarterhour models show {}` has {} now",
            self.champion.name,
            shown.collect::<Vec<_>>().join(" and ")
        ));
        Ok(())
    }

    /// The challenger's folder; the same for all calls of a period, so that one goes on where another was
    /// killed.
    fn run_of(&self, period: &Period) -> PathBuf {
        let date = format_time(period.until_ms)
            .replace(' ', "T")
            .replace(':', "-");
        let date = date.strip_suffix("T00-00").unwrap_or(&date);
        let warm = if self.args.warm_start { "-warm" } else { "" };
        let name = format!("{}-{date}{warm}", self.champion.name);
        let beside = || self.champion.run.with_file_name(name);
        self.args.run.clone().unwrap_or_else(beside)
    }

    /// What the challenger's fit is to score: the period alone; of an ensemble as many folds as long as the
    /// champion has, the last of which is the period.
    fn scored(&self, period: &Period) -> anyhow::Result<Scored> {
        let champion = &self.champion.run;
        let (table, _) = self.kinds.config(champion, &[])?;
        let is_ensemble = !self.kinds.of(&table, champion)?.parts(champion)?.is_empty();
        Ok(Scored {
            fold: TimeSpan::minutes((period.until_ms - period.from_ms) / 60_000),
            folds: match is_ensemble {
                true => self.kinds.folds(champion)?.len().max(2),
                false => 1,
            },
        })
    }

    /// Fits the config of the run `from` into `run`; of an ensemble first that of each member, beside `run`.
    fn fit(&self, from: &Path, run: &Path, period: &Period, scored: Scored) -> anyhow::Result<()> {
        let (table, config) = self.kinds.config(from, &self.args.set)?;
        let kind = self.kinds.of(&table, from)?;
        let parts = kind.parts(from)?;
        let mut set = Vec::new();
        if parts.is_empty() {
            set.extend(self.args.set.iter().cloned());
            set.extend(overrides(&config, period, scored, self.cadence));
            set.extend(self.begin_with(kind, from)?);
        } else {
            let mut members = Vec::with_capacity(parts.len());
            for (place, part) in parts.iter().enumerate() {
                let member = self.member_of(run, place, part)?;
                self.fit(part, &member, period, scored)?;
                members.push(std::path::absolute(&member)?.display().to_string());
            }
            // All else of an ensemble's config is its members'.
            set.push(format!("ensemble.members={members:?}"));
        }
        let config = ConfigArgs {
            config: Some(from.join(RunDir::CONFIG_FILE)),
            set,
        };
        kind.fit(&config, run)?;
        if !run.join(RunDir::FORECASTS_FILE).exists() {
            return Err(anyhow!("{} is not finished", run.display())
                .hint("another process fits a part of it; call again when it is done"));
        }
        Ok(())
    }

    /// The folder of an ensemble's member: the ensemble's with the member's number and kind.
    fn member_of(&self, run: &Path, place: usize, part: &Path) -> anyhow::Result<PathBuf> {
        let (table, _) = self.kinds.config(part, &[])?;
        let kind = self.kinds.of(&table, part)?.name();
        let name = run.file_name().unwrap_or_default().to_string_lossy();
        Ok(run.with_file_name(format!("{name}-{}-{kind}", place + 1)))
    }

    /// With `--warm-start` the override that lets a fit begin with the weights of the run `from`.
    fn begin_with(&self, kind: &dyn Kind, from: &Path) -> anyhow::Result<Option<String>> {
        if !self.args.warm_start {
            return Ok(None);
        }
        let whole = from.canonicalize().unwrap_or_else(|_| from.to_owned());
        let key = kind.begin_with(&whole).ok_or_else(|| {
            cli::usage(
                anyhow!(
                    "--warm-start: a {} cannot begin with what another has learnt, as its fit has no \
                     weights to begin with",
                    kind.name()
                )
                .hint("without --warm-start it is fitted from nothing"),
            )
        })?;
        Ok(Some(key))
    }

    /// Fits the promoted challenger once more, on all candles but the newest, and says on its card what the
    /// scores are of.
    fn refit(
        &self,
        run: &Path,
        period: &Period,
        (challenger, entry): (&ModelVersion, &Entry),
    ) -> anyhow::Result<PathBuf> {
        let name = run.file_name().unwrap_or_default().to_string_lossy();
        let again = run.with_file_name(format!("{name}-refit"));
        let scored = last_check(self.cadence, self.config.data.interval);
        let fold = Scored {
            fold: scored,
            folds: 1,
        };
        self.fit(&self.champion.run, &again, period, fold)?;
        let card = std::fs::read_to_string(run.join(CARD_FILE))?;
        let text = format!(
            "The model in this folder was fitted once more after {} {challenger} had been scored: on all \
             candles before the newest {scored}. All that follows, the scores too, is of {challenger}, the \
             model before the refit.\n\n{card}",
            entry.name
        );
        write_atomically(&again.join(CARD_FILE), text.as_bytes())?;
        Ok(again)
    }

    /// What the gate decides on.
    fn judged(&self, period: &Period, contest: &Contest) -> anyhow::Result<Judged> {
        Ok(Judged {
            gain: contest.gain,
            interval: contest.gain_interval,
            has_skill: contest.has_skill,
            champion_age_ms: period.until_ms - self.champion_seen_until_ms()?,
            cadence: self.cadence,
        })
    }

    /// The versions of the challenger and of its refit: after the last one that there is.
    fn versions(&self) -> anyhow::Result<(ModelVersion, ModelVersion)> {
        let all = Registry::read_only(&self.registry)?.list(Some(&self.champion.name))?;
        let last = all
            .last()
            .map_or(&self.champion.version, |listed| &listed.entry.version);
        let next = last.next_minor();
        let refitted = next.next_patch();
        Ok((next, refitted))
    }
}

/// How much a refit leaves out at the end: what it forecasts there only shows that its files are whole.
fn last_check(cadence: TimeSpan, interval: Interval) -> TimeSpan {
    TimeSpan::of_bars((cadence.bars(interval) / 24).max(1), interval)
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as i64)
}
