//! Hints are data beside a message, and name only what exists.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::QUARTERHOUR;
use crate::names::listed;

/// The code of all crates, without unit tests, by path.
fn sources() -> Vec<(PathBuf, String)> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("..")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() && !["tests", "benches", "examples"].contains(&name.as_str()) {
                folders.push(path);
            } else if name.ends_with(".rs") && !name.contains("tests") {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap().to_owned();
                sources.push((path, code));
            }
        }
    }
    assert!(sources.len() > 100, "the crates are beside this one");
    sources
}

/// What follows `prefix` in `text` as long as it is made of `letters`, wherever it stands.
fn after<'a>(
    text: &'a str,
    prefix: &'a str,
    letters: impl Fn(char) -> bool + Copy + 'a,
) -> impl Iterator<Item = &'a str> {
    text.match_indices(prefix).map(move |(start, _)| {
        let rest = &text[start + prefix.len()..];
        &rest[..rest.find(|letter| !letters(letter)).unwrap_or(rest.len())]
    })
}

#[test]
fn no_message_holds_a_hint() {
    for (path, code) in sources() {
        let printed = path.ends_with("cli/src/output.rs");
        let found = code.contains(r"\nhint:") || (code.contains(r#""hint:"#) && !printed);
        assert!(!found, "{}: a hint is attached by .hint()", path.display());
    }
}

#[test]
fn every_subcommand_that_is_named_exists() {
    let known = listed();
    for (path, code) in sources() {
        for name in after(&code, "`quarterhour ", |letter| letter.is_ascii_lowercase()) {
            assert!(
                name.is_empty() || known.iter().any(|known| known == name),
                "{} names `quarterhour {name}`",
                path.display()
            );
        }
    }
}

/// The subcommand that reads a section is asked: it knows the key if it minds the value.
#[test]
fn every_key_that_is_named_exists() {
    let dir = tempfile::tempdir().unwrap();
    let is_key = |letter: char| letter.is_ascii_lowercase() || "._".contains(letter);
    let mut keys: Vec<String> = sources()
        .iter()
        .flat_map(|(_, code)| after(code, "--set ", is_key).map(str::to_owned))
        .filter(|key| key.contains('.') && !key.ends_with('.') && key != "section.key")
        .collect();
    keys.sort_unstable();
    keys.dedup();
    assert!(keys.len() > 10, "{keys:?}");
    for key in keys {
        let subcommand: &[&str] = match key.split('.').next().unwrap() {
            "baseline" | "lightgbm" | "xgboost" => &["baseline"],
            "ridge" => &["ridge"],
            "volatility" => &["volatility"],
            "replay" => &["replay"],
            "ensemble" => &["ensemble"],
            "watch" | "trading" => &["watch", "--run", "run"],
            _ => &["train", "--dry-run"],
        };
        // No key takes a list of tables, so that nothing is begun.
        let output = Command::new(QUARTERHOUR)
            .args(subcommand)
            .args(["--set", &format!("{key}=[{{}}]")])
            .current_dir(dir.path())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{key}: {said}");
        assert!(!said.contains("unknown "), "{key}: {said}");
    }
}

/// A crate's error type is found in a chain by a function `hint_of`, which must name it.
#[test]
fn every_error_type_with_hints_is_asked_for_them() {
    let sources = sources();
    let mut types = 0;
    for (path, code) in &sources {
        for (start, _) in code.match_indices("pub fn hint(&self) -> Option<String>") {
            let named = after(&code[..start], "\nimpl ", char::is_alphanumeric).last();
            let name = named.unwrap();
            let folder = path.parent().unwrap().parent().unwrap();
            let of_crate = folder.file_name().unwrap().to_str().unwrap();
            let asked = sources.iter().any(|(_, code)| {
                code.contains(&format!("{of_crate}::{name}::hint)"))
                    || code.contains(&format!("crate::{name}::hint)"))
                    || code.contains(&format!("and_then({name}::hint)"))
            });
            assert!(asked, "no hint_of asks {of_crate}::{name}");
            types += 1;
        }
    }
    assert!(types >= 8, "{types} error types with hints");
}
