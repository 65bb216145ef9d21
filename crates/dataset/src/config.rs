//! The sections of the config file that every forecaster shares.

use std::path::PathBuf;

use market::{Interval, Market, SimulatedConfig, Symbol};
use serde::{Deserialize, Serialize};

use crate::target_scale::TRAILING_BARS;
use crate::{
    Column, Error, FeatureConfig, Features, NormalizeConfig, SplitConfig, TargetConfig, parse_time,
};

/// The shared sections: what is forecast, from what, on which rows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// `[data]`
    pub data: DataConfig,
    /// `[universe]`
    pub universe: UniverseConfig,
    /// `[features]`
    pub features: FeatureConfig,
    /// `[target]`
    pub target: TargetConfig,
    /// `[split]`
    pub split: SplitConfig,
    /// `[normalize]`
    pub normalize: NormalizeConfig,
}

/// The `[run]` section, which only a run's own run.toml has: what wrote the forecasts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunConfig {
    /// The kind of forecaster: `network`, `lightgbm`, `ensemble` ...; empty in runs of older
    /// versions, whose name in the tables begins with it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// `network`, `lightgbm`, ...: the name in the tables of `evaluate`.
    pub forecaster: String,
    /// Version of this project that began the run.
    pub version: String,
}

/// The `[data]` section: where candles come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// The store on disk or the built-in simulated market.
    pub source: Source,
    /// Folder of the candle store.
    pub dir: PathBuf,
    /// Spot or futures.
    pub market: Market,
    /// Bar length.
    pub interval: Interval,
    /// Bar length of the stored candles that bars are made of, such as `1m`, where they are
    /// shorter than `interval`; only bars of which the store has every part are used. Empty:
    /// the store holds candles of `interval` itself.
    pub resample_from: String,
    /// First time used, such as `2021-04-02` (UTC); empty: from the first candle.
    pub from: String,
    /// First time no longer used; empty: to the last candle.
    pub until: String,
    /// How many bars in a row without a candle carry the last price forward.
    pub fill_limit_bars: usize,
    /// The simulated market's settings.
    pub simulated: SimulatedConfig,
}

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            source: Source::Store,
            dir: PathBuf::from("data"),
            market: Market::Spot,
            interval: Interval::ONE_MINUTE,
            resample_from: String::new(),
            from: String::new(),
            until: String::new(),
            // An hour: longer outages are holes that no forecast looks across.
            fill_limit_bars: 60,
            simulated: SimulatedConfig::default(),
        }
    }
}

impl DataConfig {
    /// Bar length of the candles in the store.
    ///
    /// # Errors
    /// A `resample_from` that is no interval, or does not divide `interval`.
    pub fn stored_interval(&self) -> Result<Interval, Error> {
        let Self {
            interval,
            resample_from,
            ..
        } = self;
        if resample_from.is_empty() {
            return Ok(*interval);
        }
        let divides = |stored: &Interval| interval.ms() % stored.ms() == 0;
        resample_from.parse().ok().filter(divides).ok_or_else(|| {
            let fitting: Vec<String> = Interval::ALL
                .iter()
                .filter(|i| divides(i))
                .map(Interval::to_string)
                .collect();
            let expected = format!(
                "an interval that divides data.interval = {interval}: {}",
                fitting.join(", ")
            );
            Error::config("data.resample_from", resample_from, expected)
        })
    }
}

/// Where candles come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The candle store in `data.dir`.
    Store,
    /// The simulated market.
    Simulated,
}

/// The `[universe]` section: which coins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UniverseConfig {
    /// The coins, in the order of the channels; an empty list takes all that the source has,
    /// sorted.
    pub symbols: Vec<Symbol>,
    /// The coins whose rows forecasters are fitted to; an empty list: all. The others' rows decide
    /// nothing, but each coin's own statistics are of its own training rows.
    pub trained: Vec<Symbol>,
    /// The coins that are forecast and scored; an empty list: all.
    pub scored: Vec<Symbol>,
    /// Whether a coin is scored at a time up to which its close has not moved for a day of bars
    /// (at least ten): it is settled or flat, and to forecast that nothing happens is no
    /// skill.
    pub score_settled: bool,
}

/// 20 USDT pairs that have long been liquid on the spot market.
const LIQUID: [&str; 20] = [
    "BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT", "ADAUSDT", "TRXUSDT",
    "AVAXUSDT", "LINKUSDT", "DOTUSDT", "LTCUSDT", "BCHUSDT", "UNIUSDT", "ATOMUSDT", "ETCUSDT",
    "XLMUSDT", "NEARUSDT", "FILUSDT", "APTUSDT",
];

impl Default for UniverseConfig {
    fn default() -> Self {
        let symbols = LIQUID
            .iter()
            .filter_map(|name| Symbol::new(name).ok())
            .collect();
        Self {
            symbols,
            trained: Vec::new(),
            scored: Vec::new(),
            score_settled: false,
        }
    }
}

/// A month of minutes: no price is carried forward for longer, and no live forecast needs more
/// candles for it.
const MOST_FILLED_BARS: usize = 44_640;

impl Config {
    /// Checks every value that its type alone does not.
    ///
    /// # Errors
    /// [`Error::Config`] with the key, the value found and what is expected.
    pub fn validate(&self) -> Result<(), Error> {
        let symbols = &self.universe.symbols;
        if symbols.len() == 1 {
            return Err(Error::config(
                "universe.symbols",
                &symbols[0],
                "at least 2 coins, or [] for all in the store",
            ));
        }
        if let Some(twice) = symbols
            .iter()
            .enumerate()
            .find(|(i, symbol)| symbols[..*i].contains(symbol))
        {
            return Err(Error::config("universe.symbols", twice.1, "each coin once"));
        }
        let strange = |coins: &[Symbol]| {
            coins
                .iter()
                .find(|coin| !symbols.is_empty() && !symbols.contains(coin))
                .cloned()
        };
        for (key, coins) in [
            ("universe.trained", &self.universe.trained),
            ("universe.scored", &self.universe.scored),
        ] {
            if let Some(coin) = strange(coins) {
                return Err(Error::config(key, coin, "coins of universe.symbols"));
            }
        }
        let (from_ms, until_ms) = self.range_ms()?;
        if from_ms >= until_ms {
            return Err(Error::config(
                "data.until",
                &self.data.until,
                format!("a time after {}", self.data.from),
            ));
        }
        if self.data.stored_interval()? != self.data.interval
            && self.data.source == Source::Simulated
        {
            let expected = "\"\", as the simulated market makes candles of any interval";
            return Err(Error::config(
                "data.resample_from",
                &self.data.resample_from,
                expected,
            ));
        }
        if self.data.fill_limit_bars > MOST_FILLED_BARS {
            let expected = format!("0 to {MOST_FILLED_BARS} bars");
            return Err(Error::config(
                "data.fill_limit_bars",
                self.data.fill_limit_bars,
                expected,
            ));
        }
        self.features.validate()?;
        self.target.validate()?;
        self.split.validate()?;
        self.normalize.validate()
    }

    /// `data.from` and `data.until` in ms; the whole of time where they are empty.
    ///
    /// # Errors
    /// Text that is no time.
    pub fn range_ms(&self) -> Result<(i64, i64), Error> {
        let time = |key, text: &str, open| match text {
            "" => Ok(open),
            text => parse_time(text)
                .map_err(|_| Error::config(key, text, "a time such as 2021-04-02 or \"\"")),
        };
        Ok((
            time("data.from", &self.data.from, i64::MIN)?,
            time("data.until", &self.data.until, i64::MAX)?,
        ))
    }

    /// The features that are asked for, at the interval of the bars.
    pub fn chosen_features(&self) -> Features {
        self.features.chosen(self.data.interval)
    }

    /// All columns that features and target are computed from.
    pub fn columns(&self) -> Vec<Column> {
        let mut columns = [
            self.features.set.columns(),
            self.target.columns(),
            &[Column::Close],
        ]
        .concat();
        columns.sort();
        columns.dedup();
        columns
    }

    /// How many bars up to t a forecast at t is a function of: window, warm-up (or what targets are
    /// scaled by) and fill.
    pub fn history_bars(&self) -> usize {
        let window = self.features.lookback_bars + self.chosen_features().warm_up_bars();
        window.max(TRAILING_BARS + 1) + self.data.fill_limit_bars
    }
}
