//! A run's saved model with what belongs to it.

use std::path::Path;

use dataset::{Column, Config, TimeSpan, TrailingVolatility};
use model::DeviceChoice;
use registry::NamedModel;
use run::{FittedIntervals, Forecaster, LoadedRun, Publication};
use trading::{IN_SAMPLE, Retention};

use crate::History;
use crate::hint::hint_of;
use crate::history::first_ms;
use crate::kinds::kinds;
use crate::rule::{IndicatorRule, RULE};
use crate::track_record::{TrackRecord, outcome_bars};

/// What a forecast is computed with.
#[derive(Debug)]
pub struct Checkpoint {
    /// The run's shared sections, with the overrides that may differ live.
    pub config: Config,
    /// `run.kind`, or what stands beside the indicator rule's forecasts.
    kind: &'static str,
    /// What forecasts.
    pub(crate) forecaster: Box<dyn Forecaster>,
    /// Prediction intervals around the forecasts; None where the run has none.
    pub(crate) intervals: Option<FittedIntervals>,
    /// What its forecasts are published as; None where the target is not the logarithm of a
    /// volatility.
    pub(crate) publication: Option<Publication>,
    /// Its out-of-sample forecasts, of a run that forecasts volatilities; None where they cannot be
    /// read.
    pub(crate) record: Option<TrackRecord>,
    /// Open time of the first row that the model has not seen, UTC ms; None where that is not known.
    pub(crate) unseen_from_ms: Option<i64>,
    /// As `unseen_from_ms`, of the newest of its refits.
    pub(crate) fitted_until_ms: Option<i64>,
    /// The registered version that it is, such as `spot20 1.2.0`; None for a run that was named by its
    /// folder.
    pub(crate) registered: Option<String>,
    /// Whether its forecasts are of a time that the model has seen, or thresholds were tuned on;
    /// they say so then.
    pub(crate) is_in_sample: bool,
}

/// How long ago the forecast of a volatility was made that today's is compared with.
pub(crate) const WEEK: TimeSpan = TimeSpan::hours(7 * 24);

/// What comes before the registered version in a label.
const REGISTERED_AS: &str = " as ";

/// What to do where a run's config can be read but its model does not load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Fallback {
    /// An indicator rule answers, labelled as such; `trading.act_on_rule` says whether it is acted
    /// on.
    Rule,
    /// It is an error.
    Refuse,
}

/// What is asked for: a run, and how to load it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub fallback: Fallback,
    pub run: &'a Path,
    /// The registered version that the run is.
    pub registered: Option<&'a NamedModel>,
    /// The fold asked for; None: the last one.
    pub fold: Option<usize>,
    /// The time that is to be forecast, which decides between the refits of the fold; None: the
    /// last refit.
    pub at_ms: Option<i64>,
    pub overrides: &'a [String],
    pub device: DeviceChoice,
}

impl Request<'_> {
    /// Loads the run.
    ///
    /// # Errors
    /// As [`Checkpoint::load`].
    pub fn load(&self) -> anyhow::Result<Checkpoint> {
        let kinds = kinds(self.device);
        match kinds.load(self.run, (self.fold, self.at_ms), self.overrides) {
            Ok(loaded) => {
                let mut checkpoint = Checkpoint::from(loaded);
                let named = |model: &NamedModel| format!("{} {}", model.name, model.version);
                checkpoint.registered = self.registered.map(named);
                let seen = kinds.seen(self.run, (self.fold, self.at_ms));
                let seen = match checkpoint.publication {
                    Some(_) => Some(seen?),
                    None => seen.ok(),
                };
                checkpoint.unseen_from_ms = seen.and_then(|seen| seen.until_ms);
                checkpoint.fitted_until_ms = seen.and_then(|seen| seen.fitted_until_ms);
                if checkpoint.publication.is_some() {
                    checkpoint.record = TrackRecord::read(self.run, &checkpoint.config);
                }
                Ok(checkpoint)
            }
            Err(error) if self.fallback == Fallback::Rule => {
                // A config that cannot be read is an error with or without a model.
                let (_, config) = kinds.config(self.run, self.overrides)?;
                if config
                    .target
                    .init(config.data.interval)
                    .task()
                    .is_of_volatility()
                {
                    // The rule says where a price goes, not how far.
                    return Err(error);
                }
                let mut hints = cli::hints(&error, hint_of);
                hints.push("--fallback refuse makes this an error".to_owned());
                let reason = "the model does not load, so an indicator rule answers in its place";
                cli::warn_with_hints(format!("{reason}: {error:#}"), hints);
                Ok(Checkpoint {
                    forecaster: Box::new(IndicatorRule::new(config.clone())),
                    config,
                    intervals: None,
                    publication: None,
                    record: None,
                    unseen_from_ms: None,
                    fitted_until_ms: None,
                    kind: RULE,
                    registered: None,
                    is_in_sample: false,
                })
            }
            Err(error) => Err(error),
        }
    }
}

impl From<LoadedRun> for Checkpoint {
    fn from(loaded: LoadedRun) -> Self {
        let LoadedRun {
            config,
            kind,
            forecaster,
            intervals,
            publication,
        } = loaded;
        Self {
            config,
            kind,
            forecaster,
            intervals,
            publication,
            record: None,
            unseen_from_ms: None,
            fitted_until_ms: None,
            registered: None,
            is_in_sample: false,
        }
    }
}

impl Checkpoint {
    /// Loads a run: its last fold, or the fold asked for. The device is for networks; other kinds
    /// need none.
    ///
    /// `overrides` may say where candles come from (`data.*`) and name the universe; everything
    /// else is the run's.
    ///
    /// # Errors
    /// A run that is not there or not finished, statistics of another run or universe, weights that
    /// do not fit.
    pub fn load(
        run: &Path,
        fold: Option<usize>,
        overrides: &[String],
        device: DeviceChoice,
    ) -> anyhow::Result<Self> {
        let request = Request {
            fallback: Fallback::Refuse,
            run,
            registered: None,
            fold,
            at_ms: None,
            overrides,
            device,
        };
        request.load()
    }

    /// Open time of the first candle that a forecast at `at_ms` is a function of, UTC ms.
    pub(crate) fn history_from_ms(&self, at_ms: i64) -> i64 {
        first_ms(&self.config, self.history_bars(), at_ms)
    }

    /// What a ledger keeps of `keep`: every forecast that stays can be made again, and none goes before its
    /// outcome is known.
    pub(crate) fn retention(&self, keep: TimeSpan) -> Retention {
        let bar_ms = self.config.data.interval.ms();
        Retention {
            keep_ms: keep.ms(),
            outcome_ms: (self.config.target.reach_bars(self.config.data.interval) as i64 + 1)
                * bar_ms,
            history_ms: self.history_bars() as i64 * bar_ms,
        }
    }

    /// How many bars up to t a forecast at t is a function of, and its interval where it has one; of
    /// a volatility with the week before, whose forecast it is compared with, and the days whose
    /// outcomes are looked at.
    pub fn history_bars(&self) -> usize {
        let data = &self.config.data;
        let of_interval = match self.intervals {
            Some(_) => TrailingVolatility::history_bars(data.interval) + data.fill_limit_bars(),
            None => 0,
        };
        let of_week = match self.publication {
            Some(_) => {
                let of_outcomes = outcome_bars(data.interval, self.config.reach_bars());
                WEEK.bars(data.interval).max(of_outcomes)
            }
            None => 0,
        };
        (self.forecaster.history_bars() + of_week).max(of_interval)
    }

    /// The columns of candles that a forecast is a function of.
    pub fn columns(&self) -> Vec<Column> {
        self.forecaster.columns()
    }

    /// Checks that the candles have the columns that forecasts are made of.
    ///
    /// # Errors
    /// As [`dataset::check_columns`].
    pub fn check_columns(&self, history: &History) -> anyhow::Result<()> {
        self.forecaster.check_columns(&history.coins)
    }

    /// What stands beside a forecast, so that nobody takes a rule for a model.
    pub(crate) fn name(&self) -> String {
        self.kind_and_fold() + &self.registered_as()
    }

    fn kind_and_fold(&self) -> String {
        match self.forecaster.fold() {
            Some(fold) => format!("{} of fold {fold}", self.kind),
            None => self.kind.to_owned(),
        }
    }

    /// The registered version in words; empty for a run that was named by its folder.
    fn registered_as(&self) -> String {
        let registered = self.registered.as_ref();
        registered.map_or_else(String::new, |version| format!("{REGISTERED_AS}{version}"))
    }

    /// What the ledger calls it: kind, fold and SHA-256 of the model's files, with the registered version
    /// where it is one, marked where it forecasts in sample.
    pub fn label(&self) -> String {
        let mark = if self.is_in_sample { IN_SAMPLE } else { "" };
        format!(
            "{mark}{} {}{}",
            self.kind_and_fold(),
            self.forecaster.sha256(),
            self.registered_as()
        )
    }

    /// Returns true for the indicator rule, which was fitted to nothing.
    pub(crate) fn is_rule(&self) -> bool {
        self.forecaster.fold().is_none()
    }

    /// Whether a [`label`](Self::label) is of this model, in sample or not, registered or not.
    pub fn has_label(&self, label: &str) -> bool {
        let model = |label: &str| {
            let label = label.trim_start_matches(IN_SAMPLE);
            label.split(REGISTERED_AS).next().map(str::to_owned)
        };
        model(label) == model(&self.label())
    }

    /// The fold that a [`label`](Self::label) names.
    pub fn fold_of_label(label: &str) -> Option<usize> {
        let (_, rest) = label.split_once(" of fold ")?;
        rest.split(' ').next()?.parse().ok()
    }

    /// Whether a [`label`](Self::label) is of forecasts in sample.
    pub fn is_label_in_sample(label: &str) -> bool {
        label.starts_with(IN_SAMPLE)
    }

    /// Whether a [`label`](Self::label) is that of the indicator rule.
    pub fn is_label_of_rule(label: &str) -> bool {
        label.trim_start_matches(IN_SAMPLE).starts_with(RULE)
    }
}
