//! Log lines: for people on stderr, as JSON in a file.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::Mutex;

use anyhow::Context;
use cli::Stderr;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Begins logging; JSON lines are appended to `path`.
///
/// # Errors
/// A file that cannot be written; a log that has begun already.
pub fn begin(path: &Path) -> anyhow::Result<()> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    let file = file
        .with_context(|| format!("cannot write the log {}\nhint: --ledger FILE puts both elsewhere", path.display()))?;
    let has_colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let for_people = fmt::layer().compact().with_target(false).with_ansi(has_colours).with_writer(|| Stderr);
    let as_json = fmt::layer().json().flatten_event(true).with_target(false).with_writer(Mutex::new(file));
    let all = tracing_subscriber::registry().with(LevelFilter::INFO).with(for_people).with(as_json);
    all.try_init().context("the log has begun already")
}
