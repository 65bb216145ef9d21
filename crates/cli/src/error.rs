//! What a person needs beside an error's message: the way out, and whether the command itself was
//! wrong.
//!
//! A message never holds its hint. A hint is attached where the error is made (`.hint("...")`), or
//! known by the error's type (the `hint()` of a library's error).

use std::error::Error;
use std::fmt;

/// Finds the hint of an error by its type: None where it is of another type, or knows no way out.
///
/// A crate with an error type of its own, or that stands on such crates, has a function of this
/// kind.
pub type HintOf = fn(&(dyn Error + 'static)) -> Option<String>;

/// Attaches a hint to an error, or to the error of a result.
///
/// # Examples
/// ```
/// use anyhow::{Context, anyhow};
/// use cli::WithHint;
///
/// let error = anyhow!("split.folds is 20000, expected 1 to 10000").hint("--set split.folds=7");
/// assert_eq!(error.to_string(), "split.folds is 20000, expected 1 to 10000");
///
/// let missing = std::fs::read("no/such/file").context("cannot read no/such/file");
/// let error = missing.hint("name another file").unwrap_err();
/// assert_eq!(cli::hints(&error, |_| None), ["name another file"]);
/// ```
pub trait WithHint: Sized {
    /// The same with a hint.
    type Hinted;

    /// Attaches the hint that `hint` makes, if there is an error.
    fn with_hint<D: fmt::Display>(self, hint: impl FnOnce() -> D) -> Self::Hinted;

    /// Attaches `hint`: a command to run, or what to change.
    fn hint(self, hint: impl fmt::Display) -> Self::Hinted {
        self.with_hint(|| hint)
    }
}

impl WithHint for anyhow::Error {
    type Hinted = Self;

    fn with_hint<D: fmt::Display>(self, hint: impl FnOnce() -> D) -> Self {
        Self::new(AnnotatedError {
            error: self,
            hint: Some(hint().to_string()),
            is_usage: false,
        })
    }
}

impl<T, E: Into<anyhow::Error>> WithHint for Result<T, E> {
    type Hinted = anyhow::Result<T>;

    fn with_hint<D: fmt::Display>(self, hint: impl FnOnce() -> D) -> anyhow::Result<T> {
        self.map_err(|error| error.into().with_hint(hint))
    }
}

/// Marks `error` as one of usage or configuration, so that [`finish`](crate::finish) exits with 2.
pub fn usage(error: impl Into<anyhow::Error>) -> anyhow::Error {
    anyhow::Error::new(AnnotatedError {
        error: error.into(),
        hint: None,
        is_usage: true,
    })
}

/// Returns true when `error` is one of usage or configuration, whatever was added to it since.
pub fn is_usage(error: &anyhow::Error) -> bool {
    error.chain().flat_map(annotations).any(|it| it.is_usage)
}

/// All hints of an error's chain, those of the outermost error first.
pub fn hints(error: &anyhow::Error, hint_of: HintOf) -> Vec<String> {
    let mut hints = Vec::new();
    for cause in error.chain() {
        let mut typed = cause;
        for annotated in annotations(cause) {
            hints.extend(annotated.hint.clone());
            typed = annotated.error.as_ref();
        }
        hints.extend(hint_of(typed));
    }
    hints
}

/// An error with what belongs beside its message. It stands in the chain in the error's own place.
#[derive(Debug)]
struct AnnotatedError {
    error: anyhow::Error,
    hint: Option<String>,
    is_usage: bool,
}

impl fmt::Display for AnnotatedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error)
    }
}

impl Error for AnnotatedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.chain().nth(1)
    }
}

/// What was added to one error of a chain, the last addition first.
fn annotations<'a>(cause: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a AnnotatedError> {
    std::iter::successors(cause.downcast_ref::<AnnotatedError>(), |it| {
        AsRef::<dyn Error>::as_ref(&it.error).downcast_ref()
    })
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[derive(Debug)]
    struct Typed;

    impl fmt::Display for Typed {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("typed")
        }
    }

    impl Error for Typed {}

    fn hint_of(error: &(dyn Error + 'static)) -> Option<String> {
        error.is::<Typed>().then(|| "of the type".to_owned())
    }

    #[test]
    fn the_chain_is_told_once_and_every_hint_is_found() {
        let error = anyhow::Error::new(Typed)
            .hint("inner")
            .context("middle")
            .hint("outer")
            .context("top");
        assert_eq!(format!("{error:#}"), "top: middle: typed");
        assert_eq!(hints(&error, hint_of), ["outer", "inner", "of the type"]);
    }

    #[test]
    fn a_usage_error_is_one_wherever_hint_and_context_stand() {
        for error in [
            usage(anyhow::Error::new(Typed).hint("told")),
            usage(Typed).hint("told"),
            usage(anyhow::Error::new(Typed).hint("told")).context("top"),
            usage(Typed).context("top").hint("told"),
        ] {
            assert!(is_usage(&error), "{error:#}");
            assert!(format!("{error:#}").ends_with("typed"), "{error:#}");
            assert_eq!(hints(&error, hint_of), ["told", "of the type"]);
        }
        assert!(!is_usage(&anyhow!("failed").hint("told")));
    }

    #[test]
    fn a_result_without_an_error_makes_no_hint() {
        let fine = Ok::<_, Typed>(1).with_hint(|| -> String { unreachable!() });
        assert_eq!(fine.unwrap(), 1);
    }
}
