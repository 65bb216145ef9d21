//! The sections on the data: how it flows, what candles there are, what they are like, what features are
//! made of them.

use dataset::{Config, DataConfig, FeatureSet, Source, TableMetadata};
use page::{Block, Grid, Section};

use super::reported_run::ReportedRun;
use crate::eda::{self, Figures};
use crate::words::{count, counted, names};

/// Features that are listed in the open.
const MOST_OPEN: usize = 20;

/// The way from candles to forecasts, with what each step has in this run.
pub(crate) fn data_flow(run: &ReportedRun) -> Section {
    let (config, report) = (&run.config, &run.first().report);
    let interval = config.data.interval;
    let features = config.chosen_features();
    let source = source(&config.data);
    let resampled = config
        .data
        .resample_from
        .map_or_else(String::new, |stored| {
            format!(", made of whole stored ones of {stored}")
        });
    let fitted = run.ensemble.as_ref().map_or_else(
        || "fitted on each fold's training rows alone".to_owned(),
        |ensemble| {
            format!(
                "of the members {}, weighed by `{}` on the folds before",
                names(&ensemble.members, ensemble.members.len()),
                ensemble.method
            )
        },
    );
    let steps = [
        format!("Candles: bars of {interval} from {source}{resampled}."),
        format!(
            "One UTC grid of rows by coins, joined by time; bars without a candle are filled for {} at most and flagged.",
            config.data.fill_limit
        ),
        format!(
            "Features: {} a coin of the set `{}`, each a function of the last {} bars, all closed by then.",
            counted(features.len(), "number"),
            config.features.set,
            features.warm_up_bars()
        ),
        format!(
            "Target: `{}` over {}, {} bars to the last price it uses.",
            TableMetadata::new(config).target,
            config.target.horizon,
            config.reach_bars()
        ),
        format!(
            "Folds: {} walk-forward folds; the {} bars that a target reaches, and an embargo of {}, are left out before every boundary.",
            report.folds,
            config.purge_bars(),
            config.split.embargo
        ),
        format!("Forecaster: `{}`, {fitted}.", run.kind()),
        format!(
            "Forecasts: {} rows of {} at {} times in `forecasts.parquet`, scored beside controls on the same rows.",
            count(report.rows),
            counted(report.coins, "coin"),
            count(report.times)
        ),
    ];
    Section::new("Data flow").list(steps)
}

/// Where candles come from.
fn source(data: &DataConfig) -> String {
    match data.source {
        Source::Simulated => "the simulated market".to_owned(),
        Source::Store => format!("the store `{}` ({})", data.dir.display(), data.market),
    }
}

/// What candles the run is of.
pub(crate) fn data(run: &ReportedRun, figures: Result<&Figures, &str>) -> Section {
    let config = &run.config;
    let unknown = || "the first candle".to_owned();
    let section = Section::new("Data");
    let section = match figures {
        Ok(figures) => section
            .text(eda::headline(figures))
            .text("The candles are read as they are stored now; a store that has grown or was corrected since the run says so here, and not in \
                   its scores."),
        Err(reason) => section.note(format!(
            "The candles cannot be read any more, so that nothing is said of them here: {reason}"
        )),
    };
    let mut facts = vec![
        ("Market", config.data.market.to_string()),
        ("Bars", config.data.interval.to_string()),
        ("From", config.data.from.clone().unwrap_or_else(unknown)),
        (
            "Until",
            config
                .data
                .until
                .clone()
                .unwrap_or_else(|| "the last candle".to_owned()),
        ),
        ("Coins", coin_list(config)),
        ("Filled for", config.data.fill_limit.to_string()),
        ("Jump ratio", config.data.jump_ratio.to_string()),
    ];
    for panel in &config.panels {
        facts.push(("Also learnt from", panel.name.clone()));
    }
    section.list(facts_list(facts))
}

/// Words with what they stand for, one line each.
pub(crate) fn facts_list(
    facts: impl IntoIterator<Item = (&'static str, String)>,
) -> impl Iterator<Item = String> {
    facts
        .into_iter()
        .map(|(word, text)| format!("{word}: {text}"))
}

fn coin_list(config: &Config) -> String {
    match config.universe.symbols.as_slice() {
        [] => "all of the store".to_owned(),
        symbols => format!("{}: {}", symbols.len(), names(symbols, 40)),
    }
}

/// The data report's sections as one.
pub(crate) fn exploration(figures: Result<&Figures, &str>) -> Section {
    let section = Section::new("Exploration of the data");
    let figures = match figures {
        Ok(figures) => figures,
        Err(reason) => {
            return section.text(format!(
                "Without candles there is nothing to show: {reason}"
            ));
        }
    };
    let section = section
        .text(
            "This describes the whole span, scored folds included, for the reader. No forecaster has seen it: statistics that are used for \
             training are fitted on the training rows of each fold.",
        )
        .chart(eda::prices(figures));
    let section = eda::sections(figures)
        .into_iter()
        .fold(section, |section, part| {
            section.heading(part.heading).blocks(part.blocks)
        });
    section
        .heading("How these figures are made")
        .list(eda::methods(figures))
}

/// The features with their formulas, and how they are normalized.
pub(crate) fn features(run: &ReportedRun) -> Section {
    let config = &run.config;
    let features = config.chosen_features();
    let set: FeatureSet = config.features.set;
    let formulas = set.formulas().features();
    let formula = |name: &str| {
        let own = formulas.iter().find(|feature| feature.name == name);
        own.map_or_else(String::new, |feature| feature.formula.to_owned())
    };
    let names = features.names();
    let is_described = names.iter().any(|name| !formula(name).is_empty());
    let grid = |names: &[&str]| {
        let mut grid = Grid::new(
            "feature",
            if is_described {
                vec!["at time t"]
            } else {
                Vec::new()
            },
        );
        for name in names {
            grid.row(*name, is_described.then(|| formula(name)));
        }
        grid
    };
    let open = &names[..names.len().min(MOST_OPEN)];
    let further = &names[open.len()..];
    let mut section = Section::new("Features").text(format!(
        "The set `{set}`{}: {} a coin. A forecast needs the last {} bars, its own among them.",
        match features.names().len() {
            0 => " has none of its own",
            _ => "",
        },
        counted(names.len(), "feature"),
        config.history_bars(),
    ));
    if !is_described && !names.is_empty() {
        section = section.text(
            "The book's reference of features has the formulas of this set, which come in groups.",
        );
    }
    section = section.table(grid(open));
    if !further.is_empty() {
        let summary = format!("the other {}", count(further.len()));
        section = section.folded(summary, false, vec![Block::Table(grid(further))]);
    }
    let settings = own_settings(run, &["features.", "normalize."]);
    section.heading("Settings").code(settings)
}

/// The keys that begin with one of these texts, as lines of a config.
pub(crate) fn own_settings(run: &ReportedRun, beginnings: &[&str]) -> String {
    let is_own = |key: &str| {
        beginnings
            .iter()
            .any(|beginning| key.starts_with(beginning))
    };
    let lines = run.settings.iter().filter(|(key, _)| is_own(key));
    let lines: Vec<String> = lines
        .map(|(key, value)| format!("{key} = {value}"))
        .collect();
    lines.join("\n")
}
