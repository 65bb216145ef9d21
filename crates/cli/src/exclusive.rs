//! Keys of which a config has one or the other.

use anyhow::anyhow;
use toml::Table;

use crate::{WithHint, usage};

/// A section with two keys that say the same in two ways.
const EXCLUSIVE: [(&str, [&str; 2]); 1] = [("target", ["horizon", "horizons"])];

/// Refuses a config that has both keys. A run's own file says by the first key which of the second
/// one's values comes first; there both may stand, unless an override sets one of them.
///
/// # Errors
/// A usage error with both keys and the way out; `origin` says where a key stands.
pub(crate) fn refuse(
    config: &Table,
    is_overridden: impl Fn(&str) -> bool,
    origin: impl Fn(&str) -> String,
) -> anyhow::Result<()> {
    let is_run = config.contains_key("run");
    for (section, keys) in EXCLUSIVE {
        let has = |key: &str| config.get(section).is_some_and(|of| of.get(key).is_some());
        let [one, other] = keys.map(|key| format!("{section}.{key}"));
        if !keys.iter().all(|key| has(key))
            || (is_run && !is_overridden(&one) && !is_overridden(&other))
        {
            continue;
        }
        let error = anyhow!(
            "{}: found {one} and {other}, expected one of the two",
            origin(&other)
        );
        let hint = format!("--set {one}= takes out the first, --set {other}= the second");
        return Err(usage(error.hint(hint)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_two_keys_is_enough() {
        let refused = |text: &str, overridden: &str| {
            let config = toml::from_str(text).unwrap();
            refuse(&config, |key| key == overridden, |_| "my.toml".to_owned())
        };
        refused("[target]\nhorizon = \"15m\"", "").unwrap();
        refused("[target]\nhorizons = [\"15m\", \"1h\"]", "target.horizons").unwrap();
        let both = "[target]\nhorizon = \"15m\"\nhorizons = [\"15m\", \"1h\"]";
        let error = refused(both, "").unwrap_err();
        assert!(crate::is_usage(&error));
        assert_eq!(
            error.to_string(),
            "my.toml: found target.horizon and target.horizons, expected one of the two"
        );
        let hint = "--set target.horizon= takes out the first, --set target.horizons= the second";
        assert_eq!(crate::hints(&error, |_| None), [hint]);
        // What a run writes itself.
        let of_run = format!("{both}\n[run]\nkind = \"ridge\"");
        refused(&of_run, "").unwrap();
        refused(&of_run, "target.horizon").unwrap_err();
    }
}
