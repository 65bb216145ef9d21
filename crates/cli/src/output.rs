//! stdout is for results, stderr for everything else, and nobody need be there to read either.

use std::fmt::Arguments;
use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How many [`Diverted`] there are.
static DIVERTED: AtomicUsize = AtomicUsize::new(0);

/// While it lives, what is printed goes to stderr: for a command that runs others and has an output of
/// its own.
#[derive(Debug)]
pub struct Diverted(());

/// Sends what is [printed](fn@print) to stderr, until the value that is returned is dropped.
#[must_use]
pub fn divert_output() -> Diverted {
    DIVERTED.fetch_add(1, Ordering::Relaxed);
    Diverted(())
}

impl Drop for Diverted {
    fn drop(&mut self) {
        DIVERTED.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Writes `text` to stdout, or where it is [diverted](divert_output) to stderr; a reader that has gone
/// away (`| head`) is no error.
pub fn print(text: &str) -> io::Result<()> {
    let written = match DIVERTED.load(Ordering::Relaxed) {
        0 => write(&mut io::stdout().lock(), text),
        _ => write(&mut Stderr, text),
    };
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

fn write(to: &mut impl Write, text: &str) -> io::Result<()> {
    to.write_all(text.as_bytes())?;
    to.flush()
}

/// Tells the user something worth knowing, on stderr.
pub fn note(text: impl AsRef<str>) {
    say(format_args!("note: {}", text.as_ref()));
}

/// Says what happened, why it matters and which option changes it, on stderr.
pub fn warn(text: impl AsRef<str>) {
    say(format_args!("warning: {}", text.as_ref()));
}

/// A warning with what helps below it.
pub fn warn_with_hints(text: impl AsRef<str>, hints: impl IntoIterator<Item = String>) {
    warn(text);
    hints.into_iter().for_each(hint);
}

/// Says how to get out of what was said before, on stderr: a command to run, or what to change.
pub fn hint(text: impl AsRef<str>) {
    say(format_args!("hint: {}", text.as_ref()));
}

/// A line on stderr. `eprintln!` would end the process where stderr cannot be written, and the work
/// with it.
pub(crate) fn say(line: Arguments<'_>) {
    let _ = writeln!(Stderr, "{line}");
}

/// stderr for those who must not fail where nobody reads it: what cannot be written is lost.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = io::stderr().write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = io::stderr().flush();
        Ok(())
    }
}

/// A progress bar on stderr with the time left; hidden where stderr is no terminal.
///
/// `label` names the work, `total` is in the unit that the caller counts (steps, windows, files).
pub fn progress_bar(label: &str, total: u64) -> ProgressBar {
    let bar = ProgressBar::new(total);
    if let Ok(style) = ProgressStyle::with_template(
        "{prefix} [{bar:30}] {pos}/{len} {elapsed} gone, {eta} left {msg}",
    ) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_prefix(label.to_owned());
    bar.enable_steady_tick(Duration::from_millis(500));
    bar
}
