//! Forecasts for callers inside this program: those that `predict` prints, and those of candles that
//! the caller has.

use std::collections::BTreeSet;

use anyhow::anyhow;
use cli::WithHint;
use dataset::{CandleTable, format_time};
use market::Symbol;

use crate::answer::{Answer, answer};
use crate::history::first_ms;
use crate::seen::out_of_sample;
use crate::watch::WatchArgs;
use crate::{Args, Checkpoint, Forecasts, History, forecast_at};

/// Most times that candles of a caller's are forecast at: some seconds of work.
const MOST_TIMES: usize = 1000;

impl Args {
    /// What the arguments ask for: the forecasts that the command prints.
    ///
    /// # Errors
    /// As the command; coins that are all refused are no error here.
    pub fn answer(&self) -> anyhow::Result<Answer> {
        answer(self)
    }

    /// Forecasts at the last `times` open times of the caller's candles, oldest first, each made as
    /// [`Args::answer`] makes one. Model and fallback are those of the arguments. One model forecasts
    /// all: the latest that had not seen the first of the times.
    ///
    /// # Errors
    /// Coins that the model does not know, candles without a column that it needs, times that it has
    /// seen, more than 1000 times.
    pub fn answer_of(
        &self,
        coins: &[(Symbol, CandleTable)],
        times: usize,
    ) -> anyhow::Result<Vec<Forecasts>> {
        if !(1..=MOST_TIMES).contains(&times) {
            return Err(cli::usage(anyhow!(
                "{times} times are asked for, expected 1 to {MOST_TIMES}"
            )));
        }
        let (overrides, _) = WatchArgs::split(&self.model.set);
        let request = self.model.request(None, &overrides)?;
        let checkpoint = request.load()?;
        check_symbols(&checkpoint, coins)?;
        let open_times: BTreeSet<i64> =
            (coins.iter().flat_map(|(_, candles)| &candles.open_time_ms))
                .copied()
                .collect();
        let last: Vec<i64> = open_times.into_iter().rev().take(times).collect();
        let Some(&first) = last.last() else {
            return Err(cli::usage(anyhow!("there are no candles, expected some")));
        };
        let checkpoint = out_of_sample(checkpoint, &request, first, self.model.in_sample())?;
        let used = spanned(&checkpoint, coins, first..=i64::MAX);
        (last.into_iter().rev())
            .map(|at_ms| {
                let history = History {
                    at_ms,
                    coins: spanned(&checkpoint, &used, at_ms..=at_ms),
                };
                checkpoint.check_columns(&history)?;
                let mut forecasts = forecast_at(&checkpoint, &history)?;
                say_what_is_short(&checkpoint, &history, &mut forecasts);
                Ok(forecasts)
            })
            .collect()
    }
}

impl Checkpoint {
    /// Returns true when its forecasts have prediction intervals, or say more of a volatility: what a
    /// ledger does not hold.
    pub fn says_more(&self) -> bool {
        self.intervals.is_some() || self.publication.is_some()
    }
}

/// The candles of each coin of the universe that forecasts at times `at_ms` are a function of; none
/// of a coin that the caller has no candles of.
fn spanned(
    checkpoint: &Checkpoint,
    coins: &[(Symbol, CandleTable)],
    at_ms: std::ops::RangeInclusive<i64>,
) -> Vec<(Symbol, CandleTable)> {
    let from_ms = first_ms(
        &checkpoint.config,
        checkpoint.history_bars(),
        *at_ms.start(),
    );
    let of_coin = |symbol: &Symbol| {
        let found = coins.iter().find(|(own, _)| own == symbol);
        let candles = found.map_or_else(CandleTable::default, |(_, candles)| {
            candles.filter(|time_ms| (from_ms..=*at_ms.end()).contains(&time_ms))
        });
        (symbol.clone(), candles)
    };
    (checkpoint.config.universe.symbols.iter())
        .map(of_coin)
        .collect()
}

/// Adds to the reason of a coin without a forecast that its candles begin too late for the model.
fn say_what_is_short(checkpoint: &Checkpoint, history: &History, forecasts: &mut Forecasts) {
    let bars = checkpoint.history_bars();
    let from_ms = first_ms(&checkpoint.config, bars, history.at_ms);
    for coin in &mut forecasts.coins {
        let candles = (history.coins.iter()).find(|(symbol, _)| symbol.as_str() == coin.symbol);
        let begin = candles.and_then(|(_, candles)| candles.open_time_ms.first());
        if let (Some(reason), Some(&begin_ms)) = (&mut coin.refused, begin)
            && begin_ms > from_ms
        {
            *reason += &format!(
                "; its candles begin at {} UTC, and the model looks back {bars} bars",
                format_time(begin_ms)
            );
        }
    }
}

fn check_symbols(checkpoint: &Checkpoint, coins: &[(Symbol, CandleTable)]) -> anyhow::Result<()> {
    let mut symbols = coins.iter().map(|(symbol, _)| symbol);
    symbols.try_for_each(|symbol| check_symbol(checkpoint, symbol))
}

/// Refuses a coin that the model does not know.
pub(crate) fn check_symbol(checkpoint: &Checkpoint, symbol: &Symbol) -> anyhow::Result<()> {
    let known = &checkpoint.config.universe.symbols;
    if known.contains(symbol) {
        return Ok(());
    }
    let names: Vec<String> = known.iter().map(ToString::to_string).collect();
    let error = anyhow!(
        "the model does not know {symbol}, expected coins of {}",
        names.join(", ")
    );
    Err(cli::usage(
        match cli::did_you_mean(symbol.as_str(), &names) {
            Some(hint) => error.hint(hint),
            None => error.hint("leave the coin out, or ask a model that was trained on it"),
        },
    ))
}
