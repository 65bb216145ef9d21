//! The runs that an ensemble is made of.

use std::path::{Component, Path, PathBuf};

use anyhow::{Context, anyhow};
use cli::{ConfigTable, WithHint};
use dataset::{Config, ForecastTable, RunConfig, RunDir, TimeSpan};
use run::{JoinedRows, NamedTable, join};
use score::ForecastColumn;

/// A run with its forecasts.
pub struct Member {
    /// The folder.
    pub path: PathBuf,
    /// Its name in tables.
    pub forecaster: String,
    /// Its shared sections.
    pub config: Config,
    table: ForecastTable,
}

impl Member {
    /// Reads a run's folder.
    ///
    /// # Errors
    /// A folder that is no run, a run without forecasts, files that cannot be read.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let run = RunDir::new(path.to_owned());
        for file in [run.config(), run.forecasts()] {
            if !file.exists() {
                return Err(anyhow!(
                    "{} is no finished run: found no {}",
                    path.display(),
                    file.display()
                )
                .with_hint(|| {
                    let meant = (!path.exists())
                        .then(|| RunDir::did_you_mean(path))
                        .flatten();
                    meant.unwrap_or_else(|| {
                        format!(
                            "a run is a folder with {} and {}, such as checkpoints/NAME; \
                             `quarterhour train --resume --run DIR` finishes one",
                            RunDir::CONFIG_FILE,
                            RunDir::FORECASTS_FILE
                        )
                    })
                }));
            }
        }
        let table = ConfigTable::read(&run.config())?;
        let kind: RunConfig = table.section("run")?;
        let config: Config = table.parse()?;
        Ok(Self {
            path: path.to_owned(),
            forecaster: kind.forecaster,
            config,
            table: ForecastTable::read(&run.forecasts())?,
        })
    }

    /// The member with the forecasts of one of its horizons alone.
    ///
    /// # Errors
    /// As [`ForecastTable::new`].
    pub fn at_horizon(&self, horizon: TimeSpan) -> anyhow::Result<Self> {
        let (metadata, parts) = self.table.clone().into_inner();
        let parts = parts.into_iter().filter(|part| part.key.horizon == horizon);
        let mut config = self.config.clone();
        config.target = config.target.at_horizon(horizon);
        Ok(Self {
            path: self.path.clone(),
            forecaster: self.forecaster.clone(),
            table: ForecastTable::new(metadata, parts.collect(), &self.path)?,
            config,
        })
    }

    /// What must be the same of all members, with the key that it stands under.
    fn agreed(&self) -> [(&'static str, String); 7] {
        let Config {
            data,
            universe,
            target,
            ..
        } = &self.config;
        let horizons = target.all_horizons().iter();
        let horizons: Vec<String> = horizons.map(TimeSpan::to_string).collect();
        let symbols: Vec<&str> = universe
            .symbols
            .iter()
            .map(|symbol| symbol.as_str())
            .collect();
        [
            ("data.market", data.market.to_string()),
            ("data.interval", data.interval.to_string()),
            ("data.fill_limit", data.fill_limit.to_string()),
            ("target.kind", target.kind.to_string()),
            ("target.horizon", horizons.join(" ")),
            (
                "the target's reach in bars",
                self.config.purge_bars().to_string(),
            ),
            ("universe.symbols", symbols.join(" ")),
        ]
    }
}

/// All members must forecast the same target of the same coins.
///
/// # Errors
/// The member that differs from the first, with the key, both values and a way out.
pub fn check_agreement(members: &[Member]) -> anyhow::Result<()> {
    let Some((first, others)) = members.split_first() else {
        return Ok(());
    };
    for other in others {
        for ((key, found), (_, expected)) in other.agreed().into_iter().zip(first.agreed()) {
            if found != expected {
                return Err(anyhow!(
                    "{}: {key} is {found}, expected {expected} as in {}",
                    other.path.display(),
                    first.path.display()
                )
                .hint("members are runs of one [data], [universe] and [target] section"));
            }
        }
    }
    Ok(())
}

/// The rows that every member has, with each member's forecasts.
///
/// # Errors
/// No common row; members that realized different targets.
pub fn joined(members: &[Member]) -> anyhow::Result<JoinedRows> {
    let paths: Vec<String> = members
        .iter()
        .map(|member| member.path.display().to_string())
        .collect();
    let source =
        |(member, path): (&'_ Member, &'_ String)| (member.forecaster.clone(), path.clone());
    let names: Vec<(String, String)> = members.iter().zip(&paths).map(source).collect();
    let sources: Vec<NamedTable<'_>> = members
        .iter()
        .zip(&names)
        .map(|(member, (name, path))| NamedTable {
            name,
            run: Some(path),
            table: &member.table,
        })
        .collect();
    let joined = join(&sources)
        .with_context(|| format!("the tables of {} do not fit together", paths.join(", ")))?;
    for (path, &dropped) in paths.iter().zip(&joined.dropped) {
        if dropped > 0 {
            cli::note(format!(
                "{dropped} rows of {path} are not in every member and are not forecast"
            ));
        }
    }
    Ok(joined)
}

/// The rows whose trailing volatility is known, for forecasts in units of it.
///
/// # Errors
/// No such row.
pub fn with_units(joined: JoinedRows) -> anyhow::Result<JoinedRows> {
    let units = joined
        .rows
        .trailing_volatility
        .as_deref()
        .unwrap_or_default();
    let known: Vec<usize> = (0..units.len())
        .filter(|&row| units[row].is_finite())
        .collect();
    if known.is_empty() {
        return Err(anyhow!(
            "the members' tables know no trailing volatility, expected that of each row for \
             ensemble.method = \"ic_a_day\""
        )
        .hint("train the members anew, or --set ensemble.method=stacked"));
    }
    let why = "have no trailing volatility and are not forecast: their coins had not moved for four \
               hours";
    Ok(at_rows(joined, &known, why))
}

/// The same rows with a control of theirs as the last member, without those at which it is
/// unknown.
///
/// # Errors
/// A control that is known at no row.
pub fn with_rule(mut joined: JoinedRows, name: &str) -> anyhow::Result<JoinedRows> {
    let values = joined.rows.control(name).unwrap_or_default().to_vec();
    let known: Vec<usize> = (0..values.len())
        .filter(|&row| values[row].is_finite())
        .collect();
    if known.is_empty() {
        return Err(
            anyhow!("the members' tables know no {name}, which ensemble.rule names")
                .hint("train the members anew, or take ensemble.rule out"),
        );
    }
    joined
        .forecasters
        .push(ForecastColumn::control(name, values));
    let why = format!("have no {name} and are not forecast");
    Ok(at_rows(joined, &known, &why))
}

/// Some of the rows; a note counts the others and says why they are left out.
fn at_rows(joined: JoinedRows, known: &[usize], why: &str) -> JoinedRows {
    let dropped = joined.rows.len() - known.len();
    if dropped == 0 {
        return joined;
    }
    cli::note(format!("{dropped} rows {why}"));
    let mut forecasters = joined.forecasters;
    for forecaster in &mut forecasters {
        let of_row = |&row: &usize| forecaster.forecast[row];
        forecaster.forecast = known.iter().map(of_row).collect();
        forecaster.level = forecaster.level.take().map(|level| level.take(known));
    }
    JoinedRows {
        rows: joined.rows.take(known),
        forecasters,
        ..joined
    }
}

/// `member` as seen from the folder `run`; both must exist. What shares no folder with it is named
/// from the root.
///
/// # Errors
/// What the system says.
pub fn seen_from(run: &Path, member: &Path) -> anyhow::Result<String> {
    let real = |path: &Path| {
        path.canonicalize()
            .with_context(|| format!("cannot read {}", path.display()))
    };
    let (run, member) = (real(run)?, real(member)?);
    if run == member {
        return Err(anyhow!("{} cannot be a member of itself", run.display())
            .hint("--run OTHER names the ensemble's folder"));
    }
    let shared = run
        .components()
        .zip(member.components())
        .take_while(|(left, right)| left == right)
        .count();
    let is_folder = |component: Component<'_>| matches!(component, Component::Normal(_));
    if !run.components().take(shared).any(is_folder) {
        return Ok(member.display().to_string());
    }
    let up = run.components().skip(shared).map(|_| Component::ParentDir);
    let path: PathBuf = up.chain(member.components().skip(shared)).collect();
    Ok(path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_named_as_seen_from_the_run() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        for name in ["runs/a", "runs/both", "elsewhere/b"] {
            std::fs::create_dir_all(path(name)).unwrap();
        }
        let run = path("runs/both");
        assert_eq!(seen_from(&run, &path("runs/a")).unwrap(), "../a");
        assert_eq!(
            seen_from(&run, &path("elsewhere/b")).unwrap(),
            "../../elsewhere/b"
        );
        assert_eq!(seen_from(&run, Path::new("/")).unwrap(), "/");
        assert!(
            seen_from(&run, &path("runs/a/../both"))
                .unwrap_err()
                .to_string()
                .contains("member of itself")
        );
    }
}
