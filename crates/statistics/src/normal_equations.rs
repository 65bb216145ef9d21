//! Second moments of terms and target: all that coefficients are fitted to.

use crate::solve::solve;

/// Sums over rows of the products of terms and target, about zero: the normal equations of a
/// linear regression.
#[derive(Debug, Clone)]
pub struct NormalEquations {
    /// Number of rows, weighted.
    pub rows: f64,
    /// Of two terms, `[terms, terms]`; while rows are added only the lower triangle is right.
    products: Vec<f64>,
    with_target: Vec<f64>,
    target_square: f64,
}

impl NormalEquations {
    /// Of no rows yet, with so many terms.
    pub fn new(terms: usize) -> Self {
        Self {
            rows: 0.0,
            products: vec![0.0; terms * terms],
            with_target: vec![0.0; terms],
            target_square: 0.0,
        }
    }

    /// Number of terms.
    pub fn terms(&self) -> usize {
        self.with_target.len()
    }

    /// Adds one row.
    pub fn add(&mut self, terms: &[f64], target: f64) {
        let count = self.terms();
        self.rows += 1.0;
        self.target_square += target * target;
        for (i, &left) in terms.iter().enumerate() {
            self.with_target[i] += left * target;
            let products = &mut self.products[i * count..i * count + i + 1];
            for (product, right) in products.iter_mut().zip(terms) {
                *product += left * right;
            }
        }
    }

    /// Multiplies the weight of all rows.
    pub fn scale(&mut self, weight: f64) {
        self.rows *= weight;
        self.target_square *= weight;
        let sums = self.products.iter_mut().chain(&mut self.with_target);
        sums.for_each(|sum| *sum *= weight);
    }

    /// Adds the rows of another.
    pub fn join(&mut self, other: &Self) {
        self.rows += other.rows;
        self.target_square += other.target_square;
        let sums = self.products.iter_mut().chain(&mut self.with_target);
        let others = other.products.iter().chain(&other.with_target);
        sums.zip(others).for_each(|(sum, other)| *sum += other);
    }

    fn product(&self, i: usize, j: usize) -> f64 {
        self.products[i.max(j) * self.terms() + i.min(j)]
    }

    /// The products of all pairs of terms, `[terms, terms]` row-major and symmetric.
    pub(crate) fn matrix(&self) -> Vec<f64> {
        let terms = self.terms();
        let places = (0..terms * terms).map(|place| (place / terms, place % terms));
        places.map(|(i, j)| self.product(i, j)).collect()
    }

    /// Sums of the products of each term with what these coefficients leave of the target.
    pub(crate) fn scores(&self, coefficients: &[f64]) -> Vec<f64> {
        let of_term = |i: usize| {
            let explained = (0..self.terms()).map(|j| self.product(i, j) * coefficients[j]);
            self.with_target[i] - explained.sum::<f64>()
        };
        (0..self.terms()).map(of_term).collect()
    }

    /// The products of each term and the target.
    pub(crate) fn with_target(&self) -> &[f64] {
        &self.with_target
    }

    /// Mean square of each term.
    pub fn mean_squares(&self) -> Vec<f64> {
        let of = |i| self.product(i, i) / self.rows;
        (0..self.terms()).map(of).collect()
    }

    /// The coefficients with the least sum of squared errors plus, for each term, `penalty` rows'
    /// worth of its mean square times the squared distance from `towards`.
    ///
    /// A term that was always 0 keeps what it is drawn towards; all do where there is no solution.
    pub fn ridge(&self, penalty: f64, mean_squares: &[f64], towards: &[f64]) -> Vec<f64> {
        let terms = self.terms();
        let mut a = self.matrix();
        let mut b = self.with_target.clone();
        for i in 0..terms {
            let pull = match penalty * mean_squares[i] {
                pull if pull > 0.0 => pull,
                _ => 1.0,
            };
            a[i * terms + i] += pull;
            b[i] += pull * towards[i];
        }
        solve(&a, &b).unwrap_or_else(|| towards.to_vec())
    }

    /// What these coefficients' forecasts were worth on the rows.
    pub fn worth(&self, coefficients: &[f64]) -> ForecastSums {
        let with =
            |sums: &[f64]| -> f64 { sums.iter().zip(coefficients).map(|(s, c)| s * c).sum() };
        let terms = self.terms();
        let square = (0..terms).map(|i| {
            let row: Vec<f64> = (0..terms).map(|j| self.product(i, j)).collect();
            coefficients[i] * with(&row)
        });
        ForecastSums {
            rows: self.rows,
            with_target: with(&self.with_target),
            square: square.sum(),
            target_square: self.target_square,
        }
    }
}

/// Sums over the rows that forecasts were made for before their targets were known.
#[derive(Debug, Clone, Copy, Default)]
pub struct ForecastSums {
    rows: f64,
    with_target: f64,
    square: f64,
    target_square: f64,
}

impl ForecastSums {
    /// Adds the rows of another.
    pub fn join(&mut self, other: Self) {
        self.rows += other.rows;
        self.with_target += other.with_target;
        self.square += other.square;
        self.target_square += other.target_square;
    }

    /// The factor, from 0 to 1, that the forecasts should have been multiplied with: the mean of
    /// what is believed after these rows, where 1 was believed with a variance of 1 / `trust`
    /// before them and `overlap` rows count as one.
    pub fn share(&self, trust: f64, overlap: f64) -> f64 {
        if self.rows == 0.0 {
            return 1.0;
        }
        let before = trust * overlap * self.target_square / self.rows;
        let share = (self.with_target + before) / (self.square + before);
        if share.is_nan() {
            1.0
        } else {
            share.clamp(0.0, 1.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn equations() -> NormalEquations {
        let mut equations = NormalEquations::new(2);
        for (terms, target) in [([1.0, 0.5], 2.0), ([2.0, -1.0], 1.0), ([0.0, 3.0], 6.0)] {
            equations.add(&terms, target);
        }
        equations
    }

    #[test]
    fn without_a_penalty_it_is_least_squares() {
        let equations = equations();
        let found = equations.ridge(1e-12, &equations.mean_squares(), &[0.0, 0.0]);
        // 5 a - 1.5 b = 4 and -1.5 a + 10.25 b = 18.
        let b = (18.0 + 1.5 * 0.8) / (10.25 - 0.45);
        assert!((found[1] - b).abs() < 1e-9 && (found[0] - (0.8 + 0.3 * b)).abs() < 1e-9);
    }

    #[test]
    fn a_large_penalty_leaves_what_it_draws_towards() {
        let equations = equations();
        let found = equations.ridge(1e12, &equations.mean_squares(), &[0.5, -0.5]);
        assert!((found[0] - 0.5).abs() < 1e-9 && (found[1] + 0.5).abs() < 1e-9);
    }

    #[test]
    fn a_term_of_zeros_keeps_its_coefficient() {
        let mut equations = NormalEquations::new(2);
        equations.add(&[1.0, 0.0], 1.0);
        let found = equations.ridge(1.0, &equations.mean_squares(), &[0.0, 0.25]);
        assert!(
            (found[0] - 0.5).abs() < 1e-12 && found[1] == 0.25,
            "{found:?}"
        );
    }

    #[test]
    fn forecasts_that_were_worth_nothing_lose_their_share() {
        let equations = equations();
        let with = |coefficients: &[f64]| equations.worth(coefficients).share(1e-9, 1.0);
        assert!(
            (with(&[0.8, 1.8]) - 1.0).abs() < 0.05,
            "{}",
            with(&[0.8, 1.8])
        );
        assert_eq!(with(&[0.0, -1.0]), 0.0);
        assert!((equations.worth(&[0.0, -1.0]).share(1e9, 1.0) - 1.0).abs() < 1e-6);
        assert_eq!(ForecastSums::default().share(4.0, 3.0), 1.0);
    }
}
