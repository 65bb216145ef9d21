//! The list of subcommands. A new one is a line in [`Command`] and a line in [`Command::run`].

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::completions::CompletionsArgs;
use crate::config_file::ConfigFile;
use crate::features::FeaturesArgs;
use crate::man::ManArgs;
use crate::schema::SchemaArgs;

/// Forecast where crypto coins go in the next quarter of an hour, and score it honestly
#[derive(Debug, Parser)]
#[command(version = crate::version::VERSION, subcommand_required = true, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

/// `quarterhour serve` beside a watch.
#[derive(Debug, Parser)]
struct PageCommand {
    #[command(flatten)]
    args: serve::Args,
}

/// Every subcommand, in the order of the work. What is flattened is a crate's own list.
#[derive(Debug, Subcommand)]
pub enum Command {
    Download(download::Args),
    #[command(flatten)]
    Store(download::Command),
    Features(FeaturesArgs),
    Train(train::Args),
    Baseline(baseline::Args),
    Ridge(linear::Args),
    Volatility(volatility::Args),
    Ensemble(ensemble::Args),
    Search(search::Args),
    Evaluate(evaluate::Args),
    #[command(flatten)]
    Forecasts(evaluate::Command),
    #[command(flatten)]
    Reports(report::Command),
    Predict(Box<predict::Args>),
    #[command(flatten)]
    Watch(predict::Command),
    Models(registry::ModelsArgs),
    Retrain(retrain::RetrainArgs),
    Serve(serve::Args),
    Health(serve::HealthArgs),
    Replay(replay::Args),
    Schema(SchemaArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

impl Command {
    /// Runs the subcommand; the exit code of one that did what it should.
    ///
    /// # Errors
    /// What the subcommand refuses or cannot do.
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        let done = match self {
            Self::Download(args) => download::run(args),
            Self::Store(command) => command.run(),
            Self::Features(args) => args.run(),
            Self::Train(args) => train::run(args),
            Self::Baseline(args) => baseline::run(args),
            Self::Ridge(args) => linear::run(args),
            Self::Volatility(args) => volatility::run(args),
            Self::Ensemble(args) => ensemble::run(args),
            Self::Search(args) => search::run(args, &ConfigFile::keys()),
            Self::Evaluate(args) => evaluate::run(args),
            Self::Forecasts(command) => command.run(),
            Self::Reports(command) => command.run(),
            Self::Predict(args) => predict::run(args),
            Self::Watch(command) => command.run_with(|page| {
                // What is wrong with them ends the program, as with those of `serve`.
                let PageCommand { args } = PageCommand::parse_from(page.arguments());
                args.check()?;
                Ok(Box::new(move |is_over| serve::run_until(&args, is_over)))
            }),
            Self::Models(args) => args.run(&predict::kinds(model::DeviceChoice::default())),
            Self::Retrain(args) => retrain::run(args, &predict::kinds(args.device)),
            Self::Serve(args) => serve::run(args),
            Self::Health(args) => return Ok(args.run()),
            Self::Replay(args) => replay::run(args),
            Self::Schema(args) => args.run(),
            Self::Completions(args) => args.run(Args::command()),
            Self::Man(args) => args.run(Args::command()),
        };
        done.map(|()| ExitCode::SUCCESS)
    }
}
