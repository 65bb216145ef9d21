//! `quarterhour watch pause` and `resume`: one flag in the ledger, which a watch looks at once a bar.

use std::time::{SystemTime, UNIX_EPOCH};

use dataset::format_time;
use registry::RunArgument;
use trading::Ledger;

use super::WatchArgs;

/// What is asked of a watch, running or not.
#[derive(Debug, clap::Subcommand)]
pub enum PauseCommand {
    /// Open no new positions from the next bar on; forecasts go on, and open positions close as they would
    Pause(PauseArgs),
    /// Open positions again from the next bar on
    Resume(PauseArgs),
}

/// Whose watch.
#[derive(Debug, clap::Args)]
pub struct PauseArgs {
    /// The run that is watched with
    #[arg(long, visible_alias = "model", value_name = "RUN")]
    run: RunArgument,
    #[command(flatten)]
    watch: WatchArgs,
}

impl PauseCommand {
    /// Sets the flag.
    ///
    /// # Errors
    /// No ledger, or one that cannot be written.
    pub fn run(&self) -> anyhow::Result<()> {
        let (args, is_paused) = match self {
            Self::Pause(args) => (args, true),
            Self::Resume(args) => (args, false),
        };
        let path = args.watch.ledger_path(&args.run);
        let pause = Ledger::set_paused(&path, is_paused, local_ms())?;
        let since = pause.since.map_or(String::new(), |since_ms| {
            format!(" since {} UTC", format_time(since_ms))
        });
        let state = match pause.is_paused {
            true => "paused",
            false => "not paused",
        };
        cli::print(&format!("{}: {state}{since}\n", path.display()))?;
        Ok(())
    }
}

/// This machine's time of day, UTC ms.
pub fn local_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |time| i64::try_from(time.as_millis()).unwrap_or(0))
}
