//! What a feed asks by REST, and what it takes from the answers.

use market::{Error, Served, Symbol};

use super::Feed;
use super::reply::{RestReply, SideReply};

/// At most so many requests beside those for the minute's candles are under way at a time.
pub(super) const ASIDE: usize = 8;

impl Feed {
    /// Asks by REST once more for a candle that the exchange seemed not to have; [`Feed::listen`]
    /// takes the answer, and nothing waits for it.
    pub fn ask_again(&mut self, symbol: &Symbol, time_ms: i64, now_ms: i64) {
        let (step, interval) = (self.step(), self.source.interval);
        let Some(coin) = self.coin(symbol) else {
            return;
        };
        if coin.known_until_ms <= time_ms
            || coin.candles.contains_key(&time_ms)
            || self.aside.len() >= ASIDE
        {
            return;
        }
        let (client, symbol) = (self.client.clone(), symbol.clone());
        self.aside.spawn(async move {
            let served = client
                .served_klines(&symbol, interval, time_ms, time_ms + 2 * step, now_ms)
                .await;
            SideReply::Overdue(RestReply {
                symbol,
                asked_ms: now_ms,
                served,
            })
        });
    }

    /// Asks by REST whether a coin is still traded, at most once for the bar at `time_ms`;
    /// [`Feed::listen`] takes the answer.
    pub fn ask_status(&mut self, symbol: &Symbol, time_ms: i64) {
        if self.aside.len() >= ASIDE {
            return;
        }
        let client = self.client.clone();
        let Some(coin) = self
            .coin_mut(symbol)
            .filter(|coin| coin.status_asked_ms < time_ms)
        else {
            return;
        };
        coin.status_asked_ms = time_ms;
        let symbol = symbol.clone();
        self.aside.spawn(async move {
            let is_trading = client.is_trading(&symbol).await;
            SideReply::Status { symbol, is_trading }
        });
    }

    /// Asks by REST for what `symbols` lack, all at once, unless requests are still under way;
    /// [`Feed::listen`] takes the answers. `now_ms` is the exchange's clock.
    pub fn ask(&mut self, symbols: &[Symbol], now_ms: i64) {
        if !self.asked.is_empty() {
            return;
        }
        let (step, interval) = (self.step(), self.source.interval);
        for coin in self
            .coins
            .iter()
            .filter(|coin| symbols.contains(&coin.symbol))
        {
            let (client, symbol, from_ms) = (
                self.client.clone(),
                coin.symbol.clone(),
                coin.known_until_ms,
            );
            self.asked.spawn(async move {
                let served = client
                    .served_klines(&symbol, interval, from_ms, now_ms + 2 * step, now_ms)
                    .await;
                RestReply {
                    symbol,
                    asked_ms: now_ms,
                    served,
                }
            });
        }
    }

    /// Takes the answer to a request that the minute waits for.
    pub(super) fn take_answer(&mut self, answer: RestReply) -> Result<(), Error> {
        let RestReply {
            symbol,
            asked_ms,
            served,
        } = answer;
        let step = self.step();
        let hole_after_ms = self.source.hole_after_bars as i64 * step;
        let mut holes_until_ms = i64::MIN;
        let result = match served {
            Ok(served) => {
                self.take_served(&symbol, &served, asked_ms);
                // A candle of the far future would make everything before it a hole.
                let last_ms = served.last_open_ms.map(|last_ms| last_ms.min(asked_ms));
                holes_until_ms =
                    last_ms.map_or(i64::MIN, |last_ms| last_ms.saturating_sub(hole_after_ms));
                Ok(())
            }
            // An exchange that does not know the coin has answered: it has no candles of it.
            Err(error @ Error::Rejected { .. }) => Err(error),
            Err(error) => return Err(error),
        };
        if let Some(coin) = self.coin_mut(&symbol) {
            coin.advance(step, holes_until_ms);
            coin.answered_ms = asked_ms;
        }
        result
    }

    /// Takes the candles of an answer that can no longer change, and notes the bars of those that
    /// cannot be.
    fn take_served(&mut self, symbol: &Symbol, served: &Served, asked_ms: i64) {
        let step = self.step();
        for candle in served.final_candles(self.source.interval, asked_ms) {
            self.take(symbol, *candle);
        }
        let last_refused_ms = served.refused.iter().map(|fault| fault.open_time_ms).max();
        self.is_refused_ahead |=
            last_refused_ms.is_some_and(|last_ms| last_ms > asked_ms.saturating_add(step));
        let Some(coin) = self.coin_mut(symbol) else {
            return;
        };
        let is_final = |bar: i64| {
            served
                .last_open_ms
                .is_some_and(|last_ms| bar.saturating_add(step) <= last_ms)
        };
        let mut refused = Vec::new();
        for fault in &served.refused {
            // Off the grid it takes the place of the bar that it opens in.
            let bar = fault.open_time_ms.div_euclid(step).saturating_mul(step);
            if is_final(bar) && bar >= coin.known_until_ms && coin.impossible.insert(bar) {
                refused.push(fault.clone());
            }
        }
        // Nothing else is served, such as candles with times in microseconds: told once a bar.
        let bar = asked_ms.div_euclid(step) * step;
        if served.last_open_ms.is_none()
            && !served.refused.is_empty()
            && std::mem::replace(&mut coin.told_ms, bar) != bar
        {
            refused.clone_from(&served.refused);
        }
        if !refused.is_empty() {
            self.refused
                .entry(symbol.clone())
                .or_default()
                .extend(refused);
        }
    }

    /// Takes the answer to a request that nothing waits for.
    pub(super) fn take_aside(&mut self, aside: SideReply) -> Result<(), Error> {
        match aside {
            SideReply::Overdue(RestReply {
                symbol,
                asked_ms,
                served,
            }) => {
                self.take_served(&symbol, &served?, asked_ms);
                Ok(())
            }
            SideReply::Status { symbol, is_trading } => {
                // Where the exchange does not say, its candles will.
                let is_off_market = is_trading.is_ok_and(|is_trading| !is_trading);
                if let Some(coin) = self.coin_mut(&symbol) {
                    coin.is_off_market = is_off_market;
                }
                Ok(())
            }
        }
    }
}
