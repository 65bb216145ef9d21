//! A run as far as its report tells of it: its files, its config, its scores.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use cli::{ConfigTable, WithHint};
use dataset::{Config, ForecastTable, RunConfig, RunDir, TablePart};
use page::{Importance, RunPart};
use run::{ScoredCandles, ScoredRun, TrialLine, score_run, study_trials};

/// A run on disk, read and scored.
#[derive(Debug)]
pub(crate) struct ReportedRun {
    /// The folder.
    pub path: PathBuf,
    /// Its name.
    pub name: String,
    /// What it is a run of.
    pub run: RunConfig,
    /// The sections that every forecaster shares.
    pub config: Config,
    /// Every key of its `run.toml` with its value.
    pub settings: Vec<(String, String)>,
    /// Scores of each horizon and panel, the config's first horizon first.
    pub parts: Vec<ScoredPart>,
    /// Importance of features, where the run has it.
    pub importance: Option<Importance>,
    /// Members and weights, where it is made of other runs.
    pub ensemble: Option<Ensemble>,
    /// The text of its `thresholds.toml`, where it has one.
    pub thresholds: Option<String>,
    /// All that was tried in its study: rules that were traded, trials of searches.
    pub trials: Vec<TrialLine>,
    /// Its files, with their sizes in bytes.
    pub files: Vec<(String, u64)>,
}

/// One horizon and panel of a run.
#[derive(Debug)]
pub(crate) struct ScoredPart {
    /// Horizon and panel in words.
    pub title: String,
    /// Its scores.
    pub scored: ScoredRun,
}

/// What `ensemble.json` says.
#[derive(Debug, Clone, serde::Deserialize)]
pub(crate) struct Ensemble {
    /// How members are weighed.
    pub method: String,
    /// Their folders, from the run's own.
    pub members: Vec<String>,
    /// Weights of each fold.
    pub folds: Vec<EnsembleFold>,
}

/// The weights of one fold.
#[derive(Debug, Clone, serde::Deserialize)]
pub(crate) struct EnsembleFold {
    /// The fold.
    pub fold: u32,
    /// One weight a member, of the market's part.
    pub market: Vec<f64>,
    /// One weight a member, of the coins' own parts.
    pub own: Vec<f64>,
}

impl ReportedRun {
    /// Reads a run's folder and scores its forecasts.
    ///
    /// # Errors
    /// A folder that is no run, a run without forecasts, files that cannot be read.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let dir = RunDir::new(path.to_owned());
        if !dir.config().exists() {
            let error = anyhow!("{} is no run: it has no run.toml", path.display());
            return Err(error.with_hint(|| {
                let usual = || "a run is a folder such as checkpoints/NAME".to_owned();
                RunDir::did_you_mean(path).unwrap_or_else(usual)
            }));
        }
        let table = ConfigTable::read(&dir.config())?;
        let run: RunConfig = table.section("run")?;
        let config: Config = table.parse()?;
        let forecasts = dir.forecasts();
        if !forecasts.exists() {
            return Err(anyhow!("{} has no forecasts.parquet yet", path.display())
                .hint("the command that began the run goes on with it; then it has something to report"));
        }
        let parts = scored(&dir, &run, &config, ForecastTable::read(&forecasts)?)?;
        let name = dir.name();
        Ok(Self {
            settings: cli::flattened(&table.to_toml()?)?,
            importance: read_json(&path.join("importance.json"))?,
            ensemble: read_json(&path.join("ensemble.json"))?,
            thresholds: read_text(&path.join("thresholds.toml"))?,
            trials: study_trials(path)?,
            files: files(path)?,
            path: path.to_owned(),
            name,
            run,
            config,
            parts,
        })
    }

    /// The portfolios and backtests of it that were tried, with the name of the rule.
    pub fn traded(&self) -> impl Iterator<Item = (&str, &TrialLine)> {
        self.trials.iter().filter_map(|trial| {
            let rule = match trial {
                one if one.is_of("portfolio") => &trial.setting["portfolio"],
                one if one.is_of("backtest") => &trial.setting["rule"],
                _ => return None,
            };
            (trial.setting["run"] == self.name).then_some((rule.as_str()?, trial))
        })
    }

    /// The scores that are told first.
    pub fn first(&self) -> &ScoredRun {
        // Reading a run refuses a table without rows.
        &self.parts[0].scored
    }

    /// The pages of its parts.
    pub fn pages(&self) -> Vec<RunPart> {
        let of_part = |part: &ScoredPart| {
            let importance = self.importance.clone();
            part.scored.part(&part.title, &self.config, importance)
        };
        self.parts.iter().map(of_part).collect()
    }

    /// The kind of forecaster; of a run of an older version the beginning of its name.
    pub fn kind(&self) -> &str {
        let name = &self.run.forecaster;
        match (self.run.kind.as_str(), name.as_str()) {
            ("", "") => "network",
            ("", name) => name.split([' ', '_']).next().unwrap_or(name),
            (kind, _) => kind,
        }
    }

    /// Whether the run has a file of this name in its folder or one of a fold.
    pub fn has_file(&self, name: &str) -> bool {
        let ends = |file: &String| file == name || file.ends_with(&format!("/{name}"));
        self.files.iter().any(|(file, _)| ends(file))
    }

    /// The value of a key of its config.
    pub fn setting(&self, key: &str) -> Option<&str> {
        let found = self.settings.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str())
    }
}

/// Scores each horizon and panel of a table.
fn scored(
    dir: &RunDir,
    run: &RunConfig,
    config: &Config,
    table: ForecastTable,
) -> anyhow::Result<Vec<ScoredPart>> {
    let table = match table.lacks_columns() {
        // Candles that are gone cost the controls that they would have given, no more.
        true => table
            .clone()
            .with_columns_of(config, dir.path())
            .unwrap_or(table),
        false => table,
    };
    let (metadata, mut parts) = table.into_inner();
    let horizons = config.target.all_horizons();
    let place = |part: &TablePart| horizons.iter().position(|one| *one == part.key.horizon);
    parts.sort_by_key(place);
    let is_single = parts.len() == 1;
    let path = dir.path().display().to_string();
    let name = match run.forecaster.as_str() {
        "" => "unnamed",
        name => name,
    };
    let candles = ScoredCandles::read(config);
    let score = |part: TablePart| -> anyhow::Result<ScoredPart> {
        let title = part.key.to_string();
        let table = ForecastTable::new(metadata.clone(), vec![part], dir.path())?;
        Ok(ScoredPart {
            title: if is_single { String::new() } else { title },
            scored: score_run((name, &path), table)?.with_candles(candles.as_ref()),
        })
    };
    let parts: Vec<ScoredPart> = parts
        .into_iter()
        .map(score)
        .collect::<anyhow::Result<_>>()?;
    match parts.is_empty() {
        true => Err(anyhow!(
            "{path}/forecasts.parquet has no forecasts, expected some"
        )),
        false => Ok(parts),
    }
}

fn read_text(path: &Path) -> anyhow::Result<Option<String>> {
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path);
    Ok(Some(text.with_context(|| {
        format!("cannot read {}", path.display())
    })?))
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> anyhow::Result<Option<T>> {
    let text = read_text(path)?;
    let parsed = text.map(|text| serde_json::from_str(&text)).transpose();
    parsed.with_context(|| format!("{} is not what a run writes", path.display()))
}

/// All files of the folder and of those in it, with their sizes, sorted.
fn files(path: &Path) -> anyhow::Result<Vec<(String, u64)>> {
    let (mut files, mut folders) = (Vec::new(), vec![path.to_owned()]);
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            // What a link names is not the run's.
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                let name = entry.path();
                let name = name
                    .strip_prefix(path)
                    .unwrap_or(&name)
                    .display()
                    .to_string();
                files.push((name, entry.metadata()?.len()));
            }
        }
    }
    files.sort();
    Ok(files)
}
