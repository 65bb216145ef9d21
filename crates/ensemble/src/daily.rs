//! Weights that serve IC a day: each day counts once, in units of the coins' trailing volatility.

use std::ops::Range;

use anyhow::Context;
use score::Rows;

use crate::combine::market_part;
use crate::evidence::Evidence;
use crate::lasso::nonnegative_lasso;
use crate::{EnsembleOptions, Weights};

const DAY_MS: i64 = 86_400_000;

/// Trailing volatilities at which a return is clipped, as the metric IC a day does.
const CLIP: f64 = 5.0;

/// Days by which members are judged: fewer say nothing of how far they differ.
const LEAST_DAYS: usize = 5;

/// IC that each member's own part has on a prior day: that of a good forecaster of minutes.
const PRIOR_IC: f64 = 0.03;

/// Members' forecasts and the returns that came, day by day.
///
/// Both are in units of the coin's trailing volatility, the return is entered a bar later and
/// clipped at five.
pub(crate) struct DailyEvidence<'a> {
    rows: &'a Rows,
    forecasts: &'a [&'a [f64]],
    /// The unit of each row, above 0.
    units: &'a [f64],
    /// `ensemble.standard_errors`
    standard_errors: f64,
    /// `ensemble.prior_days`
    prior_days: f64,
    days: Vec<DayScores>,
}

/// The moments of one UTC day.
struct DayScores {
    number: i64,
    market: DaySums,
    own: DaySums,
}

/// Sums over the rows of a day, about zero.
#[derive(Clone)]
struct DaySums {
    /// Of two members' forecasts, `[members, members]` row-major.
    products: Vec<f64>,
    /// Of a member's forecasts and the return.
    with_return: Vec<f64>,
    return_square: f64,
}

impl<'a> DailyEvidence<'a> {
    /// Of no day yet; `forecasts` is `[members][rows]`.
    ///
    /// # Errors
    /// Rows without trailing volatility.
    pub fn new(
        rows: &'a Rows,
        forecasts: &'a [&'a [f64]],
        options: &EnsembleOptions,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            rows,
            forecasts,
            units: units(rows)?,
            standard_errors: options.standard_errors,
            prior_days: options.prior_days,
            days: Vec::new(),
        })
    }

    /// The day of a time, which is the last one or a new one.
    fn day(&mut self, time_ms: i64) -> Option<&mut DayScores> {
        let number = time_ms.div_euclid(DAY_MS);
        if self.days.last().is_none_or(|day| day.number != number) {
            let moments = DaySums::new(self.forecasts.len());
            self.days.push(DayScores {
                number,
                market: moments.clone(),
                own: moments,
            });
        }
        self.days.last_mut()
    }

    /// The weights of one part, with so many prior days; 0 for a member that was worth nothing.
    ///
    /// On a prior day the members are as loud and as alike as on those known, and each has an IC of
    /// [`PRIOR_IC`].
    fn part(&self, part: fn(&DayScores) -> &DaySums, prior_days: f64) -> Vec<f64> {
        let members = self.forecasts.len();
        let days: Vec<DaySums> = self
            .days
            .iter()
            .filter_map(|day| part(day).of_one_day())
            .collect();
        let is_judged = days.len() >= LEAST_DAYS;
        if days.is_empty() || (!is_judged && prior_days == 0.0) {
            return vec![0.0; members];
        }
        let sum = |of: &dyn Fn(&DaySums) -> f64| days.iter().map(of).sum::<f64>();
        let products: Vec<f64> = (0..members * members)
            .map(|place| sum(&|day| day.products[place]))
            .collect();
        let worth: Vec<f64> = (0..members)
            .map(|member| sum(&|day| day.with_return[member]))
            .collect();
        let count = days.len() as f64;
        let prior = |member: usize| {
            let scale = (products[member * members + member] / count).sqrt();
            prior_days * PRIOR_IC * scale
        };
        let price = |member: usize| {
            let mean = worth[member] / count;
            let squares = sum(&|day| (day.with_return[member] - mean).powi(2));
            // Targets that reach over days make these alike.
            self.standard_errors * (self.reach_days() * squares * count / (count - 1.0)).sqrt()
        };
        // Few days say how alike the members are, but not yet what they are worth.
        let (known, prices): (f64, Vec<f64>) = match is_judged {
            true => (1.0, (0..members).map(price).collect()),
            false => (0.0, vec![0.0; members]),
        };
        let worth: Vec<f64> = (0..members)
            .map(|member| known * worth[member] + prior(member))
            .collect();
        let all_days = (count + prior_days) / count;
        let products: Vec<f64> = products.iter().map(|product| product * all_days).collect();
        nonnegative_lasso(&products, &worth, &prices)
    }

    fn reach_days(&self) -> f64 {
        let reach_ms = self.rows.bar_ms * self.rows.reach_bars as i64;
        (reach_ms as f64 / DAY_MS as f64).ceil().max(1.0)
    }
}

impl Evidence for DailyEvidence<'_> {
    fn entry_bars(&self) -> usize {
        1
    }

    /// The market parts of a time are one row, the own parts of its coins one row each; a coin
    /// whose return is not known is left out.
    fn add(&mut self, rows: Range<usize>) {
        let time_ms = self.rows.time_ms[rows.start];
        let (realized, units) = (&self.rows.realized_delayed, self.units);
        let known: Vec<usize> = rows.filter(|&row| !realized[row].is_nan()).collect();
        if known.is_empty() {
            return;
        }
        let in_units = |values: &[f64]| -> Vec<f64> {
            known.iter().map(|&row| values[row] / units[row]).collect()
        };
        let returns: Vec<f64> = known
            .iter()
            .map(|&row| realized[row].ln_1p() / units[row])
            .collect();
        let clipped: Vec<f64> = returns.iter().map(|value| clip(*value)).collect();
        let (mean, market) = (market_part(&returns), market_part(&clipped));
        let members: Vec<Vec<f64>> = self
            .forecasts
            .iter()
            .map(|values| in_units(values))
            .collect();
        let markets: Vec<f64> = members.iter().map(|values| market_part(values)).collect();
        let Some(day) = self.day(time_ms) else { return };
        day.market.add(&markets, market);
        let mut own = vec![0.0; markets.len()];
        for (coin, value) in returns.iter().enumerate() {
            for ((own, values), market) in own.iter_mut().zip(&members).zip(&markets) {
                *own = values[coin] - market;
            }
            day.own.add(&own, clip(value - mean));
        }
    }

    fn events(&self) -> f64 {
        self.days.len() as f64
    }

    /// Those of the lasso. The market's part has no prior: with one event at a time members are
    /// wrong about it for weeks, and 0 is a fair forecast of it. While nothing is known, and where
    /// all was worth nothing, the first member stands alone, as a forecast of each coin there must
    /// be.
    fn weights(&self) -> Weights {
        let weights = Weights {
            market: self.part(|day| &day.market, 0.0),
            own: self.part(|day| &day.own, self.prior_days),
        };
        let first = Weights::first(self.forecasts.len());
        let is_nothing = |weights: &[f64]| weights.iter().all(|&weight| weight == 0.0);
        match (is_nothing(&weights.market), is_nothing(&weights.own)) {
            (true, true) => first,
            (false, true) => Weights {
                own: first.own,
                ..weights
            },
            (_, false) => weights,
        }
    }
}

/// The trailing volatility of every row.
///
/// # Errors
/// Rows without.
pub(crate) fn units(rows: &Rows) -> anyhow::Result<&[f64]> {
    let units = rows.trailing_volatility.as_deref();
    units.context("the members' tables have no trailing volatility")
}

fn clip(value: f64) -> f64 {
    value.clamp(-CLIP, CLIP)
}

impl DaySums {
    fn new(members: usize) -> Self {
        Self {
            products: vec![0.0; members * members],
            with_return: vec![0.0; members],
            return_square: 0.0,
        }
    }

    fn add(&mut self, forecasts: &[f64], realized: f64) {
        let members = forecasts.len();
        self.return_square += realized * realized;
        for (i, left) in forecasts.iter().enumerate() {
            self.with_return[i] += left * realized;
            for (j, right) in forecasts.iter().enumerate() {
                self.products[i * members + j] += left * right;
            }
        }
    }

    /// The same with returns whose squares sum to 1, as each day counts once; None for a day
    /// without any.
    fn of_one_day(&self) -> Option<Self> {
        let of = |values: &[f64]| values.iter().map(|v| v / self.return_square).collect();
        (self.return_square > 0.0).then(|| Self {
            products: of(&self.products),
            with_return: of(&self.with_return),
            return_square: 1.0,
        })
    }
}
