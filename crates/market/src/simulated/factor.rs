//! What all coins share: the common factor, how restless the market is, the time of day, outages.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, StudentT};

use super::config::{
    LONGEST_OUTAGE_MINUTES, SHORTEST_OUTAGE_MINUTES, SimulatedConfig, simulated_error,
};
use crate::Error;

/// Standard deviation of the factor's one-minute log return: with beta 1 about 0.6 % an hour.
pub(super) const FACTOR_DEVIATION: f64 = 6e-4;
/// Degrees of freedom of the shocks: tails as heavy as minute returns have beside their changing
/// volatility, and a finite fourth moment.
const TAIL_FREEDOM: f64 = 5.0;
const MINUTES_A_DAY: usize = 1440;

const FACTOR_STREAM: u64 = 0;
const OUTAGE_STREAM: u64 = u64::MAX;

/// One of the independent random streams of a seed. Coins have the streams from 1 on.
pub(super) fn stream(seed: u64, number: u64) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(number);
    random
}

/// Shocks of mean 0 and variance 1 with heavy tails.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeavyTails(StudentT<f64>);

impl HeavyTails {
    pub(super) fn new() -> Result<Self, Error> {
        StudentT::new(TAIL_FREEDOM)
            .map(Self)
            .map_err(|error| simulated_error("tails", error, "a distribution"))
    }

    pub(super) fn draw(self, random: &mut ChaCha8Rng) -> f64 {
        // A t distribution has the variance freedom / (freedom - 2).
        self.0.sample(random) * ((TAIL_FREEDOM - 2.0) / TAIL_FREEDOM).sqrt()
    }
}

/// A log volatility that comes and goes: a stationary autoregression of order 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct LogVolatility {
    pub(super) value: f64,
    persistence: f64,
    innovation: f64,
}

impl LogVolatility {
    /// Starts at a draw from its stationary distribution.
    pub(super) fn new(deviation: f64, half_life_minutes: f64, random: &mut ChaCha8Rng) -> Self {
        let persistence = 0.5_f64.powf(1.0 / half_life_minutes);
        Self {
            value: deviation * normal(random),
            persistence,
            innovation: deviation * (1.0 - persistence * persistence).sqrt(),
        }
    }

    pub(super) fn step(&mut self, random: &mut ChaCha8Rng) -> f64 {
        self.value = self.persistence * self.value + self.innovation * normal(random);
        self.value
    }
}

pub(super) fn normal(random: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(random)
}

/// How busy each minute of the UTC day is: U-shaped, highest at midnight, lowest at noon.
#[derive(Debug)]
pub(super) struct DayShape {
    volatility: Vec<f64>,
    volume: Vec<f64>,
    first_minute: usize,
}

impl DayShape {
    pub(super) fn new(start_ms: i64) -> Self {
        let wave =
            |minute: usize| (std::f64::consts::TAU * minute as f64 / MINUTES_A_DAY as f64).cos();
        // Mean square 1, so that the day's shape leaves the variance as it is.
        let scale = (1.0 + 0.25 * 0.25 / 2.0_f64).sqrt().recip();
        Self {
            volatility: (0..MINUTES_A_DAY)
                .map(|minute| scale * (1.0 + 0.25 * wave(minute)))
                .collect(),
            volume: (0..MINUTES_A_DAY)
                .map(|minute| 1.0 + 0.6 * wave(minute))
                .collect(),
            first_minute: usize::try_from(start_ms / 60_000).unwrap_or(0) % MINUTES_A_DAY,
        }
    }

    /// Factors on volatility and volume at the `minute`th minute of the simulation.
    pub(super) fn at(&self, minute: usize) -> (f64, f64) {
        let of_day = (self.first_minute + minute) % MINUTES_A_DAY;
        let value = |shape: &[f64]| shape.get(of_day).copied().unwrap_or(1.0);
        (value(&self.volatility), value(&self.volume))
    }
}

/// The common factor at one minute.
#[derive(Debug, Clone, Copy)]
pub(super) struct FactorMinute {
    /// Shock to the log price of a coin of beta 1.
    pub(super) shock: f64,
    /// Standard deviation of that shock, known before it.
    pub(super) deviation: f64,
    /// How restless the market is; mean 0.
    pub(super) log_volatility: f64,
    /// The exchange is down: no coin has a candle.
    pub(super) is_outage: bool,
}

/// What all coins share, minute by minute.
#[derive(Debug)]
pub(super) struct Factor {
    pub(super) minutes: Vec<FactorMinute>,
    pub(super) day: DayShape,
}

impl Factor {
    /// Deviation of the market's log volatility: quiet weeks and wild hours differ by about 5.
    pub(super) const LOG_VOLATILITY_DEVIATION: f64 = 0.45;
    /// Market-wide restlessness lasts for hours.
    const LOG_VOLATILITY_HALF_LIFE_MINUTES: f64 = 360.0;

    pub(super) fn new(config: &SimulatedConfig) -> Result<Self, Error> {
        let mut random = stream(config.seed, FACTOR_STREAM);
        let tails = HeavyTails::new()?;
        let day = DayShape::new(config.start_ms);
        let mut log_volatility = LogVolatility::new(
            Self::LOG_VOLATILITY_DEVIATION,
            Self::LOG_VOLATILITY_HALF_LIFE_MINUTES,
            &mut random,
        );
        let centre = Self::LOG_VOLATILITY_DEVIATION.powi(2);
        let mut minutes: Vec<FactorMinute> = (0..config.minutes)
            .map(|minute| {
                let log_volatility = log_volatility.step(&mut random);
                let deviation =
                    FACTOR_DEVIATION * day.at(minute).0 * (log_volatility - centre).exp();
                FactorMinute {
                    shock: deviation * tails.draw(&mut random),
                    deviation,
                    log_volatility,
                    is_outage: false,
                }
            })
            .collect();
        mark_outages(config, &mut minutes);
        Ok(Self { minutes, day })
    }
}

/// One outage in each whole or begun span of `outage_every_minutes`, by its own random stream, so
/// that where it lies does not depend on how many minutes are simulated.
fn mark_outages(config: &SimulatedConfig, minutes: &mut [FactorMinute]) {
    let Some(span) = config.outage_every_minutes else {
        return;
    };
    let mut random = stream(config.seed, OUTAGE_STREAM);
    for chunk in minutes.chunks_mut(span) {
        let start = random.random_range(0..=span.saturating_sub(LONGEST_OUTAGE_MINUTES));
        let length = random.random_range(SHORTEST_OUTAGE_MINUTES..=LONGEST_OUTAGE_MINUTES);
        for minute in chunk.iter_mut().skip(start).take(length) {
            minute.is_outage = true;
        }
    }
}
