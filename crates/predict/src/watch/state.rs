//! What a watch remembers of its own running: connection, delays and faults.

use std::collections::VecDeque;

use statistics::quantile;
use trading::{BarsDelay, Connection, FaultCounts};

const DAY_MS: i64 = 86_400_000;

/// The kinds of faults that are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// A connection by websocket that was lost or could not be made.
    Websocket,
    /// A request by REST that failed.
    Rest,
    /// A candle that cannot be.
    Candle,
    /// A coin that the model refused to forecast.
    Forecast,
}

impl FaultKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Websocket, Self::Rest, Self::Candle, Self::Forecast];

    /// Name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Websocket => "websocket",
            Self::Rest => "rest",
            Self::Candle => "candle",
            Self::Forecast => "forecast",
        }
    }
}

/// The state of a running watch.
#[derive(Debug, Default)]
pub struct WatchState {
    /// When it began, UTC ms.
    pub started_ms: i64,
    /// The websocket.
    pub connection: Connection,
    connections: u64,
    /// Faults since it began.
    pub faults: FaultCounts,
    /// Faults up to the bar before.
    before: FaultCounts,
    /// Time and delay in ms of the bars of the last 24 hours, oldest first.
    delays: VecDeque<(i64, i64)>,
    /// When the last verification was made that the watch knows of.
    pub verified_at: Option<i64>,
}

impl WatchState {
    /// A watch that begins; `delays` are time and delay of the bars that its ledger has.
    pub fn new(started_ms: i64, uses_websocket: bool, delays: Vec<(i64, i64)>) -> Self {
        Self {
            started_ms,
            connection: Connection {
                uses_websocket,
                ..Connection::default()
            },
            delays: delays.into(),
            ..Self::default()
        }
    }

    /// Counts faults.
    pub fn count(&mut self, kind: FaultKind, count: u64) {
        let counted = match kind {
            FaultKind::Websocket => &mut self.faults.websocket,
            FaultKind::Rest => &mut self.faults.rest,
            FaultKind::Candle => &mut self.faults.candle,
            FaultKind::Forecast => &mut self.faults.forecast,
        };
        *counted += count;
    }

    /// The faults of the exchange since this was last called, by kind: websocket, rest, candle.
    pub fn new_faults(&mut self) -> [u64; 3] {
        let (now, before) = (
            self.faults,
            std::mem::replace(&mut self.before, self.faults),
        );
        [
            now.websocket - before.websocket,
            now.rest - before.rest,
            now.candle - before.candle,
        ]
    }

    /// Notes whether the websocket is connected.
    pub fn note_connection(&mut self, is_connected: bool, now_ms: i64) {
        let connection = &mut self.connection;
        if connection.is_connected == is_connected {
            return;
        }
        (connection.is_connected, connection.since) = (is_connected, Some(now_ms));
        if is_connected {
            self.connections += 1;
            connection.reconnects = self.connections - 1;
        }
    }

    /// Notes how long after its close a bar was forecast.
    pub fn note_delay(&mut self, time_ms: i64, delay_ms: i64) {
        self.delays.push_back((time_ms, delay_ms));
        while self
            .delays
            .front()
            .is_some_and(|(at_ms, _)| *at_ms <= time_ms - DAY_MS)
        {
            self.delays.pop_front();
        }
    }

    /// The delays of the last 24 hours.
    pub fn delay(&self) -> BarsDelay {
        let secs = |(_, delay_ms): &(i64, i64)| *delay_ms as f64 / 1000.0;
        let mut sorted: Vec<f64> = self.delays.iter().map(secs).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        BarsDelay {
            bars: sorted.len(),
            last_secs: self.delays.back().map(secs),
            p50_secs: quantile(&sorted, 0.5),
            p99_secs: quantile(&sorted, 0.99),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_of_the_last_day_and_connections_are_counted_after_the_first() {
        let minute = 60_000;
        let mut state = WatchState::new(0, true, vec![(0, 9000)]);
        for bar in 1..=1440 {
            state.note_delay(bar * minute, bar);
        }
        let delay = state.delay();
        // numpy.quantile(arange(1, 1441) / 1000, [.5, .99])
        assert_eq!((delay.bars, delay.last_secs), (1440, Some(1.44)));
        assert!((delay.p50_secs.unwrap() - 0.7205).abs() < 1e-9);
        assert!((delay.p99_secs.unwrap() - 1.42561).abs() < 1e-9);
        for (at_ms, is_connected) in [(5, true), (6, true), (7, false), (9, true)] {
            state.note_connection(is_connected, at_ms);
        }
        assert_eq!(
            (state.connection.since, state.connection.reconnects),
            (Some(9), 1)
        );
        state.count(FaultKind::Rest, 2);
        assert_eq!(state.new_faults(), [0, 2, 0]);
        assert_eq!(state.new_faults(), [0, 0, 0]);
    }
}
