//! The final report of a run: everything that whoever takes it over must know, from its own files.

use page::{Document, Section};

use super::appendix::{environment, files, hyperparameters};
use super::data::{data, data_flow, exploration, features};
use super::deployment::{deployment, limits, next_steps};
use super::method::{backtest, explanation, method};
use super::reported_run::{ReportedRun, ScoredPart};
use super::summary::summary;
use crate::eda::Figures;

/// The whole report; `figures` are of the run's candles, or why they cannot be read.
pub(crate) fn document(run: &ReportedRun, figures: Result<&Figures, &str>) -> Document {
    let opening = summary(run);
    let document = opening.into_iter().fold(
        Document::new(format!("Report of {}", run.name)),
        Document::opening,
    );
    document
        .section(data_flow(run))
        .section(data(run, figures))
        .section(exploration(figures))
        .section(features(run))
        .section(method(run))
        .section(scores(run))
        .section(explanation(run))
        .section(backtest(run))
        .section(deployment(run))
        .section(limits(run))
        .section(next_steps(run))
        .section(environment(run))
        .section(hyperparameters(run))
        .section(files(run))
}

/// The scores of every horizon and panel beside the controls; `report.html` has them as pictures.
fn scores(run: &ReportedRun) -> Section {
    let of_part = |section: Section, part: &ScoredPart| {
        let section = match part.title.as_str() {
            "" => section,
            title => section.heading(title),
        };
        section.code(page::score_table(&part.scored.report).trim_end())
    };
    let section = Section::new("Scores").text(format!(
        "All forecasters are scored on the same rows, controls that know the past alone among them. Pictures of them are in `report.html`, which \
         `quarterhour report {}` writes.",
        run.path.display()
    ));
    run.parts.iter().fold(section, of_part)
}
