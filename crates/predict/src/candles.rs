//! The candles that a forecast needs, from the store, the exchange or the simulated market.

use anyhow::Context;
use cli::WithHint;
use dataset::{CandleReader, Column, Config, Source, SymbolEvents};
use market::{Symbol, simulate};

use crate::Checkpoint;
use crate::history::{History, MissingCoin, first_ms};
use crate::live::{earlier_candles, from_exchange};

/// Where candles come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum CandleSource {
    /// The candle store in `data.dir`.
    Store,
    /// Binance's REST interface.
    Binance,
    /// The simulated market of the run.
    Simulated,
}

impl History {
    /// The last closed candles, or those up to the one that opens at `at_ms`.
    ///
    /// # Errors
    /// No candles, an exchange that does not answer.
    pub fn read(
        source: CandleSource,
        checkpoint: &Checkpoint,
        at_ms: Option<i64>,
        base_url: Option<&str>,
    ) -> anyhow::Result<Self> {
        Ok(Self::read_what_is_there(source, checkpoint, at_ms, base_url)?.0)
    }

    /// As [`History::read`], with the coins whose last candle is not to be had, and why; only an
    /// exchange has such.
    ///
    /// # Errors
    /// As [`History::read`]; one coin's fault is no error while others have their candle.
    pub fn read_what_is_there(
        source: CandleSource,
        checkpoint: &Checkpoint,
        at_ms: Option<i64>,
        base_url: Option<&str>,
    ) -> anyhow::Result<(Self, Vec<MissingCoin>)> {
        let (config, bars) = (&checkpoint.config, checkpoint.history_bars());
        match source {
            CandleSource::Store => Ok((
                from_store(config, &checkpoint.columns(), bars, at_ms)?,
                Vec::new(),
            )),
            CandleSource::Binance => {
                let (mut history, missing) = from_exchange(config, bars, at_ms, base_url)?;
                join_names(&mut history, config, bars, base_url)?;
                Ok((history, missing))
            }
            CandleSource::Simulated => Ok((from_simulation(config, bars, at_ms)?, Vec::new())),
        }
    }
}

/// Puts the candles that the exchange serves under a coin's earlier names before those of its own, and all
/// into its first unit, as the store's reader does.
fn join_names(
    history: &mut History,
    config: &Config,
    bars: usize,
    base_url: Option<&str>,
) -> anyhow::Result<()> {
    let events = SymbolEvents::of(&config.data)?;
    let from_ms = first_ms(config, bars, history.at_ms);
    let symbols = history.coins.iter().map(|(symbol, _)| symbol);
    let earlier: Vec<(Symbol, i64)> = symbols
        .flat_map(|symbol| events.earlier_names(symbol))
        .filter(|(_, until_ms)| from_ms < *until_ms)
        .map(|(name, until_ms)| (name.clone(), until_ms))
        .collect();
    let earlier = earlier_candles(config, &earlier, (from_ms, history.at_ms), base_url)?;
    for (symbol, candles) in &mut history.coins {
        let (symbol, own) = (&*symbol, std::mem::take(candles));
        let of_name = |name: &Symbol| match name == symbol {
            true => Ok::<_, anyhow::Error>(own.clone()),
            false => Ok(earlier.get(name).cloned().unwrap_or_default()),
        };
        *candles = events.joined(symbol, &of_name)?;
    }
    Ok(())
}

fn from_store(
    config: &Config,
    columns: &[Column],
    bars: usize,
    at_ms: Option<i64>,
) -> anyhow::Result<History> {
    let reader = CandleReader::new(&config.data)?;
    let symbols = &config.universe.symbols;
    let at_ms = match at_ms {
        Some(at_ms) => at_ms,
        None => {
            let mut last = None;
            for symbol in symbols {
                last = last.max(reader.last_ms(symbol)?);
            }
            last.context("the store has no candles of any coin of the run")
                .hint("`quarterhour download` brings them; --source binance asks the exchange")?
        }
    };
    let until_ms = at_ms + config.data.interval.ms();
    let read = |symbol: &Symbol| {
        let candles = reader.read(symbol, columns, first_ms(config, bars, at_ms), until_ms)?;
        Ok((symbol.clone(), candles))
    };
    Ok(History {
        at_ms,
        coins: symbols.iter().map(read).collect::<anyhow::Result<_>>()?,
    })
}

fn from_simulation(config: &Config, bars: usize, at_ms: Option<i64>) -> anyhow::Result<History> {
    let market = simulate(&config.data.simulated, config.data.interval)?;
    let last = market
        .coins
        .iter()
        .filter_map(|coin| coin.candles.last())
        .map(|candle| candle.open_time_ms)
        .max();
    let at_ms = at_ms
        .or(last)
        .context("the simulated market has no candles")?;
    let first_ms = first_ms(config, bars, at_ms);
    let coins = config
        .universe
        .symbols
        .iter()
        .map(|symbol| {
            let candles = market
                .coins
                .iter()
                .filter(|coin| coin.symbol == *symbol)
                .flat_map(|coin| &coin.candles);
            let used = candles.filter(|candle| (first_ms..=at_ms).contains(&candle.open_time_ms));
            (symbol.clone(), used.copied().collect())
        })
        .collect();
    Ok(History { at_ms, coins })
}

impl CandleSource {
    /// Without being told: a simulated run's own market, the store for past minutes, else the
    /// exchange.
    pub fn default_for(config: &Config, at_ms: Option<i64>) -> Self {
        match (config.data.source, at_ms) {
            (Source::Simulated, _) => Self::Simulated,
            (Source::Store, Some(_)) => Self::Store,
            (Source::Store, None) => Self::Binance,
        }
    }
}
