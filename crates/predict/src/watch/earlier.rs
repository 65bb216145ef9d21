//! What coins were called before: candles of then belong to the history of a forecast.

use std::collections::{BTreeMap, VecDeque};

use dataset::{CandleTable, Config, SymbolEvents};
use market::{Candle, Error, Interval, RestClient, Served, Symbol};
use tokio::task::{JoinError, JoinSet};
use tracing::{info, warn};

use crate::live::FINAL_AFTER_MS;

/// The candles that coins had under earlier names.
#[derive(Debug)]
pub struct EarlierNames {
    events: SymbolEvents,
    interval: Interval,
    /// Names that are still to be asked for, each with the time until which it was a coin's, UTC ms; the last
    /// one, where two coins had the name after each other.
    pending: BTreeMap<Symbol, i64>,
    /// Requests under way.
    asked: JoinSet<Answer>,
    candles: BTreeMap<Symbol, CandleTable>,
}

/// A name, the time until which it was a coin's, and what the exchange serves of it.
type Answer = (Symbol, i64, Result<Served, Error>);

impl EarlierNames {
    /// The names of `data.symbols_file` that coins of the universe had at `first_ms` or later.
    ///
    /// # Errors
    /// A file that is refused.
    pub fn of(config: &Config, first_ms: i64) -> Result<Self, dataset::Error> {
        let events = SymbolEvents::of(&config.data)?;
        let mut pending = BTreeMap::new();
        let symbols = config.universe.symbols.iter();
        let names = symbols.flat_map(|symbol| events.earlier_names(symbol));
        for (name, until_ms) in names.filter(|(_, until_ms)| first_ms < *until_ms) {
            let last_ms = pending.entry(name.clone()).or_insert(until_ms);
            *last_ms = until_ms.max(*last_ms);
        }
        Ok(Self {
            events,
            interval: config.data.interval,
            pending,
            asked: JoinSet::new(),
            candles: BTreeMap::new(),
        })
    }

    /// Keeps the candles that `before` has of the same names, where they were the coins' at the same times.
    pub fn take_over(&mut self, mut before: Self) {
        if self.events != before.events {
            return;
        }
        for (name, until_ms) in std::mem::take(&mut self.pending) {
            match before.candles.remove(&name) {
                Some(candles) => drop(self.candles.insert(name, candles)),
                None => drop(self.pending.insert(name, until_ms)),
            }
        }
    }

    /// Whether candles of an earlier name are still to come: what is forecast meanwhile lacks them.
    pub fn is_waiting(&self) -> bool {
        !self.pending.is_empty() || !self.asked.is_empty()
    }

    /// Asks for the names that are still to be asked for, of bars from `first_ms` on, and waits for nothing. A
    /// name that is a coin's at `now_ms` is asked for once it is not, so that all its bars come.
    pub fn ask(&mut self, client: &RestClient, (first_ms, now_ms): (i64, i64)) {
        let interval = self.interval;
        let closed_ms = now_ms.div_euclid(interval.ms()) * interval.ms();
        self.pending.retain(|_, until_ms| first_ms < *until_ms);
        let (ended, pending) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition::<BTreeMap<_, _>, _>(|(_, until_ms)| *until_ms <= closed_ms);
        self.pending = pending;
        for (name, until_ms) in ended {
            let client = client.clone();
            self.asked.spawn(async move {
                // No candle follows the last one of a name that ended: by then it counts as final.
                let served = client
                    .closed_by(
                        &name,
                        interval,
                        first_ms,
                        until_ms,
                        closed_ms + FINAL_AFTER_MS,
                    )
                    .await;
                (name, until_ms, served)
            });
        }
    }

    /// The candles that have come since they were last taken.
    pub fn take(&mut self) -> VecDeque<(Symbol, Candle)> {
        let mut arrived = VecDeque::new();
        while let Some(answer) = self.asked.try_join_next() {
            arrived.extend(self.answered(answer));
        }
        arrived
    }

    /// Waits for all that was asked for; returns the candles that came.
    pub async fn finish(&mut self) -> VecDeque<(Symbol, Candle)> {
        let mut arrived = VecDeque::new();
        while let Some(answer) = self.asked.join_next().await {
            arrived.extend(self.answered(answer));
        }
        arrived
    }

    /// Keeps what came. A name that failed is asked for again, unless the exchange does not know it.
    fn answered(&mut self, answer: Result<Answer, JoinError>) -> Vec<(Symbol, Candle)> {
        // A task that has ended abnormally says nothing of its name.
        let Ok((name, until_ms, served)) = answer else {
            return Vec::new();
        };
        match served {
            Ok(served) => {
                info!(%name, candles = served.candles.len(), "candles of a coin's earlier name");
                let arrived = served.candles.iter().map(|candle| (name.clone(), *candle));
                let arrived = arrived.collect();
                self.candles
                    .insert(name, served.candles.into_iter().collect());
                arrived
            }
            Err(error) => {
                warn!(%name, hint = error.hint(), "a coin's earlier name: its candles count as missing: {error}");
                if !matches!(error, Error::Rejected { .. }) {
                    self.pending.insert(name, until_ms);
                }
                Vec::new()
            }
        }
    }

    /// A coin's candles under all its names, in its first unit, as the store's reader has them; `own` are
    /// those of its last name.
    pub fn joined(&self, symbol: &Symbol, own: CandleTable) -> CandleTable {
        let of_name = |name: &Symbol| match name == symbol {
            true => Ok::<_, std::convert::Infallible>(own.clone()),
            false => Ok(self.candles.get(name).cloned().unwrap_or_default()),
        };
        match self.events.joined(symbol, &of_name) {
            Ok(candles) => candles,
            Err(never) => match never {},
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use dataset::DataConfig;
    use market::Market;
    use replay::{Exchange, ReplayConfig};

    use super::*;

    const MINUTE: i64 = 60_000;

    fn symbol(name: &str) -> Symbol {
        Symbol::new(name).unwrap()
    }

    /// Bars of a coin whose closes are their numbers.
    fn candles(bars: std::ops::Range<i64>) -> CandleTable {
        let candle = |bar: i64| {
            let price = 1.0 + bar as f64;
            Candle {
                open: Some(price),
                high: Some(price),
                low: Some(price),
                volume: Some(2.0),
                quote_volume: Some(2.0 * price),
                count: Some(3.0),
                taker_buy_volume: Some(1.0),
                taker_buy_quote_volume: Some(price),
                ..Candle::close_only(bar * MINUTE, price)
            }
        };
        bars.map(candle).collect()
    }

    /// The earlier names of coins, each with the bar from which it has its own, in order.
    fn of_coins(rebrands: &[(&str, &str, i64)]) -> EarlierNames {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("symbols.toml");
        let event = |(coin, from, bar): &(&str, &str, i64)| {
            let date = dataset::format_time(bar * MINUTE);
            format!(
                "[[event]]\nsymbol = \"{coin}\"\nkind = \"rebrand\"\nfrom = \"{from}\"\ndate = \"{date}\"\n"
            )
        };
        std::fs::write(&path, rebrands.iter().map(event).collect::<String>()).unwrap();
        let mut config = Config {
            data: DataConfig {
                symbols_file: Some(path),
                ..DataConfig::default()
            },
            ..Config::default()
        };
        config.universe.symbols = rebrands.iter().map(|(coin, ..)| symbol(coin)).collect();
        EarlierNames::of(&config, 10 * MINUTE).unwrap()
    }

    /// An exchange at bar 100 that serves the bars 0 to 99 of a name.
    fn exchange(name: &str) -> (Exchange, RestClient) {
        let replay = ReplayConfig {
            start: Some((100 * MINUTE).to_string()),
            speed: 0.0,
            ..ReplayConfig::default()
        };
        let coins = vec![(symbol(name), candles(0..100))];
        let exchange = Exchange::start(Market::Spot, Interval::ONE_MINUTE, coins, &replay).unwrap();
        let client = RestClient::new(Market::Spot, Some(&exchange.url())).unwrap();
        (exchange, client)
    }

    fn runtime() -> tokio::runtime::Runtime {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build().unwrap()
    }

    /// The bars between the begin of the watch and the rename were once never asked for.
    #[test]
    fn a_coin_that_is_renamed_while_the_watch_goes_on_loses_no_bar() {
        let (exchange, client) = exchange("OLDUSDT");
        let mut earlier = of_coins(&[("NEWUSDT", "OLDUSDT", 50)]);
        runtime().block_on(async {
            for now in [40, 49] {
                earlier.ask(&client, (10 * MINUTE, now * MINUTE));
                assert!(earlier.finish().await.is_empty() && earlier.is_waiting());
            }
            assert_eq!(exchange.counts().requests("klines"), 0);
            earlier.ask(&client, (10 * MINUTE, 50 * MINUTE));
            assert!(earlier.is_waiting());
            assert_eq!(earlier.finish().await.len(), 40);
            assert!(!earlier.is_waiting());
        });
        // What was traded under the new name before was another coin.
        let joined = earlier.joined(&symbol("NEWUSDT"), candles(45..60));
        assert_eq!(joined.open_time_ms, candles(10..60).open_time_ms);
    }

    /// The answer that came last once took the place of the other one's candles.
    #[test]
    fn two_coins_that_had_one_name_after_each_other_have_their_own_bars_of_it() {
        let (_exchange, client) = exchange("OLDUSDT");
        for [first, second] in [[30, 50], [50, 30]] {
            let mut earlier =
                of_coins(&[("AUSDT", "OLDUSDT", first), ("BUSDT", "OLDUSDT", second)]);
            runtime().block_on(async {
                earlier.ask(&client, (10 * MINUTE, 60 * MINUTE));
                assert_eq!(earlier.finish().await.len(), 40);
            });
            for (name, renamed) in [("AUSDT", first), ("BUSDT", second)] {
                let joined = earlier.joined(&symbol(name), candles(renamed..60));
                assert_eq!(joined.open_time_ms, candles(10..60).open_time_ms);
            }
        }
    }

    /// A name whose bars are all older than a forecast looks back is not asked for any more.
    #[test]
    fn a_name_that_is_too_long_ago_is_waited_for_no_more() {
        let (exchange, client) = exchange("OLDUSDT");
        let mut earlier = of_coins(&[("NEWUSDT", "OLDUSDT", 50)]);
        runtime().block_on(async {
            earlier.ask(&client, (50 * MINUTE, 90 * MINUTE));
            assert!(earlier.finish().await.is_empty());
        });
        assert!(!earlier.is_waiting());
        assert_eq!(exchange.counts().requests("klines"), 0);
    }
}
