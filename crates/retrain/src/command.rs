//! `retrain`: from arguments to a challenger in the registry, as a table of contents.

use registry::{ModelReference, NamedModel, Registry, Which, registry_path};
use run::Kinds;

use crate::arguments::RetrainArgs;
use crate::outcome::Outcome;
use crate::plan::cadence;
use crate::retraining::{Retrain, Turn};

/// Retrains, and prints what came of it; `kinds` are the forecasters that a run may be of.
///
/// # Errors
/// A model that is not registered, candles that cannot be had, what the fit refuses. Production is as it was
/// then.
pub fn run(args: &RetrainArgs, kinds: &Kinds) -> anyhow::Result<()> {
    let outcome = {
        // Downloads and fits have tables of their own.
        let _diverted = cli::divert_output();
        retrain(args, kinds)?
    };
    let text = match args.json {
        true => serde_json::to_string_pretty(&outcome)? + "\n",
        false => outcome.text(),
    };
    Ok(cli::print(&text)?)
}

fn retrain(args: &RetrainArgs, kinds: &Kinds) -> anyhow::Result<Outcome> {
    let path = registry_path(args.registry.as_deref());
    let reference = ModelReference {
        name: args.model.clone(),
        which: Which::Alias(args.alias.clone()),
    };
    // Before anything is fitted: a model that is not there, a registry that cannot be changed.
    Registry::read_only(&path)?.resolve(&reference)?;
    drop(Registry::open(&path)?);
    let lock = path.with_file_name(format!("{}-retrain.lock", args.model));
    let _held = match cli::hold(&lock)? {
        Ok(held) => held,
        Err(holder) => {
            cli::note(format!("{} is being retrained by {holder}", args.model));
            return Ok(Outcome::Busy {
                model: args.model.clone(),
                holder,
            });
        }
    };
    // Now that no other call promotes another one.
    let (champion, _) = NamedModel::resolve(&path, &reference)?;
    kinds.prepare(&champion.run)?;
    let (table, config) = kinds.config(&champion.run, &args.set)?;
    let is_ensemble = !(kinds.of(&table, &champion.run)?)
        .parts(&champion.run)?
        .is_empty();
    if is_ensemble {
        args.check_for_ensemble()?;
    }
    let retraining = Retrain {
        args,
        kinds,
        registry: path,
        cadence: cadence(args.hold_back, &config)?,
        champion,
        config,
    };
    match retraining.turn()? {
        Turn::Now(period, drift) => retraining.retrain(&period, drift),
        Turn::Later(outcome) => Ok(*outcome),
    }
}
