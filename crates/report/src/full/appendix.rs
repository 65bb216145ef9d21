//! The appendix: what the run was made with, every key of its config, its files.

use page::{Block, Grid, Section};

use super::data::{facts_list, own_settings};
use super::reported_run::ReportedRun;
use crate::words::{UNKNOWN, count};

/// Files that are listed.
const MOST_FILES: usize = 200;

/// Where this report was made, and by what.
pub(crate) fn environment(run: &ReportedRun) -> Section {
    let made_by = match run.run.version.as_str() {
        "" => UNKNOWN.to_owned(),
        version => version.to_owned(),
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let words = [
        ("Run begun with", format!("Quarterhour {made_by}")),
        (
            "Report made with",
            format!("Quarterhour {}", env!("CARGO_PKG_VERSION")),
        ),
        (
            "System",
            format!(
                "{} on {}, {cores} cores",
                std::env::consts::OS,
                std::env::consts::ARCH
            ),
        ),
        ("Folder", run.path.display().to_string()),
        (
            "Report's command",
            format!("quarterhour {}", cli::arguments()),
        ),
    ];
    Section::new("Appendix: environment").list(facts_list(words))
}

/// Every key of the run's config, defaults among them.
pub(crate) fn hyperparameters(run: &ReportedRun) -> Section {
    Section::new("Appendix: every setting")
        .text(format!(
            "`run.toml` has all {} of them, those that were left out of the config file with their defaults.",
            count(run.settings.len())
        ))
        .code(own_settings(run, &[""]))
}

/// The run's files.
pub(crate) fn files(run: &ReportedRun) -> Section {
    let total: u64 = run.files.iter().map(|(_, bytes)| bytes).sum();
    let mut grid = Grid::new("file", ["kB"]);
    for (name, bytes) in run.files.iter().take(MOST_FILES) {
        grid.row(name.as_str(), [format!("{:.1}", *bytes as f64 / 1000.0)]);
    }
    let further = run.files.len().saturating_sub(MOST_FILES);
    let more = match further {
        0 => String::new(),
        further => format!(
            " The first {MOST_FILES} are listed, {} more are not.",
            count(further)
        ),
    };
    Section::new("Appendix: files")
        .text(format!(
            "{} files of {:.1} MB together.{more}",
            count(run.files.len()),
            total as f64 / 1e6
        ))
        .folded("the files", false, vec![Block::Table(grid)])
}
