//! A watch of `spot20@production` follows the alias: a version that is promoted takes over at the next
//! bar, and one that cannot be used is refused while the old one goes on.

use anyhow::bail;
use model::DeviceChoice;
use registry::{ModelVersion, NamedModel, Registry, Which};
use rules::Thresholds;
use tracing::{info, warn};

use super::earlier::EarlierNames;
use super::unseen::unseen;
use super::{ModelFacts, WatchArgs};
use crate::checkpoint::Request;
use crate::seen::InSample;
use crate::{Checkpoint, Fallback};

/// Looks in the registry for another version.
#[derive(Debug)]
pub struct Follower {
    model: NamedModel,
    args: WatchArgs,
    overrides: Vec<String>,
    device: DeviceChoice,
    in_sample: InSample,
    /// The version that was refused last: it is said once.
    refused: Option<ModelVersion>,
    /// Whether the registry could not be read when it was looked into last.
    is_unreadable: bool,
}

/// A version that takes over.
pub struct Successor {
    /// Its model.
    pub checkpoint: Checkpoint,
    /// What to trade on, where its run has thresholds of its own.
    pub thresholds: Option<Thresholds>,
    /// What a person should know of it.
    pub facts: ModelFacts,
    /// What its coins were called before.
    pub earlier: EarlierNames,
}

impl Follower {
    /// Follows the alias that a request names; None for a folder or a version, which stay what they are.
    pub fn new((request, in_sample): (&Request<'_>, InSample), args: &WatchArgs) -> Option<Self> {
        let model = request.registered?;
        matches!(model.reference.which, Which::Alias(_)).then(|| Self {
            model: model.clone(),
            args: args.clone(),
            overrides: request.overrides.to_vec(),
            device: request.device,
            in_sample,
            refused: None,
            is_unreadable: false,
        })
    }

    /// The version that was refused, where the alias still names it.
    pub fn refused(&self) -> Option<String> {
        let refused = self.refused.as_ref()?;
        Some(format!("{} {refused}", self.model.name))
    }

    /// The version that the alias names now, if it is another than the current one's and can forecast what
    /// the watch has candles for; `tuned` are the thresholds that are traded on.
    pub fn successor(
        &mut self,
        current: &Checkpoint,
        tuned: Option<&Thresholds>,
        time_ms: i64,
    ) -> Option<Successor> {
        let version = self.named_now()?;
        if version == self.model.version || self.refused.as_ref() == Some(&version) {
            return None;
        }
        match self.load(current, tuned, time_ms) {
            Ok((successor, model)) => {
                info!(
                    model = %model.name,
                    version = %model.version,
                    before = %self.model.version,
                    "another version takes over"
                );
                if successor.thresholds.is_none() && tuned.is_some() {
                    warn!("it has no thresholds of its own: those of the version before stay");
                }
                self.model = model;
                self.refused = None;
                Some(successor)
            }
            Err(error) => {
                warn!(
                    model = %self.model.name,
                    %version,
                    stays = %self.model.version,
                    "the version that was promoted cannot be used, the old one goes on: {error:#}"
                );
                self.refused = Some(version);
                None
            }
        }
    }

    /// The version that the alias names; None where the registry cannot be read, which is said once.
    fn named_now(&mut self) -> Option<ModelVersion> {
        let found = Registry::read_only(&self.model.registry)
            .and_then(|registry| registry.resolve(&self.model.reference));
        match found {
            Ok(found) => {
                self.is_unreadable = false;
                Some(found.entry.version)
            }
            Err(error) => {
                if !std::mem::replace(&mut self.is_unreadable, true) {
                    warn!("the registry cannot be read, the same version goes on: {error}");
                }
                None
            }
        }
    }

    fn load(
        &self,
        current: &Checkpoint,
        tuned: Option<&Thresholds>,
        time_ms: i64,
    ) -> anyhow::Result<(Successor, NamedModel)> {
        let (entry, model) = NamedModel::resolve(&self.model.registry, &self.model.reference)?;
        let request = Request {
            fallback: Fallback::Refuse,
            run: &entry.run,
            registered: Some(&model),
            fold: None,
            at_ms: None,
            overrides: &self.overrides,
            device: self.device,
        };
        let checkpoint = request.load()?;
        check_same(current, &checkpoint)?;
        let thresholds = self.args.thresholds(&entry.run)?;
        let tuned = thresholds.as_ref().or(tuned);
        let checkpoint = unseen(checkpoint, (&request, self.in_sample), tuned, time_ms)?;
        let first_ms = checkpoint.history_from_ms(time_ms);
        let successor = Successor {
            earlier: EarlierNames::of(&checkpoint.config, first_ms)?,
            facts: ModelFacts::new(&entry.run, &checkpoint),
            checkpoint,
            thresholds,
        };
        Ok((successor, model))
    }
}

/// Refuses a model for which the watch does not have the candles, or whose forecasts are of something
/// else: that needs a watch of its own.
fn check_same(current: &Checkpoint, other: &Checkpoint) -> anyhow::Result<()> {
    let (now, new) = (&current.config, &other.config);
    if now.universe.symbols != new.universe.symbols {
        bail!("it forecasts other coins; a watch that is started again takes it");
    }
    if (now.data.market, now.data.interval) != (new.data.market, new.data.interval) {
        bail!("it is of another market or of other bars; a watch that is started again takes it");
    }
    if now.target != new.target {
        bail!("its target is another one; a watch that is started again takes it");
    }
    let (has, needs) = (current.history_bars(), other.history_bars());
    if needs > has {
        bail!(
            "it needs {needs} bars, the watch keeps {has}; a watch that is started again takes it"
        );
    }
    Ok(())
}
