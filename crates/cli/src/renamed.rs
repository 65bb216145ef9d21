//! Keys that older versions wrote in another way: read in a run's own file, refused where a person
//! writes them.

use anyhow::anyhow;
use toml::{Table, Value};

use crate::{WithHint, usage};

/// What the older versions wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OldForm {
    /// A count of bars under this name, now a time.
    Bars(&'static str),
    /// A count of bars under this name, now a time; 0 stood for no value.
    BarsOrZero(&'static str),
    /// Nothing: there was no such key, and it was always so many bars.
    Always(i64),
    /// 0 where there is no value now.
    Zero,
    /// 0 where this word stands now.
    ZeroFor(&'static str),
    /// An empty text where there is no value now.
    Empty,
}

/// Section and key as they are now, with what they were.
const RENAMED: [(&str, &str, OldForm); 26] = [
    ("data", "fill_limit", OldForm::Bars("fill_limit_bars")),
    ("data", "from", OldForm::Empty),
    ("data", "until", OldForm::Empty),
    ("data", "resample_from", OldForm::Empty),
    (
        "data.simulated",
        "outage_every_minutes",
        OldForm::ZeroFor("off"),
    ),
    ("target", "horizon", OldForm::Bars("horizon_bars")),
    ("target", "beta_window", OldForm::Bars("beta_window_bars")),
    ("target", "shuffle_seed", OldForm::Zero),
    ("split", "folds", OldForm::ZeroFor("all")),
    ("split", "train", OldForm::BarsOrZero("train_bars")),
    ("split", "test", OldForm::BarsOrZero("test_bars")),
    ("split", "embargo", OldForm::Bars("embargo_bars")),
    ("normalize", "trailing", OldForm::Always(240)),
    ("optimizer", "clip_norm", OldForm::ZeroFor("off")),
    ("training", "patience", OldForm::ZeroFor("off")),
    ("training", "steps", OldForm::Zero),
    ("training", "warm_start", OldForm::Empty),
    ("training", "warm_steps", OldForm::Zero),
    ("training", "max_secs", OldForm::Zero),
    ("lightgbm", "patience", OldForm::ZeroFor("off")),
    ("lightgbm", "shap_rows", OldForm::ZeroFor("off")),
    ("lightgbm", "bagging_freq", OldForm::ZeroFor("off")),
    ("lightgbm", "num_threads", OldForm::Zero),
    ("watch", "metrics_port", OldForm::ZeroFor("off")),
    ("replay", "start", OldForm::Empty),
    ("replay", "weight_limit", OldForm::Zero),
];

impl OldForm {
    /// The name that it had.
    fn name(self, now: &'static str) -> &'static str {
        match self {
            Self::Bars(name) | Self::BarsOrZero(name) => name,
            Self::Always(_) | Self::Zero | Self::ZeroFor(_) | Self::Empty => now,
        }
    }

    /// What `found` is now; None where there is no value any more, and `found` itself where it is
    /// written today as it was.
    fn convert(self, found: &Value, interval: &str) -> Option<Value> {
        let is_zero = found.as_integer() == Some(0) || found.as_float() == Some(0.0);
        match (self, found) {
            (Self::Zero | Self::BarsOrZero(_), _) if is_zero => None,
            (Self::Empty, Value::String(text)) if text.is_empty() => None,
            (Self::ZeroFor(word), _) if is_zero => Some(Value::String(word.to_owned())),
            (Self::Bars(_) | Self::BarsOrZero(_), Value::Integer(bars)) => {
                Some(Value::String(time(*bars, interval)))
            }
            _ => Some(found.clone()),
        }
    }
}

/// So many bars of `interval`, such as `5m`, as a time in the same unit.
fn time(bars: i64, interval: &str) -> String {
    let unit = interval.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let length: i64 = interval.trim_end_matches(unit).parse().unwrap_or_default();
    format!("{}{unit}", bars.saturating_mul(length))
}

/// The length of a bar in a config.
fn interval(config: &Table) -> String {
    let of = |section: &str| config.get("data")?.get(section)?.as_str();
    of("interval").unwrap_or("1m").to_owned()
}

/// A section, such as `data.simulated`.
fn section<'a>(config: &'a Table, path: &str) -> Option<&'a Table> {
    path.split('.')
        .try_fold(config, |table, name| table.get(name)?.as_table())
}

fn section_mut<'a>(config: &'a mut Table, path: &str) -> Option<&'a mut Table> {
    path.split('.')
        .try_fold(config, |table, name| table.get_mut(name)?.as_table_mut())
}

/// Brings a run's own file up to date.
pub(crate) fn upgrade(config: &mut Table) {
    let interval = interval(config);
    for (section, key, old) in RENAMED {
        if let OldForm::Always(bars) = old {
            let section = config
                .entry(section)
                .or_insert_with(|| Value::Table(Table::new()));
            if let Some(section) = section.as_table_mut() {
                section
                    .entry(key)
                    .or_insert_with(|| Value::String(time(bars, &interval)));
            }
            continue;
        }
        let Some(section) = section_mut(config, section) else {
            continue;
        };
        let found = section.remove(old.name(key));
        if let Some(value) = found.and_then(|found| old.convert(&found, &interval)) {
            section.insert(key.to_owned(), value);
        }
    }
}

/// Refuses what an older version wrote, in a config that a person wrote; `origin` says where.
///
/// # Errors
/// A usage error with the key, and what to write instead.
pub(crate) fn refuse(config: &Table, origin: impl Fn(&str) -> String) -> anyhow::Result<()> {
    let interval = interval(config);
    for (path, key, old) in RENAMED {
        let name = old.name(key);
        let Some(found) = section(config, path).and_then(|section| section.get(name)) else {
            continue;
        };
        let (old_path, new_path) = (format!("{path}.{name}"), format!("{path}.{key}"));
        let now = old.convert(found, &interval);
        let (reason, hint) = match now {
            None if name == key => (
                "the key is left out where there is no value".to_owned(),
                format!("take it out of the file, or --set {old_path}= with nothing behind it"),
            ),
            None => (
                format!("the key is {new_path} now, a time"),
                "leave it out".to_owned(),
            ),
            Some(now) if name != key => (
                format!("the key is {new_path} now, a time"),
                format!("{new_path} = {now}"),
            ),
            Some(now) if now != *found => (
                "a word stands here now, not 0".to_owned(),
                format!("{new_path} = {now}"),
            ),
            Some(_) => continue,
        };
        let error = anyhow!("{}: {old_path} = {found}: {reason}", origin(&old_path));
        return Err(usage(error.hint(hint)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_runs_own_file_is_read_as_it_was_meant() {
        let mut config = table(
            "[data]\ninterval = \"5m\"\nfill_limit_bars = 60\nfrom = \"\"\nuntil = \"2024-01-01\"\n\
             [data.simulated]\noutage_every_minutes = 0\n\
             [target]\nhorizon_bars = 3\nshuffle_seed = 0\n\
             [split]\ntrain_bars = 288\ntest_bars = 0\nfolds = 0\n\
             [training]\nwarm_start = \"\"\nsteps = 400\nmax_secs = 0\n\
             patience = 0\n[optimizer]\nclip_norm = 0.0\n[lightgbm]\nbagging_freq = 0\nnum_threads = 0\n\
             patience = 50\n",
        );
        upgrade(&mut config);
        let expected = table(
            "[data]\ninterval = \"5m\"\nfill_limit = \"300m\"\nuntil = \"2024-01-01\"\n\
             [data.simulated]\noutage_every_minutes = \"off\"\n\
             [target]\nhorizon = \"15m\"\n[split]\nfolds = \"all\"\ntrain = \"1440m\"\n\
             [training]\nsteps = 400\n\
             patience = \"off\"\n[optimizer]\nclip_norm = \"off\"\n[lightgbm]\nbagging_freq = \"off\"\n\
             patience = 50\n[normalize]\ntrailing = \"1200m\"\n",
        );
        assert_eq!(config, expected);
        upgrade(&mut config);
        assert_eq!(config, expected, "what is up to date stays");
    }

    #[test]
    fn what_a_person_writes_is_refused_with_what_it_is_now() {
        let refused = |text: &str| {
            let error = refuse(&table(text), |_| "my.toml".to_owned()).unwrap_err();
            assert!(crate::is_usage(&error));
            (error.to_string(), crate::hints(&error, |_| None).concat())
        };
        let pair = |message: &str, hint: &str| (message.to_owned(), hint.to_owned());
        assert_eq!(
            refused("[data]\ninterval = \"5m\"\n[target]\nhorizon_bars = 3"),
            pair(
                "my.toml: target.horizon_bars = 3: the key is target.horizon now, a time",
                "target.horizon = \"15m\""
            )
        );
        assert_eq!(
            refused("[split]\ntest_bars = 0"),
            pair(
                "my.toml: split.test_bars = 0: the key is split.test now, a time",
                "leave it out"
            )
        );
        assert_eq!(
            refused("[data]\nuntil = \"\""),
            pair(
                "my.toml: data.until = \"\": the key is left out where there is no value",
                "take it out of the file, or --set data.until= with nothing behind it"
            )
        );
        assert_eq!(
            refused("[lightgbm]\npatience = 0"),
            pair(
                "my.toml: lightgbm.patience = 0: a word stands here now, not 0",
                "lightgbm.patience = \"off\""
            )
        );
        assert_eq!(
            refused("[split]\nfolds = 0"),
            pair(
                "my.toml: split.folds = 0: a word stands here now, not 0",
                "split.folds = \"all\""
            )
        );
        assert_eq!(
            refused("[data.simulated]\noutage_every_minutes = 0"),
            pair(
                "my.toml: data.simulated.outage_every_minutes = 0: a word stands here now, not 0",
                "data.simulated.outage_every_minutes = \"off\""
            )
        );
        assert_eq!(
            refused("[lightgbm]\nnum_threads = 0"),
            pair(
                "my.toml: lightgbm.num_threads = 0: the key is left out where there is no value",
                "take it out of the file, or --set lightgbm.num_threads= with nothing behind it"
            )
        );
        refuse(
            &table("[training]\nsteps = 400\n[data]\nfrom = \"2024-01-01\""),
            |_| String::new(),
        )
        .unwrap();
    }
}
