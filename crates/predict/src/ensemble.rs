//! The members of an ensemble, each a saved run of its own, and how their forecasts are put
//! together.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use cli::ConfigTable;
use dataset::{Column, Config, RunConfig, RunDir, content_hash};
use ensemble::{FoldWeights, SavedWeights, combine_known};
use market::Symbol;
use model::DeviceChoice;

use crate::checkpoint::Forecaster;
use crate::forecast::{CoinForecast, Said};
use crate::{Checkpoint, Drift, Forecasts, History, forecast_at};

/// Loaded members with their weights.
#[derive(Debug)]
pub struct Members {
    members: Vec<Checkpoint>,
    weights: FoldWeights,
}

impl Members {
    /// Loads the members of a run, and the SHA-256 over their models and the weights: of the last
    /// fold, or the one asked for. The overrides hold for all members.
    ///
    /// # Errors
    /// A member that does not load, or whose model is of another fold.
    pub fn load(
        run: &Path,
        fold: Option<usize>,
        overrides: &[String],
        device: DeviceChoice,
    ) -> anyhow::Result<(Self, String)> {
        let (saved, mut hashes) = SavedWeights::read(run)?;
        let weights = saved.fold(fold, run)?.clone();
        let mut places: Vec<(usize, PathBuf)> = saved
            .members
            .iter()
            .map(|member| run.join(member))
            .enumerate()
            .collect();
        // LightGBM's library must be there before a network's device starts threads.
        places.sort_by_key(|(_, path)| is_network_run(path));
        let mut members = Vec::with_capacity(places.len());
        for (place, path) in places {
            let member = Checkpoint::load(&path, fold, overrides, device)
                .with_context(|| format!("a member of {} does not load", run.display()))?;
            let found = member.forecaster.fold();
            if found != weights.fold as usize {
                bail!(
                    "{} has the model of fold {found}, expected fold {}, whose weights the ensemble {} has\n\
                     hint: --fold {} takes every member's model of that fold; a member that was made anew needs a new \
                     ensemble",
                    path.display(),
                    weights.fold,
                    run.display(),
                    weights.fold
                );
            }
            members.push((place, member));
        }
        members.sort_by_key(|(place, _)| *place);
        let members: Vec<Checkpoint> = members.into_iter().map(|(_, member)| member).collect();
        members
            .iter()
            .for_each(|member| hashes.push_str(&member.model_sha256));
        Ok((Self { members, weights }, content_hash(hashes.as_bytes())))
    }

    /// Checks that every member forecasts what the ensemble's own `config` says.
    ///
    /// # Errors
    /// A member of other coins, bars or another target, whose run.toml or the ensemble's was
    /// changed since.
    pub fn check(&self, config: &Config, run: &Path) -> anyhow::Result<()> {
        let said = |config: &Config| {
            let (data, target) = (&config.data, &config.target);
            let symbols: Vec<&str> = config.universe.symbols.iter().map(Symbol::as_str).collect();
            let kind = target.kind;
            format!(
                "{kind} {} ahead in bars of {} for {}",
                target.horizon,
                data.interval,
                symbols.join(" ")
            )
        };
        let own = said(config);
        match self
            .members
            .iter()
            .map(|member| said(&member.config))
            .find(|member| *member != own)
        {
            None => Ok(()),
            Some(member) => bail!(
                "{} says that it forecasts {own}, but a member of it forecasts {member}\n\
                 hint: put back the run.toml that was changed, or make the ensemble anew",
                run.join(RunDir::CONFIG_FILE).display()
            ),
        }
    }

    /// The fold that weights and models are of.
    pub fn fold(&self) -> usize {
        self.weights.fold as usize
    }

    /// How many bars up to t some member's forecast at t is a function of.
    pub fn history_bars(&self) -> usize {
        self.members
            .iter()
            .map(Checkpoint::history_bars)
            .max()
            .unwrap_or(1)
    }

    /// The columns of candles that some member's forecast is a function of.
    pub fn columns(&self) -> Vec<Column> {
        let mut columns: Vec<Column> = self.members.iter().flat_map(Checkpoint::columns).collect();
        columns.sort();
        columns.dedup();
        columns
    }

    /// Checks the candles for every member.
    ///
    /// # Errors
    /// As [`Checkpoint::check_columns`].
    pub fn check_columns(&self, history: &History) -> anyhow::Result<()> {
        self.members
            .iter()
            .try_for_each(|member| member.check_columns(history))
    }

    /// The combined forecast of every coin at the last candle of `history`, or why there is none,
    /// and every coin's drift: that of the first network, else of the first member.
    ///
    /// # Errors
    /// A device that fails.
    pub fn forecast(&self, history: &History) -> anyhow::Result<(Vec<Said>, Vec<Option<Drift>>)> {
        let made: Vec<Forecasts> = self
            .members
            .iter()
            .map(|member| forecast_at(member, history))
            .collect::<anyhow::Result<_>>()?;
        let symbols: Vec<Symbol> = history
            .coins
            .iter()
            .map(|(symbol, _)| symbol.clone())
            .collect();
        let said = |(member, forecasts): (&Checkpoint, &Forecasts)| -> Vec<Said> {
            symbols
                .iter()
                .zip(&forecasts.coins)
                .map(|(symbol, coin)| of_coin(member, symbol, coin))
                .collect()
        };
        let said: Vec<Vec<Said>> = self.members.iter().zip(&made).map(said).collect();
        let known: Vec<Vec<Option<f64>>> = said
            .iter()
            .map(|said| {
                said.iter()
                    .map(|said| said.as_ref().ok().copied())
                    .collect()
            })
            .collect();
        let combined = combine_known(&self.weights.weights, &symbols, &known);
        let values = combined.into_iter().enumerate().map(|(coin, value)| {
            let refusal = || {
                said.iter()
                    .find_map(|said| said[coin].as_ref().err().cloned())
                    .unwrap_or_default()
            };
            value.ok_or_else(refusal)
        });
        let values = values.collect();
        let is_network =
            |member: &Checkpoint| matches!(member.forecaster, Forecaster::Network { .. });
        let shown = self.members.iter().position(is_network).unwrap_or(0);
        let drifts = made
            .into_iter()
            .nth(shown)
            .map(|made| made.coins.into_iter().map(|coin| coin.drift).collect());
        Ok((values, drifts.unwrap_or_default()))
    }
}

/// Whether a run's config says that a network made it; a config that cannot be read says so when
/// the run is loaded.
fn is_network_run(run: &Path) -> bool {
    let kind = ConfigTable::read(&run.join(RunDir::CONFIG_FILE))
        .and_then(|table| table.section::<RunConfig>("run"));
    kind.is_ok_and(|kind| kind.forecaster.is_empty() || kind.forecaster.starts_with("network"))
}

/// What a member says of a coin. The market's part is a mean over the coins that are scored,
/// offline as live.
fn of_coin(member: &Checkpoint, symbol: &Symbol, coin: &CoinForecast) -> Said {
    if !member.is_scored(symbol) {
        return Err(format!(
            "{symbol} is not in universe.scored, so no ensemble forecasts it"
        ));
    }
    coin.forecast
        .ok_or_else(|| coin.refused.clone().unwrap_or_default())
}
