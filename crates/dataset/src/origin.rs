//! What a model's file says of its training: which time it has seen, and the config that its
//! forecasts depend on.

use std::collections::BTreeMap;
use std::path::Path;

use market::Interval;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use storage::content_hash;

use crate::data_config::{is_usual_ratio, usual_ratio};
use crate::{
    Base, Config, Dataset, Entry, Error, Estimator, FeatureConfig, Fill, Fit, Fold, InputNorm,
    TargetKind, TargetScale, TimeSpan, UniverseConfig, format_time,
};

/// What a model was trained on and with, kept in the model's own file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Open time of the first row that it was fitted on, UTC ms.
    pub seen_from_ms: i64,
    /// Open time of the first row that is out of sample, UTC ms: whatever it was fitted or stopped
    /// early on comes before, with the reach of its targets.
    pub seen_until_ms: i64,
    /// The parts of the config that forecasts depend on, as JSON.
    pub config: String,
    /// SHA-256 of `config`.
    pub config_sha256: String,
}

impl Origin {
    /// What the model of a fold is trained on and with; `own` is the forecaster's section, with its
    /// name.
    ///
    /// `looked_at` are the rows, half-open, that early stopping looks at.
    ///
    /// # Errors
    /// A config that JSON cannot hold.
    pub fn new(
        dataset: &Dataset,
        fold: &Fold,
        looked_at: &std::ops::Range<usize>,
        own: (&str, &impl Serialize),
    ) -> Result<Self, Error> {
        let end = if looked_at.is_empty() {
            fold.train.end
        } else {
            fold.train.end.max(looked_at.end)
        };
        let config = ForecastConfig::new(&dataset.config, own).to_json()?;
        Ok(Self {
            seen_from_ms: dataset.fitted_from_ms(fold),
            seen_until_ms: dataset.panel.time_ms(end + dataset.config.purge_bars()),
            config_sha256: content_hash(config.as_bytes()),
            config,
        })
    }

    /// As the metadata of a safetensors file.
    pub fn to_metadata(&self) -> BTreeMap<String, String> {
        [
            ("seen_from", format_time(self.seen_from_ms)),
            ("seen_until", format_time(self.seen_until_ms)),
            ("config", self.config.clone()),
            ("config_sha256", self.config_sha256.clone()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into()
    }

    /// Reads the metadata of a safetensors file; None where it says nothing of it, as those of
    /// older versions.
    pub fn from_metadata(metadata: &BTreeMap<String, String>) -> Option<Self> {
        let time = |key: &str| crate::parse_time(metadata.get(key)?).ok();
        Some(Self {
            seen_from_ms: time("seen_from")?,
            seen_until_ms: time("seen_until")?,
            config: metadata.get("config")?.clone(),
            config_sha256: metadata.get("config_sha256")?.clone(),
        })
    }

    /// Checks that the config of a run is the one that the model in `file` was trained with,
    /// wherever forecasts depend on it. Keys that are newer than the model have their defaults
    /// in both.
    ///
    /// # Errors
    /// [`Error::ConfigMismatch`] with the key that differs and both hashes; a record that is
    /// damaged.
    pub fn check<Own>(&self, config: &Config, own: (&str, &Own), file: &Path) -> Result<(), Error>
    where
        Own: Serialize + DeserializeOwned,
    {
        let found_hash = content_hash(self.config.as_bytes());
        if found_hash != self.config_sha256 {
            let reason = format!(
                "its record of the config has SHA-256 {found_hash}, expected {}: the file is damaged",
                self.config_sha256
            );
            let hint = "put back the run's own file, or train again";
            return Err(Error::refused(file, reason, hint));
        }
        let trained: ForecastConfig<Own> = serde_json::from_str(&self.config).map_err(|error| {
            let reason = format!("its record of the config cannot be read: {error}");
            Error::refused(file, reason, "was the model made by a newer version?")
        })?;
        let (trained, now) = (
            trained.to_json()?,
            ForecastConfig::new(config, own).to_json()?,
        );
        if trained == now {
            return Ok(());
        }
        let (key, trained_value, found) = first_difference(&trained, &now);
        let as_written = |value: &str| as_in_config(&key, value, config.data.interval);
        Err(Error::ConfigMismatch {
            file: file.to_owned(),
            found: as_written(&found).into(),
            trained: as_written(&trained_value).into(),
            key: config_key(&key).into(),
            found_hash: content_hash(now.as_bytes()).into(),
            trained_hash: self.config_sha256.as_str().into(),
        })
    }
}

/// The parts of a config that forecasts depend on, with the forecaster's own section.
///
/// Times are counts of bars here, which is what forecasts depend on, under the names that the first
/// version's config had for them: its models' records stay as they are.
#[derive(Debug, Serialize, Deserialize)]
struct ForecastConfig<Own> {
    data: CandleRecord,
    universe: UniverseConfig,
    features: FeatureConfig,
    target: TargetRecord,
    normalize: NormalizeRecord,
    /// The forecaster's section by its name, such as `network`.
    #[serde(flatten)]
    own: BTreeMap<String, Own>,
}

/// Of `[data]`, what does not say where candles come from.
#[derive(Debug, Serialize, Deserialize)]
struct CandleRecord {
    interval: Interval,
    fill_limit_bars: usize,
    /// The default is not written, so that records stay the same.
    #[serde(default = "usual_ratio", skip_serializing_if = "is_usual_ratio")]
    jump_ratio: f64,
    #[serde(default, skip_serializing_if = "Fill::is_default")]
    fill: Fill,
}

/// `[target]`, in bars.
#[derive(Debug, Serialize, Deserialize)]
struct TargetRecord {
    kind: TargetKind,
    /// The first horizon.
    horizon_bars: usize,
    /// All horizons where there are several; not written of one, so that records stay the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    horizons_bars: Vec<usize>,
    fit: Fit,
    beta_window_bars: usize,
    /// 0: not shuffled.
    shuffle_seed: u64,
    weights: BTreeMap<String, f64>,
    /// Defaults are not written, so that records stay the same.
    #[serde(default, skip_serializing_if = "Entry::is_close")]
    entry: Entry,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base: Option<Base>,
    #[serde(default, skip_serializing_if = "Estimator::is_rms")]
    estimator: Estimator,
}

/// `[normalize]`, in bars.
#[derive(Debug, Serialize, Deserialize)]
struct NormalizeRecord {
    inputs: InputNorm,
    clip: f32,
    target: TargetScale,
    /// What it was before there was a key for it is not written, so that records stay the same.
    #[serde(default = "first_trailing_bars", skip_serializing_if = "is_first")]
    trailing_bars: usize,
}

/// Bars of `normalize.target = "trailing"` before `normalize.trailing`, at any interval.
fn first_trailing_bars() -> usize {
    240
}

fn is_first(bars: &usize) -> bool {
    *bars == first_trailing_bars()
}

impl<Own: Serialize> ForecastConfig<Own> {
    fn new(config: &Config, (section, own): (&str, Own)) -> Self {
        let bars = |span: TimeSpan| span.bars(config.data.interval);
        Self {
            data: CandleRecord {
                interval: config.data.interval,
                fill_limit_bars: config.data.fill_limit_bars(),
                jump_ratio: config.data.jump_ratio,
                fill: config.data.fill,
            },
            universe: config.universe.clone(),
            // Where features are kept decides nothing.
            features: FeatureConfig {
                cache: false,
                ..config.features.clone()
            },
            target: TargetRecord {
                kind: config.target.kind,
                horizon_bars: bars(config.target.all_horizons()[0]), // there is one at least
                horizons_bars: config.target.horizons.iter().copied().map(bars).collect(),
                fit: config.target.fit,
                beta_window_bars: config.target.beta_window.bars(config.data.interval),
                shuffle_seed: config.target.shuffle_seed.unwrap_or(0),
                weights: config.target.weights.clone(),
                entry: config.target.entry,
                base: config.target.base,
                estimator: config.target.estimator,
            },
            normalize: NormalizeRecord {
                inputs: config.normalize.inputs,
                clip: config.normalize.clip,
                target: config.normalize.target,
                trailing_bars: match config.normalize.target {
                    TargetScale::Trailing => config.normalize.trailing.bars(config.data.interval),
                    TargetScale::Coin | TargetScale::Pooled => first_trailing_bars(),
                },
            },
            own: [(section.to_owned(), own)].into(),
        }
    }

    fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(|error| Error::file(Path::new("config"), error))
    }
}

/// The first key with another value, as `section.key`, with the value of the first text and that of
/// the second. Bars of another length come before what is counted in them.
fn first_difference(trained: &str, now: &str) -> (String, String, String) {
    let flat = |text: &str| {
        let mut keys = BTreeMap::new();
        flatten(
            "",
            &serde_json::from_str(text).unwrap_or_default(),
            &mut keys,
        );
        keys
    };
    let (trained, now) = (flat(trained), flat(now));
    let value = |keys: &BTreeMap<String, String>, key: &str| {
        keys.get(key).cloned().unwrap_or("nothing".to_owned())
    };
    let differs = |key: &&String| trained.get(*key) != now.get(*key);
    let interval = "data.interval".to_owned();
    let key = std::iter::once(&interval)
        .chain(trained.keys())
        .chain(now.keys())
        .find(differs)
        .cloned()
        .unwrap_or_default();
    (key.clone(), value(&trained, &key), value(&now, &key))
}

/// Keys of the record that count the bars of a time, with the config's own.
const TIMES: [(&str, &str); 4] = [
    ("data.fill_limit_bars", "data.fill_limit"),
    ("target.horizon_bars", "target.horizon"),
    ("target.beta_window_bars", "target.beta_window"),
    ("normalize.trailing_bars", "normalize.trailing"),
];

/// The config's name for a key of the record.
fn config_key(key: &str) -> &str {
    TIMES
        .iter()
        .find(|(record, _)| *record == key)
        .map_or(key, |(_, config)| config)
}

/// A value of the record as the config writes it.
fn as_in_config(key: &str, value: &str, interval: Interval) -> String {
    let bars = TIMES
        .iter()
        .any(|(record, _)| *record == key)
        .then(|| value.parse().ok());
    bars.flatten().map_or_else(
        || value.to_owned(),
        |bars| TimeSpan::of_bars(bars, interval).to_string(),
    )
}

fn flatten(prefix: &str, value: &serde_json::Value, keys: &mut BTreeMap<String, String>) {
    match value {
        serde_json::Value::Object(entries) => {
            for (name, value) in entries {
                let key = if prefix.is_empty() {
                    name.clone()
                } else {
                    format!("{prefix}.{name}")
                };
                flatten(&key, value, keys);
            }
        }
        value => _ = keys.insert(prefix.to_owned(), value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(default)]
    struct Own {
        width: usize,
    }

    fn origin(config: &Config) -> Origin {
        let config = ForecastConfig::new(config, ("network", Own { width: 8 }))
            .to_json()
            .unwrap();
        Origin {
            seen_from_ms: 1_704_067_200_000,
            seen_until_ms: 1_704_153_600_000,
            config_sha256: content_hash(config.as_bytes()),
            config,
        }
    }

    #[test]
    fn metadata_reads_back() {
        let origin = origin(&Config::default());
        let metadata = origin.to_metadata();
        assert_eq!(metadata["seen_until"], "2024-01-02 00:00");
        assert_eq!(Origin::from_metadata(&metadata), Some(origin));
        assert_eq!(Origin::from_metadata(&BTreeMap::new()), None);
    }

    #[test]
    fn what_forecasts_depend_on_must_be_as_it_was() {
        let config = Config::default();
        let file = Path::new("model.safetensors");
        let check = |config: &Config, width| {
            origin(&Config::default()).check(config, ("network", &Own { width }), file)
        };
        check(&config, 8).unwrap();
        let mut elsewhere = config.clone();
        elsewhere.data.dir = "other".into();
        elsewhere.data.until = Some("2030-01-01".into());
        elsewhere.split.folds = Some(3);
        elsewhere.features.cache = true;
        check(&elsewhere, 8).unwrap();
        let mut longer = config.clone();
        longer.target.horizon = TimeSpan::hours(1);
        let error = check(&longer, 8).unwrap_err();
        let hint = "put back `target.horizon = 15m` in the run's run.toml (or take back --set), or train again";
        assert_eq!(error.hint().as_deref(), Some(hint));
        let error = error.to_string();
        assert!(
            error.contains("target.horizon is 1h, but the model was trained with 15m"),
            "{error}"
        );
        assert!(error.contains(&origin(&config).config_sha256), "{error}");
        let mut hourly = longer;
        hourly.data.interval = Interval::ALL[5];
        let error = check(&hourly, 8).unwrap_err().to_string();
        assert!(error.contains("data.interval is \"1h\""), "{error}");
        let error = check(&config, 9).unwrap_err().to_string();
        assert!(
            error.contains("network.width is 9, but the model was trained with 8"),
            "{error}"
        );
    }

    /// A key that came after the model was trained has its default in both.
    #[test]
    fn a_key_that_is_newer_than_the_model_has_its_default() {
        let config = Config::default();
        let mut old = origin(&config);
        old.config = old
            .config
            .replace("\"max_filled_share\":0.1,", "")
            .replace("\"width\":8", "");
        old.config_sha256 = content_hash(old.config.as_bytes());
        assert!(!old.config.contains("max_filled_share"), "{}", old.config);
        old.check(&config, ("network", &Own { width: 0 }), Path::new("model"))
            .unwrap();
        old.config.push(' ');
        let error = old
            .check(&config, ("network", &Own { width: 0 }), Path::new("model"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("the file is damaged"), "{error}");
    }
}
