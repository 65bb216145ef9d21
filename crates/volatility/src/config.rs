//! The whole config of a run.

use cli::ConfigTable;
use dataset::{Config, Entry, FeatureSet, Fit, RunConfig};
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
        let run = RunConfig {
            kind: KIND.to_owned(),
            forecaster: format!(
                "{}{refits}{}",
                volatility.model,
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
    let expected = [
        ("target.kind", target.kind.to_string(), "volatility"),
        (
            "features.set",
            config.features.set.to_string(),
            FeatureSet::HAR_RANGE.name(),
        ),
    ];
    if let Some((key, found, expected)) = expected.into_iter().find(|(_, a, b)| a != b) {
        return Err(Error::Unfit {
            key,
            found,
            expected,
        });
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
            expected: "no such key",
        }),
        None => Ok(()),
    }
}
