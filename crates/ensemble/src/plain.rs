//! Weights by squared errors of returns as they are, or by scale.

use std::ops::Range;

use score::Rows;

use crate::Weights;
use crate::combine::market_part;
use crate::evidence::Evidence;
use crate::ridge::nonnegative_ridge;
use crate::ridge_sums::RidgeSums;

/// What weights are drawn to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WeightPrior {
    /// The weight of every member.
    pub weight: f64,
    /// How many events it counts for.
    pub events: f64,
}

/// RidgeSums of members' forecasts and targets, as they are, over all times.
pub(crate) struct PlainEvidence<'a> {
    rows: &'a Rows,
    forecasts: &'a [&'a [f64]],
    /// What weights are drawn to; None gives each member the same say.
    prior: Option<WeightPrior>,
    times: usize,
    market: RidgeSums,
    own: RidgeSums,
}

impl<'a> PlainEvidence<'a> {
    /// Of no time yet; `forecasts` is `[members][rows]`.
    pub fn new(rows: &'a Rows, forecasts: &'a [&'a [f64]], prior: Option<WeightPrior>) -> Self {
        Self {
            rows,
            forecasts,
            prior,
            times: 0,
            market: RidgeSums::new(forecasts.len()),
            own: RidgeSums::new(forecasts.len()),
        }
    }
}

impl Evidence for PlainEvidence<'_> {
    fn entry_bars(&self) -> usize {
        0
    }

    /// The market parts of a time are one row, the own parts of its coins one row each.
    fn add(&mut self, rows: Range<usize>) {
        let members: Vec<&[f64]> = self
            .forecasts
            .iter()
            .map(|forecasts| &forecasts[rows.clone()])
            .collect();
        let realized = &self.rows.realized[rows];
        let markets: Vec<f64> = members
            .iter()
            .map(|forecasts| market_part(forecasts))
            .collect();
        let realized_market = market_part(realized);
        self.times += 1;
        self.market.add(&markets, realized_market);
        let mut own = vec![0.0; members.len()];
        for (coin, realized) in realized.iter().enumerate() {
            for ((own, forecasts), market) in own.iter_mut().zip(&members).zip(&markets) {
                *own = forecasts[coin] - market;
            }
            self.own.add(&own, realized - realized_market);
        }
    }

    /// Times whose targets overlap are one.
    fn events(&self) -> f64 {
        self.times as f64 / self.rows.reach_bars as f64
    }

    fn weights(&self) -> Weights {
        let members = self.forecasts.len();
        // What goes on where nothing is known, and where all were worse than nothing so far.
        let prior = match self.prior {
            None => Weights::equal(members),
            Some(prior) => Weights::alike(members, prior.weight),
        };
        if self.times == 0 {
            return prior;
        }
        let part = |sums: &RidgeSums| match self.prior {
            None => equal_say(sums),
            // The coins of a time share their luck: their own parts count as one event, like the
            // market's.
            Some(prior) => nonnegative_ridge(sums, prior.weight, prior.events / self.events()),
        };
        let weights = Weights {
            market: part(&self.market),
            own: part(&self.own),
        };
        let mut both = weights.market.iter().chain(&weights.own);
        if both.all(|&weight| weight == 0.0) {
            prior
        } else {
            weights
        }
    }
}

/// Each member divided by its own scale, and their mean multiplied by the mean scale; a member that
/// said nothing so far has the weight of the plain average.
fn equal_say(sums: &RidgeSums) -> Vec<f64> {
    let members = sums.members();
    let scales: Vec<f64> = (0..members).map(|member| sums.std(member)).collect();
    let mean = scales.iter().sum::<f64>() / members as f64;
    scales
        .iter()
        .map(|&scale| if scale > 0.0 { mean / scale } else { 1.0 } / members as f64)
        .collect()
}
