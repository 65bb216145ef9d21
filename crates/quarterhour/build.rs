//! Tells the binary the git commit that it is built from, for `--version`.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let commit = if is_own_repository() {
        git(&["rev-parse", "--short=7", "HEAD"])
    } else {
        None
    };
    println!(
        "cargo:rustc-env=QUARTERHOUR_COMMIT={}",
        commit.unwrap_or_default()
    );
    // What HEAD's log says changes with every commit and checkout, and with nothing else.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"])
        && Path::new(&log).exists()
    {
        println!("cargo:rerun-if-changed={log}");
    }
}

/// False where the sources were unpacked without git, or into the repository of something else.
fn is_own_repository() -> bool {
    git(&["ls-files", "build.rs"]).is_some()
}

/// What git prints; None where it is not there, fails or prints nothing.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}
