//! The final report of a run: everything that whoever takes it over must know, from its own files.

use page::{Block, Document, RunPart, Section};

use super::appendix::{environment, files, hyperparameters};
use super::data::{data, data_flow, exploration, features};
use super::deployment::{deployment, limits, next_steps};
use super::method::{backtest, explanation, method};
use super::reported_run::ReportedRun;
use super::summary::summary;
use crate::eda::Figures;

/// The whole report; `figures` are of the run's candles, or why they cannot be read.
pub(crate) fn document(run: &ReportedRun, figures: Result<&Figures, &str>) -> Document {
    Document::new(format!("Report of {}", run.name))
        .openings(summary(run))
        .section(data_flow(run))
        .section(data(run, figures))
        .section(exploration(figures))
        .section(features(run))
        .section(method(run))
        .sections(scores(run))
        .section(explanation(run))
        .section(backtest(run))
        .section(deployment(run))
        .section(limits(run))
        .section(next_steps(run))
        .section(environment(run))
        .section(hyperparameters(run))
        .section(files(run))
}

/// All sections of `report.html`, of every horizon and panel.
fn scores(run: &ReportedRun) -> Vec<Section> {
    let pages = run.pages();
    let mut sections: Vec<Section> = pages.iter().flat_map(RunPart::sections).collect();
    if let Some(first) = sections.first_mut() {
        let words = "All forecasters are scored on the same rows, controls that know the past alone among them. From here to \
                     \"What the words mean\" the sections are those of `report.html`.";
        first.blocks.insert(0, Block::Text(words.to_owned()));
    }
    sections
}
