//! `features`: the features of a span as Parquet files.

use std::path::PathBuf;

use clap::Parser;
use dataset::{Config, Panel, export_features, parse_time};

/// Write the features of all coins as Parquet, one file a month, for models made elsewhere
#[derive(Debug, Parser)]
pub struct FeaturesArgs {
    #[command(flatten)]
    config: cli::ConfigArgs,
    /// Folder of the files; without it `features/` and the config's name, in `data.dir`
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    span: cli::SpanArgs,
    /// Write files again that are there and were made of the same candles
    #[arg(long)]
    recompute: bool,
}

impl FeaturesArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// A config or span that is refused, missing candles, what the system says.
    pub fn run(&self) -> anyhow::Result<()> {
        let config: Config = self.config.load()?.parse()?;
        config.validate().map_err(cli::usage)?;
        let panel = Panel::of_config(&config)?;
        let (from_ms, until_ms) = self.span.ms(parse_time)?;
        let rows = panel.rows_between(from_ms, until_ms)?;
        let default = || config.data.dir.join("features").join(self.config.name());
        let dir = self.out.clone().unwrap_or_else(default);
        let features = config.chosen_features();
        let source = (&panel, &features);
        let exported = export_features(source, rows, &dir, self.recompute, |file, is_written| {
            let what = if is_written { "written" } else { "was there" };
            cli::note(format!("{}: {what}", file.display()));
        })?;
        cli::print(&format!(
            "{} features of {} coins in {} files in {}, {} of them written now\n",
            features.len(),
            panel.coins(),
            exported.files.len(),
            dir.display(),
            exported.written
        ))?;
        Ok(())
    }
}
