//! A run's saved models with what belongs to them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use baseline::{BaselineConfig, Library, SavedModel};
use cli::{ConfigTable, quoted};
use dataset::{Column, Config, Normalizer, Origin, RunConfig, check_columns, content_hash};
use market::Symbol;
use model::{Device, DeviceChoice, Network, NetworkConfig, load_weights, probe, read_metadata};

use crate::History;
use crate::ensemble::Members;
use crate::rule::HISTORY_BARS;

/// What a forecast is computed with.
#[derive(Debug)]
pub struct Checkpoint {
    /// The run's shared sections, with the overrides that may differ live.
    pub config: Config,
    /// What forecasts.
    pub(crate) forecaster: Forecaster,
    /// SHA-256 of the model's files; empty for the indicator rule.
    pub model_sha256: String,
    /// Whether its forecasts are of a time that the model has seen, or thresholds were tuned on;
    /// they say so then.
    pub(crate) is_in_sample: bool,
}

/// A run's models.
#[derive(Debug)]
pub(crate) enum Forecaster {
    Network {
        /// Statistics of the training rows.
        normalizer: Normalizer,
        /// One network a seed; their forecasts are averaged.
        networks: Vec<Network>,
        device: Device,
    },
    LightGbm(Box<SavedModel>),
    /// Other runs, put together by weights.
    Ensemble(Members),
    /// The indicator rule that stands in where no model loads.
    Rule,
}

/// What stands beside the indicator rule's forecasts.
const RULE: &str = "indicator rule, no model";

/// What the ledger's rows of forecasts in sample begin with.
const IN_SAMPLE: &str = "in sample: ";

impl Forecaster {
    /// What stands beside a forecast, so that nobody takes a rule for a model.
    pub(crate) fn name(&self, fold: usize) -> String {
        match self {
            Self::Network { .. } => format!("network of fold {fold}"),
            Self::LightGbm(_) => format!("lightgbm of fold {fold}"),
            Self::Ensemble(_) => format!("ensemble of fold {fold}"),
            Self::Rule => RULE.to_owned(),
        }
    }

    /// The fold whose model it is; 0 for the indicator rule.
    pub(crate) fn fold(&self) -> usize {
        match self {
            Self::Network { normalizer, .. } => normalizer.fold,
            Self::LightGbm(model) => model.fold(),
            Self::Ensemble(members) => members.fold(),
            Self::Rule => 0,
        }
    }
}

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
    /// The fold asked for; None: the last one.
    pub fold: Option<usize>,
    pub overrides: &'a [String],
    pub device: DeviceChoice,
}

impl Request<'_> {
    /// Loads the run.
    ///
    /// # Errors
    /// As [`Checkpoint::load`].
    pub fn load(&self) -> anyhow::Result<Checkpoint> {
        Checkpoint::load_or(
            self.fallback,
            self.run,
            self.fold,
            self.overrides,
            self.device,
        )
    }
}

impl Checkpoint {
    /// Loads a run: its last fold, or the fold asked for. The device is for networks; LightGBM
    /// needs none.
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
        Self::load_or(Fallback::Refuse, run, fold, overrides, device)
    }

    /// As [`Checkpoint::load`], with a say in what happens where the model does not load.
    ///
    /// # Errors
    /// As [`Checkpoint::load`].
    pub fn load_or(
        fallback: Fallback,
        run: &Path,
        fold: Option<usize>,
        overrides: &[String],
        device: DeviceChoice,
    ) -> anyhow::Result<Self> {
        let config_path = run.join("run.toml");
        if !config_path.exists() {
            bail!(
                "{} is no run: it has no run.toml\nhint: `cargo run -p train --release` makes one; ls checkpoints/ \
                 shows those there are",
                run.display()
            );
        }
        if let Some(text) = overrides
            .iter()
            .find(|text| !(text.starts_with("data.") || text.starts_with("universe.")))
        {
            return Err(cli::usage(anyhow!(
                "--set {text}: expected a key of [data] or [universe]; the rest is part of the run\n\
                 hint: train a new run to change it"
            )));
        }
        let mut table = ConfigTable::read(&config_path)?;
        table.apply(overrides)?;
        let config: Config = table.parse()?;
        config.validate().map_err(cli::usage)?;
        let (forecaster, model_sha256) = match forecaster(
            run,
            fold,
            overrides,
            (&config, &table),
            device,
        ) {
            Err(error) if fallback == Fallback::Rule => {
                cli::warn(format!(
                    "the model does not load, so an indicator rule answers in its place: {error:#}\n\
                     hint: --fallback refuse makes this an error"
                ));
                (Forecaster::Rule, String::new())
            }
            other => other?,
        };
        Ok(Self {
            config,
            forecaster,
            model_sha256,
            is_in_sample: false,
        })
    }

    /// How many bars up to t a forecast at t is a function of.
    pub fn history_bars(&self) -> usize {
        match &self.forecaster {
            Forecaster::Network { .. } => self.config.history_bars(),
            Forecaster::LightGbm(model) => model.history_bars(&self.config),
            Forecaster::Ensemble(members) => members.history_bars(),
            Forecaster::Rule => self
                .config
                .history_bars()
                .max(HISTORY_BARS + self.config.data.fill_limit_bars()),
        }
    }

    /// The columns of candles that a forecast is a function of.
    pub fn columns(&self) -> Vec<Column> {
        match &self.forecaster {
            Forecaster::Ensemble(members) => members.columns(),
            _ => self.config.columns(),
        }
    }

    /// Checks that the candles have the columns that forecasts are made of.
    ///
    /// # Errors
    /// As [`check_columns`].
    pub fn check_columns(&self, history: &History) -> anyhow::Result<()> {
        match &self.forecaster {
            Forecaster::Ensemble(members) => members.check_columns(history),
            _ => Ok(check_columns(&self.config, &history.coins)?),
        }
    }

    /// Whether forecasts of the coin are scored; others' are not combined.
    pub(crate) fn is_scored(&self, symbol: &Symbol) -> bool {
        let scored = &self.config.universe.scored;
        scored.is_empty() || scored.contains(symbol)
    }

    /// What the ledger calls it: kind, fold and SHA-256 of the model's files, marked where it
    /// forecasts in sample.
    pub fn label(&self) -> String {
        let mark = if self.is_in_sample { IN_SAMPLE } else { "" };
        format!(
            "{mark}{} {}",
            self.forecaster.name(self.forecaster.fold()),
            self.model_sha256
        )
    }

    /// Returns true for the indicator rule, which was fitted to nothing.
    pub(crate) fn is_rule(&self) -> bool {
        matches!(self.forecaster, Forecaster::Rule)
    }

    /// Whether a [`label`](Self::label) is of this model, in sample or not.
    pub fn has_label(&self, label: &str) -> bool {
        label.trim_start_matches(IN_SAMPLE) == self.label().trim_start_matches(IN_SAMPLE)
    }

    /// The fold that a [`label`](Self::label) names.
    pub(crate) fn fold_of_label(label: &str) -> Option<usize> {
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

/// The run's model, and the SHA-256 of its files.
fn forecaster(
    run: &Path,
    fold: Option<usize>,
    overrides: &[String],
    (config, table): (&Config, &ConfigTable),
    device: DeviceChoice,
) -> anyhow::Result<(Forecaster, String)> {
    match Kind::of(&table.section("run")?, run)? {
        Kind::Network => network(run, fold, config, table, device),
        Kind::LightGbm => {
            // Before anything starts threads.
            let library = Library::open()?;
            let config = BaselineConfig::new(table, library)?;
            let model = SavedModel::load(run, fold, &config, library)?;
            let hash = model.sha256().to_owned();
            Ok((Forecaster::LightGbm(Box::new(model)), hash))
        }
        Kind::Ensemble => {
            let (members, hash) = Members::load(run, fold, overrides, device)?;
            members.check(config, run)?;
            Ok((Forecaster::Ensemble(members), hash))
        }
    }
}

/// What made a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Network,
    LightGbm,
    Ensemble,
}

impl Kind {
    /// What a run's section `[run]` names; `run` is where it is.
    ///
    /// # Errors
    /// A name that this version does not know.
    pub fn of(section: &RunConfig, run: &Path) -> anyhow::Result<Self> {
        match section.forecaster.as_str() {
            name if name.is_empty() || name.starts_with("network") => Ok(Self::Network),
            name if name.starts_with("lightgbm") => Ok(Self::LightGbm),
            name if name.starts_with("ensemble") => Ok(Self::Ensemble),
            other => bail!(
                "{}: the forecaster is `{other}`, expected network, lightgbm or ensemble\n\
                 hint: was the run made by a newer version?",
                run.join("run.toml").display()
            ),
        }
    }
}

fn network(
    run: &Path,
    fold: Option<usize>,
    config: &Config,
    table: &ConfigTable,
    device: DeviceChoice,
) -> anyhow::Result<(Forecaster, String)> {
    let device = device.open()?;
    if let Some(note) = &device.note {
        cli::note(note);
    }
    let device = device.device;
    let network: NetworkConfig = table.section("network")?;
    let (stats_path, weights) = match fold {
        None => (run.join("stats.json"), released(run)?),
        Some(fold) => (
            run.join(format!("fold-{fold}/stats.json")),
            of_fold(run, fold)?,
        ),
    };
    let stats = fs::read_to_string(&stats_path)
        .with_context(|| format!("cannot read {}", stats_path.display()))?;
    let normalizer = Normalizer::from_json(&stats, &stats_path)?;
    normalizer.check(&config.features.chosen(), &config.universe.symbols)?;
    let hash = content_hash(stats.as_bytes());
    let (coins, features) = (
        config.universe.symbols.len(),
        config.features.chosen().len(),
    );
    let mut networks = Vec::with_capacity(weights.len());
    let mut hashes = String::new();
    for path in weights {
        let metadata = read_metadata(&path)?;
        match Origin::from_metadata(&metadata) {
            Some(origin) => origin.check(config, ("network", &network), &path)?,
            None => cli::note(format!(
                "{} was made by an older version and does not say with which config: nobody would notice if run.toml had \
                 been changed since",
                path.display()
            )),
        }
        let (loaded, _) = load_weights(
            &network,
            coins,
            features,
            config.features.lookback_bars,
            &path,
            &device,
        )?;
        let expected = metadata.get("stats_sha256").map_or("none", String::as_str);
        if expected != hash {
            bail!(
                "{} was trained with statistics of SHA-256 {expected}, but {} has {hash}\n\
                 hint: put back the run's own stats.json, or train again",
                path.display(),
                stats_path.display()
            );
        }
        probe(&loaded, &path)?;
        networks.push(loaded);
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        hashes.push_str(&content_hash(&bytes));
    }
    // Of one file its own hash, as sha256sum prints it.
    let hash = if networks.len() == 1 {
        hashes
    } else {
        content_hash(hashes.as_bytes())
    };
    Ok((
        Forecaster::Network {
            normalizer,
            networks,
            device,
        },
        hash,
    ))
}

/// The weights that the run released, one file a seed.
pub(crate) fn released(run: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let first = run.join("model.safetensors");
    if !first.exists() {
        bail!(
            "{} has no model.safetensors yet\nhint: `cargo run -p train --release -- --resume --run {}` finishes the run",
            run.display(),
            quoted(run.display())
        );
    }
    let others = (2..)
        .map(|seed| run.join(format!("model-seed-{seed}.safetensors")))
        .take_while(|path| path.exists());
    Ok([first].into_iter().chain(others).collect())
}

/// The weights of one fold, one file a seed.
pub(crate) fn of_fold(run: &Path, fold: usize) -> anyhow::Result<Vec<PathBuf>> {
    let of_seed = |seed: u64| run.join(format!("fold-{fold}/seed-{seed}/weights.safetensors"));
    let weights: Vec<PathBuf> = (1..)
        .map(of_seed)
        .take_while(|path| path.exists())
        .collect();
    if weights.is_empty() {
        bail!(
            "{} has no weights of fold {fold}\nhint: ls {} shows the folds there are",
            run.display(),
            quoted(run.display())
        );
    }
    Ok(weights)
}
