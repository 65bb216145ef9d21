//! The whole config of a run.

use cli::ConfigTable;
use dataset::{Config, Entry, FeatureSet, Fit, RunConfig, RunDir};
use run::stored_config;
use serde::Serialize;

use crate::{Error, VolatilityOptions};

/// What `run.kind` says of a run of `volatility`.
pub(crate) const KIND: &str = "volatility";

/// What the folder of a run ends in unless the command line names one.
pub(crate) const SUFFIX: &str = "-volatility";

/// All sections that `volatility` reads: the content of a run's run.toml.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VolatilityConfig {
    /// What wrote the run.
    pub run: RunConfig,
    /// The shared sections.
    #[serde(flatten)]
    pub shared: Config,
    /// `[volatility]`
    pub volatility: VolatilityOptions,
}

impl VolatilityConfig {
    /// Types and checks all sections.
    ///
    /// # Errors
    /// A usage error that names the section, the key, the value found and what is expected.
    pub fn new(table: &ConfigTable) -> anyhow::Result<Self> {
        let run: RunConfig = table.section("run")?;
        let shared: Config = table.parse()?;
        let volatility: VolatilityOptions = table.section("volatility")?;
        shared.validate().map_err(cli::usage)?;
        volatility.validate().map_err(cli::usage)?;
        check_shared(&shared).map_err(cli::usage)?;
        let version = match run.version.as_str() {
            "" => env!("CARGO_PKG_VERSION").to_owned(),
            version => version.to_owned(),
        };
        let refits = shared.split.refit_every;
        let refits = refits.map_or_else(String::new, |every| format!("_every_{every}"));
        let terms = volatility.terms.iter().map(|term| format!("_{term}"));
        let run = RunConfig {
            kind: KIND.to_owned(),
            forecaster: format!(
                "{}{}{refits}{}",
                volatility.model,
                terms.collect::<String>(),
                shared.target.name_suffix()
            ),
            version,
        };
        Ok(Self {
            run,
            shared,
            volatility,
        })
    }

    /// Begins a run, or goes on with one of the same config; returns the content of its run.toml.
    ///
    /// # Errors
    /// A run that was begun with another config, what the system says.
    pub(crate) fn begin(&self, run: &RunDir) -> anyhow::Result<String> {
        let stored = stored_config(run)?
            .map(|table| Self::new(&table)?.to_toml())
            .transpose()?;
        let resolved = self.to_toml()?;
        run.begin(&resolved, stored.as_deref())?;
        Ok(resolved)
    }

    /// The content of `run.toml`.
    ///
    /// # Errors
    /// A value that TOML cannot hold.
    pub fn to_toml(&self) -> anyhow::Result<String> {
        Ok(toml::to_string(self)?)
    }
}

/// Refuses shared keys with values that the models are not made for.
fn check_shared(config: &Config) -> Result<(), Error> {
    let target = &config.target;
    let sets = [FeatureSet::HAR_RANGE, FeatureSet::HAR_INTRADAY];
    let set = config.features.set.to_string();
    let known = [
        ("target.kind", target.kind.to_string(), vec!["volatility"]),
        ("features.set", set, sets.map(FeatureSet::name).to_vec()),
    ];
    for (key, found, expected) in known {
        if !expected.contains(&found.as_str()) {
            let expected = expected.join(" or ");
            return Err(Error::Unfit {
                key,
                found,
                expected,
            });
        }
    }
    let unused = [
        ("target.base", target.base.is_some()),
        ("target.entry", target.entry != Entry::default()),
        ("target.fit", target.fit != Fit::Whole),
        ("features.time", config.features.time),
        ("panel", !config.panels.is_empty()),
    ];
    match unused.into_iter().find(|(_, is_set)| *is_set) {
        Some((key, _)) => Err(Error::Unfit {
            key,
            found: "set".to_owned(),
            expected: "no such key".to_owned(),
        }),
        None => Ok(()),
    }
}
