//! This process: its arguments, being interrupted, and the memory it used.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;

use crate::{note, quoted};

/// The arguments that this process was called with, quoted for a shell: what a page says that made it.
pub fn arguments() -> String {
    let arguments = std::env::args_os().skip(1);
    let quoted = arguments.map(|argument| quoted(argument.to_string_lossy()));
    quoted.collect::<Vec<_>>().join(" ")
}

/// A flag that Ctrl-C and SIGTERM set, after saying `stopping`; a second one stops at once.
///
/// # Errors
/// A system that lets nobody watch.
pub fn watch_for_interrupt(stopping: &'static str) -> anyhow::Result<Arc<AtomicBool>> {
    static INTERRUPTED: Mutex<Option<Arc<AtomicBool>>> = Mutex::new(None);
    let mut watched = INTERRUPTED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(interrupted) = watched.as_ref() {
        return Ok(interrupted.clone());
    }
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = interrupted.clone();
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        note(format!("{stopping}; again stops at once"));
    })
    .context("cannot watch for Ctrl-C")?;
    *watched = Some(interrupted.clone());
    Ok(interrupted)
}

/// The most memory that this process has held so far, in bytes; None where the system does not
/// tell.
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
