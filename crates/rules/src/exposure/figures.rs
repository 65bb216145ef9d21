//! Figures of a book, and how far they are from those of a constant exposure.

use serde::Serialize;
use statistics::{ConfidenceInterval, max_drawdown, mean, percentile_interval};

use super::book::BookTime;

/// A figure with its bootstrap interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ExposureValue {
    /// The figure; None where it is undefined.
    pub value: Option<f64>,
    /// Its interval; None where there are too few days.
    pub interval: Option<ConfidenceInterval>,
}

/// What holding by a rule brought.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExposureFigures {
    /// Mean of the positions, less what is sold short, as parts of full ones.
    pub exposure: f64,
    /// Growth of the capital over all days after costs: -.5 is half of it lost.
    #[serde(rename = "return")]
    pub growth: ExposureValue,
    /// Standard deviation of the returns, a year.
    pub volatility: ExposureValue,
    /// Deepest fall from a peak, 0 or below.
    pub drawdown: ExposureValue,
    /// Mean over standard deviation of the returns, a year.
    pub sharpe: ExposureValue,
    /// Sizes of the changes of positions a day, in parts of the capital.
    pub turnover: ExposureValue,
    /// Costs a year, in parts of the capital.
    pub costs: ExposureValue,
}

/// A book's returns after costs and its turnovers, time by time, with what they are drawn by.
pub(super) struct Series<'a> {
    pub returns: Vec<f64>,
    pub turnovers: Vec<f64>,
    pub exposure: f64,
    /// Cost of a change of exposure by 1, as a fraction.
    pub cost: f64,
    pub draws: &'a BookDraws,
}

/// The times that each draw takes.
pub(super) struct BookDraws {
    /// Empty where there are too few blocks.
    pub indices: Vec<Vec<usize>>,
    pub confidence: f64,
    /// Times of a year.
    pub periods: f64,
    /// Times of a day.
    pub a_day: f64,
}

impl<'a> Series<'a> {
    pub fn new(book: &[BookTime], cost: f64, draws: &'a BookDraws) -> Self {
        let sum = |of: fn(&BookTime) -> f64| book.iter().map(of).sum::<f64>();
        Self {
            returns: book.iter().map(|time| time.net(cost)).collect(),
            turnovers: book.iter().map(BookTime::turnover).collect(),
            exposure: sum(|time| time.exposure) / sum(|time| time.coins),
            cost,
            draws,
        }
    }

    pub fn figures(&self) -> ExposureFigures {
        let periods = self.draws.periods;
        let a_day = self.draws.a_day;
        let of_turnover = |times: f64| self.value(&self.turnovers, |values| mean(values) * times);
        ExposureFigures {
            exposure: self.exposure,
            growth: self.value(&self.returns, growth),
            volatility: self.value(&self.returns, |values| deviation(values) * periods.sqrt()),
            drawdown: self.value(&self.returns, max_drawdown),
            sharpe: self.value(&self.returns, |values| sharpe(values, periods)),
            turnover: of_turnover(a_day),
            costs: of_turnover(periods * self.cost),
        }
    }

    fn value(&self, series: &[f64], of: impl Fn(&[f64]) -> f64) -> ExposureValue {
        let drawn = |indices: &Vec<usize>| {
            let values: Vec<f64> = indices.iter().map(|&place| series[place]).collect();
            of(&values)
        };
        self.draws.value(of(series), drawn)
    }

    /// A figure of these returns minus that of others, on the same draws.
    pub fn minus(&self, other: &Self, of: impl Fn(&[f64], f64) -> f64) -> ExposureValue {
        let periods = self.draws.periods;
        let of_draw = |indices: &Vec<usize>| {
            let picked = |series: &[f64]| -> Vec<f64> {
                indices.iter().map(|&place| series[place]).collect()
            };
            of(&picked(&self.returns), periods) - of(&picked(&other.returns), periods)
        };
        let value = of(&self.returns, periods) - of(&other.returns, periods);
        self.draws.value(value, of_draw)
    }
}

impl BookDraws {
    pub fn value(&self, value: f64, of_draw: impl Fn(&Vec<usize>) -> f64) -> ExposureValue {
        let drawn: Vec<f64> = self.indices.iter().map(of_draw).collect();
        ExposureValue {
            value: value.is_finite().then_some(value),
            interval: percentile_interval(&drawn, self.confidence),
        }
    }
}

/// Growth of a capital that each return is compounded on.
pub(super) fn growth(returns: &[f64]) -> f64 {
    returns.iter().map(|value| 1.0 + value).product::<f64>() - 1.0
}

/// Standard deviation of all values (n).
fn deviation(values: &[f64]) -> f64 {
    let center = mean(values);
    let squares: f64 = values.iter().map(|value| (value - center).powi(2)).sum();
    (squares / values.len() as f64).sqrt()
}

/// Mean over standard deviation, a year of so many periods.
pub(super) fn sharpe(returns: &[f64], periods: f64) -> f64 {
    mean(returns) / deviation(returns) * periods.sqrt()
}

/// Standard deviation a year of so many periods.
pub(super) fn volatility(returns: &[f64], periods: f64) -> f64 {
    deviation(returns) * periods.sqrt()
}
