//! What a binary says to bad input, as text for a snapshot.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// Runs a binary again and again and writes down what it says.
#[derive(Debug)]
pub struct Transcript<'a> {
    binary: &'a str,
    subcommand: Option<&'a str>,
    dir: &'a Path,
    /// What was run, exit codes and stderr, with the folder's name replaced by `[DIR]`.
    pub text: String,
}

impl<'a> Transcript<'a> {
    /// `dir` is where the binary runs.
    pub fn new(binary: &'a str, dir: &'a Path) -> Self {
        Self {
            binary,
            subcommand: None,
            dir,
            text: String::new(),
        }
    }

    /// Puts a subcommand before the arguments of every run.
    pub fn of(mut self, subcommand: &'a str) -> Self {
        self.subcommand = Some(subcommand);
        self
    }

    /// Runs the binary with arguments that must be refused: exit code 1 or 2, a message and no
    /// panic.
    pub fn refused(&mut self, what: &str, arguments: &[&str]) {
        let output = Command::new(self.binary)
            .args(self.subcommand)
            .args(arguments)
            .current_dir(self.dir)
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let code = output.status.code();
        assert!(matches!(code, Some(1 | 2)), "{what}: {code:?}\n{stderr}");
        assert!(
            stderr.contains("error: ") && !stderr.contains("panicked"),
            "{what}:\n{stderr}"
        );
        let dir = self.dir.display().to_string();
        let is_log = |line: &&str| line.starts_with("note: ");
        let said: String = stderr
            .lines()
            .filter(|line| !is_log(line))
            .map(|line| line.to_owned() + "\n")
            .collect();
        writeln!(
            self.text,
            "# {what}: exit code {}\n{}",
            code.unwrap(),
            said.replace(&dir, "[DIR]")
        )
        .unwrap();
    }
}
