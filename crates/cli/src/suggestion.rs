//! The name that was probably meant.

/// Jaro-Winkler similarity from which on a name is suggested: clap's own bound for its options.
const ALIKE: f64 = 0.7;

/// `did you mean ...?` with the name of `known` that is most like `found`; None where none is
/// alike.
///
/// # Examples
/// ```
/// assert_eq!(cli::did_you_mean("horizn", &["kind", "horizon"]).as_deref(), Some("did you mean `horizon`?"));
/// assert_eq!(cli::did_you_mean("zzz", &["kind", "horizon"]), None);
/// ```
pub fn did_you_mean<S: AsRef<str>>(found: &str, known: &[S]) -> Option<String> {
    most_alike(found, known).map(|name| format!("did you mean `{}`?", name.as_ref()))
}

/// The name of `known` that is most like `found`; None where none is alike.
pub fn most_alike<'a, S: AsRef<str>>(found: &str, known: &'a [S]) -> Option<&'a S> {
    let alike =
        |name: &S| strsim::jaro_winkler(&found.to_lowercase(), &name.as_ref().to_lowercase());
    let best = known.iter().max_by(|a, b| alike(a).total_cmp(&alike(b)))?;
    (alike(best) >= ALIKE).then_some(best)
}
