//! `search`: from arguments to a config that is better by what it was not chosen on.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Parser;
use cli::WithHint;
use dataset::{Config, Dataset};
use run::FitCommand;
use score::Quantity;

use crate::judge::Measure;
use crate::settings::Search;
use crate::space::Space;
use crate::text::report_text;

/// Variable that names Python where `--python` does not.
const PYTHON: &str = "QUARTERHOUR_PYTHON";

/// Search values for a config's keys with Optuna, on the first folds alone, and score the best on the
/// folds held back
#[derive(Debug, Parser)]
pub struct Args {
    #[command(flatten)]
    config: cli::ConfigArgs,
    /// What each key may be, such as configs/search/lightgbm.toml
    #[arg(long, value_name = "FILE")]
    space: PathBuf,
    /// Trials that the study has in the end, whoever ran them
    #[arg(long, value_name = "N", default_value_t = 50)]
    trials: usize,
    /// Folder of the search; the same command goes on with the one that is there
    /// [default: checkpoints/<config's name>-search]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// What fits [default: the subcommand that the space's sections belong to]
    #[arg(long, value_name = "COMMAND")]
    fit_with: Option<FitCommand>,
    /// Folds that trials are chosen on, from the first; the others are held back
    /// [default: five of seven]
    #[arg(long, value_name = "N")]
    search_folds: Option<usize>,
    /// Trials of the best values that are scored on the folds held back
    #[arg(long, value_name = "N", default_value_t = 3)]
    best: usize,
    /// Trials at a time in this process; others may work on the same study anywhere
    #[arg(long, value_name = "N", default_value_t = 1)]
    workers: usize,
    /// URL of Optuna's storage, such as postgresql://host/optuna [default: SQLite in the folder]
    #[arg(long, value_name = "URL")]
    storage: Option<String>,
    /// Python with Optuna [default: QUARTERHOUR_PYTHON, else python3]
    #[arg(long, value_name = "FILE")]
    python: Option<PathBuf>,
    /// Seed of the sampler
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
}

/// Searches, and prints what was found; `keys` are all that a config may have, as `section.key`.
///
/// # Errors
/// A config or space that is refused, no Python with Optuna, trials that all fail, an interrupt.
pub fn run(args: &Args, keys: &[String]) -> anyhow::Result<()> {
    let space = Space::read(&args.space, keys)?;
    let search = search(args, &space)?;
    search.begin()?;
    if !search.run_trials()? {
        return Ok(());
    }
    let report = search.report()?;
    let text = match args.json {
        true => serde_json::to_string_pretty(&report)? + "\n",
        false => report_text(&report),
    };
    Ok(cli::print(&text)?)
}

fn search<'a>(args: &Args, space: &'a Space) -> anyhow::Result<Search<'a>> {
    let table = args.config.load()?;
    let config: Config = table.parse()?;
    config.validate().map_err(cli::usage)?;
    if !config.target.horizons.is_empty() {
        let error =
            anyhow!("found target.horizons, expected one horizon that trials are judged by");
        let hint = "--set target.horizons= --set target.horizon=1d for instance";
        return Err(cli::usage(error.hint(hint)));
    }
    let dataset = Dataset::load(&config)?;
    let fit_with = args.fit_with.or(space.command()).ok_or_else(|| {
        let error = anyhow!("the space's sections do not say what fits");
        cli::usage(error.hint("--fit-with train, baseline, ridge or volatility"))
    })?;
    let folds = dataset.plan.folds.len();
    let measure = match dataset.config.target.init(config.data.interval).task() {
        dataset::Task::LogVolatility => Measure::of(Quantity::LogVolatility),
        _ => Measure::of(Quantity::Return),
    };
    let search_folds = search_folds(args.search_folds, folds, measure)?;
    if args.trials == 0 || args.best == 0 || args.workers == 0 {
        let error = anyhow!("expected at least 1 of --trials, --best and --workers");
        return Err(cli::usage(error.hint("--trials 50 --best 3 --workers 2")));
    }
    let default = || PathBuf::from("checkpoints").join(args.config.name() + "-search");
    let python = || std::env::var_os(PYTHON).map_or_else(|| "python3".into(), PathBuf::from);
    Ok(Search {
        dir: args.dir.clone().unwrap_or_else(default),
        config: table.to_toml()?,
        space,
        command: fit_with,
        measure,
        folds: (1..=search_folds).collect(),
        held_back: (search_folds + 1..=folds).collect(),
        trials: args.trials,
        best: args.best,
        workers: args.workers,
        storage: args.storage.clone(),
        python: args.python.clone().unwrap_or_else(python),
        seed: args.seed,
        interrupted: cli::watch_for_interrupt("stopping; the same command goes on from here")?,
    })
}

/// How many folds trials are chosen on.
fn search_folds(asked: Option<usize>, folds: usize, measure: Measure) -> anyhow::Result<usize> {
    let least = measure.first_scored();
    let share =
        |folds: usize| ((folds * 5 + 3) / 7).clamp(least, folds.saturating_sub(1).max(least));
    let found = asked.unwrap_or_else(|| share(folds));
    if found < least || found >= folds {
        let error = anyhow!(
            "--search-folds {found}: expected {least} to {} of {folds} folds, so that one at least is held back",
            folds.saturating_sub(1)
        );
        return Err(cli::usage(error.hint("--set split.folds=7 has more folds")));
    }
    Ok(found)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn five_of_seven_folds_are_searched_and_one_at_least_is_held_back() {
        let share = |folds| search_folds(None, folds, Measure::IcADay).unwrap();
        assert_eq!([2, 3, 4, 7, 14].map(share), [1, 2, 3, 5, 10]);
        assert!(search_folds(None, 1, Measure::IcADay).is_err());
        assert!(search_folds(Some(7), 7, Measure::IcADay).is_err());
        // The first fold of volatilities corrects the second.
        assert_eq!(search_folds(None, 3, Measure::Qlike).unwrap(), 2);
        assert!(search_folds(None, 2, Measure::Qlike).is_err());
    }
}
