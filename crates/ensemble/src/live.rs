//! An ensemble's members, loaded, and how their forecasts are put together live.

use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use cli::{ConfigArgs, ConfigTable, WithHint};
use dataset::{CandleTable, Column, Config, Panel, RunDir, TrailingVolatility};
use market::Symbol;
use run::{
    Contribution, Drift, Explanation, ExplanationMethod, ForecastResult, Forecaster, Kind,
    LoadedRun, SavedRun, TrainingSpan,
};
use storage::content_hash;

use crate::command::Args;
use crate::rule::Rule;
use crate::{EnsembleConfig, EnsembleOptions, FoldWeights, Method, SavedWeights, combine_known};

/// Why a coin that all members forecast has no forecast.
const NO_UNIT: &str = "the coin has not moved for four hours, so its volatility is unknown";

/// Runs of `ensemble`.
#[derive(Debug, Clone, Copy)]
pub struct EnsembleKind;

impl Kind for EnsembleKind {
    fn name(&self) -> &'static str {
        EnsembleConfig::KIND
    }

    /// Loads the weights of the last fold, or of the one asked for, and every member's model of
    /// it, at the ensemble's horizon. The overrides hold for all members.
    fn load(&self, run: &SavedRun<'_>) -> anyhow::Result<Box<dyn Forecaster>> {
        let (saved, weights_hash) = SavedWeights::read(run.path)?;
        let weights = saved.fold(run.fold, run.path)?.clone();
        let paths: Vec<PathBuf> = saved
            .members
            .iter()
            .map(|member| run.path.join(member))
            .collect();
        // Some libraries must be there before another member starts threads.
        paths.iter().try_for_each(|path| run.kinds.prepare(path))?;
        let load = |path: &PathBuf| {
            let load =
                |overrides: Vec<String>| run.kinds.load(path, (run.fold, run.at_ms), &overrides);
            let member = member_overrides(run, path).and_then(load);
            member.with_context(|| format!("a member of {} does not load", run.path.display()))
        };
        let members: Vec<LoadedRun> = paths.iter().map(load).collect::<anyhow::Result<_>>()?;
        for (member, path) in members.iter().zip(&paths) {
            check_fold(member, path, weights.fold as usize, run.path)?;
            check_target(member, run)?;
        }
        let hashes = members.iter().map(|member| member.forecaster.sha256());
        let hashes: String = std::iter::once(weights_hash.as_str())
            .chain(hashes)
            .collect();
        Ok(Box::new(SavedEnsemble {
            sha256: content_hash(hashes.as_bytes()),
            weights,
            names: saved.names(),
            members,
            rule: saved
                .rule
                .map(|name| Rule::new(&name, run.config))
                .transpose()?,
            in_units: saved.method == Method::IcADay,
            config: run.config.clone(),
        }))
    }

    /// The members as run.toml names them: of several horizons all have the same.
    fn parts(&self, path: &Path) -> anyhow::Result<Vec<PathBuf>> {
        let table = ConfigTable::read(&path.join(RunDir::CONFIG_FILE))?;
        let whole = |member: &String| {
            let member = path.join(member);
            let found = member.canonicalize();
            found.with_context(|| format!("cannot read {}", member.display()))
        };
        let members = EnsembleOptions::new(&table)?.members;
        members.iter().map(whole).collect()
    }

    /// Combines the members that `ensemble.members` names, which are fitted already.
    fn fit(&self, config: &ConfigArgs, run: &Path) -> anyhow::Result<()> {
        crate::command::run(&Args::new(config.clone(), run))
    }

    /// The members' and that of the weights which put them together.
    fn seen(&self, run: &SavedRun<'_>) -> anyhow::Result<Option<TrainingSpan>> {
        let (saved, _) = SavedWeights::read(run.path)?;
        let own = saved.fold(run.fold, run.path)?.seen_until_ms;
        let mut all = Vec::new();
        for member in &saved.members {
            let asked = (run.fold, run.at_ms);
            all.push(run.kinds.seen(&run.path.join(member), asked)?);
        }
        let members = all
            .into_iter()
            .reduce(TrainingSpan::joined)
            .context("an ensemble has members")?;
        let own = TrainingSpan {
            until_ms: own.or(members.until_ms),
            fitted_until_ms: own.or(members.fitted_until_ms),
            from_ms: members.from_ms,
            is_known: own.is_some(),
        };
        Ok(Some(members.joined(own)))
    }

    fn folds(&self, path: &Path) -> anyhow::Result<Vec<usize>> {
        let (saved, _) = SavedWeights::read(path)?;
        Ok(saved.folds.iter().map(|fold| fold.fold as usize).collect())
    }
}

/// The overrides of a member: of one that forecasts several horizons, with that of the ensemble.
fn member_overrides(run: &SavedRun<'_>, path: &Path) -> anyhow::Result<Vec<String>> {
    let (_, config) = run.kinds.config(path, run.overrides)?;
    let horizon = || format!("target.horizon={}", run.config.target.horizon);
    let horizon = (!config.target.horizons.is_empty()).then(horizon);
    Ok(run.overrides.iter().cloned().chain(horizon).collect())
}

/// A member's model must be of the fold that the weights are of.
fn check_fold(member: &LoadedRun, path: &Path, expected: usize, run: &Path) -> anyhow::Result<()> {
    let found = member.forecaster.fold().unwrap_or(0);
    if found != expected {
        return Err(anyhow!(
            "{} has the model of fold {found}, expected fold {expected}, whose \
             weights the ensemble {} has",
            path.display(),
            run.display()
        )
        .hint(format!(
            "--fold {expected} takes every member's model of that fold; a member \
             that was made anew needs a new ensemble"
        )));
    }
    Ok(())
}

/// A member must forecast what the ensemble's own config says.
fn check_target(member: &LoadedRun, run: &SavedRun<'_>) -> anyhow::Result<()> {
    let in_words = |config: &Config| {
        let (data, target) = (&config.data, &config.target);
        let symbols: Vec<&str> = config.universe.symbols.iter().map(Symbol::as_str).collect();
        format!(
            "{} {} ahead in bars of {} for {}, filling {}",
            target.kind,
            target.horizon,
            data.interval,
            symbols.join(" "),
            data.fill_limit
        )
    };
    let (own, found) = (in_words(run.config), in_words(&member.config));
    if own != found {
        return Err(anyhow!(
            "{} says that it forecasts {own}, but a member of it forecasts {found}",
            run.path.join(RunDir::CONFIG_FILE).display()
        )
        .hint("put back the run.toml that was changed, or make the ensemble anew"));
    }
    Ok(())
}

/// Loaded members with their weights.
#[derive(Debug)]
struct SavedEnsemble {
    members: Vec<LoadedRun>,
    /// Names of the members' folders, and of the rule.
    names: Vec<String>,
    rule: Option<Rule>,
    weights: FoldWeights,
    /// Whether parts are of forecasts in units of the coins' trailing volatility.
    in_units: bool,
    config: Config,
    sha256: String,
}

impl SavedEnsemble {
    /// Each coin's trailing volatility at some rows, `[rows][coins]`; NaN where unknown. None where
    /// forecasts are combined as they are.
    fn units(&self, panel: &Panel, rows: &[usize]) -> Option<Vec<Vec<f64>>> {
        let (first, last) = (rows.first()?, rows.last()?);
        let of_rows = || {
            let trailing = TrailingVolatility::new(panel, *first..last + 1);
            let reach = self.config.reach_bars();
            let of_row = |&row: &usize| {
                let coins = 0..panel.coins();
                coins.map(|coin| trailing.at(row, coin, reach)).collect()
            };
            rows.iter().map(of_row).collect()
        };
        self.in_units.then(of_rows)
    }
}

impl SavedEnsemble {
    /// The members' forecasts and then the rule's, `[members][rows, coins]`.
    fn answers(&self, panel: &Panel, rows: &[usize]) -> anyhow::Result<Vec<Vec<ForecastResult>>> {
        let members = self.members.iter();
        let mut answers: Vec<Vec<ForecastResult>> = members
            .map(|member| member_answers(member, panel, rows))
            .collect::<anyhow::Result<_>>()?;
        answers.extend(self.rule.iter().map(|rule| rule.forecasts(panel, rows)));
        Ok(answers)
    }
}

/// What is forecast at some places, `[members][places]`; None for what is refused.
fn known_at(answers: &[Vec<ForecastResult>], places: Range<usize>) -> Vec<Vec<Option<f64>>> {
    let of_member = |answers: &Vec<ForecastResult>| {
        let answers = answers[places.clone()].iter();
        answers
            .map(|answer| answer.as_ref().ok().copied())
            .collect()
    };
    answers.iter().map(of_member).collect()
}

impl Forecaster for SavedEnsemble {
    fn history_bars(&self) -> usize {
        let members = self.members.iter();
        let members = members.map(|member| member.forecaster.history_bars());
        let data = &self.config.data;
        let own = match self.in_units {
            true => TrailingVolatility::history_bars(data.interval) + data.fill_limit_bars(),
            false => 1,
        };
        members.fold(own, usize::max)
    }

    fn columns(&self) -> Vec<Column> {
        let mut columns: Vec<Column> = self
            .members
            .iter()
            .flat_map(|member| member.forecaster.columns())
            .collect();
        columns.sort();
        columns.dedup();
        columns
    }

    fn check_columns(&self, coins: &[(Symbol, CandleTable)]) -> anyhow::Result<()> {
        let mut members = self.members.iter();
        members.try_for_each(|member| member.forecaster.check_columns(coins))
    }

    fn fold(&self) -> Option<usize> {
        Some(self.weights.fold as usize)
    }

    fn sha256(&self) -> &str {
        &self.sha256
    }

    fn forecast(&self, panel: &Panel, rows: &[usize]) -> anyhow::Result<Vec<ForecastResult>> {
        let answers = self.answers(panel, rows)?;
        let units = self.units(panel, rows);
        let coins = panel.coins();
        let mut combined = Vec::with_capacity(rows.len() * coins);
        for (time, start) in (0..rows.len() * coins).step_by(coins.max(1)).enumerate() {
            let known = known_at(&answers, start..start + coins);
            let units = units.as_ref().map(|units| units[time].as_slice());
            let values = combine_known(&self.weights.weights, panel.symbols(), &known, units);
            combined.extend(values.into_iter().enumerate().map(|(coin, value)| {
                let refusal =
                    |answers: &Vec<ForecastResult>| answers[start + coin].as_ref().err().cloned();
                let reason = || answers.iter().find_map(refusal);
                value.ok_or_else(|| reason().unwrap_or_else(|| NO_UNIT.to_owned()))
            }));
        }
        Ok(combined)
    }

    /// What each member adds: forecasts are sums of members', so that it is what is left where the others
    /// forecast 0.
    fn explain(
        &self,
        panel: &Panel,
        row: usize,
    ) -> anyhow::Result<Option<Vec<Option<Explanation>>>> {
        let answers = self.answers(panel, &[row])?;
        let known = known_at(&answers, 0..panel.coins());
        let units = self.units(panel, &[row]);
        let units = units.as_ref().map(|units| units[0].as_slice());
        let alone = |member: usize| {
            let mut others = known.clone();
            for (place, forecasts) in others.iter_mut().enumerate() {
                if place != member {
                    forecasts
                        .iter_mut()
                        .flatten()
                        .for_each(|value| *value = 0.0);
                }
            }
            combine_known(&self.weights.weights, panel.symbols(), &others, units)
        };
        let added: Vec<Vec<Option<f64>>> = (0..known.len()).map(alone).collect();
        let of_coin = |coin: usize| {
            let members = self.names.iter().zip(&known).zip(&added);
            let contributions = members.map(|((name, known), added)| {
                Some(Contribution::new(name.as_str(), known[coin]?, added[coin]?))
            });
            let contributions = contributions.collect::<Option<_>>()?;
            let method = ExplanationMethod::Members;
            Some(Explanation::of_forecast(method, 0.0, contributions))
        };
        Ok(Some((0..panel.coins()).map(of_coin).collect()))
    }

    /// That of the first member.
    fn drift(&self, panel: &Panel, row: usize) -> Vec<Option<Drift>> {
        match self.members.first() {
            Some(member) => member.forecaster.drift(panel, row),
            None => vec![None; panel.coins()],
        }
    }
}

/// A member's forecasts. The market's part is a mean over the coins that are scored, offline as
/// live, so it has none of other coins.
fn member_answers(
    member: &LoadedRun,
    panel: &Panel,
    rows: &[usize],
) -> anyhow::Result<Vec<ForecastResult>> {
    let scored = &member.config.universe.scored;
    let refusal = |symbol: &Symbol| {
        let is_scored = scored.is_empty() || scored.contains(symbol);
        let reason = || format!("{symbol} is not in universe.scored, so no ensemble forecasts it");
        (!is_scored).then(reason)
    };
    let refusals: Vec<Option<String>> = panel.symbols().iter().map(refusal).collect();
    let answers = member.forecaster.forecast(panel, rows)?;
    let of_place =
        |(place, answer): (usize, ForecastResult)| match &refusals[place % refusals.len()] {
            Some(refusal) => Err(refusal.clone()),
            None => answer,
        };
    Ok(answers.into_iter().enumerate().map(of_place).collect())
}
