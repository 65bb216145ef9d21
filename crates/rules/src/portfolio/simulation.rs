//! The accounting: orders are filled in the next bar, and every fill is charged.

use std::ops::Range;

use super::config::OrderKind;
use super::marked_prices::{MarkedPrices, is_price};
use super::spreads::Spreads;

/// An order of no more than this part of the capital is rounding.
const ROUNDING: f64 = 1e-12;

/// Cash and units of each coin, in parts of the capital.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Account {
    /// What is left after all purchases and sales, before costs.
    pub cash: f64,
    /// Units of each coin; below 0 where it is sold short.
    pub units: Vec<f64>,
}

/// How orders are filled.
#[derive(Clone, Copy)]
pub(super) struct FillTerms<'a> {
    /// At which price, and whether for sure.
    pub kind: OrderKind,
    /// None: whatever is ordered.
    pub volume: Option<VolumeLimit>,
    /// None: no half a spread is paid.
    pub spreads: Option<&'a Spreads>,
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
pub(super) struct PortfolioBar {
    /// What was held over the bar, and filled within it, gained up to its close, before costs.
    pub profit: f64,
    /// Value of the fills.
    pub traded: f64,
    /// Half spreads that they paid.
    pub spread: f64,
    /// Value of the orders that were to be filled.
    pub ordered: f64,
    /// Paid for funding at the rates that are known, on what was held over the bar.
    pub funding: f64,
    /// Sum of the values held over the bar, at its close, of the coins whose funding is not known.
    pub unfunded: f64,
    /// Sum of the values after the fills.
    pub net: f64,
    /// Sum of their sizes.
    pub gross: f64,
    /// Orders, those without any fill, and what the unfilled parts lost to the close.
    pub unfilled: UnfilledOrders,
}

/// What was ordered and not filled.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct UnfilledOrders {
    /// Orders.
    pub orders: usize,
    /// Those of which nothing was filled.
    pub without_fill: usize,
    /// Value of what was not filled.
    pub value: f64,
    /// What it would have cost more to fill it at the bar's close: below 0 where that is cheaper.
    pub chase: f64,
}

/// What became of a portfolio, bar by bar.
pub(super) struct PortfolioPath {
    /// The first bar that orders were decided at; the first result is of the next one.
    pub start: usize,
    /// Results of the bars after it.
    pub bars: Vec<PortfolioBar>,
    /// What is held at the end. Positions are not closed.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "tests check that it adds up to the profits")
    )]
    pub account: Account,
}

/// Decides orders at every bar of `bars` and fills them in the next one.
///
/// `decide` is given the bar and the units held after its fills, and writes the values to buy
/// (below 0: to sell) at the bar's close. What of an order is not filled in the next bar is gone;
/// it has to be ordered anew.
pub(super) fn simulate(
    prices: &MarkedPrices,
    bars: Range<usize>,
    terms: FillTerms<'_>,
    mut decide: impl FnMut(usize, &[f64], &mut [f64]),
) -> PortfolioPath {
    let coins = prices.coins();
    let mut account = Account {
        cash: 1.0,
        units: vec![0.0; coins],
    };
    let mut orders = vec![0.0; coins];
    let mut results = Vec::with_capacity(bars.len());
    for bar in bars.clone() {
        decide(bar, &account.units, &mut orders);
        let next = bar + 1;
        if next >= prices.bars() {
            break;
        }
        let mut result = PortfolioBar::default();
        for (coin, order) in orders.iter().enumerate() {
            let (before, close) = (prices.mark(bar, coin), prices.mark(next, coin));
            if !is_price(before) {
                continue;
            }
            let units = &mut account.units[coin];
            result.profit += *units * (close - before);
            match prices.funding(next, coin) {
                Some(rate) => result.funding += *units * before * rate,
                None => result.unfunded += *units * close,
            }
            let fill = terms.fill(prices, (next, coin), *order / before, [before, close]);
            *units += fill.units;
            account.cash -= fill.units * fill.price;
            result.profit += fill.units * (close - fill.price);
            let value = (fill.units * fill.price).abs();
            result.traded += value;
            if let Some(spreads) = terms.spreads {
                result.spread += value * spreads.half(prices, next, coin);
            }
            result.add_order(*order / before, fill, close);
            result.net += *units * close;
            result.gross += (*units * close).abs();
        }
        results.push(result);
    }
    PortfolioPath {
        start: bars.start,
        bars: results,
        account,
    }
}

/// Units that were bought (below 0: sold), and their price.
#[derive(Debug, Clone, Copy, PartialEq)]
struct OrderFill {
    units: f64,
    price: f64,
}

impl FillTerms<'_> {
    /// What is filled in a bar of an order of so many units. `before` is the last close when it was
    /// ordered, which is the limit of a limit order.
    fn fill(
        self,
        prices: &MarkedPrices,
        (bar, coin): (usize, usize),
        ordered: f64,
        [before, close]: [f64; 2],
    ) -> OrderFill {
        let price = match self.kind {
            OrderKind::Taker => close,
            OrderKind::Limit => before,
        };
        let is_filled = match self.kind {
            OrderKind::Taker => true,
            OrderKind::Limit => prices.trades_through((bar, coin), before, ordered > 0.0),
        };
        let most = match self.volume {
            _ if !is_filled => 0.0,
            None => f64::INFINITY,
            Some(limit) => limit.share * prices.traded(bar, coin) / limit.capital,
        };
        OrderFill {
            units: (ordered * price).clamp(-most, most) / price,
            price,
        }
    }
}

impl PortfolioBar {
    fn add_order(&mut self, ordered: f64, fill: OrderFill, close: f64) {
        self.ordered += (ordered * fill.price).abs();
        if (ordered * fill.price).abs() <= ROUNDING {
            return;
        }
        let missed = ordered - fill.units;
        self.unfilled.orders += 1;
        self.unfilled.without_fill += usize::from(fill.units == 0.0);
        self.unfilled.value += (missed * fill.price).abs();
        self.unfilled.chase += missed * (close - fill.price);
    }
}
