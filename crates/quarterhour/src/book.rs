//! The README and the book show only commands that the program takes.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use clap::error::ErrorKind;

use crate::commands::Args;
use crate::config_file::ConfigFile;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The README and every page of the book, by path.
fn pages() -> Vec<(PathBuf, String)> {
    let mut paths = vec![root().join("README.md"), root().join("docs/src")];
    let mut pages = Vec::new();
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(
                fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if path.extension().is_some_and(|extension| extension == "md") {
            let text = fs::read_to_string(&path).unwrap();
            pages.push((path, text));
        }
    }
    pages
}

/// The lines of a page's blocks that a person types, without the prompt; a line that goes on is one with the next.
fn typed(page: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for block in page.split("```").skip(1).step_by(2) {
        let (language, code) = block.split_once('\n').unwrap_or_default();
        for line in code.replace("\\\n", " ").lines() {
            match line.strip_prefix("$ ") {
                Some(line) => lines.push(line.to_owned()),
                None if language == "sh" => lines.push(line.to_owned()),
                None => {}
            }
        }
    }
    lines
}

/// The code within a page's sentences.
fn inline(page: &str) -> Vec<String> {
    let text: String = page.split("```").step_by(2).collect();
    let code = text.split('`').skip(1).step_by(2);
    code.map(|code| code.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

/// The commands of a line as a shell has them, each in words, without comments.
fn commands(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word = String::new();
    let mut quote = None;
    for letter in line.chars().chain([' ']) {
        match quote {
            Some(mark) if letter == mark => quote = None,
            Some(_) => word.push(letter),
            None if letter == '\'' || letter == '"' => quote = Some(letter),
            None if letter == '#' && word.is_empty() => break,
            None if " |&;<>".contains(letter) => {
                if !word.is_empty() {
                    commands.last_mut().unwrap().push(std::mem::take(&mut word));
                }
                if letter != ' ' {
                    commands.push(Vec::new());
                }
            }
            None => word.push(letter),
        }
    }
    commands
}

/// The arguments of a command that runs the program, by its name, by a path or by cargo.
fn arguments(command: &[String]) -> Option<Vec<String>> {
    let start = command.iter().position(|word| {
        let is_before = ["sudo", "nice", "do"].contains(&word.as_str());
        !is_before && !word.contains('=')
    })?;
    let command = &command[start..];
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["cargo", "run", "-p", package, rest @ ..] => {
            let passed = rest.iter().position(|word| *word == "--");
            let passed = passed.map_or(&[][..], |start| &rest[start + 1..]);
            let subcommand = (*package != "quarterhour").then_some(package);
            Some(
                subcommand
                    .into_iter()
                    .chain(passed)
                    .map(|word| (*word).to_owned())
                    .collect(),
            )
        }
        // A name alone is a path in a sentence, or what something is written to.
        [program, rest @ ..] if Path::new(program).ends_with("quarterhour") && !rest.is_empty() => {
            Some(rest.iter().map(|word| (*word).to_owned()).collect())
        }
        _ => None,
    }
}

/// What the program minds about its arguments, the keys of `--set` and the config file among them.
fn fault(arguments: &[String], keys: &[String]) -> Option<(ErrorKind, String)> {
    for pair in arguments.windows(2) {
        let key = pair[1].split('=').next().unwrap();
        let is_known = |key: &str| keys.iter().any(|known| known == key);
        let any = key
            .rsplit_once('.')
            .map(|(section, _)| format!("{section}.*"));
        if pair[0] == "--set"
            && key.contains('.')
            && !["section.", "panel."]
                .iter()
                .any(|start| key.starts_with(start))
            && !is_known(key)
            && !any.is_some_and(|any| is_known(&any))
        {
            return Some((ErrorKind::InvalidValue, format!("there is no key {key}")));
        }
        if pair[0] == "--config"
            && pair[1].starts_with("configs/")
            && !root().join(&pair[1]).exists()
        {
            return Some((ErrorKind::Io, format!("there is no {}", pair[1])));
        }
    }
    // A registered model would be looked up, a folder is not.
    let arguments = arguments.iter().map(|argument| match argument {
        model if model.contains('@') => "checkpoints/run",
        argument => argument,
    });
    let words = ["quarterhour"].into_iter().chain(arguments);
    let error = Args::try_parse_from(words).err()?;
    let is_answer = [ErrorKind::DisplayHelp, ErrorKind::DisplayVersion].contains(&error.kind());
    (!is_answer).then(|| (error.kind(), error.to_string()))
}

#[test]
fn the_program_takes_every_command_of_the_book() {
    let keys = ConfigFile::keys();
    let mut faults = Vec::new();
    let mut found = 0;
    for (path, page) in pages() {
        let lines = typed(&page).into_iter().map(|line| (line, true));
        let mentioned = inline(&page).into_iter().map(|line| (line, false));
        for (line, is_typed) in lines.chain(mentioned) {
            for arguments in commands(&line)
                .iter()
                .filter_map(|command| arguments(command))
            {
                found += 1;
                // A sentence may leave out what does not matter, and name values by a word such as TIME.
                let spared = [
                    ErrorKind::MissingRequiredArgument,
                    ErrorKind::ValueValidation,
                    ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
                ];
                if let Some((kind, message)) = fault(&arguments, &keys)
                    && (is_typed || !spared.contains(&kind))
                {
                    faults.push(format!("{}: {line}\n{message}", path.display()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(found > 200, "only {found} commands were found");
}

/// The anchors of a page: its headings as mdBook and GitHub name them.
fn anchors(page: &str) -> Vec<String> {
    let text: String = page.split("```").step_by(2).collect();
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchors = headings.map(|heading| {
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = heading
            .chars()
            .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
        kept.collect::<String>().replace(' ', "-")
    });
    anchors.collect()
}

#[test]
fn every_link_of_the_book_leads_somewhere() {
    let mut faults = Vec::new();
    let mut found = 0;
    for (path, page) in pages() {
        let text: String = page.split("```").step_by(2).collect();
        let links = text.split("](").skip(1);
        let links = links.filter_map(|rest| rest.split_once(')').map(|(link, _)| link));
        for link in links.filter(|link| !link.contains("://")) {
            found += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => path.clone(),
                file => path.parent().unwrap().join(file),
            };
            let leads = match anchor {
                "" => target.exists(),
                anchor => fs::read_to_string(&target)
                    .is_ok_and(|page| anchors(&page).iter().any(|own| own == anchor)),
            };
            if !leads {
                faults.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(found > 100, "only {found} links were found");
}
