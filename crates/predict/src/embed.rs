//! `embed`: what a network's encoder makes of each window, as Parquet files.

use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Parser;
use cli::WithHint;
use dataset::{Panel, Source, format_time, months, parse_time};
use model::DeviceChoice;
use run::{Embeddings, TrainingSpan};
use storage::{ColumnValues, RowGroup, write_parquet};

use crate::checkpoint::Request;
use crate::forecast::panel;
use crate::kinds::kinds;
use crate::{CandleSource, Checkpoint, Fallback, History};

/// Rows whose windows are encoded at once, at least; or so many histories, where those are longer.
const ROWS_AT_ONCE: usize = 4096;
const HISTORIES_AT_ONCE: usize = 4;

/// Write what a network's encoder makes of each window as Parquet, for models made elsewhere
#[derive(Debug, Parser)]
pub struct EmbedArgs {
    /// Run of a network, such as checkpoints/panel20
    #[arg(value_name = "RUN", value_parser = registry::run_folder)]
    run: PathBuf,
    /// Encode with this fold's network [default: the run's own, which is the last fold's]
    #[arg(long, value_name = "K")]
    fold: Option<usize>,
    #[command(flatten)]
    span: cli::SpanArgs,
    /// binance: the last closed bar alone [default: the candles that the run's config names]
    #[arg(long)]
    source: Option<CandleSource>,
    /// Another address of the exchange's REST interface
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Folder of the files [default: RUN/embeddings]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// auto, gpu, cpu, wgpu, flex or ndarray
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
    /// Overrides a key of [data] or [universe] (may be repeated)
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl EmbedArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// A run without a network, candles that are not there, what the system says.
    pub fn run(&self) -> anyhow::Result<()> {
        let request = Request {
            fallback: Fallback::Refuse,
            run: &self.run,
            registered: None,
            fold: self.fold,
            at_ms: None,
            overrides: &self.set,
            device: self.device,
        };
        let checkpoint = request.load()?;
        let seen = kinds(self.device).seen(&self.run, (self.fold, None))?;
        let (panel, rows) = self.panel(&checkpoint)?;
        let dir = (self.out.clone()).unwrap_or_else(|| self.run.join("embeddings"));
        let mut vectors = 0;
        for (month, rows) in months(&panel, rows) {
            let path = dir.join(format!("embeddings-{month}.parquet"));
            let table = EmbeddingTable::new(&checkpoint, &panel, rows, seen)?;
            vectors += table.times.len();
            if !table.times.is_empty() {
                table.write(&path, &panel)?;
                cli::note(format!("{}: written", path.display()));
            }
        }
        if vectors == 0 {
            return Err(anyhow!("no window of that span can be forecast from")
                .hint("`quarterhour audit` shows the holes of the candles"));
        }
        Ok(cli::print(&format!(
            "{vectors} vectors in {}\n",
            dir.display()
        ))?)
    }

    /// The candles, and the rows whose windows are encoded.
    fn panel(&self, checkpoint: &Checkpoint) -> anyhow::Result<(Panel, Range<usize>)> {
        let config = &checkpoint.config;
        let of_run = match config.data.source {
            Source::Store => CandleSource::Store,
            Source::Simulated => CandleSource::Simulated,
        };
        match self.source.unwrap_or(of_run) {
            CandleSource::Binance => {
                let url = self.base_url.as_deref();
                let history = History::read(CandleSource::Binance, checkpoint, None, url)?;
                let panel = panel(checkpoint, &history)?;
                let last = panel.rows() - 1;
                Ok((panel, last..last + 1))
            }
            CandleSource::Store | CandleSource::Simulated => {
                let panel = Panel::of_config(config)?;
                let (from_ms, until_ms) = self.span.ms(parse_time)?;
                let rows = panel.rows_between(from_ms, until_ms)?;
                // A window is a function of so many rows.
                let first = checkpoint.history_bars() - 1;
                let rows = rows.start.max(first)..rows.end.max(first);
                Ok((panel, rows))
            }
        }
    }
}

/// The vectors of some rows, one entry of each column a vector.
struct EmbeddingTable {
    times: Vec<i64>,
    /// Place of the coin; the number of coins for a vector of all.
    coins: Vec<u32>,
    /// Number of the network, from 1.
    seeds: Vec<u32>,
    /// 1 where the network has seen the time.
    in_sample: Vec<u32>,
    /// `[width][vectors]`
    columns: Vec<Vec<f32>>,
}

impl EmbeddingTable {
    fn new(
        checkpoint: &Checkpoint,
        panel: &Panel,
        rows: Range<usize>,
        seen: TrainingSpan,
    ) -> anyhow::Result<Self> {
        let mut table = Self {
            times: Vec::new(),
            coins: Vec::new(),
            seeds: Vec::new(),
            in_sample: Vec::new(),
            columns: Vec::new(),
        };
        let history = checkpoint.history_bars();
        let at_once = ROWS_AT_ONCE.max(HISTORIES_AT_ONCE * history);
        for start in rows.clone().step_by(at_once) {
            let chunk = start..rows.end.min(start + at_once);
            let first = (start + 1).saturating_sub(history);
            let stretch = panel.stretch(first..chunk.end);
            let places: Vec<usize> = chunk.map(|row| row - first).collect();
            let Some(found) = checkpoint.forecaster.embed(&stretch, &places)? else {
                return Err(anyhow!("the run's forecaster is no network, expected one")
                    .hint("`quarterhour train` trains a network"));
            };
            table.push(&stretch, &places, &found, seen);
        }
        Ok(table)
    }

    fn push(&mut self, panel: &Panel, rows: &[usize], found: &Embeddings, seen: TrainingSpan) {
        let coins = panel.coins();
        self.columns.resize(found.width, Vec::new());
        for (place, &row) in rows.iter().enumerate() {
            let known = &found.is_known[place * coins..(place + 1) * coins];
            let vectors: Vec<usize> = match found.has_coins {
                true => (0..coins).filter(|&coin| known[coin]).collect(),
                false => known.contains(&true).then_some(0).into_iter().collect(),
            };
            let per_row = if found.has_coins { coins } else { 1 };
            let time_ms = panel.time_ms(row);
            for (values, seed) in found.networks.iter().zip(1..) {
                for &vector in &vectors {
                    let start = (place * per_row + vector) * found.width;
                    let values = &values[start..start + found.width];
                    self.times.push(time_ms);
                    self.coins
                        .push(if found.has_coins { vector } else { coins } as u32);
                    self.seeds.push(seed);
                    self.in_sample.push(u32::from(!seen.is_before(time_ms)));
                    for (column, value) in self.columns.iter_mut().zip(values) {
                        column.push(*value);
                    }
                }
            }
        }
    }

    fn write(&self, path: &Path, panel: &Panel) -> anyhow::Result<()> {
        if let Some(dir) = path.parent() {
            std::fs::create_dir_all(dir)?;
        }
        let symbols = panel.symbols().iter().map(|symbol| symbol.as_str());
        let symbols: Vec<&str> = symbols.chain(["all"]).collect();
        let names: Vec<String> = (0..self.columns.len())
            .map(|place| format!("embedding_{place}"))
            .collect();
        let mut group: RowGroup<'_> = vec![
            ("time", ColumnValues::Times(&self.times)),
            ("symbol", ColumnValues::Texts(symbols, &self.coins)),
            ("seed", ColumnValues::Counts(&self.seeds)),
            ("in_sample", ColumnValues::Counts(&self.in_sample)),
        ];
        let columns = names.iter().zip(&self.columns);
        group.extend(columns.map(|(name, values)| (name.as_str(), ColumnValues::Singles(values))));
        let metadata = format!(
            "{{\"from\": \"{}\", \"until\": \"{}\"}}",
            format_time(self.times[0]),
            format_time(self.times[self.times.len() - 1])
        );
        let metadata = Some(("quarterhour.embeddings", metadata));
        Ok(write_parquet(path, std::iter::once(group), metadata)?)
    }
}
