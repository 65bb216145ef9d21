//! What a watch is told beside its config.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use alerts::AlertsConfig;
use anyhow::Context;
use cli::{ConfigTable, WithHint};
use registry::RunArgument;
use rules::Thresholds;
use trading::TradingConfig;

use crate::WatchConfig;

/// What a watch is told beside its config.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct WatchArgs {
    /// Sections [trading], [watch] and [alerts] [default: those of the run's own config, else built-in]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The ledger [default: RUN/ledger.sqlite; of a registered model NAME-ledger.sqlite beside the
    /// registry]
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// What to trade on [default: RUN/thresholds.toml; where that is not there, nothing is traded]
    #[arg(long, value_name = "FILE")]
    thresholds: Option<PathBuf>,
}

/// Keys of `--set` that are the watch's, not the run's.
const OWN_SECTIONS: [&str; 3] = ["trading.", "watch.", "alerts."];

impl WatchArgs {
    /// Splits overrides into the run's and the watch's.
    pub fn split(overrides: &[String]) -> (Vec<String>, Vec<String>) {
        overrides
            .iter()
            .cloned()
            .partition(|text| !OWN_SECTIONS.iter().any(|section| text.starts_with(section)))
    }

    /// Where the ledger is: in the run's folder, or for a registered model beside the registry, so that
    /// positions live on from version to version.
    pub fn ledger_path(&self, run: &RunArgument) -> PathBuf {
        let default = || match &run.model {
            None => run.folder.join("ledger.sqlite"),
            Some(model) => {
                let name = format!("{}-ledger.sqlite", model.name);
                model.registry.with_file_name(name)
            }
        };
        self.ledger.clone().unwrap_or_else(default)
    }

    /// These arguments for another command that is watched with, of the ledger at `ledger`.
    pub(crate) fn given_on(&self, ledger: &Path) -> Vec<OsString> {
        let mut arguments = vec!["--ledger".into(), ledger.into()];
        let others = [
            ("--config", &self.config),
            ("--thresholds", &self.thresholds),
        ];
        for (name, path) in others {
            if let Some(path) = path {
                arguments.extend([name.into(), path.into()]);
            }
        }
        arguments
    }

    /// The two sections, checked.
    ///
    /// # Errors
    /// A file that is no config, a value that makes no sense.
    pub fn settings(
        &self,
        run: &Path,
        overrides: &[String],
    ) -> anyhow::Result<(TradingConfig, WatchConfig)> {
        let mut table = ConfigTable::read(self.config.as_deref().unwrap_or(&run.join("run.toml")))?;
        table.apply(&Self::split(overrides).1)?;
        let (trading, watch): (TradingConfig, WatchConfig) =
            (table.section("trading")?, table.section("watch")?);
        trading.validate().map_err(cli::usage)?;
        watch.validate().map_err(cli::usage)?;
        Ok((trading, watch))
    }

    /// Where alerts are posted, checked, with the address of the environment.
    ///
    /// # Errors
    /// As [`WatchArgs::settings`].
    pub fn alerts(&self, run: &Path, overrides: &[String]) -> anyhow::Result<AlertsConfig> {
        let mut table = ConfigTable::read(self.config.as_deref().unwrap_or(&run.join("run.toml")))?;
        table.apply(&Self::split(overrides).1)?;
        let config = table.section::<AlertsConfig>("alerts")?.with_environment();
        let checked = config.validate().map_err(|error| {
            let hint = error.hint().unwrap_or_default();
            cli::usage(anyhow::Error::from(error).hint(hint))
        });
        checked.map(|()| config)
    }

    /// The thresholds; None where the run has none.
    ///
    /// # Errors
    /// A file that is no thresholds, or was asked for and is not there.
    pub fn thresholds(&self, run: &Path) -> anyhow::Result<Option<Thresholds>> {
        let path = self
            .thresholds
            .clone()
            .unwrap_or_else(|| run.join("thresholds.toml"));
        if self.thresholds.is_none() && !path.exists() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))
            .hint("`quarterhour thresholds RUN` makes one")?;
        Thresholds::from_toml(&text)
            .map(Some)
            .with_context(|| format!("{}", path.display()))
    }
}
