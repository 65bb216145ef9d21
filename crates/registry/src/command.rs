//! `quarterhour models`: the registry on the command line.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use cli::WithHint;
use run::Kinds;

use crate::mirror::MirrorError;
use crate::text::{history_table, in_full, versions_table};
use crate::{
    Alias, Change, Listed, Mirror, ModelName, ModelReference, ModelVersion, Promotion, Registry,
    Which, describe, registry_path, run_folder,
};

/// Name, compare, promote and roll back versions of models
#[derive(Debug, Args)]
pub struct ModelsArgs {
    #[command(subcommand)]
    command: Command,
    /// The registry [default: $QUARTERHOUR_REGISTRY, else checkpoints/registry.sqlite]
    #[arg(long, global = true, value_name = "FILE")]
    registry: Option<PathBuf>,
}

/// What is done with the registry.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Register a finished run as a version of a model; its files must stay as they are from then on
    Add(AddArgs),
    /// List versions and their aliases
    List(ListArgs),
    /// Show a model's versions and history, or one version in full
    Show(ShowArgs),
    /// Move an alias to a version
    Promote(PromoteArgs),
    /// Move an alias back to the version that it named before
    Rollback(RollbackArgs),
    /// Mark a version as no longer to be used
    Retire(RetireArgs),
}

/// `models add`
#[derive(Debug, Args)]
pub struct AddArgs {
    /// The run, such as checkpoints/panel20
    #[arg(value_parser = run_folder)]
    run: PathBuf,
    /// The model that it is a version of
    #[arg(long)]
    name: ModelName,
    /// Its version by the rules of semantic versioning, such as 1.2.0
    #[arg(long)]
    version: ModelVersion,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
}

/// `models list`
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Versions of this model alone
    #[arg(long)]
    name: Option<ModelName>,
    /// Versions that this alias names
    #[arg(long)]
    alias: Option<Alias>,
    /// Versions that forecast this coin
    #[arg(long, value_name = "SYMBOL")]
    coin: Option<String>,
    /// Versions of this kind of forecaster, such as network or lightgbm
    #[arg(long)]
    kind: Option<String>,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// `models show`
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// A model (spot20), or one of its versions (spot20@production, spot20@1.2.0)
    model: String,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// `models promote`
#[derive(Debug, Args)]
pub struct PromoteArgs {
    /// The model
    name: ModelName,
    /// The version
    version: ModelVersion,
    /// The alias
    #[arg(long, default_value = Alias::PRODUCTION)]
    alias: Alias,
    /// Promote only if the alias still names this version [default: the one that it names when the
    /// command begins]
    #[arg(long, value_name = "VERSION")]
    expect: Option<ModelVersion>,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
}

/// `models rollback`
#[derive(Debug, Args)]
pub struct RollbackArgs {
    /// The model
    name: ModelName,
    /// The alias
    #[arg(long, default_value = Alias::PRODUCTION)]
    alias: Alias,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
}

/// `models retire`
#[derive(Debug, Args)]
pub struct RetireArgs {
    /// The model
    name: ModelName,
    /// The version
    version: ModelVersion,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
}

impl ModelsArgs {
    /// Runs the command; `kinds` are the forecasters that a run may be of.
    ///
    /// # Errors
    /// A model or version that is not there, a change that is refused, a file that was changed, what SQLite
    /// says.
    pub fn run(&self, kinds: &Kinds) -> anyhow::Result<()> {
        let path = registry_path(self.registry.as_deref());
        match &self.command {
            Command::Add(args) => args.run(Registry::open(&path)?, kinds),
            Command::List(args) => args.run(&Registry::read_only(&path)?),
            Command::Show(args) => args.run(&Registry::read_only(&path)?),
            Command::Promote(args) => args.run(Registry::open(&path)?),
            Command::Rollback(args) => args.run(Registry::open(&path)?),
            Command::Retire(args) => args.run(Registry::open(&path)?),
        }
    }
}

/// Tells MLflow of a change, where the environment names a server; one that does not take it costs a
/// warning, and is told at the next change.
pub fn report_change(registry: &mut Registry) {
    let told = match Mirror::from_env() {
        Ok(None) => return,
        Ok(Some(mirror)) => mirror.catch_up(registry),
        Err(cause) => Err(MirrorError::Server(cause)),
    };
    let waits = "MLflow does not have the change yet, and is told at the next one";
    match told {
        Ok(_) => {}
        Err(MirrorError::Server(cause)) => {
            cli::warn_with_hints(format!("{waits}: {cause}"), Some(cause.hint()));
        }
        Err(MirrorError::Registry(error)) => {
            cli::warn_with_hints(format!("{waits}: {error}"), error.hint());
        }
    }
}

impl AddArgs {
    fn run(&self, mut registry: Registry, kinds: &Kinds) -> anyhow::Result<()> {
        let change = Change::now(&self.why);
        let entry = describe(&self.run, (&self.name, &self.version), kinds, &change)?;
        registry.add(&entry, &change)?;
        report_change(&mut registry);
        cli::print(&format!(
            "{} {} is {}, {} files of {} bytes together\n",
            self.name,
            self.version,
            self.run.display(),
            entry.files.len(),
            entry.bytes()
        ))?;
        cli::note(format!(
            "`quarterhour models promote {} {}` puts it into production",
            self.name, self.version
        ));
        Ok(())
    }
}

impl ListArgs {
    fn run(&self, registry: &Registry) -> anyhow::Result<()> {
        let mut all = registry.list(self.name.as_ref())?;
        all.retain(|listed| self.wants(listed));
        if self.json {
            return Ok(cli::print(&(serde_json::to_string_pretty(&all)? + "\n"))?);
        }
        Ok(cli::print(&versions_table(&all))?)
    }

    fn wants(&self, listed: &Listed) -> bool {
        let is_alias = |alias: &Alias| listed.aliases.contains(alias);
        let is_coin = |coin: &String| listed.entry.universe.contains(coin);
        self.alias.as_ref().is_none_or(is_alias)
            && self.coin.as_ref().is_none_or(is_coin)
            && (self.kind.as_ref()).is_none_or(|kind| listed.entry.kind == *kind)
    }
}

impl ShowArgs {
    fn run(&self, registry: &Registry) -> anyhow::Result<()> {
        let (name, shown) = match self.model.contains('@') {
            true => {
                let reference: ModelReference = self.model.parse().map_err(cli::usage)?;
                let found = registry.resolve(&reference)?;
                (reference.name, vec![found])
            }
            false => {
                let name: ModelName = self.model.parse().map_err(cli::usage)?;
                let all = registry.list(Some(&name))?;
                (name, all)
            }
        };
        let history = registry.history(Some(&name))?;
        if self.json {
            let json = serde_json::json!({ "versions": shown, "history": history });
            return Ok(cli::print(&(serde_json::to_string_pretty(&json)? + "\n"))?);
        }
        let mut text = match shown.as_slice() {
            [only] if self.model.contains('@') => in_full(only),
            all => versions_table(all),
        };
        text.push('\n');
        text.push_str(&history_table(&history));
        Ok(cli::print(&text)?)
    }
}

impl PromoteArgs {
    fn run(&self, mut registry: Registry) -> anyhow::Result<()> {
        let now = registry.list(Some(&self.name))?;
        let named = now
            .iter()
            .find(|listed| listed.aliases.contains(&self.alias));
        let named = named.map(|listed| listed.entry.version.clone());
        let promotion = Promotion {
            alias: self.alias.clone(),
            expected: self.expect.clone().or(named),
        };
        // What is promoted is what was registered.
        let which = Which::Version(self.version.clone());
        let name = self.name.clone();
        registry
            .resolve(&ModelReference { name, which })?
            .entry
            .verify()?;
        let key = (&self.name, &self.version);
        registry.promote(key, &promotion, &Change::now(&self.why))?;
        report_change(&mut registry);
        let before = promotion
            .expected
            .map_or("no version".to_owned(), |it| it.to_string());
        Ok(cli::print(&format!(
            "{}@{} is {}, was {before}\n",
            self.name, self.alias, self.version
        ))?)
    }
}

impl RollbackArgs {
    fn run(&self, mut registry: Registry) -> anyhow::Result<()> {
        let [before, now] = registry.rollback(&self.name, &self.alias, &Change::now(&self.why))?;
        report_change(&mut registry);
        let reference = ModelReference {
            name: self.name.clone(),
            which: Which::Alias(self.alias.clone()),
        };
        if let Err(error) = registry.resolve(&reference)?.entry.verify() {
            return Err(anyhow!(
                "{reference} is {now}, was {before}, but it cannot be used: {error}"
            )
            .hint(format!(
                "`quarterhour models rollback {}` goes back further",
                self.name
            )));
        }
        Ok(cli::print(&format!(
            "{reference} is {now}, was {before}\n"
        ))?)
    }
}

impl RetireArgs {
    fn run(&self, mut registry: Registry) -> anyhow::Result<()> {
        registry.retire((&self.name, &self.version), &Change::now(&self.why))?;
        report_change(&mut registry);
        Ok(cli::print(&format!(
            "{} {} is retired\n",
            self.name, self.version
        ))?)
    }
}
