//! stdout is for results, stderr for everything else.

use std::io::{self, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Writes `text` to stdout; a reader that has gone away (`| head`) is no error.
pub fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Tells the user something worth knowing, on stderr.
pub fn note(text: impl AsRef<str>) {
    eprintln!("note: {}", text.as_ref());
}

/// Says what happened, why it matters and which option changes it, on stderr.
pub fn warn(text: impl AsRef<str>) {
    eprintln!("warning: {}", text.as_ref());
}

/// A progress bar on stderr with the time left; hidden where stderr is no terminal.
///
/// `label` names the work, `total` is in the unit that the caller counts (steps, windows, files).
pub fn progress_bar(label: &str, total: u64) -> ProgressBar {
    let bar = ProgressBar::new(total);
    if let Ok(style) = ProgressStyle::with_template("{prefix} [{bar:30}] {pos}/{len} {elapsed} gone, {eta} left {msg}")
    {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_prefix(label.to_owned());
    bar.enable_steady_tick(Duration::from_millis(500));
    bar
}
