//! `quarterhour eda`.

use std::path::PathBuf;

use anyhow::Context;
use dataset::{Config, check_named_output};
use storage::write_atomically;

use super::document::document;
use super::figures::Figures;
use super::text::text;
use crate::pdf::PdfArgs;

/// Arguments of `quarterhour eda`.
#[derive(Debug, clap::Args)]
pub struct EdaArgs {
    #[command(flatten)]
    config: cli::ConfigArgs,
    /// Folder of eda.html (and eda.pdf); without it `eda/` and the config's name, in `data.dir`
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    pdf: PdfArgs,
    /// Print all figures as one JSON object instead of the summary
    #[arg(long)]
    json: bool,
}

/// Describes the candles of a config, writes the page and prints.
///
/// # Errors
/// A config that is refused, no candles, a file that cannot be written, no browser for a PDF.
pub(crate) fn run(args: &EdaArgs) -> anyhow::Result<()> {
    let config: Config = args.config.load()?.parse()?;
    let browser = args.pdf.browser()?;
    let default = || config.data.dir.join("eda").join(args.config.name());
    let page = args.out.clone().unwrap_or_else(default).join("eda.html");
    check_named_output(&page, "html")?;
    let figures = Figures::of(&config)?;
    let command = format!("quarterhour {}", cli::arguments());
    let document = document(&figures, &command).html();
    write_atomically(&page, document.as_bytes())
        .with_context(|| format!("cannot write the report to {}", page.display()))?;
    let text = match args.json {
        true => serde_json::to_string_pretty(&figures)? + "\n",
        false => text(&figures),
    };
    cli::print(&text)?;
    cli::note(format!("the pictures are in {}", page.display()));
    match browser {
        Some(browser) => browser.print(&page),
        None => Ok(()),
    }
}
