//! A straight line through weighted points whose errors may go together within a cluster, such as
//! all points of one day.

use serde::Serialize;

/// What is left of a sum of squares by rounding is no more than this share of it.
const ROUNDING: f64 = 1e-12;

/// Weighted sums over the points (x, y) of one cluster: all that a line needs of them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LineSums {
    weight: f64,
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
}

impl LineSums {
    /// Adds a point.
    pub fn push(&mut self, x: f64, y: f64, weight: f64) {
        self.weight += weight;
        self.x += weight * x;
        self.y += weight * y;
        self.xx += weight * x * x;
        self.xy += weight * x * y;
    }

    /// Adds the points of another cluster.
    pub fn add(&mut self, other: &Self) {
        self.weight += other.weight;
        self.x += other.x;
        self.y += other.y;
        self.xx += other.xx;
        self.xy += other.xy;
    }
}

/// A line of y on x by weighted least squares, with the standard errors of its two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LineFit {
    /// Change of y for a change of x by 1.
    pub slope: f64,
    /// The line at x = 0.
    pub intercept: f64,
    /// Standard error of the slope.
    pub slope_error: f64,
    /// Standard error of the intercept.
    pub intercept_error: f64,
}

/// The line through the points of all clusters.
///
/// Errors are the sandwich of Liang and Zeger, times the root of n / (n - 1) for n clusters: points
/// of different clusters are taken to be independent, those of one cluster may be anything. They are
/// infinite where all points are in one cluster. None where there is no point, or x is constant.
///
/// # Examples
/// ```
/// use statistics::{LineSums, fit_line};
/// let mut days = [LineSums::default(); 2];
/// days[0].push(0.0, 1.0, 1.0);
/// days[0].push(1.0, 3.0, 1.0);
/// days[1].push(2.0, 5.0, 4.0);
/// let line = fit_line(&days).unwrap();
/// assert!((line.slope - 2.0).abs() < 1e-12 && (line.intercept - 1.0).abs() < 1e-12);
/// ```
pub fn fit_line(clusters: &[LineSums]) -> Option<LineFit> {
    let known = || clusters.iter().filter(|cluster| cluster.weight > 0.0);
    let count = known().count() as f64;
    let mut all = LineSums::default();
    known().for_each(|cluster| all.add(cluster));
    let determinant = all.weight * all.xx - all.x * all.x;
    if count == 0.0 || determinant <= ROUNDING * all.weight * all.xx {
        return None;
    }
    let slope = (all.weight * all.xy - all.x * all.y) / determinant;
    let intercept = (all.xx * all.y - all.x * all.xy) / determinant;
    let (mut slope_variance, mut intercept_variance) = (0.0, 0.0);
    for cluster in known() {
        let residual = cluster.y - intercept * cluster.weight - slope * cluster.x;
        let with_x = cluster.xy - intercept * cluster.x - slope * cluster.xx;
        slope_variance += ((all.weight * with_x - all.x * residual) / determinant).powi(2);
        intercept_variance += ((all.xx * residual - all.x * with_x) / determinant).powi(2);
    }
    let error = |variance: f64| {
        if count > 1.0 {
            (variance * count / (count - 1.0)).sqrt()
        } else {
            f64::INFINITY
        }
    };
    Some(LineFit {
        slope,
        intercept,
        slope_error: error(slope_variance),
        intercept_error: error(intercept_variance),
    })
}
