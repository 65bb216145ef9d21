//! What a run will not forecast, said before anything is trained.

use anyhow::anyhow;
use cli::WithHint;
use dataset::{Column, Dataset, LeftOut, count_jumps};
use market::Symbol;

/// Most coins that are named in one line.
const MOST_NAMED: usize = 10;

/// Says which coins and which folds have nothing to score, and refuses a horizon that has nothing to
/// score at all: it would be found out after all training.
///
/// # Errors
/// A horizon without any scored row, with its length and the longest test span.
pub fn check_coverage(dataset: &Dataset) -> anyhow::Result<()> {
    note_coins(dataset);
    note_jumps(dataset);
    note_sizes(dataset);
    let folds = &dataset.plan.folds;
    for at_horizon in &dataset.by_horizon() {
        let horizon = at_horizon.config.target.horizon;
        let known = vec![Some(1.0); at_horizon.panel.coins()];
        let is_empty = |score: &std::ops::Range<usize>| {
            at_horizon
                .scored_windows(score.clone(), &known)
                .ends
                .is_empty()
        };
        let empty = folds.iter().filter(|fold| is_empty(&fold.score));
        let empty: Vec<String> = empty.map(|fold| fold.number.to_string()).collect();
        match empty.len() {
            0 => {}
            count if count == folds.len() => {
                return Err(anyhow!(
                    "horizon {horizon}: no row of any fold has a target that is known and a window \
                     that is whole, expected one at least"
                )
                .hint(
                    "a shorter horizon or features.lookback_bars, or more candles (`quarterhour \
                     audit` shows what there is)",
                ));
            }
            count => cli::note(format!(
                "horizon {horizon}: {count} of {} folds have no row to score: {}",
                folds.len(),
                empty.join(", ")
            )),
        }
    }
    Ok(())
}

/// Says which coins are never forecast, and why.
fn note_coins(dataset: &Dataset) {
    LeftOut::lines(&dataset.left_out)
        .into_iter()
        .for_each(cli::note);
    let without = dataset.without_candles.iter().collect::<Vec<_>>();
    let all = without.len() + dataset.panel.coins();
    if !without.is_empty() {
        cli::note(format!(
            "{} of {all} coins are left out, as they have no candles between data.from and \
             data.until: {}",
            without.len(),
            named(&without)
        ));
    }
    let (rows, symbols) = (dataset.panel.rows(), dataset.panel.symbols());
    let has_window = |coin: usize| (0..rows).any(|row| dataset.eligibility.is(row, coin));
    let short = symbols.iter().enumerate();
    let short = short.filter(|(coin, _)| !has_window(*coin));
    let short: Vec<&Symbol> = short.map(|(_, symbol)| symbol).collect();
    if !short.is_empty() {
        let features = &dataset.config.features;
        cli::note(format!(
            "{} of {all} coins are never forecast, as none of their windows of {} bars is whole, \
             with {} bars before it for its features: {}",
            short.len(),
            features.lookback_bars,
            dataset.config.chosen_features().warm_up_bars() - 1,
            named(&short)
        ));
    }
}

/// Says which coins have returns that are too large to be a price move, which a volatility leaves out.
fn note_jumps(dataset: &Dataset) {
    let Dataset { config, panel, .. } = dataset;
    if !config
        .target
        .init(panel.interval())
        .task()
        .is_of_volatility()
    {
        return;
    }
    let coins = panel.symbols().iter().enumerate();
    let jumps = coins.map(|(coin, symbol)| (symbol, count_jumps(panel, coin)));
    let jumps: Vec<(&Symbol, usize)> = jumps.filter(|(_, count)| *count > 0).collect();
    let Some(all) = jumps.iter().map(|(_, count)| *count).reduce(|a, b| a + b) else {
        return;
    };
    let coins: Vec<&Symbol> = jumps.iter().map(|(symbol, _)| *symbol).collect();
    cli::note(format!(
        "{all} returns are past a ratio of {} (data.jump_ratio) and count as missing: of {}",
        panel.jump_ratio(),
        named(&coins)
    ));
}

/// Says which coins have candles whose market cap or supply, which features are made of, is not known.
fn note_sizes(dataset: &Dataset) {
    let panel = &dataset.panel;
    for column in Column::ALL {
        if !(column.is_size() && panel.has(column)) {
            continue;
        }
        let is_unknown = |row: usize, coin: usize| {
            panel.is_observed(row, coin) && panel.value(column, row, coin).is_nan()
        };
        let unknown = |coin: usize| {
            (0..panel.rows())
                .filter(|row| is_unknown(*row, coin))
                .count()
        };
        let counts: Vec<usize> = (0..panel.coins()).map(unknown).collect();
        let coins = panel.symbols().iter().zip(&counts);
        let coins: Vec<&Symbol> = coins
            .filter(|(_, count)| **count > 0)
            .map(|(coin, _)| coin)
            .collect();
        if !coins.is_empty() {
            cli::note(format!(
                "{} candles have no {column}, and their rows no features: of {}",
                counts.iter().sum::<usize>(),
                named(&coins)
            ));
        }
    }
}

/// Names of coins, the first few of many.
fn named(coins: &[&Symbol]) -> String {
    let first: Vec<&str> = coins
        .iter()
        .take(MOST_NAMED)
        .map(|coin| coin.as_str())
        .collect();
    match coins.len().saturating_sub(MOST_NAMED) {
        0 => first.join(" "),
        more => format!("{} and {more} more", first.join(" ")),
    }
}
