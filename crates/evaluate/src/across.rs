//! `quarterhour across`: the same forecasters on several panels.

use std::path::PathBuf;

use anyhow::anyhow;
use cli::WithHint;
use dataset::TimeSpan;
use page::across_table;
use score::{ForecastColumn, Options, PanelForecasts, Rows, across, controls};

use crate::part::PartArgs;
use crate::runs::Runs;

/// Arguments of `quarterhour across`.
#[derive(Debug, clap::Args)]
pub struct AcrossArgs {
    /// A panel's name and its runs, the one that is compared with the others first; once for each
    /// panel, the runs in one order
    #[arg(long = "panel", value_name = "NAME=RUN,RUN...", required = true)]
    panels: Vec<String>,
    /// Horizon to score, such as 1h, where the runs have several
    #[arg(long, value_name = "TIME")]
    horizon: Option<TimeSpan>,
    /// Folds to score, such as 1-5 or 1-5,7; without it all of them
    #[arg(long, value_name = "FOLDS")]
    folds: Option<String>,
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
    /// Bootstrap draws on each panel, at least 2000
    #[arg(long, default_value_t = Options::default().draws)]
    draws: usize,
    /// Seed of the first panel's bootstrap and orders of days; the next panel has the one after it
    #[arg(long, default_value_t = Options::default().seed)]
    seed: u64,
}

/// What the runs of one panel share.
struct PanelRuns {
    name: String,
    rows: Rows,
    forecasters: Vec<ForecastColumn>,
    /// How far the target reaches, in milliseconds.
    reach_ms: i64,
}

/// Reads, scores and prints.
///
/// # Errors
/// Panels that are not named as expected, runs that cannot be read, other forecasters or another
/// reach on some panel.
pub fn run(args: &AcrossArgs) -> anyhow::Result<()> {
    let options = Options {
        draws: args.draws,
        seed: args.seed,
        ..Options::default()
    };
    options.validate().map_err(cli::usage)?;
    let folds = args.folds.as_deref().map_or(Ok(Vec::new()), cli::folds)?;
    let named = named_panels(&args.panels)?;
    let wanted = PartArgs {
        horizon: args.horizon,
        panel: None,
    };
    let joined: Vec<PanelRuns> = named
        .into_iter()
        .map(|(name, runs)| PanelRuns::read(name, &runs, &folds, &wanted))
        .collect::<Result<_, _>>()?;
    same_reach(&joined)?;
    let panels: Vec<PanelForecasts<'_>> = joined
        .iter()
        .map(|panel| PanelForecasts {
            name: &panel.name,
            rows: &panel.rows,
            forecasters: &panel.forecasters,
        })
        .collect();
    let found = across(&panels, &options).map_err(|error| match error {
        score::Error::OtherForecasters { .. } => cli::usage(error),
        error => error.into(),
    })?;
    let text = if args.json {
        serde_json::to_string_pretty(&found)? + "\n"
    } else {
        across_table(&found)
    };
    Ok(cli::print(&text)?)
}

/// Names and runs of `NAME=RUN,RUN...`.
fn named_panels(panels: &[String]) -> anyhow::Result<Vec<(String, Vec<PathBuf>)>> {
    let mut named: Vec<(String, Vec<PathBuf>)> = Vec::new();
    for text in panels {
        let parts = text
            .split_once('=')
            .map(|(name, runs)| (name.trim(), runs.split(',').map(str::trim)));
        let whole = parts
            .filter(|(name, runs)| !name.is_empty() && runs.clone().all(|run| !run.is_empty()));
        let Some((name, runs)) = whole else {
            return Err(cli::usage(
                anyhow!("`--panel {text}`: expected a name and its runs, NAME=RUN,RUN")
                    .hint("`--panel 2021=checkpoints/panel20,checkpoints/panel20-lightgbm`"),
            ));
        };
        if name == "all" || named.iter().any(|(other, _)| other == name) {
            return Err(cli::usage(
                anyhow!(
                    "`--panel {text}`: found the name {name} again, expected one of its own \
                     for each panel"
                )
                .hint("`all` is the mean over panels"),
            ));
        }
        let runs = runs.map(registry::run_folder).collect::<Result<_, _>>()?;
        named.push((name.to_owned(), runs));
    }
    Ok(named)
}

impl PanelRuns {
    fn read(
        name: String,
        runs: &[PathBuf],
        folds: &[usize],
        wanted: &PartArgs,
    ) -> anyhow::Result<Self> {
        let runs = Runs::read(runs, folds, wanted)?;
        let joined = runs.join(runs.only_part()?)?;
        let mut forecasters = joined.forecasters;
        forecasters.extend(controls(&joined.rows));
        let reach_ms = joined.rows.bar_ms * joined.rows.reach_bars as i64;
        Ok(Self {
            name,
            rows: joined.rows,
            forecasters,
            reach_ms,
        })
    }
}

/// Bars may differ, as returns over 15 minutes are what they are from bars of one minute and of five.
fn same_reach(panels: &[PanelRuns]) -> anyhow::Result<()> {
    let Some(first) = panels.first() else {
        return Ok(());
    };
    match panels.iter().find(|panel| panel.reach_ms != first.reach_ms) {
        None => Ok(()),
        Some(other) => Err(anyhow!(
            "panel {} is forecast {} ahead, panel {} {}; expected one reach",
            other.name,
            TimeSpan::minutes(other.reach_ms / 60_000),
            first.name,
            TimeSpan::minutes(first.reach_ms / 60_000),
        )
        .hint("a mean over panels is of one [target] section")),
    }
}
