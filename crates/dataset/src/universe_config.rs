//! The `[universe]` section.

use market::Symbol;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, TimeSpan};

/// The `[universe]` section: which coins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UniverseConfig {
    /// The coins, in the order of the network's channels; `[]` takes all that the source has, sorted.
    /// What compares a coin with the others says nothing where there is one alone. The default are 20 USDT pairs that have long been liquid on the spot
    /// market.
    pub symbols: Vec<Symbol>,
    /// Coins that are left out of all that the source has, where `universe.symbols` is `[]`: pegged
    /// and leveraged ones for instance, whose volatility is of another kind.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<Symbol>,
    /// Quote currency, such as `USDT`, all pairs of which are the coins where `universe.symbols` is
    /// `[]`: `quarterhour download` fetches those that the exchange trades and, as its archive has them,
    /// those that it once traded; a run takes those of the
    /// store. Leveraged and pegged coins are left out, and of a run those that have a candle in
    /// less than 90 % of the bars of `universe.ranked_over`; all are named with the reason. A run's own
    /// file names the coins themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(title = "currency")]
    pub quote: Option<String>,
    /// How many of these coins a run takes: those with the largest traded amount a bar in
    /// `universe.ranked_over`. Without it all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top: Option<usize>,
    /// How long, from the first candle on, it is looked at which of these coins are traded. It ends
    /// before the first scored row, so that nothing that comes later decides which coins of the store are scored.
    #[serde(skip_serializing_if = "is_usual_span")]
    #[schemars(extend("default" = "90d"))]
    pub ranked_over: TimeSpan,
    /// The coins whose rows forecasters are fitted to; `[]` takes all. The rows of the others
    /// decide nothing, but each coin's own statistics are of its own training rows.
    pub trained: Vec<Symbol>,
    /// Whose rows forecasters are fitted to, where there are `[[panel]]` sections.
    #[serde(skip_serializing_if = "LearnFrom::is_all")]
    pub learn_from: LearnFrom,
    /// The coins that are forecast and scored; `[]` takes all.
    pub scored: Vec<Symbol>,
    /// Whether a coin is scored at a time before which its close has not moved for a day of bars
    /// (at least ten). Such a coin is settled or flat, and it is no skill to forecast that nothing
    /// happens.
    pub score_settled: bool,
}

/// The panels whose rows forecasters are fitted to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LearnFrom {
    /// The run's own panel and those of the `[[panel]]` sections.
    #[default]
    All,
    /// Those of the `[[panel]]` sections alone: what is learnt elsewhere is scored on coins and a time
    /// whose rows taught nothing. Each coin's own statistics are of its own training rows all the same.
    Panels,
}

impl LearnFrom {
    fn is_all(&self) -> bool {
        *self == Self::All
    }
}

/// 20 USDT pairs that have long been liquid on the spot market.
const LIQUID: [&str; 20] = [
    "BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT", "ADAUSDT", "TRXUSDT",
    "AVAXUSDT", "LINKUSDT", "DOTUSDT", "LTCUSDT", "BCHUSDT", "UNIUSDT", "ATOMUSDT", "ETCUSDT",
    "XLMUSDT", "NEARUSDT", "FILUSDT", "APTUSDT",
];

/// A quarter of a year.
const RANKED_OVER: TimeSpan = TimeSpan::hours(90 * 24);

fn is_usual_span(span: &TimeSpan) -> bool {
    *span == RANKED_OVER
}

impl Default for UniverseConfig {
    fn default() -> Self {
        let symbols = LIQUID
            .iter()
            .filter_map(|name| Symbol::new(name).ok())
            .collect();
        Self {
            symbols,
            without: Vec::new(),
            quote: None,
            top: None,
            ranked_over: RANKED_OVER,
            trained: Vec::new(),
            learn_from: LearnFrom::All,
            scored: Vec::new(),
            score_settled: false,
        }
    }
}

impl UniverseConfig {
    /// Returns true when forecasters are fitted to this panel's rows of the coin.
    pub fn is_trained(&self, symbol: &str) -> bool {
        let is_named = || self.trained.iter().any(|other| other.as_str() == symbol);
        self.learn_from.is_all() && (self.trained.is_empty() || is_named())
    }

    /// Checks every value that its type alone does not.
    ///
    /// # Errors
    /// [`Error::Config`] with the key, the value found and what is expected.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        let symbols = &self.symbols;
        let is_twice = |place: usize| symbols[..place].contains(&symbols[place]);
        if let Some(place) = (0..symbols.len()).find(|place| is_twice(*place)) {
            let expected = "each coin once";
            return Err(Error::config("universe.symbols", &symbols[place], expected));
        }
        let is_strange = |coin: &&Symbol| !symbols.is_empty() && !symbols.contains(coin);
        for (key, coins) in [
            ("universe.trained", &self.trained),
            ("universe.scored", &self.scored),
        ] {
            if let Some(coin) = coins.iter().find(is_strange) {
                return Err(Error::config(key, coin, "coins of universe.symbols"));
            }
        }
        self.validate_rule()
    }

    /// Checks `quote`, `top` and `ranked_over` alone.
    ///
    /// # Errors
    /// [`Error::Config`] with the key, the value found and what is expected.
    pub fn validate_rule(&self) -> Result<(), Error> {
        match (&self.quote, self.top) {
            (None, Some(top)) => {
                let expected = "no such key without universe.quote, the currency of the pairs";
                return Err(Error::config("universe.top", top, expected));
            }
            (Some(_), Some(top)) if top < 2 => {
                return Err(Error::config("universe.top", top, "2 coins at least"));
            }
            (Some(quote), _) if !self.symbols.is_empty() => {
                let expected = "no such key beside universe.symbols, which is [] with it";
                return Err(Error::config("universe.quote", quote, expected));
            }
            _ => {}
        }
        if self.ranked_over.ms() <= 0 {
            let expected = "a time above 0";
            return Err(Error::config(
                "universe.ranked_over",
                self.ranked_over,
                expected,
            ));
        }
        Ok(())
    }
}
