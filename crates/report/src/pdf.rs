//! A page as PDF, printed by a Chromium without a window.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use cli::WithHint;
use dataset::check_named_output;

/// The variable that names the browser.
const VARIABLE: &str = "QUARTERHOUR_BROWSER";

/// Names of the browser's program, in the order in which they are looked for.
const PROGRAMS: [&str; 6] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
    "chrome-headless-shell",
];

/// Longest that a page may take.
const LIMIT: Duration = Duration::from_secs(180);

/// How often it is looked whether the browser has ended.
const POLL: Duration = Duration::from_millis(50);

/// What a command that can write a PDF takes.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct PdfArgs {
    /// Also print the page as PDF beside it, by a Chromium that is installed
    #[arg(long)]
    pdf: bool,
    /// Chromium's program; without it QUARTERHOUR_BROWSER, else the first of chromium,
    /// chromium-browser, google-chrome-stable, google-chrome, chrome on PATH
    #[arg(long, value_name = "PROGRAM", requires = "pdf")]
    browser: Option<PathBuf>,
}

/// A browser that prints.
#[derive(Debug, Clone)]
pub(crate) struct Browser(PathBuf);

impl PdfArgs {
    /// The browser, where a PDF is asked for. It is looked for before any work is done.
    ///
    /// # Errors
    /// No browser where one is needed.
    pub(crate) fn browser(&self) -> anyhow::Result<Option<Browser>> {
        if !self.pdf {
            return Ok(None);
        }
        let named = std::env::var_os(VARIABLE).filter(|name| !name.is_empty());
        let named = self.browser.clone().or(named.map(PathBuf::from));
        let path = std::env::var_os("PATH").unwrap_or_default();
        Browser::find(named.as_deref(), &path).map(Some)
    }
}

impl Browser {
    /// The named program, or the first known one in the folders of `path`.
    fn find(named: Option<&Path>, path: &OsString) -> anyhow::Result<Self> {
        const HINT: &str = "`apt install chromium` installs one; --browser PROGRAM or QUARTERHOUR_BROWSER names another; the HTML page \
                            prints from any browser";
        let in_path = |name: &Path| -> Option<PathBuf> {
            if name.components().count() > 1 {
                return name.is_file().then(|| name.to_owned());
            }
            let mut programs = std::env::split_paths(path).map(|folder| folder.join(name));
            programs.find(|program| program.is_file())
        };
        if let Some(name) = named {
            let found = in_path(name).map(Self);
            return found.ok_or_else(|| {
                anyhow!(
                    "no browser {} for --pdf, expected Chromium's program",
                    name.display()
                )
                .hint(HINT)
            });
        }
        let found = PROGRAMS.iter().find_map(|name| in_path(Path::new(name)));
        found.map(Self).ok_or_else(|| {
            anyhow!(
                "no browser for --pdf: none of {} is on PATH",
                PROGRAMS.join(", ")
            )
            .hint(HINT)
        })
    }

    /// Prints a page to the file of the same name that ends in `.pdf`, whole or not at all.
    ///
    /// # Errors
    /// A file of another kind that is in the way; a browser that fails or takes too long, with what it
    /// said.
    pub fn print(&self, page: &Path) -> anyhow::Result<()> {
        let target = page.with_extension("pdf");
        check_named_output(&target, "pdf")?;
        // Its profile and the unfinished file are in a folder of their own, beside the page so that the
        // file can be moved.
        let folder = page
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let work = tempfile::Builder::new()
            .prefix(".pdf-")
            .tempdir_in(folder.unwrap_or(Path::new(".")))
            .with_context(|| format!("cannot write beside {}", page.display()))?;
        let printed = work.path().join("page.pdf");
        let url = file_url(&page.canonicalize()?);
        let said_path = work.path().join("said.txt");
        let mut browser = Command::new(&self.0)
            .args([
                "--headless",
                "--disable-gpu",
                "--no-first-run",
                "--no-pdf-header-footer",
            ])
            // The page is this program's own and has no script: a sandbox, which containers and root do
            // not have, protects nothing here.
            .arg("--no-sandbox")
            .arg(format!(
                "--user-data-dir={}",
                work.path().join("profile").display()
            ))
            .arg(format!("--print-to-pdf={}", printed.display()))
            .arg(url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&said_path)?)
            .spawn()
            .with_context(|| format!("cannot start {}", self.0.display()))?;
        let status = wait(&mut browser)?;
        let bytes = std::fs::read(&printed).unwrap_or_default();
        if !bytes.starts_with(b"%PDF") {
            let said = std::fs::read_to_string(&said_path).unwrap_or_default();
            let last = said
                .trim_end()
                .lines()
                .last()
                .unwrap_or("nothing")
                .to_owned();
            let error = anyhow!(
                "{} ended with {status} and wrote no PDF of {}; it said last: {last}",
                self.0.display(),
                page.display()
            );
            return Err(error
                .hint("--browser PROGRAM names another; the HTML page prints from any browser"));
        }
        std::fs::rename(&printed, &target)
            .with_context(|| format!("cannot write {}", target.display()))?;
        cli::note(format!("the PDF is in {}", target.display()));
        Ok(())
    }
}

/// The address of a file, whatever letters its path has.
fn file_url(path: &Path) -> String {
    let mut url = "file://".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' => url.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => url.push(char::from(*byte)),
            byte => url += &format!("%{byte:02X}"),
        }
    }
    url
}

/// The browser's exit code in words; it is stopped after [`LIMIT`].
fn wait(browser: &mut Child) -> anyhow::Result<String> {
    let begin = Instant::now();
    loop {
        if let Some(status) = browser.try_wait()? {
            return Ok(status.to_string());
        }
        if begin.elapsed() > LIMIT {
            // It may have ended in between.
            let _ = browser.kill();
            browser.wait()?;
            bail!(
                "the browser was stopped after {} seconds, without a PDF",
                LIMIT.as_secs()
            );
        }
        std::thread::sleep(POLL);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// A program of that name that does what the lines say.
    fn program(folder: &Path, name: &str, lines: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&path, mode).unwrap();
        path
    }

    #[test]
    fn the_first_known_program_on_the_path_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().as_os_str().to_owned();
        let error = Browser::find(None, &path).unwrap_err();
        assert!(error.to_string().contains("none of chromium, "), "{error}");
        assert!(cli::hints(&error, |_| None)[0].contains("apt install chromium"));
        program(folder.path(), "google-chrome", "");
        let found = Browser::find(None, &path).unwrap();
        assert!(found.0.ends_with("google-chrome"));
        let other = program(folder.path(), "other", "");
        for name in [Path::new("other"), other.as_path()] {
            assert_eq!(Browser::find(Some(name), &path).unwrap().0, other);
        }
        let error = Browser::find(Some(Path::new("missing")), &path).unwrap_err();
        assert!(error.to_string().contains("no browser missing"), "{error}");
    }

    #[test]
    fn every_path_has_an_address() {
        let url = file_url(Path::new("/a b/50%#1/ü.html"));
        assert_eq!(url, "file:///a%20b/50%25%231/%C3%BC.html");
    }

    #[test]
    fn a_browser_that_writes_nothing_is_told_with_what_it_said() {
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("page.html");
        std::fs::write(&page, "<p>page</p>").unwrap();
        let failing = Browser(program(
            folder.path(),
            "failing",
            "echo no display >&2; exit 3",
        ));
        let error = failing.print(&page).unwrap_err().to_string();
        assert!(
            error.contains("exit status: 3") && error.contains("no display"),
            "{error}"
        );
        let printing =
            r#"for a; do case $a in --print-to-pdf=*) printf '%%PDF-1.4' >"${a#*=}";; esac; done"#;
        Browser(program(folder.path(), "printing", printing))
            .print(&page)
            .unwrap();
        assert_eq!(
            std::fs::read(page.with_extension("pdf")).unwrap(),
            b"%PDF-1.4"
        );
        // Nothing is left beside the page.
        let names = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(names, 4);
    }
}
