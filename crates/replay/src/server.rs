//! What every connection shares: coins, clock, faults and counts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::{Context, bail};
use cli::WithHint;
use dataset::{CandleTable, format_time};
use market::{FundingRate, Interval, Market, Symbol};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::clock::Clock;
use crate::coin::ServedCoin;
use crate::config::{ReplayConfig, ReplaySchedule, refused};
use crate::file::FileCache;
use crate::{Counts, Faults};

/// How far a wrong answer of `/time` is ahead: eight minutes.
const WRONG_MS: i64 = 480_000;

/// The pretend exchange, apart from its connections.
#[derive(Debug)]
pub(crate) struct Server {
    pub market: Market,
    pub interval: Interval,
    pub coins: Vec<ServedCoin>,
    /// Funding rates of futures, in order of time.
    pub funding: BTreeMap<Symbol, Vec<FundingRate>>,
    pub clock: Clock,
    pub faults: Faults,
    pub schedule: ReplaySchedule,
    /// Request weight allowed in a minute of real time.
    pub weight_limit: u32,
    pub archive: FileCache,
    places: BTreeMap<Symbol, usize>,
    counts: Mutex<Counts>,
    random: Mutex<ChaCha8Rng>,
    /// The minute counted, and the weight used in it.
    weight: Mutex<(i64, u32)>,
    /// Until when the last `Retry-After` asks for silence.
    silent_until: Mutex<Option<Instant>>,
    /// How many more answers of `/time` are wrong.
    wrong_times: AtomicU64,
}

impl Server {
    /// Checks config and candles; the clock starts now.
    pub fn new(
        market: Market,
        interval: Interval,
        coins: Vec<(Symbol, CandleTable)>,
        funding: BTreeMap<Symbol, Vec<FundingRate>>,
        config: &ReplayConfig,
    ) -> anyhow::Result<Self> {
        let schedule = config.schedule()?;
        check_named(&schedule, &coins)?;
        let mut places = BTreeMap::new();
        let mut first_ms: Option<i64> = None;
        let mut served = Vec::with_capacity(coins.len());
        for (place, (symbol, candles)) in coins.into_iter().enumerate() {
            check(&symbol, &candles, interval)?;
            if places.insert(symbol.clone(), place).is_some() {
                bail!("{symbol} is given twice, expected each coin once");
            }
            first_ms = first_ms
                .into_iter()
                .chain(candles.open_time_ms.first().copied())
                .min();
            let coin = ServedCoin::new(
                symbol,
                candles,
                interval,
                &schedule,
                &config.faults,
                config.seed,
            );
            served.push(coin);
        }
        let first_ms = first_ms
            .context("no candles to replay")
            .hint("`quarterhour audit` shows what the store holds")?;
        Ok(Self {
            market,
            interval,
            coins: served,
            funding,
            clock: Clock::new(schedule.start_ms.unwrap_or(first_ms), config.speed),
            faults: config.faults.clone(),
            schedule,
            weight_limit: config.weight_limit.unwrap_or(match market {
                Market::Spot => 6000,
                Market::Futures => 2400,
            }),
            archive: FileCache::default(),
            places,
            counts: Mutex::default(),
            random: Mutex::new(ChaCha8Rng::seed_from_u64(config.seed)),
            weight: Mutex::new((i64::MIN, 0)),
            silent_until: Mutex::default(),
            wrong_times: AtomicU64::new(config.faults.wrong_times),
        })
    }

    /// Funding of a coin that was paid in `from_ms..until_ms`, by now.
    pub fn funding_rates(&self, symbol: &str, from_ms: i64, until_ms: i64) -> &[FundingRate] {
        let of_coin = self
            .funding
            .iter()
            .find(|(known, _)| known.as_str() == symbol);
        let rates = of_coin.map_or(&[][..], |(_, rates)| rates);
        let until_ms = until_ms.min(self.now_ms().saturating_add(1));
        let place = |time_ms: i64| rates.partition_point(|one| one.time_ms < time_ms);
        rates
            .get(place(from_ms)..place(until_ms))
            .unwrap_or_default()
    }

    /// The clock by which candles close, UTC ms.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// What `/time` and the `Date` header say, UTC ms.
    pub fn told_ms(&self) -> i64 {
        self.now_ms().saturating_add(self.faults.clock_skew_ms)
    }

    /// What `/time` says, UTC ms: wrong as often as the config says.
    pub fn time_ms(&self) -> i64 {
        let is_wrong = self
            .wrong_times
            .fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1))
            .is_ok();
        self.told_ms()
            .saturating_add(if is_wrong { WRONG_MS } else { 0 })
    }

    /// The coin of that name, if it is listed by `now_ms`.
    pub fn coin(&self, symbol: &str, now_ms: i64) -> Option<&ServedCoin> {
        self.coins
            .get(self.place(symbol)?)
            .filter(|coin| coin.is_listed(now_ms))
    }

    /// Where in `coins` the coin of that name is, listed or not.
    pub fn place(&self, symbol: &str) -> Option<usize> {
        self.places.get(&Symbol::new(symbol).ok()?).copied()
    }

    /// Whether `now_ms` falls into an outage.
    pub fn is_out(&self, now_ms: i64) -> bool {
        self.schedule
            .outages
            .iter()
            .any(|&(from_ms, until_ms)| from_ms <= now_ms && now_ms < until_ms)
    }

    /// A number in [0, 1), another one each time.
    pub fn draw(&self) -> f64 {
        lock(&self.random).random()
    }

    /// Adds `weight` to what was used this minute; returns the sum and the seconds left of the
    /// minute.
    pub fn use_weight(&self, weight: u32) -> (u32, u64) {
        let (minute, left_secs) = self.clock.weight_minute();
        let mut used = lock(&self.weight);
        if used.0 != minute {
            *used = (minute, 0);
        }
        used.1 = used.1.saturating_add(weight);
        (used.1, left_secs)
    }

    /// Until when clients were last told to be silent.
    pub fn silent_until(&self) -> MutexGuard<'_, Option<Instant>> {
        lock(&self.silent_until)
    }

    /// Requests and faults so far.
    pub fn counts(&self) -> MutexGuard<'_, Counts> {
        lock(&self.counts)
    }
}

/// What a lock guards stays usable when another thread has panicked: numbers and caches, whole at
/// any moment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Faults may name only coins that are served.
fn check_named(schedule: &ReplaySchedule, coins: &[(Symbol, CandleTable)]) -> anyhow::Result<()> {
    let named = [
        (
            "faults.listed",
            schedule.listed_ms.keys().collect::<Vec<_>>(),
        ),
        ("faults.delisted", schedule.delisted_ms.keys().collect()),
        ("faults.impossible", schedule.impossible_ms.keys().collect()),
    ];
    for (key, symbols) in named {
        if let Some(unknown) = symbols
            .iter()
            .find(|symbol| !coins.iter().any(|(known, _)| known == **symbol))
        {
            return Err(refused(key, unknown, "coins that are served"));
        }
    }
    Ok(())
}

fn check(symbol: &Symbol, candles: &CandleTable, interval: Interval) -> anyhow::Result<()> {
    let times = &candles.open_time_ms;
    if let Some(&time) = times
        .iter()
        .find(|&&time| time.rem_euclid(interval.ms()) != 0)
    {
        bail!(
            "{symbol}: found a candle at {} ({time} ms), expected times on the grid of {interval}",
            format_time(time)
        );
    }
    if let Some(pair) = times.windows(2).find(|pair| pair[0] >= pair[1]) {
        let (first, second) = (format_time(pair[0]), format_time(pair[1]));
        bail!(
            "{symbol}: found a candle at {second} after one at {first}, expected ascending times"
        );
    }
    Ok(())
}
