//! The forecasters that a saved run may be of, and how one is loaded.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use cli::{ConfigArgs, ConfigTable, WithHint};
use dataset::{Config, DataConfig, RunConfig, RunDir, TimeSpan, parse_time};

use crate::{
    FittedIntervals, Forecaster, Publication, TrainingSpan, intervals, model_folder, publication,
};

/// A kind of forecaster, as a saved run names it: one entry of the list in the binary.
pub trait Kind: fmt::Debug {
    /// What `run.kind` says in `run.toml`.
    fn name(&self) -> &'static str;

    /// Does what must come before any other kind starts threads.
    ///
    /// # Errors
    /// A library that is not there.
    fn prepare(&self) -> anyhow::Result<()> {
        Ok(())
    }

    /// Loads a run's model.
    ///
    /// # Errors
    /// A run that is not finished; files that are broken or do not belong together.
    fn load(&self, run: &SavedRun<'_>) -> anyhow::Result<Box<dyn Forecaster>>;

    /// The time that the model has seen; None where its files do not say.
    ///
    /// # Errors
    /// Files that cannot be read.
    fn seen(&self, run: &SavedRun<'_>) -> anyhow::Result<Option<TrainingSpan>>;

    /// The folds that the run in `path` has whole models of.
    ///
    /// # Errors
    /// A folder that cannot be read.
    fn folds(&self, path: &Path) -> anyhow::Result<Vec<usize>> {
        let entries =
            fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
        let number = |entry: fs::DirEntry| {
            let name = entry.file_name();
            name.to_str()?.strip_prefix("fold-")?.parse().ok()
        };
        Ok(entries.flatten().filter_map(number).collect())
    }

    /// Folders of other runs that the run in `path` is made of, whole paths; none but for ensembles.
    ///
    /// # Errors
    /// Files that cannot be read.
    fn parts(&self, _path: &Path) -> anyhow::Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }

    /// Fits a run of this kind into the folder `run` as its own subcommand does, and goes on where an
    /// earlier call with the same config was stopped.
    ///
    /// # Errors
    /// A kind that is not fitted from candles; what its subcommand refuses.
    fn fit(&self, _config: &ConfigArgs, _run: &Path) -> anyhow::Result<()> {
        Err(anyhow!(
            "a run of the kind {} is not fitted from candles",
            self.name()
        )
        .hint("fit anew the runs that it is made of"))
    }

    /// The key that lets a fit begin with the weights of a finished run, with that run as its value; None
    /// where a fit of this kind cannot begin with what another has learnt.
    fn begin_with(&self, _run: &Path) -> Option<String> {
        None
    }
}

/// A run on disk, and which of its models is asked for.
#[derive(Debug, Clone, Copy)]
pub struct SavedRun<'a> {
    /// The folder.
    pub path: &'a Path,
    /// The fold asked for; None: the run's own files, which are the last fit's.
    pub fold: Option<usize>,
    /// The time that is to be forecast, which decides between the refits of the fold; None: the
    /// last refit.
    pub at_ms: Option<i64>,
    /// `data.*` and `universe.*` keys that may differ live, as `key=value`.
    pub overrides: &'a [String],
    /// Its `run.toml`, with the overrides.
    pub table: &'a ConfigTable,
    /// The sections that every forecaster shares.
    pub config: &'a Config,
    /// The list, for a run that is made of others.
    pub kinds: &'a Kinds,
}

impl SavedRun<'_> {
    /// The folder of the model asked for.
    ///
    /// # Errors
    /// As [`model_folder`].
    pub fn folder(&self) -> anyhow::Result<PathBuf> {
        model_folder(self.path, self.fold, self.at_ms)
    }
}

/// A run's config with what forecasts.
#[derive(Debug)]
pub struct LoadedRun {
    /// The sections that every forecaster shares, with the overrides.
    pub config: Config,
    /// `run.kind`.
    pub kind: &'static str,
    /// The model.
    pub forecaster: Box<dyn Forecaster>,
    /// Prediction intervals of the config's horizon; None where the run has none.
    pub intervals: Option<FittedIntervals>,
    /// What its forecasts are published as; None where the target is not the logarithm of a
    /// volatility.
    pub publication: Option<Publication>,
}

/// The list of kinds.
#[derive(Debug)]
pub struct Kinds(Vec<Box<dyn Kind>>);

impl Kinds {
    /// The list.
    pub fn new(kinds: Vec<Box<dyn Kind>>) -> Self {
        Self(kinds)
    }

    /// The kind of the run that `table` configures; `path` is where it is.
    ///
    /// # Errors
    /// A name that is not in the list.
    pub fn of(&self, table: &ConfigTable, path: &Path) -> anyhow::Result<&dyn Kind> {
        let section: RunConfig = table.section("run")?;
        // Runs of older versions have only the name for tables, which begins with the kind; the
        // first ones were networks and have none.
        let is_it = |kind: &&dyn Kind| match section.kind.as_str() {
            "" if section.forecaster.is_empty() => kind.name() == "network",
            "" => section.forecaster.starts_with(kind.name()),
            name => kind.name() == name,
        };
        match self.0.iter().map(AsRef::as_ref).find(is_it) {
            Some(kind) => Ok(kind),
            None => {
                let known: Vec<&str> = self.0.iter().map(|kind| kind.name()).collect();
                let found = match section.kind.as_str() {
                    "" => &section.forecaster,
                    kind => kind,
                };
                Err(anyhow!(
                    "{}: the forecaster is `{found}`, expected {}",
                    path.join(RunDir::CONFIG_FILE).display(),
                    known.join(", ")
                )
                .hint("was the run made by a newer version?"))
            }
        }
    }

    /// A run's `run.toml` with the overrides, which may say where candles come from (`data.*`),
    /// name the universe, and choose one of the run's horizons (`target.horizon`, else the first);
    /// everything else is the run's.
    ///
    /// # Errors
    /// A folder that is no run, an override of another key, a horizon that the run does not have, a
    /// config that is refused.
    pub fn config(
        &self,
        path: &Path,
        overrides: &[String],
    ) -> anyhow::Result<(ConfigTable, Config)> {
        let config_path = path.join(RunDir::CONFIG_FILE);
        if !config_path.exists() {
            return Err(
                anyhow!("{} is no run: it has no run.toml", path.display()).with_hint(|| {
                    RunDir::did_you_mean(path).unwrap_or_else(|| {
                        "`quarterhour train` makes one; ls checkpoints/ shows those there are"
                            .to_owned()
                    })
                }),
            );
        }
        let (horizons, overrides) = split_horizon(overrides);
        let may_differ =
            |text: &&String| text.starts_with("data.") || text.starts_with("universe.");
        if let Some(text) = overrides.iter().find(|text| !may_differ(text)) {
            return Err(cli::usage(
                anyhow!(
                    "{}: expected a key of [data] or [universe]; the rest is part of the run",
                    cli::shown_override(text)
                )
                .hint("train a new run to change it"),
            ));
        }
        let mut table = ConfigTable::read(&config_path)?;
        table.apply(&overrides)?;
        let mut config: Config = table.parse()?;
        config.validate().map_err(cli::usage)?;
        if let Some(text) = horizons.last() {
            config.target.horizon = horizon_named(text, &config)?;
        }
        Ok((table, config))
    }

    /// Loads a run's model: its last fit's, or that of the fold asked for and, of its refits, the
    /// one for the time.
    ///
    /// # Errors
    /// As [`Kinds::config`] and [`Kind::load`].
    pub fn load(
        &self,
        path: &Path,
        (fold, at_ms): (Option<usize>, Option<i64>),
        overrides: &[String],
    ) -> anyhow::Result<LoadedRun> {
        let (table, config) = self.config(path, overrides)?;
        if let Some(own) = run_of_horizon(path, &config) {
            return self.load(own.path(), (fold, at_ms), &split_horizon(overrides).1);
        }
        let kind = self.of(&table, path)?;
        kind.prepare()?;
        let forecaster = kind.load(&SavedRun {
            path,
            fold,
            at_ms,
            overrides,
            table: &table,
            config: &config,
            kinds: self,
        })?;
        Ok(LoadedRun {
            intervals: intervals::load(path, &config)?,
            publication: publication::load(path, fold, &config)?,
            config,
            kind: kind.name(),
            forecaster,
        })
    }

    /// Does what must come before any thread starts for the kind of the run in `path`.
    ///
    /// # Errors
    /// A run that cannot be read, a library that is not there.
    pub fn prepare(&self, path: &Path) -> anyhow::Result<()> {
        self.of(&ConfigTable::read(&path.join(RunDir::CONFIG_FILE))?, path)?
            .prepare()
    }

    /// The time that a model has seen, which is chosen as by [`Kinds::load`]; of several horizons,
    /// the models of all. Of a run that does not say: nothing from the end of its candles on.
    ///
    /// # Errors
    /// Files that cannot be read.
    pub fn seen(
        &self,
        path: &Path,
        (fold, at_ms): (Option<usize>, Option<i64>),
    ) -> anyhow::Result<TrainingSpan> {
        let table = ConfigTable::read(&path.join(RunDir::CONFIG_FILE))?;
        let config: Config = table.parse()?;
        let runs = runs_by_horizon(path, &config);
        if !runs.is_empty() {
            let seen = runs.iter().map(|own| self.seen(own.path(), (fold, at_ms)));
            let all: Vec<TrainingSpan> = seen.collect::<anyhow::Result<_>>()?;
            return all
                .into_iter()
                .reduce(TrainingSpan::joined)
                .context("runs are there");
        }
        let known = self.of(&table, path)?.seen(&SavedRun {
            path,
            fold,
            at_ms,
            overrides: &[],
            table: &table,
            config: &config,
            kinds: self,
        })?;
        let at_most = |data: &DataConfig| {
            let end = data.until.as_deref();
            let end_ms = end.and_then(|until| parse_time(until).ok());
            TrainingSpan {
                from_ms: None,
                until_ms: end_ms,
                fitted_until_ms: end_ms,
                is_known: false,
            }
        };
        Ok(known.unwrap_or_else(|| at_most(&config.data)))
    }

    /// The folds that the run in `path` has whole models of.
    ///
    /// # Errors
    /// Files that cannot be read.
    pub fn folds(&self, path: &Path) -> anyhow::Result<Vec<usize>> {
        let table = ConfigTable::read(&path.join(RunDir::CONFIG_FILE))?;
        match run_of_horizon(path, &table.parse()?) {
            Some(own) => self.of(&table, path)?.folds(own.path()),
            None => self.of(&table, path)?.folds(path),
        }
    }
}

/// The run of one of several horizons, `config.target.horizon`, where each has a model of its own.
fn run_of_horizon(path: &Path, config: &Config) -> Option<RunDir> {
    let own = RunDir::new(path.to_owned()).horizon(config.target.horizon);
    (!config.target.horizons.is_empty() && own.config().exists()).then_some(own)
}

/// Those of all horizons.
fn runs_by_horizon(path: &Path, config: &Config) -> Vec<RunDir> {
    let run = RunDir::new(path.to_owned());
    let horizons = config.target.horizons.iter();
    let runs = horizons.map(|horizon| run.horizon(*horizon));
    runs.filter(|own| own.config().exists()).collect()
}

/// The overrides of `target.horizon`, and the others.
fn split_horizon(overrides: &[String]) -> (Vec<String>, Vec<String>) {
    let is_horizon = |text: &String| text.starts_with("target.horizon=");
    overrides.iter().cloned().partition(is_horizon)
}

/// The horizon that an override names.
fn horizon_named(text: &str, config: &Config) -> anyhow::Result<TimeSpan> {
    let (_, name) = text.split_once('=').unwrap_or_default();
    let horizons = config.target.all_horizons();
    let known: Vec<String> = horizons.iter().map(ToString::to_string).collect();
    let found = horizons.iter().find(|horizon| {
        name.parse::<TimeSpan>()
            .is_ok_and(|named| named == **horizon)
    });
    found.copied().ok_or_else(|| {
        let expected = known.join(", ");
        cli::usage(
            anyhow!("horizon {name}: expected one that the run forecasts: {expected}")
                .hint(format!("--horizon {}", known[0])), // there is one at least
        )
    })
}
