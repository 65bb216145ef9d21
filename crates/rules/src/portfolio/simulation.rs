//! The accounting: orders are filled at the next close, and every fill is charged.

use std::ops::Range;

use super::market::{Market, is_price};

/// Cash and units of each coin, in parts of the capital.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Account {
    /// What is left after all purchases and sales, before costs.
    pub cash: f64,
    /// Units of each coin; below 0 where it is sold short.
    pub units: Vec<f64>,
}

/// What a fill may take of a bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct VolumeLimit {
    /// Most of a bar's volume.
    pub share: f64,
    /// Capital in the quote currency.
    pub capital: f64,
}

/// One bar of a portfolio, in parts of the capital.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Bar {
    /// What the units that were held over the bar gained, before costs.
    pub profit: f64,
    /// Value of the fills at its close.
    pub traded: f64,
    /// Value of the orders that were to be filled at its close.
    pub ordered: f64,
    /// Sum of the values held over the bar, at its close: what funding is paid on.
    pub held: f64,
    /// Sum of the values after the fills.
    pub net: f64,
    /// Sum of their sizes.
    pub gross: f64,
}

/// What became of a portfolio, bar by bar.
pub(super) struct Path {
    /// The first bar that orders were decided at; the first result is of the next one.
    pub start: usize,
    /// Results of the bars after it.
    pub bars: Vec<Bar>,
    /// What is held at the end. Positions are not closed.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "tests check that it adds up to the profits")
    )]
    pub account: Account,
}

/// Decides orders at every bar of `bars` and fills them at the next one's close.
///
/// `decide` is given the bar and the units held after its fills, and writes the values to buy
/// (below 0: to sell) at the bar's close. An order that the volume limit does not let through is
/// gone; the rest has to be ordered anew.
pub(super) fn simulate(
    market: &Market,
    bars: Range<usize>,
    limit: Option<VolumeLimit>,
    mut decide: impl FnMut(usize, &[f64], &mut [f64]),
) -> Path {
    let coins = market.coins();
    let mut account = Account {
        cash: 1.0,
        units: vec![0.0; coins],
    };
    let mut orders = vec![0.0; coins];
    let mut results = Vec::with_capacity(bars.len());
    for bar in bars.clone() {
        decide(bar, &account.units, &mut orders);
        let next = bar + 1;
        if next >= market.bars() {
            break;
        }
        let mut result = Bar::default();
        for (coin, order) in orders.iter().enumerate() {
            let (before, close) = (market.mark(bar, coin), market.mark(next, coin));
            if !is_price(before) {
                continue;
            }
            let units = &mut account.units[coin];
            result.profit += *units * (close - before);
            result.held += *units * close;
            let ordered = order / before * close;
            let most = limit.map_or(f64::INFINITY, |limit| {
                limit.share * market.traded(next, coin) / limit.capital
            });
            let filled = ordered.clamp(-most, most);
            *units += filled / close;
            account.cash -= filled;
            result.ordered += ordered.abs();
            result.traded += filled.abs();
            result.net += *units * close;
            result.gross += (*units * close).abs();
        }
        results.push(result);
    }
    Path {
        start: bars.start,
        bars: results,
        account,
    }
}
