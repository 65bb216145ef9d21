//! What is done with the candles of a minute: positions are settled, coins are forecast, and
//! forecasts are acted on.

use std::time::Duration;

use dataset::format_time;
use market::Symbol;
use tracing::{info, warn};
use trading::{LoggedForecast, Minute, Position, Price};

use super::{CoinView, FaultKind, Session};
use crate::watch::why_not;
use crate::{CoinForecast, Drift, Forecasts, History, forecast_at};

/// Forecasts of one minute.
pub(super) struct MinuteForecasts {
    forecasts: Forecasts,
    /// When, by the exchange's clock, UTC ms.
    at_ms: i64,
    /// How long after the last candle came.
    latency: Duration,
}

impl Session {
    /// The last known candle of every coin with a position that is due and whose coin is gone.
    fn last_prices(&mut self, time_ms: i64) -> anyhow::Result<Vec<(Symbol, i64, Price)>> {
        let due = |position: &&Position| {
            position.due_ms <= time_ms && self.feed.is_gone(&position.symbol, time_ms)
        };
        let due: Vec<Position> = self
            .book
            .open_positions()
            .iter()
            .filter(due)
            .cloned()
            .collect();
        let mut prices = Vec::new();
        for position in due {
            for wanted_ms in [position.entry_ms, position.due_ms] {
                if let Some(candle) = self.book.last_candle(&position.symbol, wanted_ms)? {
                    let price = Price {
                        time_ms: candle.open_time_ms,
                        close: candle.close,
                        is_last_known: true,
                    };
                    prices.push((position.symbol.clone(), wanted_ms, price));
                }
            }
        }
        Ok(prices)
    }

    /// Writes down what parts of orders were filled at, of those whose candles are here.
    fn fill_orders(&mut self) -> anyhow::Result<()> {
        let close = |symbol: &Symbol, wanted_ms: i64| {
            let candle = self.feed.candle_from(symbol, wanted_ms)?;
            Some(Price {
                time_ms: candle.open_time_ms,
                close: candle.close,
                is_last_known: false,
            })
        };
        for step in self.book.fill_orders(close)? {
            let (symbol, side) = (&step.order.symbol, step.order.side.name());
            info!(%symbol, side, part = step.part, price = step.price, "order filled");
        }
        Ok(())
    }

    /// Opens and closes positions whose candles are here, or whose coin is gone at `time_ms`.
    pub(super) fn settle(&mut self, time_ms: i64) -> anyhow::Result<()> {
        let last_prices = self.last_prices(time_ms)?;
        let price = |symbol: &Symbol, wanted_ms: i64| {
            if let Some(candle) = self.feed.candle_from(symbol, wanted_ms) {
                return Some(Price {
                    time_ms: candle.open_time_ms,
                    close: candle.close,
                    is_last_known: false,
                });
            }
            let is_wanted =
                |(of, at_ms, _): &&(Symbol, i64, Price)| of == symbol && *at_ms == wanted_ms;
            last_prices
                .iter()
                .find(is_wanted)
                .map(|(_, _, price)| *price)
        };
        for position in self.book.settle(price)? {
            info!(
                symbol = %position.symbol,
                side = position.side.name(),
                opened = format_time(position.entry_ms),
                closed = format_time(position.exit_ms.unwrap_or_default()),
                entry = position.entry_price,
                exit = position.exit_price,
                net_bps = position.net().map(|net| net * 1e4),
                "{}",
                if position.is_last_known { "position closed at the last known price: the coin is gone" } else { "position closed" }
            );
            self.metrics.positions.with_label_values(&["closed"]).inc();
            self.account.close(&position);
        }
        self.fill_orders()?;
        let open = self.book.open_positions();
        self.feed.keep_from(|symbol| {
            open.iter()
                .filter(|position| position.symbol == *symbol)
                .map(|position| position.forecast_ms)
                .min()
        });
        self.account.set_open(open);
        self.metrics.open_positions.set(open.len() as i64);
        Ok(())
    }

    /// Forecasts at `time_ms` from the candles that are here.
    pub(super) fn forecast(&self, time_ms: i64) -> anyhow::Result<MinuteForecasts> {
        let from_ms = self.checkpoint.history_from_ms(time_ms);
        let coins = self.feed.candles(from_ms, time_ms + self.bar_ms());
        let coins = coins.map(|(symbol, candles)| {
            let own = candles.copied().collect();
            (symbol.clone(), self.earlier.joined(symbol, own))
        });
        let forecasts = forecast_at(
            &self.checkpoint,
            &History {
                at_ms: time_ms,
                coins: coins.collect(),
            },
        )?;
        let (at_ms, latency) = (self.clock.now_ms(), self.feed.last_arrival().elapsed());
        self.metrics.latency.observe(latency.as_secs_f64());
        self.metrics
            .delay
            .observe((at_ms - forecasts.closed_at) as f64 / 1000.0);
        Ok(MinuteForecasts {
            forecasts,
            at_ms,
            latency,
        })
    }

    /// A coin's forecast as the ledger has it.
    fn logged(
        &self,
        made: &MinuteForecasts,
        symbol: &Symbol,
        coin: &CoinForecast,
    ) -> LoggedForecast {
        LoggedForecast {
            time_ms: made.forecasts.time,
            symbol: symbol.clone(),
            forecast: coin.forecast,
            refused: coin.refused.clone(),
            forecaster: self.checkpoint.label(),
            made_at_ms: made.at_ms,
            is_complete: true,
            drift_std: coin.drift.as_ref().map(|drift| drift.std),
        }
    }

    /// Writes forecasts down and opens positions on them; `absent` coins were done without.
    #[expect(
        clippy::too_many_lines,
        reason = "what becomes of a minute's forecasts, step by step"
    )]
    pub(super) fn act(&mut self, made: &MinuteForecasts, absent: &[Symbol]) -> anyhow::Result<()> {
        let MinuteForecasts {
            forecasts,
            at_ms: made_at_ms,
            latency,
        } = made;
        let (time_ms, made_at_ms) = (forecasts.time, *made_at_ms);
        let mut minute = Minute {
            time_ms,
            is_paused: self.is_paused,
            ..Minute::default()
        };
        let symbols = &self.checkpoint.config.universe.symbols;
        let mut shown = Vec::new();
        for (symbol, coin) in symbols.iter().zip(&forecasts.coins) {
            let logged = LoggedForecast {
                is_complete: absent.is_empty() && !self.earlier.is_waiting(),
                ..self.logged(made, symbol, coin)
            };
            self.note_drift(symbol, coin.drift.as_ref());
            let outcome = coin.forecast.map_or("refused", |_| "forecast");
            self.metrics.forecasts.with_label_values(&[outcome]).inc();
            let side = self.policy.side(&logged);
            let mut note = coin.refused.clone().unwrap_or_default();
            if let Some(side) = side {
                match why_not(&self.policy, &logged) {
                    None => minute.signals.push(self.policy.signal(&logged, side)),
                    Some(reason) => {
                        warn!(%symbol, side = side.name(), forecast = logged.forecast, reason, "not acted on");
                        note = format!("not acted on: {reason}");
                    }
                }
            }
            shown.push(CoinView {
                symbol: symbol.to_string(),
                close: coin.close,
                forecast: coin.forecast,
                signal: side.map(rules::Side::name),
                note,
                drift_std: logged.drift_std,
            });
            minute.forecasts.push(logged);
        }
        self.shown = shown;
        self.unit = forecasts.unit;
        self.state
            .note_delay(time_ms, made_at_ms - forecasts.closed_at);
        minute.order_steps = self.orders.decide(&minute.forecasts, &self.policy);
        let signals = minute.signals.len();
        let opened = self.book.record(minute)?;
        self.note_opened(&opened);
        self.settle(time_ms)?;
        self.metrics.bars.with_label_values(&["forecast"]).inc();
        self.metrics.last_success.set(made_at_ms as f64 / 1000.0);
        let refused = forecasts
            .coins
            .iter()
            .filter(|coin| coin.forecast.is_none())
            .count();
        self.count_faults(FaultKind::Forecast, refused);
        info!(
            time = format_time(time_ms),
            paused = self.is_paused,
            forecasts = forecasts.coins.len() - refused,
            refused,
            absent = absent.len(),
            signals,
            opened = opened.len(),
            delay_ms = made_at_ms - forecasts.closed_at,
            latency_ms = latency.as_millis() as u64,
            "forecast"
        );
        Ok(())
    }

    /// Logs and counts positions that were opened.
    pub(super) fn note_opened(&self, opened: &[Position]) {
        for position in opened {
            info!(
                symbol = %position.symbol,
                side = position.side.name(),
                forecast_bps = position.forecast * 1e4,
                due = format_time(position.due_ms),
                "position opened"
            );
            self.metrics.positions.with_label_values(&["opened"]).inc();
        }
    }

    fn note_drift(&self, symbol: &Symbol, drift: Option<&Drift>) {
        let Some(drift) = drift else { return };
        self.metrics
            .drift
            .with_label_values(&[symbol.as_str()])
            .set(drift.std);
        if drift.std.abs() > self.policy.drift_limit_std {
            warn!(%symbol, feature = drift.feature, std = drift.std, "drift: far from the training statistics");
        }
    }
}
