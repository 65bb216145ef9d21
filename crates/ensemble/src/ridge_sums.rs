//! Second moments of forecasts and what was realized: all that the weights are fitted to.

/// Sums over rows of one part of the forecasts, which a ridge regression is solved from. Products
/// are about zero, as a part is fitted without an intercept.
#[derive(Debug, Clone)]
pub struct RidgeSums {
    rows: f64,
    members: usize,
    /// Of a member's forecasts.
    forecasts: Vec<f64>,
    /// Of two members' forecasts, `[members, members]` row-major.
    products: Vec<f64>,
    /// Of a member's forecasts and what was realized.
    with_realized: Vec<f64>,
}

impl RidgeSums {
    /// Of no rows yet.
    pub fn new(members: usize) -> Self {
        let (products, with_realized) = (vec![0.0; members * members], vec![0.0; members]);
        Self {
            rows: 0.0,
            members,
            forecasts: vec![0.0; members],
            products,
            with_realized,
        }
    }

    /// Adds one row: every member's forecast and what was realized.
    pub fn add(&mut self, forecasts: &[f64], realized: f64) {
        self.rows += 1.0;
        for (i, left) in forecasts.iter().enumerate() {
            for (j, right) in forecasts.iter().enumerate() {
                self.products[i * self.members + j] += left * right;
            }
            self.forecasts[i] += left;
            self.with_realized[i] += left * realized;
        }
    }

    /// How many forecasters there are.
    pub fn members(&self) -> usize {
        self.members
    }

    /// Mean product of two members' forecasts.
    pub fn product(&self, i: usize, j: usize) -> f64 {
        self.products[i * self.members + j] / self.rows
    }

    /// Mean product of a member's forecasts and what was realized.
    pub fn realized(&self, i: usize) -> f64 {
        self.with_realized[i] / self.rows
    }

    /// Standard deviation of a member's forecasts.
    pub fn std(&self, i: usize) -> f64 {
        let mean = self.forecasts[i] / self.rows;
        (self.product(i, i) - mean * mean).max(0.0).sqrt()
    }
}
