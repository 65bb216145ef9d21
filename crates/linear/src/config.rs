//! The whole config of a run.

use anyhow::anyhow;
use cli::{ConfigTable, WithHint};
use dataset::{Config, Entry, RunConfig, TimeSpan};
use serde::Serialize;

use crate::RidgeOptions;

/// What `run.kind` says of a run of `ridge`.
pub(crate) const KIND: &str = "ridge";

/// How often the ridge is refitted unless the config says otherwise: a refit costs next to nothing.
const DAY: TimeSpan = TimeSpan::hours(24);

/// All sections that `ridge` reads: the content of a run's run.toml.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RidgeConfig {
    /// What wrote the run.
    pub run: RunConfig,
    /// The shared sections.
    #[serde(flatten)]
    pub shared: Config,
    /// `[ridge]`
    pub ridge: RidgeOptions,
}

impl RidgeConfig {
    /// Types and checks all sections.
    ///
    /// # Errors
    /// A usage error that names the section, the key, the value found and what is expected.
    pub fn new(table: &ConfigTable) -> anyhow::Result<Self> {
        let run: RunConfig = table.section("run")?;
        let mut shared: Config = table.parse()?;
        let every = *shared.split.refit_every.get_or_insert(DAY);
        let ridge: RidgeOptions = table.section("ridge")?;
        shared.validate().map_err(cli::usage)?;
        ridge.validate().map_err(cli::usage)?;
        for (key, is_set) in [
            ("target.base", shared.target.base.is_some()),
            ("target.entry", shared.target.entry != Entry::default()),
            ("features.time", shared.features.time),
        ] {
            if is_set {
                return Err(cli::usage(
                    anyhow!("{key} is set, expected no such key for the ridge")
                        .hint(format!("take {key} out of the config")),
                ));
            }
        }
        if every.ms() % DAY.ms() != 0 {
            return Err(cli::usage(
                anyhow!(
                    "split.refit_every = {every}: expected whole days, as the ridge sums its \
                     moments by UTC day"
                )
                .hint(format!("--set split.refit_every={DAY}")),
            ));
        }
        let version = match run.version.as_str() {
            "" => env!("CARGO_PKG_VERSION").to_owned(),
            version => version.to_owned(),
        };
        let run = RunConfig {
            kind: KIND.to_owned(),
            forecaster: format!("{}{}", KIND, shared.target.name_suffix()),
            version,
        };
        Ok(Self { run, shared, ridge })
    }

    /// The content of `run.toml`.
    ///
    /// # Errors
    /// A value that TOML cannot hold.
    pub fn to_toml(&self) -> anyhow::Result<String> {
        Ok(toml::to_string(self)?)
    }
}
