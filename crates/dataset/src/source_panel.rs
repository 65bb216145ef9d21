//! The candles that a config names, from the store or the simulated market, on one grid.

use market::{Symbol, simulate};
use storage::Scratch;

use crate::panel::{PanelBuilder, bars_between, first_bar_ms};
use crate::universe_rule::{LeftOut, ruled_universe};
use crate::{
    Base, CandleReader, CandleTable, Column, Config, Error, FeatureSet, Panel, Source,
    UniverseConfig, format_time,
};

pub(crate) type Coins = Vec<(Symbol, CandleTable)>;
/// Expected target by open time, one list a coin.
pub(crate) type ExpectedTargets = Vec<Vec<(i64, f64)>>;

pub(crate) fn no_candles() -> Error {
    Error::TooFewRows {
        what: "candles between data.from and data.until".to_owned(),
        found: 0,
        expected: 1,
        hint: "`quarterhour audit` shows what the store holds".to_owned(),
    }
}

/// The config with the coins and the span of its panel.
pub(crate) fn spelled_out(mut config: Config, panel: &Panel) -> Config {
    config.universe.symbols = panel.symbols().to_vec();
    config.data.from = Some(format_time(panel.time_ms(0)));
    config.data.until = Some(format_time(panel.time_ms(panel.rows())));
    config
}

/// The coins of the universe, which are all of the store if it names none.
pub(crate) fn wanted_symbols(config: &Config, reader: &CandleReader) -> Result<Vec<Symbol>, Error> {
    let symbols = match config.universe.symbols.as_slice() {
        [] => {
            let mut all = reader.symbols()?;
            all.retain(|symbol| !config.universe.without.contains(symbol));
            all
        }
        symbols => symbols.to_vec(),
    };
    if symbols.is_empty() {
        return Err(Error::NoCandles {
            symbol: "any symbol".to_owned(),
            market: config.data.market.to_string(),
            interval: reader.store().interval().to_string(),
            dir: config.data.dir.clone(),
            hint: None,
        });
    }
    Ok(symbols)
}

/// The coins of a universe that is not named, coin by coin.
pub(crate) struct KnownCoins {
    /// The config, which names them now.
    pub config: Config,
    /// Those that have no candles between `data.from` and `data.until`, where all are taken.
    pub without_candles: Vec<Symbol>,
    /// Those that `universe.quote` and `universe.top` leave out.
    pub left_out: Vec<LeftOut>,
    /// Time of the end of what decided between the latter, UTC milliseconds.
    pub ranked_until_ms: Option<i64>,
}

/// The config with those coins of the store that the rule of the universe takes, or that have candles
/// between `data.from` and `data.until` where the universe is all of them. A coin that the universe
/// names must have some.
pub(crate) fn with_known_coins(config: &Config) -> Result<KnownCoins, Error> {
    let mut known = KnownCoins {
        config: config.clone(),
        without_candles: Vec::new(),
        left_out: Vec::new(),
        ranked_until_ms: None,
    };
    if config.data.source != Source::Store || !config.universe.symbols.is_empty() {
        return Ok(known);
    }
    let reader = CandleReader::new(&config.data)?;
    let universe = &mut known.config.universe;
    let ruled = ruled_universe(
        &config.universe,
        (&reader, config.data.interval),
        config.range_ms()?,
    )?;
    if let Some(ruled) = ruled {
        universe.symbols = ruled.symbols;
        (universe.quote, universe.top) = (None, None);
        universe.ranked_over = UniverseConfig::default().ranked_over;
        known.left_out = ruled.left_out;
        known.ranked_until_ms = Some(ruled.known_ms);
    } else if config.data.from.is_some() || config.data.until.is_some() {
        universe.symbols = symbols_with_candles(config)?;
        let mut without = wanted_symbols(config, &reader)?;
        without.retain(|symbol| !universe.symbols.contains(symbol));
        known.without_candles = without;
    }
    Ok(known)
}

/// Refuses a universe whose rule looked at candles of the time that is scored.
pub(crate) fn check_ranked_before(
    config: &Config,
    ranked_until_ms: Option<i64>,
    first_scored_ms: Option<i64>,
) -> Result<(), Error> {
    match (ranked_until_ms, first_scored_ms) {
        (Some(until_ms), Some(scored_ms)) if until_ms > scored_ms => {
            let expected = format!(
                "a time that ends before the first scored row at {}; it ends at {}",
                format_time(scored_ms),
                format_time(until_ms)
            );
            let found = config.universe.ranked_over;
            Err(Error::config("universe.ranked_over", found, expected))
        }
        _ => Ok(()),
    }
}

/// Those of the universe's coins that have candles between `data.from` and `data.until`.
pub(crate) fn symbols_with_candles(config: &Config) -> Result<Vec<Symbol>, Error> {
    let (from_ms, until_ms) = config.range_ms()?;
    let reader = CandleReader::new(&config.data)?;
    let mut known = Vec::new();
    for symbol in wanted_symbols(config, &reader)? {
        let candles = reader.read(&symbol, &[], from_ms, until_ms)?;
        known.extend((!candles.is_empty()).then_some(symbol));
    }
    Ok(known)
}

/// The store's candles on one grid. They are read a month and coin at a time, so that the panel is all
/// that is held.
///
/// # Errors
/// As [`crate::Dataset::load_in`].
pub(crate) fn stored_panel(config: &Config, scratch: &Scratch) -> Result<Panel, Error> {
    let (from_ms, until_ms) = config.range_ms()?;
    let reader = CandleReader::new(&config.data)?;
    let symbols = wanted_symbols(config, &reader)?;
    let range_ms = times_of(config, &reader, &symbols)?;
    let columns = config.columns();
    let first_ms = first_bar_ms(range_ms.0, config.data.interval);
    let rows = bars_between(first_ms, range_ms.1, config.data.interval);
    scratch.check_room(config.array_bytes(rows, symbols.len()))?;
    let mut builder = PanelBuilder::new(
        (symbols.clone(), config.data.interval),
        range_ms,
        &columns,
        config.data.filling(),
        scratch,
    );
    let mut known = vec![[f64::NAN; Column::ALL.len()]; symbols.len()];
    for month in builder.months() {
        let from_ms = builder.time_ms(month.start).max(from_ms);
        let until_ms = builder.time_ms(month.end).min(until_ms);
        builder.begin(month);
        for (coin, symbol) in symbols.iter().enumerate() {
            let candles = reader.read(symbol, &columns, from_ms, until_ms)?;
            for &column in columns.iter().filter(|&&column| candles.has(column)) {
                known[coin][column as usize] = 0.0;
            }
            builder.add(coin, &candles);
        }
    }
    // A candle for each coin, with a value in the columns that any of its candles has one in.
    let coins = symbols.into_iter().zip(known);
    let coins = coins.map(|(symbol, row)| (symbol, CandleTable::from_iter([(0, row)])));
    check_columns(config, &coins.collect::<Coins>())?;
    let panel = builder.finish().with_jump_ratio(config.data.jump_ratio);
    Ok(panel.with_events(reader.events()))
}

/// First open time of the coins' candles, and the end of the last one.
fn times_of(
    config: &Config,
    reader: &CandleReader,
    symbols: &[Symbol],
) -> Result<(i64, i64), Error> {
    let (from_ms, until_ms) = config.range_ms()?;
    let mut range_ms = (i64::MAX, i64::MIN);
    for symbol in symbols {
        let times = reader.read(symbol, &[], from_ms, until_ms)?.open_time_ms;
        let (Some(first), Some(last)) = (times.first(), times.last()) else {
            return Err(Error::TooFewRows {
                what: format!("candles of {symbol} between data.from and data.until"),
                found: 0,
                expected: 1,
                hint: "`quarterhour audit` shows what the store holds; take the coin out of \
                       universe.symbols or change the range"
                    .to_owned(),
            });
        };
        range_ms = (
            range_ms.0.min(*first),
            range_ms.1.max(*last + config.data.interval.ms()),
        );
    }
    Ok(range_ms)
}

/// The simulated market's candles on one grid, and what is expected of each.
pub(crate) fn simulated_panel(config: &Config) -> Result<(Panel, Option<ExpectedTargets>), Error> {
    let (coins, expected) = simulated_coins(config)?;
    let (from_ms, until_ms) = span(&coins).ok_or_else(no_candles)?;
    check_columns(config, &coins)?;
    let range = (from_ms, until_ms + config.data.interval.ms());
    let panel = Panel::build(
        &coins,
        config.data.interval,
        range,
        config.data.filling(),
        &config.columns(),
    );
    Ok((panel.with_jump_ratio(config.data.jump_ratio), expected))
}

/// The simulated market's candles, and what is expected of each where the target says it.
pub(crate) fn simulated_coins(config: &Config) -> Result<(Coins, Option<ExpectedTargets>), Error> {
    let range = config.range_ms()?;
    let market = simulate(&config.data.simulated, config.data.interval)?;
    let target = config.target.init(config.data.interval);
    let wanted = |symbol: &Symbol| {
        let UniverseConfig {
            symbols, without, ..
        } = &config.universe;
        match symbols.is_empty() {
            true => !without.contains(symbol),
            false => symbols.contains(symbol),
        }
    };
    let mut coins = Vec::new();
    let mut expected = Vec::new();
    for (index, coin) in market
        .coins
        .iter()
        .enumerate()
        .filter(|(_, coin)| wanted(&coin.symbol))
    {
        let kept: CandleTable = coin.candles.iter().cloned().collect();
        let of_candle = |(i, candle): (usize, &market::Candle)| {
            Some((candle.open_time_ms, target.oracle(&market, index, i)?))
        };
        let of_coin: Option<Vec<(i64, f64)>> =
            coin.candles.iter().enumerate().map(of_candle).collect();
        expected.push(of_coin);
        coins.push((
            coin.symbol.clone(),
            kept.filter(|time| range.0 <= time && time < range.1),
        ));
    }
    let has = |symbol: &&Symbol| coins.iter().any(|(known, _)| known == *symbol);
    if let Some(symbol) = config.universe.symbols.iter().find(|symbol| !has(symbol)) {
        let last = market.coins.len();
        let expected =
            format!("coins of the simulated market, SIM1USDT to SIM{last}USDT, or [] for all");
        return Err(Error::config("universe.symbols", symbol, expected));
    }
    Ok((coins, expected.into_iter().collect()))
}

fn span(coins: &Coins) -> Option<(i64, i64)> {
    let times = || {
        coins
            .iter()
            .flat_map(|(_, candles)| candles.open_time_ms.iter().copied())
    };
    Some((times().min()?, times().max()?))
}

/// Every coin must have every column of the feature set and the target; of a size, such as the
/// market cap, it is enough that some coin has it.
///
/// # Errors
/// [`Error::MissingColumns`] naming the set, the column and the sets that would do.
pub fn check_columns(config: &Config, coins: &[(Symbol, CandleTable)]) -> Result<(), Error> {
    let is_size_of_some =
        |column: Column| column.is_size() && coins.iter().any(|(_, candles)| candles.has(column));
    let lacks = |needed: &[Column]| -> Option<(&Symbol, Vec<Column>)> {
        coins
            .iter()
            .filter(|(_, candles)| !candles.is_empty())
            .find_map(|(symbol, candles)| {
                let missing: Vec<Column> = needed
                    .iter()
                    .copied()
                    .filter(|&column| !candles.has(column) && !is_size_of_some(column))
                    .collect();
                (!missing.is_empty()).then_some((symbol, missing))
            })
    };
    let base = config.target.base.map(Base::features);
    let own = (config.features.set, config.features.columns());
    let of_base = base.map(|set| (set, set.columns().to_vec()));
    for (set, columns) in [own].into_iter().chain(of_base) {
        if let Some((symbol, missing)) = lacks(&columns) {
            return Err(Error::MissingColumns {
                set: set.to_string(),
                needed: Column::list(&columns),
                symbol: symbol.to_string(),
                missing: Column::list(&missing),
                alternatives: FeatureSet::all()
                    .filter(|set| lacks(set.columns()).is_none())
                    .map(|set| set.to_string())
                    .collect(),
            });
        }
    }
    let target = config.target.init(config.data.interval);
    match lacks(target.columns()) {
        Some((symbol, missing)) => Err(Error::config(
            "target.kind",
            target.name(),
            format!(
                "candles with the column {}, which those of {symbol} lack; `return` needs closes only",
                missing[0]
            ),
        )),
        None => Ok(()),
    }
}

pub(crate) fn on_grid(panel: &Panel, expected: &ExpectedTargets) -> Vec<f64> {
    let mut grid = vec![f64::NAN; panel.rows() * panel.coins()];
    for (coin, expected) in expected.iter().enumerate() {
        for &(time, value) in expected {
            if let Some(row) = panel.row_of(time) {
                grid[row * panel.coins() + coin] = value;
            }
        }
    }
    grid
}
