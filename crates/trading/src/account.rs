//! What positions come to while more are opened and closed.

use std::collections::BTreeSet;

use market::Symbol;

use crate::Position;
use crate::summary::most_at_once;

/// One capital for all positions, as the line `all` of [`summarize`](crate::summarize) counts it, without
/// reading them again.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Account {
    coins: BTreeSet<Symbol>,
    /// Most positions that were open at a time.
    most: usize,
    /// Sum of the profits after costs, fractions of the value of a position.
    net: f64,
}

impl Account {
    /// The account of all positions so far.
    pub fn new(positions: &[Position]) -> Self {
        Self {
            coins: (positions.iter())
                .map(|position| position.symbol.clone())
                .collect(),
            most: most_at_once(&positions.iter().collect::<Vec<_>>()),
            net: positions.iter().filter_map(Position::net).sum(),
        }
    }

    /// Notes the positions that are open now.
    pub fn set_open(&mut self, open: &[Position]) {
        let Some(entry_ms) = open.iter().map(|position| position.entry_ms).max() else {
            return;
        };
        for position in open {
            if !self.coins.contains(&position.symbol) {
                self.coins.insert(position.symbol.clone());
            }
        }
        let at_once = open.iter().filter(|position| position.due_ms > entry_ms);
        self.most = self.most.max(at_once.count());
    }

    /// Notes a position that was closed; it may have been opened since positions were last noted.
    pub fn close(&mut self, position: &Position) {
        self.coins.insert(position.symbol.clone());
        self.net += position.net().unwrap_or(0.0);
    }

    /// Sum of the profits after costs as a fraction of the capital, of which each position has an equal part.
    pub fn net(&self) -> f64 {
        // An empty sum is -0.0.
        self.net / self.coins.len().max(self.most).max(1) as f64 + 0.0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use rules::{Costs, Side};

    use super::*;
    use crate::summarize;

    fn position(coin: usize, (entry_ms, due_ms): (i64, i64)) -> Position {
        Position {
            id: entry_ms,
            symbol: Symbol::new(&format!("C{coin}USDT")).unwrap(),
            side: Side::Buy,
            forecast: 0.01,
            forecast_ms: entry_ms,
            entry_ms,
            entry_price: Some(100.0),
            due_ms,
            exit_ms: None,
            exit_price: None,
            is_last_known: false,
            costs: Costs::default(),
            forecaster: None,
        }
    }

    /// A watch once divided by all coins of the universe, and its ledger by those that were traded.
    #[test]
    fn a_watch_and_its_ledger_name_the_same_equity() {
        // Of one coin with overlaps, then of another; the first four are open at a time.
        let spans = [(0, 5), (1, 6), (2, 7), (3, 8), (9, 12)];
        let (mut account, mut all) = (Account::default(), Vec::<Position>::new());
        for time in 0..15 {
            for position in all.iter_mut().filter(|position| position.due_ms == time) {
                (position.exit_ms, position.exit_price) = (Some(time), Some(100.0 + time as f64));
                account.close(position);
            }
            let begun = spans.iter().filter(|span| span.0 == time);
            all.extend(begun.map(|span| position(usize::from(span.0 > 8), *span)));
            let open: Vec<Position> = all.iter().filter(|one| one.is_open()).cloned().collect();
            account.set_open(&open);
            let expected = summarize(&all).pop().unwrap().net;
            assert!((account.net() - expected).abs() < 1e-12, "at {time}");
            let again = Account::new(&all);
            assert_eq!((again.most, &again.coins), (account.most, &account.coins));
        }
        assert_eq!((account.most, account.coins.len()), (4, 2));
    }

    /// Where the ledger was held for a while, a position is written down and settled at once.
    #[test]
    fn a_position_that_was_never_seen_open_is_one_of_its_coin() {
        let mut both = [0, 1].map(|coin| position(coin, (0, 5)));
        for position in &mut both {
            (position.exit_ms, position.exit_price) = (Some(5), Some(110.0));
        }
        let mut account = Account::default();
        both.iter().for_each(|position| account.close(position));
        let expected = summarize(&both).pop().unwrap().net;
        assert!((account.net() - expected).abs() < 1e-12);
    }
}
