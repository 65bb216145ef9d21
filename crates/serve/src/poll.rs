//! The one thread that reads the ledger.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use predict::Checkpoint;
use tokio::sync::watch;

use crate::run_facts::RunFacts;
use crate::snapshot::Snapshot;

/// How often the ledger's files are looked at.
const PAUSE: Duration = Duration::from_millis(250);

/// When the files of a ledger were changed last, and their sizes.
type Mark = [Option<(SystemTime, u64)>; 2];

fn mark(ledger: &Path) -> Mark {
    let mut log = ledger.as_os_str().to_owned();
    log.push("-wal");
    [ledger.to_owned(), PathBuf::from(log)].map(|path| {
        let found = path.metadata().ok()?;
        Some((found.modified().ok()?, found.len()))
    })
}

/// Reads the ledger in a thread of its own whenever it has changed, until `is_over`; what it says is in
/// what is returned.
///
/// # Errors
/// A thread that cannot be started.
pub fn poll(
    ledger: PathBuf,
    run: Arc<RunFacts>,
    is_over: Arc<AtomicBool>,
) -> std::io::Result<watch::Receiver<Arc<Snapshot>>> {
    let (sender, snapshots) = watch::channel(Arc::new(Snapshot::default()));
    let thread = thread::Builder::new().name("ledger".to_owned());
    thread.spawn(move || {
        // A forecaster stays in the thread that loaded it.
        let again = says_more(&run);
        let mut seen: Option<Mark> = None;
        while !is_over.load(Ordering::Relaxed) && !sender.is_closed() {
            let now = mark(&ledger);
            if seen != Some(now) {
                seen = match Snapshot::read(&ledger, &run, again.as_ref()) {
                    Ok(snapshot) => {
                        sender.send_replace(Arc::new(snapshot));
                        Some(now)
                    }
                    // Tried again: it may be busy for a moment.
                    Err(error) => {
                        note_fault(&sender, &error);
                        None
                    }
                };
            }
            thread::sleep(PAUSE);
        }
    })?;
    Ok(snapshots)
}

/// The model, where it says more than a ledger holds.
fn says_more(run: &RunFacts) -> Option<Checkpoint> {
    let loaded = Checkpoint::load(&run.model.folder, None, &run.overrides, run.device);
    loaded.ok().filter(Checkpoint::says_more)
}

/// Keeps what was known, with the reason why there is nothing newer.
fn note_fault(sender: &watch::Sender<Arc<Snapshot>>, error: &trading::Error) {
    let fault = Some(error.to_string());
    if sender.borrow().fault != fault {
        let snapshot = Snapshot::clone(&sender.borrow());
        sender.send_replace(Arc::new(Snapshot { fault, ..snapshot }));
    }
}
