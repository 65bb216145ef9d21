//! This process: its arguments, being interrupted, and the memory it used.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;

use crate::secret::shown_arguments;
use crate::{note, quoted};

/// The arguments that this process was called with, quoted for a shell and without what may be a secret:
/// what a page says that made it.
pub fn arguments() -> String {
    let arguments = std::env::args_os().skip(1);
    let shown = shown_arguments(arguments.map(|argument| argument.to_string_lossy().into_owned()));
    shown.iter().map(quoted).collect::<Vec<_>>().join(" ")
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

/// CPU seconds that the child processes of this one have used which it has waited for, on all cores;
/// None where the system does not tell.
pub fn cpu_seconds_of_children() -> Option<f64> {
    // Linux counts in hundredths of a second, whatever its kernel's own ticks are.
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name, in parentheses and with whatever is in it.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(13);
    let mut seconds = || Some(fields.next()?.parse::<f64>().ok()? / TICKS);
    Some(seconds()? + seconds()?)
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
