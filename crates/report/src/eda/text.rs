//! The data report on a terminal: short, the page has the rest.

use terminal::Table;

use super::captions;
use super::document::headline;
use super::figures::Figures;
use super::tables::{COIN_COLUMNS, coin_row, median_row};
use crate::words::{count, wrapped};

/// Coins with a row of their own.
const MOST_COINS: usize = 10;

/// Headline, table of the largest coins, a sentence for each picture, faults.
pub(crate) fn text(figures: &Figures) -> String {
    let coins = &figures.coins;
    let mut table = Table::new(std::iter::once("coin").chain(COIN_COLUMNS)).left([1, 2]);
    for coin in coins.iter().take(MOST_COINS) {
        let (label, cells) = coin_row(coin);
        table.push(&label, cells);
    }
    if coins.len() > 1 {
        let (label, cells) = median_row(format!("median of {}", count(coins.len())), coins);
        table.push(&label, cells);
    }
    let sentences = [
        Some(captions::prices(figures)),
        Some(captions::returns(figures)),
        Some(captions::volatility(figures)),
        Some(captions::traded(figures)),
        Some(captions::return_histogram(figures)),
        captions::pairs(figures),
        captions::rolling(figures),
        captions::sizes(figures),
        captions::market_caps(figures),
    ];
    let lines = sentences
        .into_iter()
        .flatten()
        .chain(captions::faults(figures));
    format!(
        "{}\n{}\n{}",
        wrapped([headline(figures)]),
        table.render(),
        wrapped(lines.map(|line| format!("- {line}")))
    )
}
