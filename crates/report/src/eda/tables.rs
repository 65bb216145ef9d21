//! Tables of the data report, as labels and cells: the terminal and the page draw the same.

use super::coin::CoinFigures;
use super::figures::Figures;
use super::over_time::quantile_of;
use crate::words::{UNKNOWN, amount, change, count, day, number, percent, price, ratio};

/// Columns of the table of coins.
pub(crate) const COIN_COLUMNS: [&str; 13] = [
    "first",
    "last",
    "candles",
    "missing",
    "last close",
    "mean (bp)",
    "volatility a day",
    "skewness",
    "excess kurtosis",
    "lowest",
    "highest",
    "traded a day (millions)",
    "with reference",
];

/// An amount in millions.
fn millions(amount: f64) -> String {
    match amount / 1e6 {
        size if size >= 1000.0 => count(size.round() as usize),
        size if size >= 100.0 => number(Some(size), 0),
        size if size >= 1.0 => number(Some(size), 1),
        size => number(Some(size), 3),
    }
}

/// A label and its cells.
pub(crate) type Row = (String, Vec<String>);

/// One row a coin.
pub(crate) fn coin_row(coin: &CoinFigures) -> Row {
    let returns = coin.returns;
    let of = |value: Option<f64>, text: fn(f64) -> String| {
        value.map_or_else(|| UNKNOWN.to_owned(), text)
    };
    let cells = vec![
        day(coin.first_ms),
        day(coin.last_ms),
        count(coin.candles),
        percent(coin.missing_share),
        price(coin.last_close),
        number(returns.map(|one| one.mean * 1e4), 2),
        of(coin.volatility(), percent),
        number(returns.and_then(|one| one.skewness), 2),
        number(returns.and_then(|one| one.excess_kurtosis), 1),
        of(returns.map(|one| one.min), change),
        of(returns.map(|one| one.max), change),
        of(coin.traded_per_day(), millions),
        number(coin.correlation_with_reference, 2),
    ];
    (coin.symbol.to_string(), cells)
}

/// The medians of coins, by the columns of [`COIN_COLUMNS`].
pub(crate) fn median_row(label: String, coins: &[CoinFigures]) -> Row {
    let median =
        |of: &dyn Fn(&CoinFigures) -> Option<f64>| quantile_of(coins.iter().filter_map(of), 0.5);
    let of = |value: Option<f64>, text: fn(f64) -> String| {
        value.map_or_else(|| UNKNOWN.to_owned(), text)
    };
    let cells = vec![
        UNKNOWN.to_owned(),
        UNKNOWN.to_owned(),
        of(median(&|coin| Some(coin.candles as f64)), |median| {
            count(median.round() as usize)
        }),
        of(median(&|coin| Some(coin.missing_share)), percent),
        UNKNOWN.to_owned(),
        number(median(&|coin| Some(coin.returns?.mean * 1e4)), 2),
        of(median(&CoinFigures::volatility), percent),
        number(median(&|coin| coin.returns?.skewness), 2),
        number(median(&|coin| coin.returns?.excess_kurtosis), 1),
        of(median(&|coin| Some(coin.returns?.min)), change),
        of(median(&|coin| Some(coin.returns?.max)), change),
        of(median(&CoinFigures::traded_per_day), millions),
        number(median(&|coin| coin.correlation_with_reference), 2),
    ];
    (label, cells)
}

/// Columns of the table of quarters by size.
pub(crate) const SIZE_COLUMNS: [&str; 8] = [
    "coins",
    "smallest",
    "largest",
    "median volatility a day",
    "eight of ten",
    "skewness",
    "excess kurtosis",
    "with reference",
];

/// One row a quarter.
pub(crate) fn size_rows(figures: &Figures) -> Vec<Row> {
    let Some(sizes) = &figures.sizes else {
        return Vec::new();
    };
    let names = ["smallest quarter", "second", "third", "largest quarter"];
    let row = |(name, quartile): (&str, &super::sizes::Quartile)| {
        let [low, median, high] = quartile
            .volatility
            .map(|value| value.map_or_else(|| UNKNOWN.to_owned(), percent));
        let cells = vec![
            count(quartile.coins),
            amount(quartile.sizes[0]),
            amount(quartile.sizes[1]),
            median,
            format!("{low} to {high}"),
            number(quartile.skewness, 2),
            number(quartile.excess_kurtosis, 1),
            number(quartile.correlation, 2),
        ];
        (name.to_owned(), cells)
    };
    names.into_iter().zip(&sizes.quartiles).map(row).collect()
}

/// Columns of the table of faults.
pub(crate) const FAULT_COLUMNS: [&str; 8] = [
    "holes",
    "bars missing",
    "longest hole",
    "flat times",
    "longest flat",
    "jumps",
    "listed",
    "ended",
];

/// One row a coin that something is wrong with, those with the most bars missing first.
pub(crate) fn fault_rows(figures: &Figures) -> Vec<Row> {
    let mut coins: Vec<&CoinFigures> = figures
        .coins
        .iter()
        .filter(|coin| coin.faults.any())
        .collect();
    coins.sort_by_key(|coin| (-coin.faults.missing_bars, coin.symbol.clone()));
    let row = |coin: &&CoinFigures| {
        let faults = &coin.faults;
        let stretch = |one: Option<&super::faults::Stretch>| {
            one.map_or_else(
                || UNKNOWN.to_owned(),
                |one| format!("{} from {}", one.bars, day(one.from_ms)),
            )
        };
        let time = |time: Option<i64>| time.map_or_else(|| UNKNOWN.to_owned(), day);
        let flat = faults.flat.iter().max_by_key(|one| one.bars);
        let all = faults.jumps.iter().chain(&faults.jumps_over_holes);
        let jumps: Vec<String> = all
            .clone()
            .take(3)
            .map(|jump| format!("{} on {}", ratio(jump.ratio), day(jump.time_ms)))
            .collect();
        let more = all.count().saturating_sub(jumps.len());
        let jumps = match (jumps.is_empty(), more) {
            (true, _) => UNKNOWN.to_owned(),
            (false, 0) => jumps.join(", "),
            (false, more) => format!("{} and {more} more", jumps.join(", ")),
        };
        let settled = if faults.settled_ms.is_some() {
            ", settled"
        } else {
            ""
        };
        let cells = vec![
            count(faults.holes),
            count(usize::try_from(faults.missing_bars).unwrap_or(0)),
            stretch(faults.longest_hole.as_ref()),
            count(faults.flat.len()),
            stretch(flat) + settled,
            jumps,
            time(faults.listed_ms),
            time(faults.ended_ms),
        ];
        (coin.symbol.to_string(), cells)
    };
    coins.iter().map(row).collect()
}

/// Columns of the table of market caps.
pub(crate) const CAP_COLUMNS: [&str; 5] = ["last", "share", "mean", "range", "turnover a day"];

/// One row a coin with a market cap, largest first.
pub(crate) fn cap_rows(figures: &Figures) -> Vec<Row> {
    let Some(all) = &figures.market_caps else {
        return Vec::new();
    };
    let mut caps: Vec<_> = figures
        .coins
        .iter()
        .filter_map(|coin| Some((&coin.symbol, coin.market_cap?)))
        .collect();
    caps.sort_by(|a, b| b.1.last.total_cmp(&a.1.last));
    let row = |(symbol, cap): &(&market::Symbol, super::coin::MarketCapFigures)| {
        let turnover = cap.turnover_per_day;
        let cells = vec![
            amount(cap.last),
            percent(cap.last / all.total),
            amount(cap.mean),
            format!("{} to {}", amount(cap.min), amount(cap.max)),
            turnover.map_or_else(|| UNKNOWN.to_owned(), percent),
        ];
        (symbol.to_string(), cells)
    };
    caps.iter().map(row).collect()
}
