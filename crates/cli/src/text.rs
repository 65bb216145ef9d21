//! Text in messages.

use std::fmt::Display;

/// A path or word for a command in a hint, quoted for a shell where it must be.
///
/// # Examples
/// ```
/// assert_eq!(cli::quoted("checkpoints/panel20"), "checkpoints/panel20");
/// assert_eq!(cli::quoted("my runs/it's one"), r"'my runs/it'\''s one'");
/// ```
pub fn quoted(text: impl Display) -> String {
    let text = text.to_string();
    let is_plain =
        |character: char| character.is_alphanumeric() || "/._-=:,+@%~".contains(character);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}
