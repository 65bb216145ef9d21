//! Log lines: for people on stderr, as JSON in a file.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Read};
use std::path::Path;
use std::sync::{Arc, Mutex};

use anyhow::{Context, anyhow};
use cli::{Stderr, WithHint};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::show::{RecentLines, RecentWriter};

/// Begins logging; JSON lines are appended to `path`. Lines for people go below a table where there is
/// one.
///
/// # Errors
/// A file that cannot be written or is no such log; a log that has begun already.
pub fn begin(path: &Path, below_table: Option<Arc<RecentLines>>) -> anyhow::Result<()> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    let file = file
        .with_context(|| format!("cannot write the log {}", path.display()))
        .hint("--ledger FILE puts ledger and log elsewhere")?;
    let has_colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let for_people = fmt::layer()
        .compact()
        .with_target(false)
        .with_ansi(has_colours && below_table.is_none())
        .with_writer(move || match &below_table {
            Some(lines) => Box::new(RecentWriter(lines.clone())) as Box<dyn io::Write>,
            None => Box::new(Stderr),
        });
    let as_json = fmt::layer()
        .json()
        .flatten_event(true)
        .with_target(false)
        .with_writer(Mutex::new(file));
    let all = tracing_subscriber::registry()
        .with(LevelFilter::INFO)
        .with(for_people)
        .with(as_json);
    all.try_init().context("the log has begun already")
}

/// Refuses to append to what is no plain file, or does not begin as a log does.
///
/// # Errors
/// Such a file, by name.
pub fn check(path: &Path) -> anyhow::Result<()> {
    storage::check_output(path)?;
    let mut first = [0];
    let is_log = match File::open(path) {
        Ok(mut file) => file.read(&mut first)? == 0 || first == *b"{",
        Err(_) => true,
    };
    if !is_log {
        return Err(anyhow!(
            "{} is somebody else's file, expected the log of a watch or none",
            path.display()
        )
        .hint("--ledger FILE puts ledger and log elsewhere"));
    }
    Ok(())
}
