//! Names and values as MLflow takes them.

/// The longest name, in characters.
const MAX_KEY_CHARS: usize = 250;

/// A name that every MLflow server takes, as near to `key` as possible.
///
/// MLflow allows letters, digits, `_-. /` (and `:` but for servers on Windows), and only what stays
/// the same when it is normalized as a path. Letters beyond ASCII are replaced, because Python and
/// Rust differ on which are letters.
pub(crate) fn key(key: &str) -> String {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "_-. /".contains(letter);
    let plain: String = key
        .chars()
        .map(|letter| if allowed(letter) { letter } else { '_' })
        .take(MAX_KEY_CHARS)
        .collect();
    let parts: Vec<&str> = plain
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .map(|part| if part == ".." { "__" } else { part })
        .collect();
    let joined = parts.join("/");
    if joined.is_empty() {
        return "_".to_owned();
    }
    match joined.strip_prefix("..") {
        Some(rest) => format!("__{rest}"),
        None => joined,
    }
}

/// The beginning of `value` that is no longer than `max_chars`.
pub(crate) fn value(value: String, max_chars: usize) -> String {
    match value.char_indices().nth(max_chars) {
        Some((end, _)) => value.get(..end).unwrap_or_default().to_owned(),
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::{key, value};

    #[test]
    fn names_become_what_mlflow_allows() {
        for (given, expected) in [
            ("fold-1/valid.loss mean", "fold-1/valid.loss mean"),
            ("loss (bps) %", "loss _bps_ _"),
            ("größe:x", "gr__e_x"),
            ("/a//b/./c/", "a/b/c"),
            ("../a", "__/a"),
            ("a/../b", "a/__/b"),
            ("..a", "__a"),
            ("...", "__."),
            (".", "_"),
            ("", "_"),
        ] {
            assert_eq!(key(given), expected, "{given:?}");
        }
        assert_eq!(key(&"x".repeat(300)).len(), 250);
        assert_eq!(key(&format!("{}/b", "x".repeat(249))), "x".repeat(249));
    }

    #[test]
    fn values_are_cut_between_characters() {
        assert_eq!(value("äöü".to_owned(), 2), "äö");
        assert_eq!(value("äöü".to_owned(), 3), "äöü");
        assert_eq!(value(String::new(), 3), "");
    }
}
