//! A run in a page of text, for whoever finds its files elsewhere.

use std::fmt::Write;

use dataset::{Config, RunDir, TableMetadata};

use crate::scored_run::ScoredRun;

/// The card's name in the run's folder.
pub const CARD_FILE: &str = "card.md";

/// Most coins that a card names.
const NAMED: usize = 30;

/// What a run is, what it was made from and how it scores, as Markdown.
pub(crate) fn card(run: &RunDir, forecaster: &str, config: &Config, scored: &ScoredRun) -> String {
    let report = &scored.report;
    let metadata = TableMetadata::new(config);
    let coins: Vec<&str> = (scored.rows.symbols.iter().take(NAMED))
        .map(String::as_str)
        .collect();
    let more = match scored.rows.symbols.len().checked_sub(NAMED) {
        Some(more @ 1..) => format!(" and {more} more"),
        _ => String::new(),
    };
    let unknown = || "-".to_owned();
    let mut text = format!(
        "# {}\n\nA run of Quarterhour {}: forecaster `{forecaster}`, target `{}` over {} in {}, bars of {}.\n\n\
         - Candles: {} of {} to {} UTC.\n- Coins: {}{more}.\n- Scored out of sample: {} forecasts in {} folds. Files of a model \
         without a fold in their name are the last fold's.\n",
        run.name(),
        env!("CARGO_PKG_VERSION"),
        metadata.target,
        config.target.horizon,
        metadata.unit,
        metadata.bar,
        config.data.market,
        config.data.from.clone().unwrap_or_else(unknown),
        config.data.until.clone().unwrap_or_else(unknown),
        coins.join(", "),
        report.rows,
        report.folds,
    );
    text += "\n| score | value | 95 % interval |\n|---|---|---|\n";
    if let Some(score) = report.forecasters.first() {
        for (metric, found) in score
            .metrics
            .iter()
            .filter(|(metric, _)| metric.interval.is_some())
        {
            let value = found
                .value
                .map_or_else(unknown, |value| format!("{value:+.4}"));
            let ends = found
                .interval
                .map_or_else(unknown, |[low, high]| format!("{low:+.4} to {high:+.4}"));
            // Writing to a String cannot fail.
            let _ = writeln!(text, "| {} | {value} | {ends} |", metric.title);
        }
    }
    text += "\n`run.toml` is the whole config and `report.html` the scores beside what knows nothing; read the intervals before \
             the values.\n";
    text
}
