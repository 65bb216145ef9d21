//! Least squares with errors that may go together within a cluster, such as all rows of one day.

use crate::NormalEquations;
use crate::solve::solve;

/// A term that others explain but for less than this share of its sum of squares is one too many.
const ROUNDING: f64 = 1e-13;

/// Coefficients by least squares, with their standard errors.
#[derive(Debug, Clone, PartialEq)]
pub struct LeastSquares {
    /// One a term.
    pub coefficients: Vec<f64>,
    /// Standard error of each coefficient; infinite where all rows are in one cluster.
    pub errors: Vec<f64>,
}

/// The coefficients with the least sum of squared errors over the rows of all clusters.
///
/// Errors are the sandwich of Liang and Zeger, times the root of n / (n - 1) for n clusters: rows of
/// different clusters are taken to be independent, those of one cluster may be anything. None where
/// there are no rows, or a term is a combination of others.
///
/// # Examples
/// ```
/// use statistics::{NormalEquations, least_squares};
/// let mut days = vec![NormalEquations::new(2); 2];
/// days[0].add(&[1.0, 0.0], 1.0);
/// days[0].add(&[1.0, 1.0], 3.0);
/// days[1].add(&[1.0, 2.0], 5.0);
/// let fit = least_squares(&days).unwrap();
/// assert!((fit.coefficients[0] - 1.0).abs() < 1e-12 && (fit.coefficients[1] - 2.0).abs() < 1e-12);
/// ```
pub fn least_squares(clusters: &[NormalEquations]) -> Option<LeastSquares> {
    let known = || clusters.iter().filter(|cluster| cluster.rows > 0.0);
    let mut all = known().next()?.clone();
    known().skip(1).for_each(|cluster| all.join(cluster));
    let (terms, matrix) = (all.terms(), all.matrix());
    let coefficients = solve(&matrix, all.with_target())?;
    let inverse: Vec<Vec<f64>> = (0..terms)
        .map(|term| {
            let unit: Vec<f64> = (0..terms).map(|i| f64::from(u8::from(i == term))).collect();
            solve(&matrix, &unit)
        })
        .collect::<Option<_>>()?;
    let is_explained =
        |term: usize| matrix[term * terms + term] * inverse[term][term] > 1.0 / ROUNDING;
    if (0..terms).any(is_explained) {
        return None;
    }
    let mut variances = vec![0.0; terms];
    for cluster in known() {
        let scores = cluster.scores(&coefficients);
        for (variance, row) in variances.iter_mut().zip(&inverse) {
            let moved: f64 = row.iter().zip(&scores).map(|(i, s)| i * s).sum();
            *variance += moved * moved;
        }
    }
    let count = known().count() as f64;
    let error = |variance: f64| match count > 1.0 {
        true => (variance * count / (count - 1.0)).sqrt(),
        false => f64::INFINITY,
    };
    Some(LeastSquares {
        coefficients,
        errors: variances.into_iter().map(error).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LineSums, fit_line};

    /// A line is least squares with two terms.
    #[test]
    fn a_line_has_the_same_numbers() {
        let mut lines = vec![LineSums::default(); 5];
        let mut days = vec![NormalEquations::new(2); 5];
        for i in 0..40 {
            let (x, y) = (f64::from(i * i % 17), f64::from(i * 7 % 23));
            lines[i as usize % 5].push(x, y, 1.0);
            days[i as usize % 5].add(&[1.0, x], y);
        }
        let (line, fit) = (fit_line(&lines).unwrap(), least_squares(&days).unwrap());
        let found = [
            fit.coefficients[0] - line.intercept,
            fit.coefficients[1] - line.slope,
            fit.errors[0] - line.intercept_error,
            fit.errors[1] - line.slope_error,
        ];
        assert!(found.iter().all(|d| d.abs() < 1e-10), "{found:?}");
    }

    #[test]
    fn one_cluster_says_nothing_of_its_errors() {
        let mut day = NormalEquations::new(1);
        day.add(&[2.0], 4.0);
        let fit = least_squares(&[day, NormalEquations::new(1)]).unwrap();
        assert_eq!((fit.coefficients[0], fit.errors[0]), (2.0, f64::INFINITY));
    }

    #[test]
    fn a_term_that_others_make_up_has_no_coefficient() {
        let mut day = NormalEquations::new(2);
        day.add(&[1.0, 2.0], 1.0);
        day.add(&[2.0, 4.0], 1.0);
        assert_eq!(least_squares(&[day]), None);
        assert_eq!(least_squares(&[NormalEquations::new(2)]), None);
        assert_eq!(least_squares(&[]), None);
    }
}
