//! The name that was probably meant.

/// Jaro-Winkler similarity from which on a name is suggested. At 0.7, clap's bound for its options,
/// `nowhere` is like `other-times`.
const ALIKE: f64 = 0.8;

/// An ending of at least so many letters that two names share, such as the USDT of coins, says
/// nothing about which is meant.
const SHARED_END: usize = 3;

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
    let alike = |name: &S| similarity(&found.to_lowercase(), &name.as_ref().to_lowercase());
    let best = known.iter().max_by(|a, b| alike(a).total_cmp(&alike(b)))?;
    (alike(best) >= ALIKE).then_some(best)
}

fn similarity(a: &str, b: &str) -> f64 {
    let both = a.chars().rev().zip(b.chars().rev());
    let shared = both.take_while(|(a, b)| a == b).count();
    let (in_a, in_b) = (a.chars().count(), b.chars().count());
    if shared < SHARED_END || shared == in_a || shared == in_b {
        return strsim::jaro_winkler(a, b);
    }
    let begin = |name: &str, letters: usize| -> String { name.chars().take(letters).collect() };
    strsim::jaro_winkler(&begin(a, in_a - shared), &begin(b, in_b - shared))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coins_are_told_apart_by_what_they_do_not_share() {
        let coins = ["BTCUSDT", "DOGEUSDT", "AUSDT"];
        assert_eq!(most_alike("DOGUSDT", &coins), Some(&"DOGEUSDT"));
        assert_eq!(most_alike("BTCUSD", &coins), Some(&"BTCUSDT"));
        assert_eq!(most_alike("ZUSDT", &coins), None);
        assert_eq!(most_alike("XRPUSDT", &coins), None);
        assert_eq!(most_alike("nowhere", &["good", "other-times"]), None);
        assert_eq!(
            most_alike("panel2O", &["closes12", "panel20"]),
            Some(&"panel20")
        );
    }
}
