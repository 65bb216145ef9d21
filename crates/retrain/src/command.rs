//! `retrain`: from arguments to a challenger in the registry, as a table of contents.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::anyhow;
use clap::Args;
use cli::{ConfigArgs, WithHint};
use dataset::{Config, Panel, RunDir, Source, TimeSpan, format_time, parse_time};
use download::FetchArgs;
use market::Interval;
use registry::{
    Alias, Change, Entry, ModelName, ModelReference, ModelVersion, NamedModel, Promotion, Registry,
    Verdict, Which, describe, registry_path, report_change,
};
use run::{CARD_FILE, Kinds};
use storage::write_atomically;

use crate::plan::{cadence, overrides};
use crate::report::report;
use crate::{Contest, Gate, Judged, Period, due_ms, judge};

/// Fit a challenger on new candles, and promote it if it is better on a span that neither knew
///
/// The newest split.refit_every is held back. The champion's config is fitted on all that lies before, both
/// are scored on the span, and the challenger is registered as the next minor version. A second call
/// before a new span is whole does nothing, and a call that was killed goes on where it was.
#[derive(Debug, Args)]
pub struct RetrainArgs {
    /// The model, such as spot20
    #[arg(long)]
    model: ModelName,
    /// The alias of the champion, which the challenger gets if it is better
    #[arg(long, default_value = Alias::PRODUCTION)]
    alias: Alias,
    /// How much is held back, and how often the model is retrained [default: split.refit_every of the
    /// champion's config]
    #[arg(long, value_name = "TIME")]
    hold_back: Option<TimeSpan>,
    /// What the challenger must show
    #[arg(long, value_enum, default_value_t = Gate::Mean)]
    gate: Gate,
    /// Begin with the champion's weights instead of from nothing, where the forecaster can
    #[arg(long)]
    warm_start: bool,
    /// Fit a promoted challenger once more on all candles but the newest (a twenty-fourth of what was held
    /// back), and promote that; its scores are those of the model before
    #[arg(long)]
    refit: bool,
    /// Take the candles that the store has
    #[arg(long)]
    no_download: bool,
    #[command(flatten)]
    fetch: FetchArgs,
    /// Where the challenger goes [default: beside the champion, NAME-DATE]
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// Why, for the history
    #[arg(long, value_name = "TEXT", default_value = "retrained")]
    why: String,
    /// Overrides a key of [data], such as data.dir (may be repeated)
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// The registry [default: $QUARTERHOUR_REGISTRY, else checkpoints/registry.sqlite]
    #[arg(long, value_name = "FILE")]
    registry: Option<PathBuf>,
    /// auto, gpu, cpu, wgpu, flex or ndarray: for networks
    #[arg(long, default_value = "auto")]
    pub device: model::DeviceChoice,
}

/// Retrains; `kinds` are the forecasters that a run may be of.
///
/// # Errors
/// A model that is not registered, candles that cannot be had, what the fit refuses. Production is as it was
/// then.
pub fn run(args: &RetrainArgs, kinds: &Kinds) -> anyhow::Result<()> {
    let path = registry_path(args.registry.as_deref());
    let reference = ModelReference {
        name: args.model.clone(),
        which: Which::Alias(args.alias.clone()),
    };
    let (champion, _) = NamedModel::resolve(&path, &reference)?;
    // Before anything is fitted: a registry that cannot be changed.
    drop(Registry::open(&path)?);
    let lock = path.with_file_name(format!("{}-retrain.lock", args.model));
    let _held = match cli::hold(&lock)? {
        Ok(held) => held,
        Err(holder) => {
            cli::note(format!("{} is being retrained by {holder}", args.model));
            return Ok(());
        }
    };
    kinds.prepare(&champion.run)?;
    let (_, config) = kinds.config(&champion.run, &args.set)?;
    let retraining = Retrain {
        args,
        kinds,
        registry: path,
        cadence: cadence(args.hold_back, &config)?,
        champion,
        config,
    };
    match retraining.period()? {
        Some(period) => retraining.retrain(&period),
        None => Ok(()),
    }
}

/// A retraining of one model.
struct Retrain<'a> {
    args: &'a RetrainArgs,
    kinds: &'a Kinds,
    registry: PathBuf,
    cadence: TimeSpan,
    champion: Entry,
    /// The champion's shared sections.
    config: Config,
}

impl Retrain<'_> {
    /// The span to hold back, once the candles are there; None where it is not whole yet.
    fn period(&self) -> anyhow::Result<Option<Period>> {
        let Self {
            champion, config, ..
        } = self;
        let seen_until_ms = self.champion_seen_until_ms()?;
        let all = Registry::read_only(&self.registry)?.list(Some(&champion.name))?;
        let last = all
            .iter()
            .filter_map(|listed| listed.entry.retraining.as_ref());
        let last_until_ms = last.map(|retraining| retraining.held_back_ms[1]).max();
        let reach_ms = config.reach_bars() as i64 * config.data.interval.ms();
        let due_ms = due_ms(self.cadence, seen_until_ms, last_until_ms, reach_ms);
        let not_due = |end_ms: i64| {
            cli::note(format!(
                "nothing to do: {} {} is retrained once there are candles to {} UTC, now they end at {}",
                champion.name,
                champion.version,
                format_time(due_ms),
                format_time(end_ms)
            ));
            Ok(None)
        };
        if !self.args.no_download && config.data.source == Source::Store {
            let now_ms = now_ms();
            if now_ms < due_ms {
                return not_due(now_ms);
            }
            let mut wanted = config.clone();
            wanted.data.until = None;
            download::fetch(&wanted, &self.args.fetch)?;
        }
        let mut all = config.clone();
        all.data.until = None;
        let panel = Panel::of_closes(&all)?;
        let end_ms = panel.time_ms(panel.rows());
        let period = Period::newest(self.cadence, end_ms, reach_ms);
        if period.candles_until_ms < due_ms {
            return not_due(end_ms);
        }
        Ok(Some(period))
    }

    /// The first time that the champion was not fitted on. Of a model that keeps all of its refits, of which
    /// each forecasts its own time, that is the beginning of the last one's.
    fn champion_seen_until_ms(&self) -> anyhow::Result<i64> {
        let Self {
            champion, config, ..
        } = self;
        let seen = self.kinds.seen(&champion.run, (None, None))?;
        let seen_until_ms = seen.until_ms.ok_or_else(|| {
            anyhow!("{} {} {}", champion.name, champion.version, seen.in_words())
                .hint("train it once more with this version, and register that")
        })?;
        let end = config.data.until.as_deref();
        let end_ms = end.and_then(|until| parse_time(until).ok());
        let last_refit = config.split.refit_every.zip(end_ms);
        let last_refit_ms = last_refit.map(|(every, end_ms)| end_ms - every.ms());
        Ok(seen_until_ms.max(last_refit_ms.unwrap_or(i64::MIN)))
    }

    /// Fits, compares, registers, and promotes what is better.
    fn retrain(&self, period: &Period) -> anyhow::Result<()> {
        let champion = &self.champion;
        let run = self.run_of(period);
        cli::note(format!(
            "the challenger of {} {} goes to {}; {} to {} UTC is held back",
            champion.name,
            champion.version,
            run.display(),
            format_time(period.from_ms),
            format_time(period.until_ms)
        ));
        self.fit(&run, period, self.cadence)?;
        let contest = Contest::hold((&champion.run, &run), self.kinds, &self.args.set, period)?;
        let verdict = judge(self.args.gate, &self.judged(period, &contest)?);
        let (challenger, refitted) = self.versions()?;
        let text = report((&champion.version, &challenger), period, &contest, &verdict);
        let retraining = contest.recorded(&champion.version, period, &verdict);
        let change = Change::now(&self.args.why);
        let described = |run: &Path, version: &ModelVersion| -> anyhow::Result<Entry> {
            let entry = describe(run, (&champion.name, version), self.kinds, &change)?;
            Ok(Entry {
                retraining: Some(retraining.clone()),
                ..entry
            })
        };
        let promotion = Promotion {
            alias: self.args.alias.clone(),
            expected: Some(champion.version.clone()),
        };
        let is_promoted = matches!(verdict, Verdict::Promoted(_));
        let first = described(&run, &challenger)?;
        let mut entries = Vec::with_capacity(2);
        if is_promoted && self.args.refit {
            let again = self.refit(&run, period, (&challenger, &first))?;
            let entry = Entry {
                scores: first.scores.clone(),
                scores_of: Some(challenger.clone()),
                ..described(&again, &refitted)?
            };
            entries.extend([(first, None), (entry, Some(promotion))]);
        } else {
            entries.push((first, is_promoted.then_some(promotion)));
        }
        // All of it, or nothing: the registry never has a challenger without what came of it.
        let mut registry = Registry::open(&self.registry)?;
        registry.add_all(&entries, &change)?;
        report_change(&mut registry);
        cli::print(&text)?;
        let shown = entries.iter().map(|(entry, _)| entry.version.to_string());
        cli::note(format!(
            "`quarterhour models show {}` has {} now",
            champion.name,
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

    /// Fits the champion's config so that `scored` time at the end of the period is out of sample.
    fn fit(&self, run: &Path, period: &Period, scored: TimeSpan) -> anyhow::Result<()> {
        let from = &self.champion.run;
        let (table, _) = self.kinds.config(from, &[])?;
        let kind = self.kinds.of(&table, from)?;
        let mut set = self.args.set.clone();
        set.extend(overrides(&self.config, period, (scored, self.cadence)));
        if self.args.warm_start {
            let whole = from.canonicalize().unwrap_or_else(|_| from.clone());
            set.push(kind.begin_with(&whole).ok_or_else(|| {
                cli::usage(
                    anyhow!(
                        "--warm-start: a {} cannot begin with what another has learnt, as its fit has no \
                         weights to begin with",
                        kind.name()
                    )
                    .hint("without --warm-start it is fitted from nothing"),
                )
            })?);
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
        self.fit(&again, period, scored)?;
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
