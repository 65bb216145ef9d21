//! What several scores of one forecaster's volatilities are made from, computed once.

use std::sync::OnceLock;

use statistics::classification::Ranking;

use super::day_draws::DayDraws;
use super::forecast::RegimeRow;
use crate::metrics::Estimate;
use crate::rows::{ForecastColumn, Rows};

/// The rows of one forecaster of volatility.
pub(crate) struct LevelRows<'a> {
    /// The days, and their draws.
    pub days: &'a DayDraws,
    /// The volatility per day that came in each row.
    pub realized: &'a [f64],
    /// What came of each row and what was said of it; None where classes are unknown.
    pub regimes: Vec<Option<RegimeRow>>,
    classes: [OnceLock<ClassRanking>; 3],
    /// The area under the ROC curve of each class, once it is asked for.
    pub areas: [OnceLock<Estimate>; 3],
}

/// The rows with classes, ordered by the probability of one of them.
pub(crate) struct ClassRanking {
    pub ranking: Ranking,
    /// Whether each row came as the class.
    pub is_class: Vec<bool>,
}

impl<'a> LevelRows<'a> {
    /// `realized` is the exp of what came in each of the rows.
    pub fn new(
        (rows, realized): (&Rows, &'a [f64]),
        days: &'a DayDraws,
        forecaster: &ForecastColumn,
    ) -> Self {
        let regimes = forecaster
            .level
            .as_ref()
            .and_then(|level| level.regimes.as_ref());
        let of_row = |row: usize| regimes?.row(row, rows.realized[row]);
        Self {
            days,
            realized,
            regimes: (0..rows.len()).map(of_row).collect(),
            classes: Default::default(),
            areas: Default::default(),
        }
    }

    /// The rows with classes by the probability of a class.
    pub fn class(&self, class: usize) -> &ClassRanking {
        self.classes[class].get_or_init(|| {
            let known = || self.regimes.iter().flatten();
            ClassRanking {
                ranking: Ranking::new(known().map(|row| row.probability[class]).collect()),
                is_class: known().map(|row| row.realized == class).collect(),
            }
        })
    }
}
