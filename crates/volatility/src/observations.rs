//! What models see of a panel.

use dataset::{FeatureShuffle, Panel, log_returns};
use rayon::prelude::*;

use crate::terms::{CoinHistory, Source, Term};

/// The terms that a model asks for at some rows, and the returns, of every coin of a panel.
#[derive(Debug)]
pub(crate) struct Observations<'a> {
    panel: &'a Panel,
    /// The place among the rows with terms of each row up to the last of them.
    places: Vec<Option<usize>>,
    /// The terms' names.
    names: Vec<&'static str>,
    /// `[rows, coins, terms]`, NaN where unknown.
    values: Vec<f64>,
    /// Log returns of a bar from the panel's first row to the last of `rows`, `[coins][rows]`, NaN
    /// where unknown.
    returns: Vec<Vec<f64>>,
}

impl<'a> Observations<'a> {
    /// The terms at `rows`, which are in ascending order, and the returns up to the last of them, where
    /// `horizon_bars` are to be forecast.
    pub fn of((panel, horizon_bars): (&'a Panel, usize), rows: Vec<usize>, terms: &[Term]) -> Self {
        let end = rows.last().map_or(0, |last| last + 1);
        let of_coin = |coin: usize| {
            let returns = log_returns(panel, coin, 0..end);
            let history = CoinHistory::of((panel, coin), &rows, &returns, horizon_bars);
            let values = terms.iter().map(|term| history.values(term.source));
            (values.collect(), returns)
        };
        let (mut values, returns): (Vec<Vec<Vec<f64>>>, _) =
            (0..panel.coins()).into_par_iter().map(of_coin).unzip();
        if let Some(shuffle) = panel.shuffle() {
            exchange(&mut values, &rows, terms, shuffle);
        }
        for (place, term) in terms.iter().enumerate() {
            if let Source::Market(_) = term.source {
                take_means(&mut values, place);
            }
        }
        let mut places = vec![None; end];
        for (place, &row) in rows.iter().enumerate() {
            places[row] = Some(place);
        }
        Self {
            panel,
            places,
            names: terms.iter().map(|term| term.name).collect(),
            values: row_by_row(&values, rows.len(), terms.len()),
            returns,
        }
    }

    /// Terms that somebody has, `[coins][terms]`, at row 0 of a panel without candles.
    pub fn given(panel: &'a Panel, terms: &[Term], values: &[Vec<f64>]) -> Self {
        Self {
            panel,
            places: vec![Some(0)],
            names: terms.iter().map(|term| term.name).collect(),
            values: values.concat(),
            returns: vec![Vec::new(); values.len()],
        }
    }

    pub fn panel(&self) -> &'a Panel {
        self.panel
    }

    pub fn coins(&self) -> usize {
        self.returns.len()
    }

    /// Some terms, to be read at many rows and coins.
    pub fn reader(&self, terms: &[Term]) -> TermReader<'_> {
        let place = |term: &Term| self.names.iter().position(|name| *name == term.name);
        TermReader {
            seen: self,
            places: terms.iter().map(place).collect(),
        }
    }

    /// The value of one term of a coin at a row; NaN where it is unknown or was not asked for.
    pub fn term(&self, term: &Term, at: (usize, usize)) -> f64 {
        let mut value = [f64::NAN];
        self.reader(std::slice::from_ref(term)).read(at, &mut value);
        value[0]
    }

    /// The coin's log returns of all rows until the last one that there are terms of.
    pub fn returns(&self, coin: usize) -> &[f64] {
        &self.returns[coin]
    }
}

/// Some terms of a panel's rows and coins.
#[derive(Debug)]
pub(crate) struct TermReader<'a> {
    seen: &'a Observations<'a>,
    /// Place of each term among those that were asked for.
    places: Vec<Option<usize>>,
}

impl TermReader<'_> {
    /// Number of terms.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Writes the terms of a coin at a row; NaN where one is unknown or was not asked for. False where one is
    /// no finite number.
    pub fn read(&self, (row, coin): (usize, usize), out: &mut [f64]) -> bool {
        let seen = self.seen;
        let count = seen.names.len();
        let cell = match seen.places.get(row) {
            Some(Some(place)) => {
                let start = (place * seen.coins() + coin) * count;
                &seen.values[start..start + count]
            }
            _ => &[],
        };
        for (out, place) in out.iter_mut().zip(&self.places) {
            let value = place.and_then(|place| cell.get(place));
            *out = value.copied().unwrap_or(f64::NAN);
        }
        out.iter().all(|value| value.is_finite())
    }
}

/// `[coins][terms][rows]` as `[rows, coins, terms]`, so that what is read together lies together.
fn row_by_row(values: &[Vec<Vec<f64>>], rows: usize, terms: usize) -> Vec<f64> {
    let mut all = Vec::with_capacity(rows * values.len() * terms);
    for row in 0..rows {
        for coin in values {
            all.extend(coin.iter().map(|term| term[row]));
        }
    }
    all
}

/// Exchanges terms that are features between rows and coins, as permutation importance asks for. Where
/// the other value is unknown, a row keeps its own.
fn exchange(
    values: &mut [Vec<Vec<f64>>],
    rows: &[usize],
    terms: &[Term],
    shuffle: &FeatureShuffle,
) {
    let places = terms.iter().enumerate();
    for (place, _) in places.filter(|(_, term)| shuffle.has(term.name)) {
        let before: Vec<Vec<f64>> = values.iter().map(|coin| coin[place].clone()).collect();
        for (coin, own) in values.iter_mut().enumerate() {
            for (at, &row) in rows.iter().enumerate() {
                let source = shuffle.source(row, coin);
                let found = source.and_then(|(from, other)| {
                    let from = rows.binary_search(&from).ok()?;
                    Some(before[other][from])
                });
                if let Some(value) = found.filter(|value| !value.is_nan()) {
                    own[place][at] = value;
                }
            }
        }
    }
}

/// Puts the mean over the coins in the place of each coin's own value of a term; coins without one do
/// not count.
fn take_means(values: &mut [Vec<Vec<f64>>], place: usize) {
    let rows = values.first().map_or(0, |coin| coin[place].len());
    for row in 0..rows {
        let known = values.iter().map(|coin| coin[place][row]);
        let known = known.filter(|value| !value.is_nan());
        let (sum, count) = known.fold((0.0, 0.0), |(sum, n), value| (sum + value, n + 1.0));
        for coin in values.iter_mut() {
            coin[place][row] = sum / count;
        }
    }
}
