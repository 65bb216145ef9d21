//! Whether a ledger is what the candles and the forecasts say.

use std::collections::BTreeMap;

use dataset::{CandleTable, format_time};
use market::{Candle, Symbol};
use rules::may_open;
use trading::{LoggedForecast, Position, Verification};

use crate::timed::OrderCheck;
use crate::watch::{SETTLE_WITHOUT_AFTER_BARS, SignalPolicy, why_not};
use crate::{Checkpoint, History, forecast_at};

/// Every coin's candles by open time.
pub(crate) type CandlesByTime = Vec<(Symbol, BTreeMap<i64, Candle>)>;

/// What the check found.
#[derive(Debug, Default, serde::Serialize)]
pub(crate) struct LedgerCheck {
    /// Minutes with forecasts.
    pub minutes: usize,
    /// Forecasts that were made again.
    pub forecasts: usize,
    /// Forecasts that came out otherwise.
    pub wrong_forecasts: usize,
    /// Forecasts that had to do without an absent coin: not made again.
    pub incomplete_forecasts: usize,
    /// Forecasts of another model, or of the indicator rule: not made again.
    pub others_forecasts: usize,
    /// Positions that the forecasts ask for.
    pub trades: usize,
    /// Positions that are missing.
    pub lost_trades: usize,
    /// Positions that the forecasts do not ask for.
    pub extra_trades: usize,
    /// Positions with another price than the close of the candle they belong to.
    pub wrong_prices: usize,
    /// Positions that are closed.
    pub settled: usize,
    /// Positions that are open although the watch has forecast since they were due: their candle
    /// was there, or had been missing for long.
    pub unsettled: usize,
    /// Decisions about orders.
    pub orders: OrderCheck,
}

impl LedgerCheck {
    /// Whether the ledger is not what it should be.
    pub fn is_bad(&self) -> bool {
        !self.verification(0).is_good
    }

    /// What a later look at the ledger is told of this check.
    pub fn verification(&self, at_ms: i64) -> Verification {
        let wrong = self.wrong_forecasts
            + self.lost_trades
            + self.extra_trades
            + self.wrong_prices
            + self.unsettled
            + self.orders.wrong_decisions
            + self.orders.wrong_fills;
        Verification {
            at: at_ms,
            is_good: wrong == 0,
            bars: self.minutes,
            forecasts: self.forecasts,
            wrong,
        }
    }

    /// The counts as a sentence for the terminal.
    pub fn in_words(&self) -> String {
        format!(
            "\n{} minutes: {} forecasts made again, {} differ ({} without an absent coin and {} of another model left \
             out)\n{} trades asked for: {} lost, {} extra, {} at a wrong price; {} settled, {} overdue\n",
            self.minutes,
            self.forecasts,
            self.wrong_forecasts,
            self.incomplete_forecasts,
            self.others_forecasts,
            self.trades,
            self.lost_trades,
            self.extra_trades,
            self.wrong_prices,
            self.settled,
            self.unsettled
        ) + &self.orders.in_words()
    }
}

/// Makes every complete minute's forecasts again: they must be the logged ones bit for bit.
pub(crate) fn check_forecasts(
    checkpoint: &Checkpoint,
    logged: &[LoggedForecast],
    coins: &CandlesByTime,
    verdict: &mut LedgerCheck,
) -> anyhow::Result<()> {
    let bar_ms = checkpoint.config.data.interval.ms();
    let minutes = logged.chunk_by(|left, right| left.time_ms == right.time_ms);
    let bar = cli::progress_bar("minutes", minutes.clone().count() as u64);
    for minute in minutes {
        bar.inc(1);
        verdict.minutes += 1;
        let time_ms = minute[0].time_ms;
        if minute.iter().any(|logged| !logged.is_complete) {
            verdict.incomplete_forecasts += minute.len();
            continue;
        }
        if minute
            .iter()
            .any(|logged| !checkpoint.has_label(&logged.forecaster))
        {
            verdict.others_forecasts += minute.len();
            continue;
        }
        let from_ms = time_ms - (checkpoint.history_bars() as i64 - 1) * bar_ms;
        let of_coin = |(symbol, candles): &(Symbol, BTreeMap<i64, Candle>)| {
            let used = candles.range(from_ms..=time_ms).map(|(_, candle)| *candle);
            (symbol.clone(), used.collect::<CandleTable>())
        };
        let history = History {
            at_ms: time_ms,
            coins: coins.iter().map(of_coin).collect(),
        };
        checkpoint.check_columns(&history)?;
        let again = forecast_at(checkpoint, &history)?;
        for logged in minute {
            let coin = again
                .coins
                .iter()
                .find(|coin| coin.symbol == logged.symbol.as_str());
            let forecast = coin.and_then(|coin| coin.forecast);
            verdict.forecasts += 1;
            if forecast.map(f64::to_bits) != logged.forecast.map(f64::to_bits) {
                verdict.wrong_forecasts += 1;
                cli::note(format!(
                    "{} at {}: logged {:?}, made again {forecast:?}",
                    logged.symbol,
                    format_time(time_ms),
                    logged.forecast
                ));
            }
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// Goes through the forecasts in order and asks what should have been opened, in bars that were not
/// `paused`: that, and nothing else, must be there. Positions from before the first forecast, which was pruned, are believed.
pub(crate) fn check_trades(
    policy: &SignalPolicy,
    (logged, paused): (&[LoggedForecast], &[i64]),
    positions: &[Position],
    verdict: &mut LedgerCheck,
) {
    let first_ms = logged.first().map_or(i64::MAX, |first| first.time_ms);
    let (believed, positions): (Vec<&Position>, Vec<&Position>) =
        (positions.iter()).partition(|position| position.forecast_ms < first_ms);
    let mut last_due: BTreeMap<&Symbol, i64> = BTreeMap::new();
    for position in believed {
        let due_ms = last_due.entry(&position.symbol).or_insert(i64::MIN);
        *due_ms = position.due_ms.max(*due_ms);
    }
    let mut asked = BTreeMap::new();
    for forecast in logged {
        let Some(side) = policy
            .side(forecast)
            .filter(|_| why_not(policy, forecast).is_none())
            .filter(|_| paused.binary_search(&forecast.time_ms).is_err())
        else {
            continue;
        };
        if may_open(
            forecast.time_ms,
            last_due.get(&forecast.symbol).copied(),
            policy.trading.overlapping,
        ) {
            let signal = policy.signal(forecast, side);
            last_due.insert(&forecast.symbol, signal.due_ms);
            asked.insert(
                (&forecast.symbol, forecast.time_ms),
                (side, signal.entry_ms, signal.due_ms),
            );
        }
    }
    verdict.trades = asked.len();
    for position in positions {
        let found = (position.side, position.entry_ms, position.due_ms);
        match asked.remove(&(&position.symbol, position.forecast_ms)) {
            Some(expected) if expected == found => {}
            _ => verdict.extra_trades += 1,
        }
    }
    verdict.lost_trades = asked.len();
}

/// Compares prices with closes. Before a forecast is written down whatever is due is settled: an
/// open position is overdue by what the candles were at the last forecast, `forecast_ms`, and not
/// by those of a minute in which the watch was stopped.
pub(crate) fn check_prices(
    positions: &[Position],
    coins: &CandlesByTime,
    (forecast_ms, bar_ms): (i64, i64),
    verdict: &mut LedgerCheck,
) {
    for position in positions {
        let candles = coins
            .iter()
            .find(|(symbol, _)| *symbol == position.symbol)
            .map(|(_, candles)| candles);
        // The candle itself, or the first one after a hole.
        let close = |time_ms: i64| {
            candles?
                .range(time_ms..)
                .next()
                .map(|(time_ms, candle)| (*time_ms, candle.close))
        };
        if position.is_last_known {
            // The coin was gone: the last candle before, whatever came later.
            let last = candles.and_then(|candles| candles.range(..=position.due_ms).next_back());
            let found = position.exit_ms.zip(position.exit_price);
            let is_last = |(time_ms, price)| {
                candles
                    .and_then(|known| known.get(&time_ms))
                    .map(|c| c.close)
                    == Some(price)
            };
            verdict.settled += 1;
            verdict.wrong_prices += usize::from(last.is_none() || !found.is_some_and(is_last));
            continue;
        }
        if position
            .entry_price
            .is_some_and(|price| close(position.entry_ms).map(|(_, close)| close) != Some(price))
        {
            verdict.wrong_prices += 1;
        }
        match (
            position.exit_ms.zip(position.exit_price),
            close(position.due_ms),
        ) {
            // A candle that is missing is waited for.
            (None, expected) => {
                let is_there = expected.is_some_and(|(time_ms, _)| time_ms == position.due_ms);
                let waits_until_ms = position.due_ms
                    + if is_there {
                        0
                    } else {
                        SETTLE_WITHOUT_AFTER_BARS * bar_ms
                    };
                let known = candles.and_then(|candles| candles.range(..=forecast_ms).next_back());
                verdict.unsettled +=
                    usize::from(known.is_some_and(|(known_ms, _)| *known_ms >= waits_until_ms));
            }
            (exit, expected) => {
                verdict.settled += 1;
                verdict.wrong_prices += usize::from(exit != expected);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rules::{Costs, Side};

    use super::*;

    #[test]
    fn a_due_candle_that_is_missing_is_waited_for_and_a_position_that_forgot_its_own_is_found() {
        let symbol = Symbol::new("BTCUSDT").unwrap();
        let position = Position {
            id: 1,
            symbol: symbol.clone(),
            side: Side::Buy,
            forecast: 0.01,
            forecast_ms: 0,
            entry_ms: 0,
            entry_price: Some(1.0),
            due_ms: 2,
            exit_ms: None,
            exit_price: None,
            is_last_known: false,
            costs: Costs::default(),
            forecaster: None,
        };
        let unsettled = |bars: &[i64], forecast: i64| {
            let candles = bars
                .iter()
                .map(|&bar| (bar, Candle::close_only(bar, 1.0)))
                .collect();
            let mut verdict = LedgerCheck::default();
            let coins = vec![(symbol.clone(), candles)];
            check_prices(
                std::slice::from_ref(&position),
                &coins,
                (forecast, 1),
                &mut verdict,
            );
            assert_eq!((verdict.wrong_prices, verdict.settled), (0, 0));
            verdict.unsettled
        };
        assert_eq!(unsettled(&[0, 1], 1), 0, "not due yet");
        assert_eq!(unsettled(&[0, 1, 3, 4], 4), 0, "it may yet come");
        assert_eq!(unsettled(&[0, 1, 2], 1), 0, "stopped before it came");
        assert_eq!(unsettled(&[0, 1, 2], 2), 1);
        assert_eq!(
            unsettled(&[0, 1, 3, 62], 62),
            1,
            "settled without it by now"
        );
    }
}
