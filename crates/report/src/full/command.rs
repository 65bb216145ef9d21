//! `quarterhour report`.

use std::path::PathBuf;

use anyhow::Context;
use dataset::{RunDir, check_named_output};
use page::parts_html;
use storage::write_atomically;

use super::document::document;
use super::reported_run::ReportedRun;
use crate::eda::Figures;
use crate::pdf::PdfArgs;

/// Arguments of `quarterhour report`.
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// Run: a folder with run.toml and forecasts.parquet, or a registered model such as
    /// spot20@production
    #[arg(value_name = "RUN", value_parser = registry::run_folder)]
    run: PathBuf,
    /// The final report: data, features, method, scores, explanation, backtest, deployment, limits,
    /// every setting; without it the run's report.html anew
    #[arg(long)]
    full: bool,
    /// The HTML file; without it report.html in the run's folder, or with --full full-report.html
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    pdf: PdfArgs,
}

/// Scores a run, writes its report and says where it is.
///
/// # Errors
/// A folder that is no run, a file that cannot be written, no browser for a PDF.
pub(crate) fn run(args: &ReportArgs) -> anyhow::Result<()> {
    let browser = args.pdf.browser()?;
    let dir = RunDir::new(args.run.clone());
    let usual = match args.full {
        true => dir.path().join("full-report.html"),
        false => dir.report(),
    };
    let page = args.out.clone().unwrap_or(usual);
    check_named_output(&page, "html")?;
    let run = ReportedRun::read(&args.run)?;
    let text = match args.full {
        true => {
            let figures = Figures::of(&run.config).map_err(|error| format!("{error:#}"));
            if let Err(reason) = &figures {
                cli::warn(format!("the report has nothing of the candles: {reason}"));
            }
            document(&run, figures.as_ref().map_err(String::as_str)).html()
        }
        false => parts_html(&run.pages()),
    };
    write_atomically(&page, text.as_bytes())
        .with_context(|| format!("cannot write the report to {}", page.display()))?;
    cli::print(&super::summary::verdict(&run))?;
    cli::note(format!("the report is in {}", page.display()));
    match browser {
        Some(browser) => browser.print(&page),
        None => Ok(()),
    }
}
