//! The market's mean by one regression, the coins' deviations from it by another.

use statistics::{NormalEquations, least_squares};

use super::model::{Model, ModelSettings};
use super::pooled::{Pooled, Scale};
use crate::observations::{Observations, TermReader};
use crate::terms::{FULL, Term};
use crate::training::{RowCoins, Training};
use crate::{Coefficient, Error, Parameters};

const DAY_MS: f64 = 86_400_000.0;

/// The model.
pub(crate) fn init(_: &ModelSettings<'_>) -> Box<dyn Model> {
    Box::new(TwoStage {
        description: "HAR-full in two stages: the mean over the coins of a time is that of HAR-full's forecasts, and \
                      what a coin deviates from it is a regression of deviations on deviations, which no \
                      market-wide event can bend.",
        market: Pooled {
            description: "",
            terms: FULL.to_vec(),
            scale: Scale::Log,
        },
        own: FULL.to_vec(),
        own_half_life_days: None,
    })
}

/// The mean over the coins of a pooled regression's forecasts, and a regression of what is left at
/// each time.
#[derive(Debug)]
pub(super) struct TwoStage {
    pub description: &'static str,
    pub market: Pooled,
    /// Terms of the coins' deviations.
    pub own: Vec<Term>,
    /// Days after which a row weighs half as much in the regression of deviations.
    pub own_half_life_days: Option<f64>,
}

impl TwoStage {
    /// The coins of a row whose terms are all known, and these terms less their means over the coins,
    /// `[coins, terms]`.
    fn deviations(
        terms: &TermReader<'_>,
        row: usize,
        coins: impl Iterator<Item = usize>,
    ) -> (Vec<usize>, Vec<f64>) {
        let count = terms.len();
        let (mut known, mut values) = (Vec::new(), Vec::new());
        let mut cell = vec![0.0; count];
        for coin in coins {
            if terms.read((row, coin), &mut cell) {
                known.push(coin);
                values.extend_from_slice(&cell);
            }
        }
        for term in 0..count {
            let own = || values.iter().skip(term).step_by(count);
            let mean = mean(own().copied());
            let own = values.iter_mut().skip(term).step_by(count);
            own.for_each(|value| *value -= mean);
        }
        (known, values)
    }

    /// The weight of a day's rows in the regression of deviations.
    fn weight(&self, training: &Training<'_>, rows: &[RowCoins]) -> f64 {
        let time = |row: usize| training.seen.panel().time_ms(row);
        let age_ms = rows
            .first()
            .map_or(0, |first| time(training.known_row) - time(first.row));
        // A row after what is known, as around a block that is held out, is as old as one before it.
        let days = age_ms.abs() as f64 / DAY_MS;
        self.own_half_life_days
            .map_or(1.0, |half| 0.5f64.powf(days / half))
    }

    /// Adds the coins' deviations from their means at a row.
    fn add(
        sums: &mut NormalEquations,
        (training, terms): (&Training<'_>, &TermReader<'_>),
        row: &RowCoins,
    ) {
        let (coins, values) = Self::deviations(terms, row.row, row.coins.iter().copied());
        let target = |coin: &usize| training.targets.value(row.row, *coin);
        let market = mean(coins.iter().map(target));
        for (coin, values) in coins.iter().zip(values.chunks_exact(terms.len().max(1))) {
            sums.add(values, target(coin) - market);
        }
    }
}

impl Model for TwoStage {
    fn description(&self) -> &'static str {
        self.description
    }

    fn coefficients(&self) -> Vec<String> {
        let own = self.own.iter().map(|term| format!("{} own", term.name));
        self.market.coefficients().into_iter().chain(own).collect()
    }

    fn terms(&self) -> Vec<Term> {
        // A term of both parts is asked for once.
        let mut terms = self.market.terms.clone();
        let is_new = |term: &&Term| {
            !self
                .market
                .terms
                .iter()
                .any(|known| known.name == term.name)
        };
        terms.extend(self.own.iter().filter(is_new));
        terms
    }

    fn fit(&self, training: &Training<'_>) -> Result<Parameters, Error> {
        let mut parameters = self.market.fit(training)?;
        let terms = training.seen.reader(&self.own);
        let of_day = |rows: &[RowCoins]| {
            let mut sums = NormalEquations::new(terms.len());
            rows.iter()
                .for_each(|row| Self::add(&mut sums, (training, &terms), row));
            sums.scale(self.weight(training, rows));
            sums
        };
        let days: Vec<NormalEquations> = training.days().map(of_day).collect();
        let fit = least_squares(&days).ok_or_else(|| training.too_few(terms.len()))?;
        let names = self.coefficients().split_off(parameters.shared.len());
        parameters.shared.extend(Coefficient::of_fit(names, &fit));
        Ok(parameters)
    }

    fn forecast(
        &self,
        (parameters, _): (&Parameters, i64),
        seen: &Observations<'_>,
        rows: &[usize],
    ) -> Vec<f64> {
        let coefficients = parameters.values();
        let (of_market, own) = coefficients.split_at(self.market.terms.len() + 1);
        let (terms, market_terms) = (seen.reader(&self.own), seen.reader(&self.market.terms));
        let mut values = vec![0.0; self.market.terms.len() + 1];
        let mut forecasts = vec![f64::NAN; rows.len() * seen.coins()];
        for (&row, forecasts) in rows.iter().zip(forecasts.chunks_exact_mut(seen.coins())) {
            let (coins, deviations) = Self::deviations(&terms, row, 0..seen.coins());
            let whole = |&coin: &usize| {
                (self.market).at(of_market, &market_terms, (row, coin), &mut values)
            };
            let market = mean(coins.iter().map(whole));
            for (coin, values) in coins
                .iter()
                .zip(deviations.chunks_exact(terms.len().max(1)))
            {
                let deviation: f64 = values.iter().zip(own).map(|(t, c)| t * c).sum();
                forecasts[*coin] = market + deviation;
            }
        }
        forecasts
    }
}

/// The mean of some values; NaN without any.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}
