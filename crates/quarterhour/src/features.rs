//! `features`: the features of a span as Parquet files.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Parser;
use cli::WithHint;
use dataset::{Config, Panel, export_features, format_time, parse_time};

/// Write the features of all coins as Parquet, one file a month, for models made elsewhere
#[derive(Debug, Parser)]
pub struct FeaturesArgs {
    #[command(flatten)]
    config: cli::ConfigArgs,
    /// Folder of the files [default: `data.dir`/features/<config's name>]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Open time of the first bar (UTC) [default: the first candle]
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Open time of the first bar that is left out (UTC) [default: after the last candle]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
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
        let rows = self.first_row("--from", self.from.as_deref(), &panel, 0)?
            ..self.first_row("--until", self.until.as_deref(), &panel, panel.rows())?;
        if rows.is_empty() {
            return Err(cli::usage(
                anyhow!("no bar from --from until --until, expected one at least").hint(format!(
                    "the candles are of {} to {}",
                    format_time(panel.time_ms(0)),
                    format_time(panel.time_ms(panel.rows()))
                )),
            ));
        }
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

    /// The first row of the panel at or after a time; `default` without one.
    fn first_row(
        &self,
        flag: &str,
        time: Option<&str>,
        panel: &Panel,
        default: usize,
    ) -> anyhow::Result<usize> {
        let Some(text) = time else {
            return Ok(default);
        };
        let time_ms = parse_time(text).map_err(|error| {
            cli::usage(anyhow!("{flag}: {error}").hint(format!("{flag} 2024-05-01 for instance")))
        })?;
        let bars = (time_ms - panel.time_ms(0)).max(0) as u64;
        let row = bars.div_ceil(panel.interval().ms() as u64);
        Ok(usize::try_from(row).unwrap_or(usize::MAX).min(panel.rows()))
    }
}
