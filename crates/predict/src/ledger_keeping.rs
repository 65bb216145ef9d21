//! `quarterhour ledger backup` and `ledger prune`: a ledger over months, beside a running watch.

use std::path::PathBuf;

use anyhow::anyhow;
use cli::WithHint;
use dataset::{TimeSpan, format_time};
use registry::RunArgument;
use trading::Ledger;

use crate::Fallback;
use crate::WatchConfig;
use crate::checkpoint::Request;
use crate::watch::WatchArgs;

/// Arguments of `quarterhour ledger backup`.
#[derive(Debug, clap::Args)]
pub(crate) struct BackupArgs {
    /// The run that is watched with
    #[arg(long, visible_alias = "model", value_name = "RUN")]
    run: RunArgument,
    #[command(flatten)]
    watch: WatchArgs,
    /// The new file, such as backups/ledger-2026-11-28.sqlite
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

impl BackupArgs {
    /// Copies the ledger.
    ///
    /// # Errors
    /// No ledger, a file that is there already, a full disk.
    pub fn run(&self) -> anyhow::Result<()> {
        let path = self.watch.ledger_path(&self.run);
        Ledger::read_only(&path)?.back_up(&self.to)?;
        let last = Ledger::read_only(&self.to)?.last_forecast_ms()?;
        let last = last.map_or("no forecasts yet".to_owned(), |last_ms| {
            format!("forecasts up to {} UTC", format_time(last_ms))
        });
        cli::print(&format!("{}: {last}\n", self.to.display()))?;
        Ok(())
    }
}

/// Arguments of `quarterhour ledger prune`.
#[derive(Debug, clap::Args)]
pub(crate) struct PruneArgs {
    /// The run that is watched with
    #[arg(long, visible_alias = "model", value_name = "RUN")]
    run: RunArgument,
    #[command(flatten)]
    watch: WatchArgs,
    /// How much is kept, counted back from the last forecast [default: watch.keep]
    #[arg(long, value_name = "TIME")]
    keep: Option<TimeSpan>,
    /// Also give the room back to the system; a watch beside it waits meanwhile
    #[arg(long)]
    vacuum: bool,
    /// Overrides a key of [data], [universe], [trading] or [watch] (may be repeated)
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// auto, gpu, cpu, wgpu, flex or ndarray: for networks, whose history is kept too
    #[arg(long, default_value = "auto")]
    device: model::DeviceChoice,
}

impl PruneArgs {
    /// Takes out what is older than is kept.
    ///
    /// # Errors
    /// No ledger, no time to keep, a run that does not load.
    pub fn run(&self) -> anyhow::Result<()> {
        let (overrides, _) = WatchArgs::split(&self.set);
        let (_, settings) = self.watch.settings(&self.run.folder, &self.set)?;
        let Some(keep) = self.keep.or(settings.keep) else {
            let error = anyhow!("everything is kept: found no watch.keep, expected how much stays");
            return Err(cli::usage(
                error.hint("--keep 90d, or --set watch.keep=90d"),
            ));
        };
        let kept = WatchConfig {
            keep: Some(keep),
            ..settings
        };
        kept.validate().map_err(cli::usage)?;
        let request = Request {
            // The indicator rule looks less far back than the model that it stands in for.
            fallback: Fallback::Refuse,
            run: &self.run.folder,
            registered: None,
            fold: None,
            at_ms: None,
            overrides: &overrides,
            device: self.device,
        };
        // A forecast can be made again from the ledger as long as its history is there.
        let checkpoint = request.load()?;
        let retention = checkpoint.retention(keep);
        let mut ledger = Ledger::beside_writer(&self.watch.ledger_path(&self.run))?;
        let last_ms = ledger.last_forecast_ms()?;
        let pruned = ledger.prune(&retention)?;
        if self.vacuum {
            ledger.vacuum()?;
        }
        let what = last_ms.map_or(
            "no forecasts are in it, and nothing was taken out of".to_owned(),
            |last_ms| {
                format!(
                    "{} forecasts of before {} UTC and {} candles that nothing needs any more were taken out of",
                    pruned.forecasts,
                    format_time(retention.before_ms(last_ms)),
                    pruned.candles,
                )
            },
        );
        cli::print(&format!("{what} {}\n", ledger.path().display()))?;
        Ok(())
    }
}
