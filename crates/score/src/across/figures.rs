//! One figure on every panel, and its mean over panels.

use statistics::percentile_interval;

use super::panel_draws::PanelDraws;
use super::result::{AcrossFigure, PanelFigure};
use crate::metrics::{Estimate, Value};
use crate::options::Options;
use crate::shuffled::{SHUFFLED_ORDERS, Spread};

/// A forecaster's score, or the first forecaster's score minus that of another one.
#[derive(Debug, Clone, Copy)]
pub(super) enum FigureSource {
    Score(usize),
    Difference(usize),
}

impl FigureSource {
    /// The figure on one panel.
    pub fn estimate(self, panel: &PanelDraws, metric: usize) -> &Estimate {
        match self {
            Self::Score(index) => &panel.scores[index][metric],
            Self::Difference(other) => &panel.differences[other][metric],
        }
    }
}

/// One figure on every panel, and its mean.
pub(super) fn figure(
    drawn: &[PanelDraws],
    of: FigureSource,
    metric: usize,
    options: &Options,
) -> AcrossFigure {
    let figures: Vec<&Estimate> = drawn
        .iter()
        .map(|panel| of.estimate(panel, metric))
        .collect();
    let on_panel = |figure: &&Estimate| {
        let Value { value, interval, t } = figure.summary(options.confidence);
        PanelFigure {
            value,
            interval,
            t,
            folds: ends(figure.folds.iter().flatten().copied()),
        }
    };
    let panels: Vec<PanelFigure> = figures.iter().map(on_panel).collect();
    let values: Option<Vec<f64>> = panels.iter().map(|panel| panel.value).collect();
    let draws: Option<Vec<&Vec<f64>>> =
        figures.iter().map(|figure| figure.draws.as_ref()).collect();
    let all = PanelFigure {
        value: values.map(|values| mean(&values)),
        interval: draws
            .and_then(|draws| percentile_interval(&mean_draws(&draws), options.confidence)),
        t: None,
        folds: ends(panels.iter().filter_map(|panel| panel.folds).flatten()),
    };
    AcrossFigure {
        against: None,
        panels,
        all,
    }
}

/// The first forecaster's scores in other orders of days: the mean over orders, and the lowest to
/// the highest.
pub(super) fn orders(drawn: &[PanelDraws], metric: usize) -> AcrossFigure {
    let of_panel = |panel: &PanelDraws| -> Vec<Option<f64>> {
        panel.orders.get(metric).cloned().unwrap_or_default()
    };
    let figure = |values: &[Option<f64>]| {
        let spread = Spread::of(values);
        PanelFigure {
            value: spread.map(|spread| spread.mean),
            interval: spread.map(|spread| spread.range),
            t: None,
            folds: None,
        }
    };
    let panels: Vec<Vec<Option<f64>>> = drawn.iter().map(of_panel).collect();
    let of_order = |order: usize| {
        let values: Option<Vec<f64>> = panels
            .iter()
            .map(|panel| panel.get(order).copied().flatten())
            .collect();
        values.map(|values| mean(&values))
    };
    let all: Vec<Option<f64>> = (0..SHUFFLED_ORDERS).map(of_order).collect();
    AcrossFigure {
        against: None,
        panels: panels.iter().map(|values| figure(values)).collect(),
        all: figure(&all),
    }
}

/// Draw d of the mean over panels: the mean of the panels' draws d, undefined (NaN) where one of
/// them is.
fn mean_draws(panels: &[&Vec<f64>]) -> Vec<f64> {
    let count = panels.first().map_or(0, |draws| draws.len());
    (0..count)
        .map(|draw| mean(&panels.iter().map(|draws| draws[draw]).collect::<Vec<_>>()))
        .collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn ends(values: impl Iterator<Item = f64>) -> Option<[f64; 2]> {
    values.fold(None, |ends, value| {
        let [low, high] = ends.unwrap_or([value, value]);
        Some([low.min(value), high.max(value)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_of_draws_is_undefined_where_one_panel_is() {
        let draws = mean_draws(&[&vec![1.0, 2.0, f64::NAN], &vec![3.0, 5.0, 1.0]]);
        assert_eq!(draws[..2], [2.0, 3.5]);
        assert!(draws[2].is_nan());
    }

    #[test]
    fn ends_are_the_lowest_and_the_highest() {
        assert_eq!(ends([0.2, -0.1, 0.1].into_iter()), Some([-0.1, 0.2]));
        assert_eq!(ends(std::iter::empty()), None);
    }
}
