//! The rows of one horizon and panel, as columns.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use market::Symbol;

use super::PartKey;
use crate::{Error, format_time};

/// Columns by their names.
pub type NamedColumns = BTreeMap<String, Vec<f64>>;

/// Forecasts of one horizon and panel, with what is needed to score them: one entry of every column
/// a row. [`ForecastTable::new`](crate::ForecastTable::new) checks and sorts them.
#[derive(Debug, Clone, PartialEq)]
pub struct TablePart {
    /// The horizon and the panel.
    pub key: PartKey,
    /// Names of the coins; sorted in a table.
    pub symbols: Vec<Symbol>,
    /// Place of the coin among [`symbols`](Self::symbols).
    pub symbol: Vec<u32>,
    /// Fold that the row was scored in, from 1.
    pub fold: Vec<u32>,
    /// Open time of the last candle that the forecast knows, UTC ms; it is known when that candle
    /// closes.
    pub time_ms: Vec<i64>,
    /// The forecast of the target, in the target's unit.
    pub forecast: Vec<f64>,
    /// The target as it came.
    pub realized: Vec<f64>,
    /// The price that a return begins at, `close[t]`: tables of returns on bars of a day have it, so
    /// that forecasts can be scored as prices. NaN where unknown; None in other tables.
    pub close: Option<Vec<f64>>,
    /// The target one bar later: what entering a bar later would have got; NaN where unknown.
    pub realized_delayed: Vec<f64>,
    /// Standard deviation of the coin's target over the fold's training rows; NaN where unknown.
    pub volatility: Vec<f64>,
    /// What a return over the target's reach moves by, as the last four hours did; NaN where
    /// unknown.
    pub trailing_volatility: Vec<f64>,
    /// The coin's weight in the weighted correlation.
    pub weight: Vec<f64>,
    /// What a forecaster says beside its forecast: bounds of intervals (`lower_80`, `upper_80`),
    /// probabilities of classes (`probability_up`), and of a volatility the levels per day that the
    /// forecast of its logarithm stands for (`volatility_mean`, `variance_mean`) and where its
    /// regimes begin (`regime_edge_1`, in logarithms).
    pub outputs: NamedColumns,
    /// Columns of the target's controls, known at the time of the forecast; NaN where unknown. An
    /// older table lacks some.
    pub controls: NamedColumns,
}

/// True for the name of a column in [`TablePart::outputs`]: `lower_P` and `upper_P` with a whole
/// number of percent, `probability_CLASS`, `volatility_mean`, `variance_mean`, or `regime_edge_N`.
pub(super) fn is_output(name: &str) -> bool {
    let is_percent = |text: &str| text.parse().is_ok_and(|percent: u32| percent < 100);
    match name.split_once('_') {
        Some(("volatility" | "variance", "mean")) => true,
        Some(("regime", edge)) => edge
            .strip_prefix("edge_")
            .is_some_and(|number| number.parse().is_ok_and(|number: u32| number > 0)),
        Some(("lower" | "upper", percent)) => is_percent(percent),
        Some(("probability", class)) => !class.is_empty(),
        _ => false,
    }
}

/// Where a row stands among others of its part.
type RowKey<'a> = (u32, i64, &'a str);

impl TablePart {
    /// A part without rows.
    pub fn empty(key: PartKey) -> Self {
        Self {
            key,
            symbols: Vec::new(),
            symbol: Vec::new(),
            fold: Vec::new(),
            time_ms: Vec::new(),
            forecast: Vec::new(),
            realized: Vec::new(),
            close: None,
            realized_delayed: Vec::new(),
            volatility: Vec::new(),
            trailing_volatility: Vec::new(),
            weight: Vec::new(),
            outputs: NamedColumns::new(),
            controls: NamedColumns::new(),
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.time_ms.len()
    }

    /// Returns true when it has no rows.
    pub fn is_empty(&self) -> bool {
        self.time_ms.is_empty()
    }

    /// The coin of a row. The row must be one of the part's.
    pub fn symbol_of(&self, row: usize) -> &Symbol {
        &self.symbols[self.symbol[row] as usize]
    }

    /// What rows are sorted by: fold, time and symbol.
    pub fn place(&self, row: usize) -> RowKey<'_> {
        let symbol = self.symbol_of(row).as_str();
        (self.fold[row], self.time_ms[row], symbol)
    }

    /// For each row of this part, the row of `other` with the same fold, time and symbol; None where
    /// there is none. Both must be parts of a table, and so sorted.
    pub fn rows_in(&self, other: &Self) -> Vec<Option<usize>> {
        let mut next = 0;
        let of_row = |row| {
            let place = self.place(row);
            while next < other.len() && other.place(next) < place {
                next += 1;
            }
            (next < other.len() && other.place(next) == place).then_some(next)
        };
        (0..self.len()).map(of_row).collect()
    }

    /// The part without outputs, controls and closes that are known nowhere: they are as what is not there.
    pub(super) fn without_unknown(mut self) -> Self {
        let is_known = |values: &[f64]| values.iter().any(|value| !value.is_nan());
        self.outputs.retain(|_, values| is_known(values));
        self.controls.retain(|_, values| is_known(values));
        self.close = self.close.filter(|values| is_known(values));
        self
    }

    /// All columns of numbers, by their names in the file.
    pub(super) fn numbers(&self) -> impl Iterator<Item = (&str, &Vec<f64>)> {
        let named = self.outputs.iter().chain(&self.controls);
        [
            ("forecast", &self.forecast),
            ("realized", &self.realized),
            ("realized_delayed", &self.realized_delayed),
        ]
        .into_iter()
        .chain(named.map(|(name, values)| (name.as_str(), values)))
        .chain(self.close.iter().map(|values| ("close", values)))
        .chain([
            ("volatility", &self.volatility),
            ("trailing_volatility", &self.trailing_volatility),
            ("weight", &self.weight),
        ])
    }

    /// As [`TablePart::numbers`], without the names.
    fn numbers_mut(&mut self) -> impl Iterator<Item = &mut Vec<f64>> {
        [
            &mut self.forecast,
            &mut self.realized,
            &mut self.realized_delayed,
            &mut self.volatility,
            &mut self.trailing_volatility,
            &mut self.weight,
        ]
        .into_iter()
        .chain(self.outputs.values_mut())
        .chain(self.controls.values_mut())
        .chain(&mut self.close)
    }

    /// The rows at these places, in their order.
    pub(super) fn take(mut self, rows: &[usize]) -> Self {
        fn taken<T: Copy>(values: &mut Vec<T>, rows: &[usize]) {
            *values = rows.iter().map(|&row| values[row]).collect();
        }
        taken(&mut self.symbol, rows);
        taken(&mut self.fold, rows);
        taken(&mut self.time_ms, rows);
        self.numbers_mut().for_each(|values| taken(values, rows));
        self
    }

    /// Appends the rows of another part of the same horizon and panel. A control or the closes that
    /// one of them lacks are unknown there.
    ///
    /// # Errors
    /// A part with other outputs.
    pub(super) fn append(&mut self, mut other: Self, origin: &Path) -> Result<(), Error> {
        let names = |part: &Self| part.outputs.keys().cloned().collect::<Vec<_>>();
        if names(self) != names(&other) {
            let list = |names: Vec<String>| match names.join(", ") {
                list if list.is_empty() => "none".to_owned(),
                list => list,
            };
            return Err(Error::file(
                origin,
                format!(
                    "a piece has the outputs {}, expected {} as in the first",
                    list(names(&other)),
                    list(names(self))
                ),
            ));
        }
        let (own, more) = (self.len(), other.len());
        for name in self.controls.keys() {
            let unknown = || vec![f64::NAN; more];
            other.controls.entry(name.clone()).or_insert_with(unknown);
        }
        for name in other.controls.keys() {
            let unknown = || vec![f64::NAN; own];
            self.controls.entry(name.clone()).or_insert_with(unknown);
        }
        if self.close.is_some() || other.close.is_some() {
            self.close.get_or_insert_with(|| vec![f64::NAN; own]);
            other.close.get_or_insert_with(|| vec![f64::NAN; more]);
        }
        let first = self.symbols.len() as u32;
        self.symbols.append(&mut other.symbols);
        self.symbol
            .extend(other.symbol.iter().map(|symbol| first + symbol));
        self.fold.append(&mut other.fold);
        self.time_ms.append(&mut other.time_ms);
        for (values, more) in self.numbers_mut().zip(other.numbers_mut()) {
            values.append(more);
        }
        Ok(())
    }

    /// The part with its rows sorted by fold, time and symbol, and its symbols by name.
    ///
    /// # Errors
    /// Columns of different lengths, names that no output has, two rows of one time and symbol, a
    /// forecast or realized value that is not finite.
    pub(super) fn checked(mut self, origin: &Path) -> Result<Self, Error> {
        self.check_columns(origin)?;
        self.sort_symbols();
        if let Some(rows) = self.order() {
            self = self.take(&rows);
        }
        self.check_rows(origin)?;
        Ok(self)
    }

    /// The rows by fold, time and symbol; None where they are in that order.
    fn order(&self) -> Option<Vec<usize>> {
        let place = |row: usize| (self.fold[row], self.time_ms[row], self.symbol[row]);
        if (0..self.len()).is_sorted_by_key(place) {
            return None;
        }
        let mut rows: Vec<usize> = (0..self.len()).collect();
        rows.sort_unstable_by_key(|&row| place(row));
        Some(rows)
    }

    fn check_columns(&self, origin: &Path) -> Result<(), Error> {
        let rows = self.len();
        let lengths = [("symbol", self.symbol.len()), ("fold", self.fold.len())];
        let numbers = self.numbers().map(|(name, values)| (name, values.len()));
        if let Some((name, found)) = lengths
            .into_iter()
            .chain(numbers)
            .find(|(_, len)| *len != rows)
        {
            let reason = format!("column `{name}` has {found} rows, expected {rows} as in `time`");
            return Err(Error::file(origin, reason));
        }
        if let Some(name) = self.outputs.keys().find(|name| !is_output(name)) {
            let reason = format!(
                "column `{name}` is no output of a forecaster: expected lower_P or upper_P with a whole number \
                 of percent, probability_CLASS, volatility_mean, variance_mean or regime_edge_N"
            );
            return Err(Error::file(origin, reason));
        }
        let coins = self.symbols.len();
        match self.symbol.iter().find(|symbol| **symbol as usize >= coins) {
            Some(symbol) => {
                let reason = format!("coin {symbol} of {coins}, expected one of them");
                Err(Error::file(origin, reason))
            }
            None => Ok(()),
        }
    }

    /// Names each coin once, in the order of the names, so that places compare as names do.
    fn sort_symbols(&mut self) {
        if self.symbols.is_sorted_by(|a, b| a < b) {
            return;
        }
        let sorted: BTreeSet<&Symbol> = self.symbols.iter().collect();
        let sorted: Vec<Symbol> = sorted.into_iter().cloned().collect();
        // Every symbol is among the sorted ones.
        let place = |symbol: &Symbol| sorted.binary_search(symbol).unwrap_or_default() as u32;
        let places: Vec<u32> = self.symbols.iter().map(place).collect();
        let moved = |symbol: &mut u32| *symbol = places[*symbol as usize];
        self.symbol.iter_mut().for_each(moved);
        self.symbols = sorted;
    }

    fn check_rows(&self, origin: &Path) -> Result<(), Error> {
        let name = |row: usize| {
            let time = format_time(self.time_ms[row]);
            format!("{} at {time} ({})", self.symbol_of(row), self.key)
        };
        if let Some(row) = self.repeated() {
            let reason = format!("two forecasts of {}, expected one", name(row));
            return Err(Error::file(origin, reason));
        }
        let is_bad =
            |row: &usize| !self.forecast[*row].is_finite() || !self.realized[*row].is_finite();
        match (0..self.len()).find(is_bad) {
            Some(row) => {
                let (forecast, realized) = (self.forecast[row], self.realized[row]);
                let reason = format!(
                    "{}: forecast {forecast}, realized {realized}, expected finite numbers",
                    name(row)
                );
                Err(Error::file(origin, reason))
            }
            None => Ok(()),
        }
    }

    /// A row whose time and symbol another row has too, in whichever fold.
    fn repeated(&self) -> Option<usize> {
        let same = |a: usize, b: usize| {
            self.time_ms[a] == self.time_ms[b] && self.symbol[a] == self.symbol[b]
        };
        if self.time_ms.is_sorted() {
            return (1..self.len()).find(|&row| same(row - 1, row));
        }
        // Folds that lie among each other.
        let mut rows: Vec<usize> = (0..self.len()).collect();
        rows.sort_unstable_by_key(|&row| (self.time_ms[row], self.symbol[row]));
        let pair = rows.windows(2).find(|pair| same(pair[0], pair[1]));
        pair.map(|pair| pair[0])
    }
}
