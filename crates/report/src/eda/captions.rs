//! One sentence for every picture, made from its figures.

use super::coin::CoinFigures;
use super::figures::Figures;
use super::over_time::{Sums, quantile_of};
use crate::words::{amount, change, count, counted, day, length, names, number, percent, ratio};

/// Coins that a sentence names.
const MOST_NAMED: usize = 10;

/// The smallest and the largest value with its time.
struct Extremes {
    low: (i64, f64),
    high: (i64, f64),
}

impl Extremes {
    fn of(times_ms: &[i64], values: &[f64]) -> Option<Self> {
        let known = || {
            let points = times_ms.iter().copied().zip(values.iter().copied());
            points.filter(|(_, value)| value.is_finite())
        };
        Some(Self {
            low: known().min_by(|a, b| a.1.total_cmp(&b.1))?,
            high: known().max_by(|a, b| a.1.total_cmp(&b.1))?,
        })
    }
}

/// The mean of the values that are known.
fn mean(values: &[f64]) -> f64 {
    let known: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .collect();
    statistics::mean(&known)
}

/// Of the price over time.
pub(crate) fn prices(figures: &Figures) -> String {
    let log_change = |coin: &CoinFigures| coin.log_change;
    let known = || {
        figures
            .coins
            .iter()
            .filter(|coin| log_change(coin).is_finite())
    };
    let by_change = |a: &&CoinFigures, b: &&CoinFigures| log_change(a).total_cmp(&log_change(b));
    let (Some(worst), Some(best)) = (known().min_by(by_change), known().max_by(by_change)) else {
        return "No coin has two prices.".to_owned();
    };
    let median = quantile_of(known().map(log_change), 0.5).unwrap_or(f64::NAN);
    let of_reference = known().find(|coin| Some(&coin.symbol) == figures.reference.as_ref());
    let reference = of_reference.map_or_else(String::new, |coin| {
        format!("{} {}, ", coin.symbol, change(log_change(coin)))
    });
    format!(
        "From its first to its last candle the price of the median coin changed by {}: {reference}best {} {}, worst {} {}{}.",
        change(median),
        best.symbol,
        change(log_change(best)),
        worst.symbol,
        change(log_change(worst)),
        left_out(figures),
    )
}

/// The steps that count as no change of the price.
fn left_out(figures: &Figures) -> String {
    let steps = |coin: &CoinFigures| coin.faults.jumps.len() + coin.faults.jumps_over_holes.len();
    let coins = coins_where(figures, |coin| steps(coin) > 0);
    let count: usize = coins.iter().map(|coin| steps(coin)).sum();
    match count {
        0 => String::new(),
        count => format!(
            "; {} past a ratio of {} that no `symbols.toml` explains, a new unit or a crash, {} no change ({})",
            counted(count, "step"),
            figures.jump_ratio,
            if count == 1 { "counts as" } else { "count as" },
            named(&coins),
        ),
    }
}

/// Of the mean return over time.
pub(crate) fn returns(figures: &Figures) -> String {
    let over_time = &figures.over_time;
    let values = &over_time.mean_returns;
    let Some(ends) = Extremes::of(&over_time.times_ms, values) else {
        return "No coin has a return.".to_owned();
    };
    let known = || values.iter().filter(|value| value.is_finite());
    let up = known().filter(|value| **value > 0.0).count() as f64 / known().count() as f64;
    let width = quantile_of(
        over_time
            .returns
            .high
            .iter()
            .zip(&over_time.returns.low)
            .map(|(high, low)| high - low),
        0.5,
    );
    format!(
        "The mean return of all coins over {} was above 0 in {} of the times, lowest before {} ({}) and highest before {} ({}); \
         eight of ten coins lie within {} of each other in the median.",
        length(figures.sampling.period_ms),
        percent(up),
        day(ends.low.0),
        change(ends.low.1),
        day(ends.high.0),
        change(ends.high.1),
        percent(width.unwrap_or(f64::NAN)),
    )
}

/// Of the volatility over time.
pub(crate) fn volatility(figures: &Figures) -> String {
    let over_time = &figures.over_time;
    let median = &over_time.volatility.of_all.median;
    let Some(ends) = Extremes::of(&over_time.times_ms, median) else {
        return "No coin has enough returns for a volatility.".to_owned();
    };
    format!(
        "The median coin's volatility over the {} before was {} a day on average, lowest on {} ({}) and highest on {} ({}).",
        length(figures.sampling.volatility_window_ms),
        percent(mean(median)),
        day(ends.low.0),
        percent(ends.low.1),
        day(ends.high.0),
        percent(ends.high.1),
    )
}

/// Of what is traded over time.
pub(crate) fn traded(figures: &Figures) -> String {
    let over_time = &figures.over_time;
    let sums = &over_time.traded_per_day;
    let Some(ends) = Extremes::of(&over_time.times_ms, &sums.total) else {
        return "The candles say nothing of what was traded.".to_owned();
    };
    format!(
        "All coins together traded {} a day on average, {} of it in {}; the most in the {} to {} ({} a day).",
        amount(mean(&sums.total)),
        percent(share_of_largest(sums)),
        names(
            &sums
                .largest
                .iter()
                .map(|line| &line.symbol)
                .collect::<Vec<_>>(),
            6
        ),
        length(figures.sampling.period_ms),
        day(ends.high.0),
        amount(ends.high.1),
    )
}

/// The share of the coins with a line of their own in the sum over time.
fn share_of_largest(sums: &Sums) -> f64 {
    let sum = |values: &[f64]| values.iter().filter(|value| value.is_finite()).sum::<f64>();
    let largest: f64 = sums.largest.iter().map(|line| sum(&line.values)).sum();
    largest / sum(&sums.total)
}

/// Of the histogram of returns.
pub(crate) fn return_histogram(figures: &Figures) -> String {
    let tails = figures.histograms.tails.iter().map(|tail| {
        format!(
            "{} further than {} (a normal distribution has {})",
            percent(tail.share),
            tail.beyond,
            percent(tail.normal_share)
        )
    });
    let returns = || figures.coins.iter().filter_map(|coin| coin.returns);
    let kurtosis = quantile_of(returns().filter_map(|one| one.excess_kurtosis), 0.5);
    let skewness = quantile_of(returns().filter_map(|one| one.skewness), 0.5);
    format!(
        "Of {} returns, each in units of its coin's standard deviation, lie {}; the median coin's excess kurtosis is {}, its skewness \
         {}.",
        count(figures.histograms.standardized_returns.count()),
        tails.collect::<Vec<_>>().join(", "),
        number(kurtosis, 1),
        number(skewness, 2),
    )
}

/// Of the histogram of volatilities.
pub(crate) fn volatility_histogram(figures: &Figures) -> String {
    let volatilities = || figures.coins.iter().filter_map(CoinFigures::volatility);
    let at = |share| percent(quantile_of(volatilities(), share).unwrap_or(f64::NAN));
    let beyond = figures.histograms.volatilities.outside[1];
    let common = figures.histograms.volatilities.fullest();
    let common = common.map_or_else(String::new, |bin| {
        format!(
            ", most often {} to {}",
            percent(bin.from),
            percent(bin.until)
        )
    });
    format!(
        "Over the whole span eight of ten coins have a volatility of {} to {} a day, the median {}; over {} it is{common} \
         ({} beyond the picture).",
        at(0.1),
        at(0.9),
        at(0.5),
        length(figures.sampling.volatility_window_ms),
        count(beyond),
    )
}

/// Of the histogram of amounts.
pub(crate) fn amount_histogram(figures: &Figures) -> String {
    let histograms = &figures.histograms;
    let Some(common) = histograms.log10_amounts.fullest() else {
        return "The candles say nothing of what was traded.".to_owned();
    };
    let all = histograms.log10_amounts.count() + histograms.candles_without_trade;
    let medians = figures.coins.iter().filter_map(|coin| coin.traded);
    let median = quantile_of(medians.map(|traded| traded.median), 0.5);
    format!(
        "The median coin trades {} in the median candle, candles of all coins most often {} to {}; {} of the {} candles have no trade.",
        amount(median.unwrap_or(f64::NAN)),
        amount(10_f64.powf(common.from)),
        amount(10_f64.powf(common.until)),
        percent(histograms.candles_without_trade as f64 / all as f64),
        count(all),
    )
}

/// Of the correlation heatmap.
pub(crate) fn pairs(figures: &Figures) -> Option<String> {
    let pairs = figures.pairs.as_ref()?;
    let pair = |pair: &super::correlation::Pair| {
        let [a, b] = &pair.symbols;
        format!("{a} with {b} ({})", number(Some(pair.correlation), 2))
    };
    Some(format!(
        "Over {} the returns of {} correlate by {} on average, eight of ten by {} to {}; most {}, least {}.",
        length(figures.sampling.return_ms),
        match pairs.pairs {
            1 => "the only pair".to_owned(),
            number => format!("{} pairs of coins", count(number)),
        },
        number(Some(pairs.mean), 2),
        number(Some(pairs.quantiles[0]), 2),
        number(Some(pairs.quantiles[2]), 2),
        pair(&pairs.highest),
        pair(&pairs.lowest),
    ))
}

/// Of the rolling correlation with one coin.
pub(crate) fn rolling(figures: &Figures) -> Option<String> {
    let over_time = &figures.over_time;
    let median = &over_time.correlation.of_all.median;
    let ends = Extremes::of(&over_time.times_ms, median)?;
    Some(format!(
        "The median coin's returns over {} correlate with those of {} by {} on average over the {} before, lowest on {} ({}) and \
         highest on {} ({}).",
        length(figures.sampling.return_ms),
        figures.reference.as_ref()?,
        number(Some(mean(median)), 2),
        length(figures.sampling.correlation_window_ms),
        day(ends.low.0),
        number(Some(ends.low.1), 2),
        day(ends.high.0),
        number(Some(ends.high.1), 2),
    ))
}

/// Of the volatility of each quarter of the coins by size.
pub(crate) fn sizes(figures: &Figures) -> Option<String> {
    let sizes = figures.sizes.as_ref()?;
    let (smallest, largest) = (sizes.quartiles.first()?, sizes.quartiles.last()?);
    let of =
        |quartile: &super::sizes::Quartile| percent(quartile.volatility[1].unwrap_or(f64::NAN));
    Some(format!(
        "The median volatility of the quarter of the coins with the smallest {} is {} a day, that of the largest {}; size and \
         volatility have a rank correlation of {} over coins.",
        sizes.size.in_words(),
        of(smallest),
        of(largest),
        number(sizes.spearman, 2),
    ))
}

/// Of the volatility of each quarter over time.
pub(crate) fn sizes_over_time(figures: &Figures) -> String {
    let quartiles = figures.sizes.iter().flat_map(|sizes| &sizes.quartiles);
    let series: Vec<&[f64]> = quartiles.map(|quartile| &*quartile.over_time).collect();
    let (Some(smallest), Some(largest)) = (series.first(), series.last()) else {
        return String::new();
    };
    let pairs = || {
        let pairs = smallest.iter().zip(largest.iter());
        pairs.filter(|(small, large)| small.is_finite() && large.is_finite())
    };
    let above = pairs().filter(|(small, large)| small > large).count();
    format!(
        "The smallest coins' median volatility was above the largest coins' in {} of the times.",
        percent(above as f64 / pairs().count() as f64)
    )
}

/// Of the market caps over time.
pub(crate) fn market_caps(figures: &Figures) -> Option<String> {
    let caps = figures.market_caps.as_ref()?;
    Some(format!(
        "The last market caps of {} make {} together, {} of it in the largest and {} in the five largest, as uneven as {} coins of one \
         size; the median coin turns over {} of its market cap a day.",
        counted(caps.coins, "coin"),
        amount(caps.total),
        percent(caps.largest_share),
        percent(caps.five_largest_share),
        number(Some(caps.effective_coins), 1),
        percent(caps.turnover_per_day.unwrap_or(f64::NAN)),
    ))
}

/// Words, and what is true of the coins that they are said of.
type CoinList = (&'static str, fn(&CoinFigures) -> bool);

/// What is wrong with the candles, in sentences; one that says so where nothing is.
pub(crate) fn faults(figures: &Figures) -> Vec<String> {
    let lists: [CoinList; 3] = [
        ("Settled, flat to the last candle", |coin| {
            coin.faults.settled_ms.is_some()
        }),
        ("Ended before the others, delisted or renamed", |coin| {
            coin.faults.ended_ms.is_some()
        }),
        ("Listed later than the first", |coin| {
            coin.faults.listed_ms.is_some()
        }),
    ];
    let found = [
        holes(figures),
        flat(figures),
        jumps(figures),
        jumps_over_holes(figures),
    ];
    let mut sentences: Vec<String> = found.into_iter().flatten().collect();
    for (words, is_one) in lists {
        let coins = coins_where(figures, is_one);
        sentences.extend((!coins.is_empty()).then(|| format!("{words}: {}.", named(&coins))));
    }
    if !figures.without_candles.is_empty() {
        let names = names(&figures.without_candles, MOST_NAMED);
        sentences.push(format!("Without a candle in the span: {names}."));
    }
    if sentences.is_empty() {
        let nothing = "No hole, no flat stretch, no jump, and every coin has the whole span.";
        sentences.push(nothing.to_owned());
    }
    sentences
}

fn coins_where(figures: &Figures, is_one: impl Fn(&CoinFigures) -> bool) -> Vec<&CoinFigures> {
    figures.coins.iter().filter(|coin| is_one(coin)).collect()
}

fn named(coins: &[&CoinFigures]) -> String {
    let symbols: Vec<_> = coins.iter().map(|coin| &coin.symbol).collect();
    names(&symbols, MOST_NAMED)
}

fn holes(figures: &Figures) -> Option<String> {
    let coins = coins_where(figures, |coin| coin.faults.holes > 0);
    let missing: i64 = coins.iter().map(|coin| coin.faults.missing_bars).sum();
    let longest = coins
        .iter()
        .filter_map(|coin| Some((&coin.symbol, coin.faults.longest_hole?)));
    let (symbol, hole) = longest.max_by_key(|(_, hole)| hole.bars)?;
    let holes: usize = coins.iter().map(|coin| coin.faults.holes).sum();
    Some(format!(
        "{} with {} missing in {}; the longest is {} of {symbol} from {}.",
        counted(holes, "hole"),
        counted(usize::try_from(missing).unwrap_or(0), "bar"),
        counted(coins.len(), "coin"),
        counted(usize::try_from(hole.bars).unwrap_or(0), "bar"),
        day(hole.from_ms),
    ))
}

fn flat(figures: &Figures) -> Option<String> {
    let coins = coins_where(figures, |coin| !coin.faults.flat.is_empty());
    let stretches: usize = coins.iter().map(|coin| coin.faults.flat.len()).sum();
    (stretches > 0).then(|| {
        format!(
            "{} of a day and ten bars or more without a trade or a change of price: {}.",
            counted(stretches, "flat time"),
            named(&coins),
        )
    })
}

fn jumps(figures: &Figures) -> Option<String> {
    let coins = coins_where(figures, |coin| !coin.faults.jumps.is_empty());
    let jumps: usize = coins.iter().map(|coin| coin.faults.jumps.len()).sum();
    (jumps > 0).then(|| {
        format!(
            "{} past a ratio of {} (`data.jump_ratio`) without a hole before it, of which no return is made: {}.",
            counted(jumps, "jump"),
            figures.jump_ratio,
            named(&coins),
        )
    })
}

fn jumps_over_holes(figures: &Figures) -> Option<String> {
    let all = figures.coins.iter().flat_map(|coin| {
        let jumps = coin.faults.jumps_over_holes.iter();
        jumps.map(move |jump| (&coin.symbol, jump))
    });
    let by_size = |(_, jump): &(_, &super::returns::Jump)| jump.ratio.ln().abs();
    let (symbol, largest) = all
        .clone()
        .max_by(|a, b| by_size(a).total_cmp(&by_size(b)))?;
    Some(format!(
        "{} past the same ratio over a hole, the largest by {} of {symbol} on {}: most likely a new unit, which `symbols.toml` can say.",
        counted(all.count(), "jump"),
        ratio(largest.ratio),
        day(largest.time_ms),
    ))
}
