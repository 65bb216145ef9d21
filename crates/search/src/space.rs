//! A space file: keys of the config, each with a range, a list of choices or one value.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, anyhow};
use cli::{WithHint, did_you_mean};
use run::FitCommand;
use serde::Serialize;
use serde_json::Value as Json;
use toml::{Table, Value};

/// Sections that decide what is forecast, on which rows, or what is done with forecasts: trials that
/// differ in them cannot be compared.
const FIXED: [&str; 9] = [
    "run",
    "data",
    "universe",
    "panel",
    "target",
    "trading",
    "portfolio",
    "watch",
    "replay",
];

/// What a key of the config may be.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Range {
    /// A number from `low` to `high`, both included.
    Number {
        low: f64,
        high: f64,
        /// Distance of neighbours; None: 1 of whole numbers, any of others.
        step: Option<f64>,
        /// Whether equal ratios count as equal distances.
        log: bool,
        /// Whether it is a whole number.
        whole: bool,
    },
    /// One of these, each as TOML writes it.
    Choices { choices: Vec<String> },
}

/// The keys that are searched, and those that all trials have.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Space {
    /// `section.key` with what it may be.
    pub ranges: BTreeMap<String, Range>,
    /// `key=value` of keys with one value.
    pub fixed: Vec<String>,
}

impl Space {
    /// Reads a space file; `known` are all keys that a config may have, as `section.key`.
    ///
    /// # Errors
    /// A usage error about a file that cannot be read, a key that no config has or that may not be
    /// searched, a range that is none, a file without any range.
    pub fn read(path: &Path, known: &[String]) -> anyhow::Result<Self> {
        let origin = path.display().to_string();
        let read = || -> anyhow::Result<Self> {
            let text = std::fs::read_to_string(path)
                .context("cannot read it")
                .hint("ls configs/search/ shows the spaces that come with the project")?;
            Self::parse(&text, known)
        };
        read().map_err(|error| cli::usage(error.context(format!("space file {origin}"))))
    }

    fn parse(text: &str, known: &[String]) -> anyhow::Result<Self> {
        let table: Table = toml::from_str(text)
            .map_err(|error| anyhow!("not valid TOML: {}", error.to_string().trim_end()))
            .hint("configs/search/ has examples")?;
        let mut space = Self::default();
        space.add(&table, "", known)?;
        if space.ranges.is_empty() {
            let error = anyhow!("found no range, expected one key at least that is searched");
            return Err(error.hint("learning_rate = { low = 0.001, high = 0.1, log = true }"));
        }
        Ok(space)
    }

    fn add(&mut self, table: &Table, prefix: &str, known: &[String]) -> anyhow::Result<()> {
        for (name, value) in table {
            let key = match prefix {
                "" => name.clone(),
                prefix => format!("{prefix}.{name}"),
            };
            match value {
                Value::Table(inner)
                    if !inner.contains_key("low") && !inner.contains_key("high") =>
                {
                    self.add(inner, &key, known)?;
                }
                value => {
                    check_key(&key, known)?;
                    match Range::new(&key, value)? {
                        Some(range) => {
                            self.ranges.insert(key, range);
                        }
                        None => self.fixed.push(format!("{key}={value}")),
                    }
                }
            }
        }
        Ok(())
    }

    /// The overrides that a trial's values stand for, in the order of the keys.
    ///
    /// # Errors
    /// A key without a value.
    pub fn overrides(&self, values: &serde_json::Map<String, Json>) -> anyhow::Result<Vec<String>> {
        let of_key = |(key, range): (&String, &Range)| {
            let value = values.get(key);
            let text = match (range, value) {
                (Range::Choices { .. }, Some(Json::String(text))) => Some(text.clone()),
                (Range::Number { whole: true, .. }, Some(value)) => {
                    value.as_f64().map(|value| format!("{}", value.round()))
                }
                (Range::Number { .. }, Some(value)) => {
                    value.as_f64().map(|value| format!("{value:?}"))
                }
                _ => None,
            };
            let text = text.with_context(|| format!("Optuna gave {key} the value {value:?}"))?;
            Ok(format!("{key}={text}"))
        };
        let searched: Vec<String> =
            (self.ranges.iter().map(of_key)).collect::<anyhow::Result<_>>()?;
        Ok([self.fixed.clone(), searched].concat())
    }

    /// The subcommand whose sections the space has; None where it has those of none or several.
    pub fn command(&self) -> Option<FitCommand> {
        let fixed = self.fixed.iter().map(String::as_str);
        let keys: Vec<&str> = self
            .ranges
            .keys()
            .map(String::as_str)
            .chain(fixed)
            .collect();
        let has = |command: &FitCommand| {
            let mut sections = keys.iter().filter_map(|key| key.split('.').next());
            sections.any(|section| command.sections().contains(&section))
        };
        match FitCommand::ALL
            .into_iter()
            .filter(has)
            .collect::<Vec<_>>()
            .as_slice()
        {
            [only] => Some(*only),
            _ => None,
        }
    }
}

impl Range {
    /// The range that a value of a space file stands for; None for one value.
    fn new(key: &str, value: &Value) -> anyhow::Result<Option<Self>> {
        match value {
            Value::Array(choices) if choices.len() >= 2 => {
                let choices = choices.iter().map(ToString::to_string).collect();
                Ok(Some(Self::Choices { choices }))
            }
            Value::Array(choices) => {
                let error = anyhow!(
                    "{key}: found {} choices, expected two or more",
                    choices.len()
                );
                Err(error
                    .hint("a value that is a list itself stands in a list: [[32, 64], [64, 64]]"))
            }
            Value::Table(table) => Self::number(key, table).map(Some),
            _ => Ok(None),
        }
    }

    fn number(key: &str, table: &Table) -> anyhow::Result<Self> {
        const KEYS: [&str; 4] = ["low", "high", "log", "step"];
        let hint = format!("{key} = {{ low = 1, high = 10, log = true }} for instance");
        if let Some(other) = table.keys().find(|name| !KEYS.contains(&name.as_str())) {
            let error = anyhow!("{key}: found `{other}`, expected {}", KEYS.join(", "));
            return Err(error.hint(did_you_mean(other, &KEYS).unwrap_or(hint)));
        }
        let number = |name: &str| match table.get(name) {
            Some(Value::Integer(number)) => Ok(Some((*number as f64, true))),
            Some(Value::Float(number)) if number.is_finite() => Ok(Some((*number, false))),
            Some(other) => {
                Err(anyhow!("{key}: {name} is {other}, expected a number").hint(hint.clone()))
            }
            None => Ok(None),
        };
        let (Some((low, is_whole)), Some((high, is_high_whole))) =
            (number("low")?, number("high")?)
        else {
            return Err(anyhow!("{key}: expected low and high").hint(hint));
        };
        let step = number("step")?;
        let log = match table.get("log") {
            None => false,
            Some(Value::Boolean(log)) => *log,
            Some(other) => {
                let error = anyhow!("{key}: log is {other}, expected true or false");
                return Err(error.hint(hint));
            }
        };
        let whole = is_whole && is_high_whole && step.is_none_or(|(_, is_whole)| is_whole);
        let step = step.map(|(step, _)| step);
        let wrong = [
            (low >= high, "low below high"),
            (log && low <= 0.0, "low above 0 where log is true"),
            (log && step.is_some(), "either log or step"),
            (step.is_some_and(|step| step <= 0.0), "step above 0"),
        ];
        if let Some((_, expected)) = wrong.iter().find(|(is_wrong, _)| *is_wrong) {
            let error = anyhow!("{key}: low {low}, high {high}: expected {expected}");
            return Err(error.hint(hint));
        }
        Ok(Self::Number {
            low,
            high,
            step,
            log,
            whole,
        })
    }
}

fn check_key(key: &str, known: &[String]) -> anyhow::Result<()> {
    let section = key.split('.').next().unwrap_or_default();
    if FIXED.contains(&section) {
        let error =
            anyhow!("{key}: found a key of [{section}], expected one of how it is forecast");
        return Err(error.hint(
            "trials must be of the same forecasts on the same rows; --set changes it for all trials",
        ));
    }
    // `lightgbm.more.*`: any name may stand there.
    let is_it = |known: &String| match known.strip_suffix('*') {
        Some(prefix) => key.starts_with(prefix),
        None => known == key,
    };
    if known.iter().any(is_it) {
        return Ok(());
    }
    let hint = did_you_mean(key, known)
        .unwrap_or_else(|| "`quarterhour schema --markdown` prints every key".to_owned());
    Err(anyhow!("{key}: found a key that no config has").hint(hint))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    fn parsed(text: &str) -> anyhow::Result<Space> {
        let known = [
            "lightgbm.learning_rate",
            "lightgbm.num_leaves",
            "lightgbm.bagging_freq",
        ];
        let further = [
            "lightgbm.features",
            "lightgbm.more.*",
            "network.stages",
            "network.gru.width",
        ];
        let known: Vec<String> = (known.iter().chain(&further))
            .map(|key| key.to_string())
            .collect();
        Space::parse(text, &known)
    }

    fn refused(text: &str) -> (String, String) {
        let error = parsed(text).unwrap_err();
        let hints = cli::hints(&error, |_| None);
        (format!("{error:#}"), hints.join("; "))
    }

    #[test]
    fn ranges_lists_and_single_values_are_told_apart() {
        let space = parsed(
            "[lightgbm]\nlearning_rate = { low = 1e-3, high = 0.1, log = true }\n\
             num_leaves = { low = 16, high = 256, step = 16 }\nbagging_freq = 1\n\
             features = [\"row\", \"windows\"]\n[network]\nstages = [[32, 64], [64]]\n\
             [network.gru]\nwidth = { low = 8, high = 16.0 }\n",
        )
        .unwrap();
        assert_eq!(space.fixed, ["lightgbm.bagging_freq=1"]);
        let number = |low, high, step, log, whole| Range::Number {
            low,
            high,
            step,
            log,
            whole,
        };
        let range = |key: &str| space.ranges[key].clone();
        assert_eq!(
            range("lightgbm.learning_rate"),
            number(1e-3, 0.1, None, true, false)
        );
        assert_eq!(
            range("lightgbm.num_leaves"),
            number(16.0, 256.0, Some(16.0), false, true)
        );
        assert_eq!(
            range("network.gru.width"),
            number(8.0, 16.0, None, false, false)
        );
        // Sections of two subcommands: which fits must be said.
        assert_eq!(space.command(), None);
        let values = json!({
            "lightgbm.learning_rate": 0.01, "lightgbm.num_leaves": 32, "network.gru.width": 8.5,
            "lightgbm.features": "\"row\"", "network.stages": "[32, 64]",
        });
        let overrides = space.overrides(values.as_object().unwrap()).unwrap();
        let expected = [
            "lightgbm.bagging_freq=1",
            "lightgbm.features=\"row\"",
            "lightgbm.learning_rate=0.01",
            "lightgbm.num_leaves=32",
            "network.gru.width=8.5",
            "network.stages=[32, 64]",
        ];
        assert_eq!(overrides, expected);
        let mut table = cli::ConfigArgs::default().load().unwrap();
        table.apply(&overrides).unwrap();
        assert!(table.to_toml().unwrap().contains("num_leaves = 32\n"));
    }

    #[test]
    fn the_subcommand_follows_from_the_sections() {
        let space = parsed("[lightgbm]\nnum_leaves = { low = 2, high = 3 }").unwrap();
        assert_eq!(space.command(), Some(FitCommand::Baseline));
        let space = parsed("[network]\nstages = [[1], [2]]").unwrap();
        assert_eq!(space.command(), Some(FitCommand::Train));
    }

    #[test]
    fn parameters_of_the_library_that_have_no_key_of_their_own_are_searched_too() {
        let space = parsed("[lightgbm.more]\nmax_depth = { low = 3, high = 16 }").unwrap();
        assert!(space.ranges.contains_key("lightgbm.more.max_depth"));
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_one_that_was_meant() {
        let (error, hint) = refused("[lightgbm]\nnum_leavs = { low = 16, high = 256 }");
        assert_eq!(error, "lightgbm.num_leavs: found a key that no config has");
        assert_eq!(hint, "did you mean `lightgbm.num_leaves`?");
    }

    #[test]
    fn what_decides_what_is_forecast_is_not_searched() {
        let (error, hint) = refused("[target]\nhorizon = [\"15m\", \"30m\"]");
        assert!(
            error.starts_with("target.horizon: found a key of [target]"),
            "{error}"
        );
        assert!(hint.contains("--set"), "{hint}");
    }

    #[test]
    fn a_range_that_is_none_is_refused_by_name() {
        for (text, expected) in [
            ("{ low = 2, high = 1 }", "expected low below high"),
            (
                "{ low = 0, high = 1, log = true }",
                "expected low above 0 where log is true",
            ),
            (
                "{ low = 1, high = 9, log = true, step = 2 }",
                "expected either log or step",
            ),
            ("{ low = 1 }", "expected low and high"),
            (
                "{ low = \"a\", high = 1 }",
                "low is \"a\", expected a number",
            ),
            (
                "{ low = 1, high = 2, lg = true }",
                "found `lg`, expected low, high, log, step",
            ),
            ("[1]", "found 1 choices, expected two or more"),
        ] {
            let (error, hint) = refused(&format!("[lightgbm]\nnum_leaves = {text}"));
            assert!(error.contains(expected), "{text}: {error}");
            assert!(!hint.is_empty(), "{text}");
        }
        let (error, _) = refused("[lightgbm]\nnum_leaves = 31");
        assert!(error.contains("found no range"), "{error}");
    }
}
