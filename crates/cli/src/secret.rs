//! What may be a secret is in no message, no page and no config that is written.

use toml::{Table, Value};

use crate::most_alike;
use crate::sections::SECTIONS;

/// The section whose values are in no message and in no config that is written.
pub(crate) const SECRET_SECTION: &str = "alerts";

/// Stands where a secret may have stood.
const HIDDEN: &str = "***";

/// Shorter texts are no secrets, and would be found in the words of any message.
const SHORTEST_SECRET: usize = 4;

/// `--set key=value` as a message may say it: without the value where that is an address, and without it
/// under `alerts` or a name that may be a slip for it. Of a key that is none the begin is shown.
///
/// # Examples
/// ```
/// assert_eq!(cli::shown_override("target.horizon=soon"), "--set target.horizon=soon");
/// assert_eq!(cli::shown_override("alerts.url=https://example.org/TOKEN"), "--set alerts.url=***");
/// ```
pub fn shown_override(text: &str) -> String {
    let (key, value) = match text.split_once('=') {
        Some((key, value)) => (key.trim(), Some(value)),
        None => (text.trim(), None),
    };
    let shown = shown_key(key);
    match value {
        _ if shown != key => format!("--set {shown}"),
        None => format!("--set {key}"),
        Some(value) if is_secret(key, value) => format!("--set {key}={HIDDEN}"),
        Some(_) => format!("--set {text}"),
    }
}

/// Whether the text of a config has the section that holds secrets: such a file is not handed on.
pub fn has_secrets(config: &str) -> bool {
    match toml::from_str::<Table>(config) {
        Ok(table) => table.contains_key(SECRET_SECTION),
        Err(_) => config.contains(SECRET_SECTION),
    }
}

/// A key up to the first character that no key has.
pub(crate) fn shown_key(key: &str) -> String {
    let is_of_key = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
    match key.find(|letter| !is_of_key(letter)) {
        None => key.to_owned(),
        Some(end) => format!("{}{HIDDEN}", key.get(..end).unwrap_or_default()),
    }
}

fn is_secret(key: &str, value: &str) -> bool {
    let (section, name) = key.split_once('.').unwrap_or((key, ""));
    let is_of_secrets = match SECTIONS.contains(&section) {
        true => section == SECRET_SECTION,
        false => value.contains('/') || most_alike(section, &[SECRET_SECTION]).is_some(),
    };
    is_of_secrets || name.ends_with("url") || value.contains("://")
}

/// All arguments of a command as a page may say them: overrides as [`shown_override`] has them, addresses
/// without their credentials.
pub(crate) fn shown_arguments(arguments: impl Iterator<Item = String>) -> Vec<String> {
    let mut is_override = false;
    let shown = |argument: String| {
        let text = match (std::mem::take(&mut is_override), argument.as_str()) {
            (true, text) => shown_override(text).replacen("--set ", "", 1),
            (false, text) => match text.strip_prefix("--set=") {
                Some(text) => shown_override(text).replacen("--set ", "--set=", 1),
                None => without_credentials(text),
            },
        };
        is_override = argument == "--set";
        text
    };
    arguments.map(shown).collect()
}

/// What is said of a command line without the addresses in it, where it names the section that holds
/// secrets or has a slip for it: an address behind a blank instead of a `=` is an argument of its own, with or
/// without `https://`. None where nothing is to be hidden.
pub(crate) fn without_addresses(message: &str, arguments: &[String]) -> Option<String> {
    let names_section = |text: &str| {
        let section = text.split('.').next().unwrap_or_default();
        text.to_ascii_lowercase().contains("alert")
            || most_alike(section, &[SECRET_SECTION]).is_some()
    };
    if !arguments.iter().any(|text| names_section(text)) {
        return None;
    }
    let before = std::iter::once("").chain(arguments.iter().map(String::as_str));
    let is_address = |(before, text): &(&str, &String)| {
        let is_value = text.contains('/') && !text.starts_with('-');
        text.contains("://") || is_value && names_section(before)
    };
    let addresses = before.zip(arguments).filter(is_address);
    let shown = addresses.fold(message.to_owned(), |text, (_, address)| {
        text.replace(address.as_str(), HIDDEN)
    });
    (shown != message).then_some(shown)
}

/// An address without the user and the password in it.
fn without_credentials(text: &str) -> String {
    let Some((before, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let host_end = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at_checked(host_end).unwrap_or((rest, ""));
    match host.rsplit_once('@') {
        Some((_, host)) => format!("{before}://{HIDDEN}@{host}{path}"),
        None => text.to_owned(),
    }
}

/// `message` without what is a secret of a config or of an override.
pub(crate) fn hide(message: &str, table: &Table, overrides: &[String]) -> String {
    let mut secrets = Vec::new();
    if let Some(section) = table.get(SECRET_SECTION) {
        add_texts(section, &mut secrets);
    }
    for text in overrides {
        let value = text.split_once('=').map(|(_, value)| value.trim());
        if !shown_override(text).ends_with(text.as_str()) {
            secrets.extend(value.map(|value| value.trim_matches('"').to_owned()));
        }
    }
    secrets.retain(|secret| secret.len() >= SHORTEST_SECRET);
    // One may hold another.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.iter().fold(message.to_owned(), |message, secret| {
        let escaped = format!("{secret:?}");
        message
            .replace(secret.as_str(), HIDDEN)
            .replace(escaped.trim_matches('"'), HIDDEN)
    })
}

/// All texts of a section, and its keys where they are none.
fn add_texts(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| add_texts(value, texts)),
        Value::Table(table) => {
            for (key, value) in table {
                if shown_key(key) != *key {
                    texts.push(key.clone());
                }
                add_texts(value, texts);
            }
        }
        _ => {}
    }
}

/// A message of the TOML reader, without the line that it is about where the text may have secrets.
pub(crate) fn without_secrets(error: &toml::de::Error, text: &str) -> String {
    // A slip in the section's name, or an address under another one.
    let may_hold_some = text.to_ascii_lowercase().contains("alert") || text.contains("://");
    if !may_hold_some {
        return error.to_string().trim_end().to_owned();
    }
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map_or(1, |before| before.matches('\n').count() + 1);
    format!("line {line}: {}", error.message())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every slip in a key must still hide what stands behind it.
    #[test]
    fn an_override_that_may_hold_a_secret_is_shown_without_it() {
        for text in [
            "alerts.url=https://h/sesame",
            "alerts.ulr=sesame",
            " alerts.url = sesame",
            "alert.url=sesame",
            "Alerts.template=sesame",
            "alrets.url=sesame",
            "watch.url=sesame",
            "data.dir=https://me:sesame@h",
            "webhook=hooks/sesame",
            "alerts.url:sesame",
            "alerts.https://h/sesame=1",
            "https://h/sesame",
            "alerts.url sesame",
        ] {
            let shown = shown_override(text);
            assert!(
                !shown.contains("sesame") && shown.contains(HIDDEN),
                "{shown}"
            );
        }
        for text in [
            "targt.kind=x",
            "data.dir=/work/data",
            "target.horizon",
            "replay.start=\"2024-01-20\"",
        ] {
            assert_eq!(shown_override(text), format!("--set {text}"));
        }
    }

    #[test]
    fn a_config_with_the_section_is_told_from_one_without() {
        assert!(has_secrets(
            "[data]\ndir = \"d\"\n[alerts]\nurl = \"sesame\""
        ));
        assert!(has_secrets("[alerts]\nurl = sesame"));
        assert!(!has_secrets("[data]\ndir = \"alerts\""));
    }

    #[test]
    fn a_command_is_shown_without_what_is_secret_in_it() {
        let command = "watch --run r --set alerts.url=sesame --set=alerts.chat=sesame --set data.dir=d \
                       --base-url http://me:sesame@h/x --tracking-uri=https://sesame@h";
        let shown = shown_arguments(command.split_whitespace().map(str::to_owned));
        assert_eq!(
            shown.join(" "),
            "watch --run r --set alerts.url=*** --set=alerts.chat=*** --set data.dir=d \
             --base-url http://***@h/x --tracking-uri=https://***@h"
        );
    }

    /// `--set alerts.url https://...` is refused by the reader of arguments, which quotes them.
    #[test]
    fn an_address_that_is_an_argument_of_its_own_is_not_quoted() {
        let arguments = |texts: &[&str]| {
            texts
                .iter()
                .map(|text| text.to_string())
                .collect::<Vec<_>>()
        };
        let message = "error: unexpected argument 'https://h/sesame' found";
        let of_alerts = arguments(&["watch", "--set", "alerts.url", "https://h/sesame"]);
        assert_eq!(
            without_addresses(message, &of_alerts).as_deref(),
            Some("error: unexpected argument '***' found")
        );
        for key in ["alert.url", "alrets.url"] {
            let slip = arguments(&["watch", "--set", key, "https://h/sesame"]);
            let shown = without_addresses(message, &slip).unwrap();
            assert!(!shown.contains("sesame"), "{key}: {shown}");
        }
        let bare = arguments(&["/bin/watch", "--set", "alerts.url", "h/sesame"]);
        assert_eq!(
            without_addresses("unexpected argument 'h/sesame' found", &bare).as_deref(),
            Some("unexpected argument '***' found")
        );
        let other = arguments(&["watch", "https://h/x"]);
        assert_eq!(without_addresses(message, &other), None);
    }

    #[test]
    fn a_message_is_told_without_the_texts_of_the_section() {
        let table: Table = toml::from_str(
            "[alerts]\nurl = \"a\\\"sesame\"\nkind = [\"sesame\"]\nchat = \"-1\"\n[data]\ndir = \"data\"",
        )
        .unwrap();
        let overrides = ["alerts.template=other-sesame".to_owned()];
        assert_eq!(
            hide(
                "found `sesame`, \"a\\\"sesame\" and other-sesame -1 in data",
                &table,
                &overrides
            ),
            "found `***`, \"***\" and *** -1 in data"
        );
    }
}
