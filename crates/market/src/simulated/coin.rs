//! One coin, minute by minute: its price, what trades, and which minutes nobody recorded.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::config::SimulatedConfig;
use super::factor::{
    DayShape, FACTOR_DEVIATION, Factor, FactorMinute, HeavyTails, LogVolatility, normal, stream,
};
use super::reversion::Reversion;
use crate::Error;

/// First prices: as far apart as those of real coins.
const FIRST_PRICES: [f64; 12] = [
    42_000.0, 2300.0, 100.0, 310.0, 0.62, 0.09, 15.0, 7.4, 0.000_021, 72.0, 250.0, 1.3,
];

/// Deviation of a coin's own log volatility, and its half life: shorter than the market's.
const OWN_LOG_VOLATILITY_DEVIATION: f64 = 0.3;
const OWN_LOG_VOLATILITY_HALF_LIFE_MINUTES: f64 = 70.0;
/// How much of the market's restlessness a coin's own shocks share.
const SHARED_RESTLESSNESS: f64 = 0.5;
/// Trading activity beside volatility and the time of day.
const ACTIVITY_DEVIATION: f64 = 0.4;
const ACTIVITY_HALF_LIFE_MINUTES: f64 = 10.0;
/// How far the first trade of a minute is from the last one before, in deviations of a minute.
const OPEN_JITTER: f64 = 0.05;
/// Trades in an average minute.
const USUAL_TRADES: f64 = 300.0;

/// What makes a coin differ from the others; fixed by its number.
#[derive(Debug, Clone, Copy)]
struct Character {
    first_price: f64,
    /// How far it moves with the common factor.
    beta: f64,
    /// Standard deviation of its own shocks.
    own_deviation: f64,
    /// Quote volume of an average minute.
    usual_quote_volume: f64,
}

impl Character {
    fn new(index: usize) -> Self {
        let round = (index / FIRST_PRICES.len()) as f64;
        let first_price = FIRST_PRICES
            .get(index % FIRST_PRICES.len())
            .copied()
            .unwrap_or(1.0);
        Self {
            first_price: first_price / (1.0 + 0.37 * round),
            beta: 0.9 + 0.1 * (index % 6) as f64,
            own_deviation: 3e-4 + 8e-5 * (index % 7) as f64,
            usual_quote_volume: 1.5e6 / (1.0 + index as f64),
        }
    }
}

/// One minute of one coin.
#[derive(Debug, Clone, Copy)]
pub(super) struct CoinMinute {
    pub(super) open: f64,
    pub(super) high: f64,
    pub(super) low: f64,
    pub(super) close: f64,
    pub(super) volume: f64,
    pub(super) quote_volume: f64,
    pub(super) count: f64,
    pub(super) taker_buy_volume: f64,
    pub(super) taker_buy_quote_volume: f64,
    /// The average of past returns at the minute's end, which prices revert against.
    pub(super) average: f64,
    /// Nobody recorded this minute. The price went on.
    pub(super) is_missing: bool,
}

/// The generator of one coin's minutes.
pub(super) struct CoinGenerator {
    character: Character,
    reversion: Reversion,
    missing_share: f64,
    random: ChaCha8Rng,
    tails: HeavyTails,
    own: LogVolatility,
    activity: LogVolatility,
    log_price: f64,
    close: f64,
    average: f64,
}

/// The minute's return and the volatility it was drawn with.
struct MinuteReturn {
    log_return: f64,
    deviation: f64,
    own_log_volatility: f64,
}

impl CoinGenerator {
    pub(super) fn new(
        config: &SimulatedConfig,
        reversion: Reversion,
        index: usize,
    ) -> Result<Self, Error> {
        let character = Character::new(index);
        let mut random = stream(config.seed, index as u64 + 1);
        let own = LogVolatility::new(
            OWN_LOG_VOLATILITY_DEVIATION,
            OWN_LOG_VOLATILITY_HALF_LIFE_MINUTES,
            &mut random,
        );
        let activity =
            LogVolatility::new(ACTIVITY_DEVIATION, ACTIVITY_HALF_LIFE_MINUTES, &mut random);
        // As if the market had been running for long.
        let deviation = character
            .own_deviation
            .hypot(character.beta * FACTOR_DEVIATION);
        let average = reversion.average_variance().sqrt() * deviation * normal(&mut random);
        Ok(Self {
            character,
            reversion,
            missing_share: config.missing_share,
            random,
            tails: HeavyTails::new()?,
            own,
            activity,
            log_price: character.first_price.ln(),
            close: character.first_price,
            average,
        })
    }

    /// The next minute, the `index`th. Every minute draws from the random stream in the same way,
    /// whatever the configuration, so that it changes only what it is about.
    pub(super) fn step(
        &mut self,
        index: usize,
        shared: &FactorMinute,
        day: &DayShape,
    ) -> CoinMinute {
        let (day_volatility, day_volume) = day.at(index);
        let step = self.draw_move(shared, day_volatility);
        let (open, high, low, close) = self.draw_prices(&step);
        self.average = self.reversion.next(self.average, step.log_return);
        let surprise = step.log_return / step.deviation;

        // Volume follows the time of day, volatility and the size of the move.
        let activity = self.activity.step(&mut self.random);
        let restless = 0.6 * (shared.log_volatility + step.own_log_volatility);
        let busy = day_volume * (restless + 0.35 * (surprise.abs() - 0.75) + activity).exp();
        let quote_volume = self.character.usual_quote_volume * busy;
        let trade_size = (0.2 * normal(&mut self.random)).exp();
        let count = (USUAL_TRADES * busy / trade_size).round().max(1.0);

        // The average price lies between low and high, so base volume follows from quote volume.
        let place = 0.2 + 0.6 * self.random.random::<f64>();
        let volume = quote_volume / (low + place * (high - low));

        // Buyers take when the price rises.
        let pressure = 0.5 * surprise + 0.3 * normal(&mut self.random);
        let taker_share = 1.0 / (1.0 + (-pressure).exp());

        let is_unrecorded = self.random.random::<f64>() < self.missing_share;
        CoinMinute {
            open,
            high,
            low,
            close,
            volume,
            quote_volume,
            count,
            taker_buy_volume: taker_share * volume,
            taker_buy_quote_volume: taker_share * quote_volume,
            average: self.average,
            is_missing: is_unrecorded || shared.is_outage,
        }
    }

    fn draw_move(&mut self, shared: &FactorMinute, day_volatility: f64) -> MinuteReturn {
        let own_log_volatility = self.own.step(&mut self.random);
        let shared_part = SHARED_RESTLESSNESS * shared.log_volatility;
        // Half of exp(2 * log volatility)'s mean, so that shocks keep their variance.
        let centre = OWN_LOG_VOLATILITY_DEVIATION.powi(2)
            + (SHARED_RESTLESSNESS * Factor::LOG_VOLATILITY_DEVIATION).powi(2);
        let own_deviation = self.character.own_deviation
            * day_volatility
            * (own_log_volatility + shared_part - centre).exp();
        let beta = self.character.beta;
        let shock = beta * shared.shock + own_deviation * self.tails.draw(&mut self.random);
        MinuteReturn {
            log_return: self.reversion.drift(self.average) + shock,
            deviation: own_deviation.hypot(beta * shared.deviation),
            own_log_volatility,
        }
    }

    /// Open, high, low, close. High and low are the extremes of a Brownian bridge from open to
    /// close: with `d` the way and `s` the deviation, the maximum over the start is
    /// `(d + sqrt(d^2 - 2 s^2 ln U)) / 2`.
    fn draw_prices(&mut self, step: &MinuteReturn) -> (f64, f64, f64, f64) {
        let jitter = OPEN_JITTER * step.deviation * normal(&mut self.random);
        let open = self.close * jitter.exp();
        self.log_price += step.log_return;
        self.close = self.log_price.exp();
        let way = step.log_return - jitter;
        let mut extreme = |sign: f64| {
            // In (0, 1], so that the logarithm is finite.
            let uniform = 1.0 - self.random.random::<f64>();
            let spread = (way * way - 2.0 * step.deviation.powi(2) * uniform.ln()).sqrt();
            open * (0.5 * (way + sign * spread)).exp()
        };
        // Rounding must not put an extreme inside.
        let high = extreme(1.0).max(open).max(self.close);
        let low = extreme(-1.0).min(open).min(self.close);
        (open, high, low, self.close)
    }
}
