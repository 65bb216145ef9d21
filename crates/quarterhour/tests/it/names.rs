//! The names that a user types: the list of subcommands, their options, the version.

use std::fs;
use std::process::{Command, Output};

use crate::{QUARTERHOUR, quarterhour};

fn said(arguments: &[&str]) -> Output {
    Command::new(QUARTERHOUR).args(arguments).output().unwrap()
}

fn stdout(output: Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The subcommands that the help lists, without clap's own.
pub fn listed() -> Vec<String> {
    let help = stdout(said(&["--help"]));
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty() && *name != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_help_lists_every_subcommand() {
    insta::assert_snapshot!("help", stdout(said(&["--help"])));
    // Without a subcommand the same is printed, as a usage error.
    let bare = said(&[]);
    assert_eq!(bare.status.code(), Some(2));
    assert!(
        String::from_utf8(bare.stderr)
            .unwrap()
            .contains("Commands:")
    );
}

#[test]
fn every_subcommand_lists_its_arguments() {
    // One argument of each that must be there.
    let expected = [
        ("download", "--archive-url"),
        ("import", "--replace"),
        ("simulate", "--set"),
        ("audit", "--holes"),
        ("features", "--recompute"),
        ("train", "--resume"),
        ("baseline", "--protocol"),
        ("ridge", "--folds"),
        ("volatility", "--folds"),
        ("ensemble", "[MEMBER]"),
        ("search", "--space"),
        ("evaluate", "--coins"),
        ("controls", "--config"),
        ("thresholds", "--calibrate"),
        ("calibration", "--coins"),
        ("quantiles", "--bins"),
        ("backtest", "--hold-bars"),
        ("timing", "--deadline"),
        ("portfolio", "--folds"),
        ("exposure", "--cost-bps"),
        ("cadence", "--every"),
        ("across", "--panel"),
        ("eda", "--pdf"),
        ("report", "--full"),
        ("predict", "--watch"),
        ("watch", "--until"),
        ("embed", "--fold"),
        ("importance", "--repeats"),
        ("ledger", "--verify"),
        ("models", "--registry"),
        ("retrain", "--hold-back"),
        ("serve", "--listen"),
        ("health", "[URL]"),
        ("replay", "--stop-at"),
        ("schema", "--markdown"),
        ("completions", "<SHELL>"),
        ("man", "<DIR>"),
    ];
    assert_eq!(listed(), expected.map(|(name, _)| name));
    for (name, argument) in expected {
        let help = stdout(said(&[name, "--help"]));
        assert!(
            help.contains(&format!("Usage: quarterhour {name}")),
            "{help}"
        );
        assert!(help.contains(argument), "{name} without {argument}: {help}");
    }
}

#[test]
fn an_unknown_subcommand_is_a_usage_error() {
    let output = said(&["audti"]);
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("unrecognized subcommand 'audti'") && stderr.contains("'audit'"),
        "{stderr}"
    );
}

/// `watch` takes what `predict` with `--watch` does, and fails as it does.
#[test]
fn a_watch_is_predict_with_an_option() {
    let dir = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new(QUARTERHOUR)
            .args(arguments)
            .current_dir(dir.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let watch = run(&["watch", "--run", "nowhere", "--until", "2024-01-01"]);
    assert!(watch.contains("nowhere is no run"), "{watch}");
    let same = [
        "predict",
        "--watch",
        "--run",
        "nowhere",
        "--until",
        "2024-01-01",
    ];
    assert_eq!(watch, run(&same));
}

#[test]
fn the_version_names_the_commit() {
    let version = stdout(said(&["--version"]));
    let rest = version
        .strip_prefix(concat!("quarterhour ", env!("CARGO_PKG_VERSION")))
        .unwrap()
        .trim_end();
    let is_commit = |text: &str| {
        let commit = text
            .strip_prefix(" (")
            .and_then(|text| text.strip_suffix(')'));
        commit.is_some_and(|commit| {
            commit.len() >= 7 && commit.chars().all(|digit| digit.is_ascii_hexdigit())
        })
    };
    assert!(rest.is_empty() || is_commit(rest), "{version}");
}

#[test]
fn completions_are_scripts_that_bash_can_read() {
    let dir = tempfile::tempdir().unwrap();
    let script = stdout(said(&["completions", "bash"]));
    assert!(script.contains("thresholds") && script.contains("--calibrate"));
    let path = dir.path().join("quarterhour.bash");
    fs::write(&path, script).unwrap();
    match Command::new("bash").arg("-n").arg(&path).output() {
        Ok(output) => assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) => eprintln!("skipped: bash: {error}"),
    }
    for shell in ["elvish", "fish", "powershell", "zsh"] {
        assert!(stdout(said(&["completions", shell])).contains("quarterhour"));
    }
}

#[test]
fn every_subcommand_has_a_manual_page() {
    let dir = tempfile::tempdir().unwrap();
    let pages = dir.path().join("man/man1");
    let output = quarterhour("man").arg(&pages).output().unwrap();
    assert!(output.status.success());
    for name in listed() {
        let page = fs::read_to_string(pages.join(format!("quarterhour-{name}.1"))).unwrap();
        assert!(
            page.contains(&format!(".TH quarterhour-{name} 1")),
            "{page}"
        );
    }
    assert!(pages.join("quarterhour.1").exists());
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let refused = quarterhour("man").arg(&file).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let stderr = String::from_utf8(refused.stderr).unwrap();
    assert!(stderr.contains("cannot write manual pages to"), "{stderr}");
}
