//! Scores of each panel by its own bootstrap, and their means over panels.
//!
//! Panels are of different times and coins, so that they are drawn independently: draw d of a mean
//! over panels is the mean of the panels' draws d, each panel with a seed of its own.

use std::collections::BTreeSet;

use super::figures::{FigureSource, figure, orders};
use super::panel_draws::{PanelDraws, PanelForecasts, compared};
use super::result::{Across, AcrossFigure, AcrossFigures, PanelSpan};
use crate::error::{Error, setting};
use crate::labels::labels;
use crate::metrics::Metric;
use crate::options::Options;
use crate::rows::ForecastColumn;
use crate::shuffled::SHUFFLED_ORDERS;

/// Scores the first forecaster on every panel, compares it with each other one, and takes the means
/// over panels.
///
/// With one panel the values and intervals are those of [`score`](crate::score). The first panel's
/// draws have `options.seed`, the next one's the seed after it.
///
/// # Errors
/// As [`score`](crate::score) for every panel; no panel, or panels whose forecasters have other
/// names or another order.
pub fn across(panels: &[PanelForecasts<'_>], options: &Options) -> Result<Across, Error> {
    options.validate()?;
    let Some(first) = panels.first() else {
        return Err(setting("panels", 0, "at least one"));
    };
    panels
        .iter()
        .try_for_each(|panel| same_forecasters(first, panel))?;
    let drawn: Vec<PanelDraws> = panels
        .iter()
        .zip(0..)
        .map(|(panel, place)| PanelDraws::new(panel, place, options))
        .collect::<Result<_, _>>()?;
    let named: Vec<(&str, Option<&str>)> = first
        .forecasters
        .iter()
        .map(|forecaster| (forecaster.name.as_str(), forecaster.run.as_deref()))
        .collect();
    let means = Means {
        labels: labels(&named),
        forecasters: first.forecasters,
        drawn: &drawn,
        metrics: compared(),
        options,
    };
    let scores = means.scores();
    Ok(Across {
        panels: panels
            .iter()
            .zip(&drawn)
            .map(|(panel, drawn)| span(panel, drawn))
            .collect(),
        draws: options.draws,
        confidence: options.confidence,
        seed: options.seed,
        differences: means.differences(&scores),
        best_control: means.best_control(&scores),
        shuffled: means.shuffled(),
        scores,
    })
}

/// All panels, drawn, and the forecasters on each of them.
struct Means<'a> {
    labels: Vec<String>,
    forecasters: &'a [ForecastColumn],
    drawn: &'a [PanelDraws],
    metrics: Vec<Metric>,
    options: &'a Options,
}

impl Means<'_> {
    /// A figure for each metric, given by the metric's place.
    fn figures(&self, name: String, of: impl Fn(usize) -> AcrossFigure) -> AcrossFigures {
        let metrics = self.metrics.iter().enumerate();
        AcrossFigures {
            name,
            is_control: false,
            figures: metrics
                .map(|(place, metric)| (*metric, of(place)))
                .collect(),
        }
    }

    /// The figures, marked where the forecaster is a control.
    fn marked(&self, figures: AcrossFigures, forecaster: usize) -> AcrossFigures {
        AcrossFigures {
            is_control: self.forecasters[forecaster].is_control(),
            ..figures
        }
    }

    /// Every forecaster's own.
    fn scores(&self) -> Vec<AcrossFigures> {
        let of = |index: usize| {
            let figures = self.figures(self.labels[index].clone(), |metric| {
                figure(self.drawn, FigureSource::Score(index), metric, self.options)
            });
            self.marked(figures, index)
        };
        (0..self.labels.len()).map(of).collect()
    }

    /// The first forecaster's score minus that of another.
    fn difference(&self, other: usize, metric: usize) -> AcrossFigure {
        AcrossFigure {
            against: Some(self.labels[other].clone()),
            ..figure(
                self.drawn,
                FigureSource::Difference(other),
                metric,
                self.options,
            )
        }
    }

    /// The first forecaster minus each other one that has a score somewhere.
    fn differences(&self, scores: &[AcrossFigures]) -> Vec<AcrossFigures> {
        let is_scored = |index: &usize| {
            let mut on_panels = scores[*index]
                .figures
                .iter()
                .flat_map(|(_, figure)| &figure.panels);
            on_panels.any(|panel| panel.value.is_some())
        };
        (1..self.labels.len())
            .filter(is_scored)
            .map(|other| {
                let figures = self.figures(self.labels[other].clone(), |metric| {
                    self.difference(other, metric)
                });
                self.marked(figures, other)
            })
            .collect()
    }

    /// The first forecaster minus the control that is highest by each metric.
    fn best_control(&self, scores: &[AcrossFigures]) -> AcrossFigures {
        let controls: Vec<usize> = (1..self.labels.len())
            .filter(|&index| self.forecasters[index].is_control())
            .collect();
        self.figures("best control".to_owned(), |metric| {
            let mean = |index: &usize| {
                let figure = scores[*index].figure(self.metrics[metric].name);
                figure.and_then(|figure| figure.all.value)
            };
            let highest = controls
                .iter()
                .filter(|index| mean(index).is_some())
                .max_by(|a, b| {
                    let value = |index: &usize| mean(index).unwrap_or(f64::NEG_INFINITY);
                    value(a).total_cmp(&value(b)).then(b.cmp(a))
                });
            highest.map_or_else(
                || AcrossFigure::unknown(self.drawn.len()),
                |&index| self.difference(index, metric),
            )
        })
    }

    /// The first forecaster's days in other orders.
    fn shuffled(&self) -> AcrossFigures {
        self.figures(format!("shuffled, {SHUFFLED_ORDERS} orders"), |metric| {
            orders(self.drawn, metric)
        })
    }
}

fn same_forecasters(first: &PanelForecasts<'_>, panel: &PanelForecasts<'_>) -> Result<(), Error> {
    let names = |panel: &PanelForecasts<'_>| {
        let names: Vec<&str> = panel
            .forecasters
            .iter()
            .map(|forecaster| forecaster.name.as_str())
            .collect();
        names.join(", ")
    };
    let (found, expected) = (names(panel), names(first));
    if found == expected {
        return Ok(());
    }
    Err(Error::OtherForecasters {
        panel: panel.name.to_owned(),
        found,
        first: first.name.to_owned(),
        expected,
    })
}

fn span(panel: &PanelForecasts<'_>, drawn: &PanelDraws) -> PanelSpan {
    let PanelForecasts {
        name,
        rows,
        forecasters,
    } = panel;
    let end = |time: Option<&i64>| time.copied().unwrap_or(0); // checked: there are rows
    PanelSpan {
        name: (*name).to_owned(),
        runs: forecasters
            .iter()
            .filter_map(|forecaster| forecaster.run.clone())
            .collect(),
        rows: rows.len(),
        times: drawn.times,
        coins: rows.symbol.iter().collect::<BTreeSet<_>>().len(),
        fold_numbers: drawn.fold_numbers.clone(),
        span_ms: [
            end(rows.time_ms.iter().min()),
            end(rows.time_ms.iter().max()),
        ],
        concentration: drawn.concentration,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use statistics::percentile_interval;

    use super::*;
    use crate::across::result::PanelFigure;
    use crate::metrics::Value;
    use crate::rows::Rows;
    use crate::{controls, score};

    fn last_return_controls(values: Vec<f64>) -> Vec<ForecastColumn> {
        let negated = values.iter().map(|value| -value).collect();
        vec![
            ForecastColumn::control("last_return", values),
            ForecastColumn::control("negated_last_return", negated),
        ]
    }

    /// Two folds of 400 minutes of three coins, and two forecasters that know a part, with the
    /// controls.
    fn panel(seed: u64) -> (Rows, Vec<ForecastColumn>) {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        let mut noise = || (generator.next_u64() >> 11) as f64 / (1_u64 << 52) as f64 - 1.0;
        let count = 800 * 3;
        let realized: Vec<f64> = (0..count).map(|_| noise()).collect();
        let rows = Rows {
            quantity: crate::Quantity::Return,
            close: None,
            time_ms: (0..count).map(|row| (row / 3) as i64 * 60_000).collect(),
            symbol: (0..count).map(|row| (row % 3) as u32).collect(),
            fold: (0..count).map(|row| 1 + (row / 1200) as u32).collect(),
            realized_delayed: realized.iter().map(|value| value + 0.2 * noise()).collect(),
            controls: last_return_controls(
                realized
                    .iter()
                    .map(|value| -0.1 * value + noise())
                    .collect(),
            ),
            trailing_volatility: None,
            volatility: vec![1.0; count],
            weight: vec![1.0; count],
            symbols: ["A", "B", "C"].map(str::to_owned).to_vec(),
            bar_ms: 60_000,
            reach_bars: 15,
            realized,
        };
        let mut forecaster = |name: &str, skill: f64| ForecastColumn {
            level: None,
            name: name.to_owned(),
            run: Some(format!("{name} {seed}")),
            forecast: rows
                .realized
                .iter()
                .map(|value| skill * value + noise())
                .collect(),
        };
        let mut forecasters = vec![forecaster("network", 0.3), forecaster("lightgbm", 0.2)];
        forecasters.extend(controls(&rows));
        (rows, forecasters)
    }

    fn named<'a>(
        name: &'a str,
        (rows, forecasters): &'a (Rows, Vec<ForecastColumn>),
    ) -> PanelForecasts<'a> {
        PanelForecasts {
            name,
            rows,
            forecasters,
        }
    }

    #[test]
    fn one_panel_has_the_scores_and_intervals_of_a_report() {
        let (one, options) = (panel(1), Options::default());
        let found = across(&[named("one", &one)], &options).unwrap();
        let report = score(&one.0, &one.1, &options).unwrap();
        let same = |figures: &AcrossFigures, of: &dyn Fn(&str) -> Value| {
            for (metric, figure) in figures.figures.iter() {
                let (panel, all) = (figure.panels[0], figure.all);
                assert_eq!((panel.value, panel.interval), (all.value, all.interval));
                assert_eq!(panel.summary(), of(metric.name), "{}", metric.name);
            }
        };
        assert_eq!(found.scores.len(), report.forecasters.len());
        for (found, score) in found.scores.iter().zip(&report.forecasters) {
            same(found, &|metric| score.metric(metric));
        }
        let expected: Vec<_> = report
            .differences
            .iter()
            .filter(|difference| difference.a == "network")
            .collect();
        assert_eq!(found.differences.len(), expected.len());
        for (found, difference) in found.differences.iter().zip(expected) {
            assert_eq!(found.name, difference.b);
            same(found, &|metric| difference.metric(metric));
        }
        // Planted: the last return is against what comes, so its negation is the best control.
        assert_eq!(
            found
                .best_control
                .figure("pearson")
                .unwrap()
                .against
                .as_deref(),
            Some("negated_last_return")
        );
        let negated = found
            .differences
            .iter()
            .find(|figures| figures.name == "negated_last_return")
            .unwrap();
        assert_eq!(
            found.best_control.figure("pearson"),
            negated.figure("pearson")
        );
    }

    #[test]
    fn a_mean_over_two_panels_has_the_interval_of_the_mean_of_their_draws() {
        let (one, two, options) = (panel(1), panel(2), Options::default());
        let panels = [named("one", &one), named("two", &two)];
        let found = across(&panels, &options).unwrap();
        // Each panel alone, the second with the next seed.
        let second = Options {
            seed: options.seed + 1,
            ..options.clone()
        };
        let drawn = [
            PanelDraws::new(&panels[0], 0, &options).unwrap(),
            PanelDraws::new(&panels[1], 0, &second).unwrap(),
        ];
        for (place, metric) in compared()
            .iter()
            .enumerate()
            .filter(|(_, one)| !one.name.starts_with("ic_a_day"))
        {
            let [first, second] = drawn
                .each_ref()
                .map(|panel| FigureSource::Difference(1).estimate(panel, place));
            let (first, second) = (
                first.draws.as_ref().unwrap(),
                second.draws.as_ref().unwrap(),
            );
            let means: Vec<f64> = first
                .iter()
                .zip(second)
                .map(|(first, second)| (first + second) / 2.0)
                .collect();
            let figure = found.differences[0].figure(metric.name).unwrap();
            assert_eq!(figure.all.interval, percentile_interval(&means, 0.95));
            assert_eq!(figure.panels[0].interval, percentile_interval(first, 0.95));
            let [one, two] = [
                figure.panels[0].value.unwrap(),
                figure.panels[1].value.unwrap(),
            ];
            assert!((figure.all.value.unwrap() - (one + two) / 2.0).abs() < 1e-15);
            // Two panels tell more than one.
            let width =
                |interval: Option<[f64; 2]>| interval.map(|[low, high]| high - low).unwrap();
            assert!(width(figure.all.interval) < width(figure.panels[0].interval));
        }
    }

    #[test]
    fn the_order_of_panels_changes_draws_alone() {
        let (one, two, options) = (panel(3), panel(4), Options::default());
        let found = across(&[named("one", &one), named("two", &two)], &options).unwrap();
        let swapped = across(&[named("two", &two), named("one", &one)], &options).unwrap();
        let both = |found: &Across| {
            [
                found.scores.clone(),
                found.differences.clone(),
                vec![found.best_control.clone()],
            ]
        };
        for (figures, others) in both(&found).concat().iter().zip(&both(&swapped).concat()) {
            for ((_, figure), (_, other)) in figures.figures.iter().zip(others.figures.iter()) {
                assert_eq!(figure.against, other.against);
                let values = |panel: PanelFigure| (panel.value, panel.folds);
                assert_eq!(values(figure.panels[0]), values(other.panels[1]));
                assert_eq!(values(figure.panels[1]), values(other.panels[0]));
                assert_eq!(figure.all.value.is_some(), other.all.value.is_some());
                let Some((value, other_value)) = figure.all.value.zip(other.all.value) else {
                    continue;
                };
                assert!((value - other_value).abs() < 1e-15);
                let Some((ends, other_ends)) = figure.all.interval.zip(other.all.interval) else {
                    continue;
                };
                let ends = ends.into_iter().zip(other_ends);
                assert!(
                    ends.into_iter()
                        .all(|(end, other)| (end - other).abs() < 0.01)
                );
            }
        }
    }

    #[test]
    fn panels_of_other_forecasters_are_refused_and_undefined_ones_undefine_the_mean() {
        let (one, mut two, options) = (panel(1), panel(2), Options::default());
        two.0.realized_delayed.fill(f64::NAN);
        let found = across(&[named("one", &one), named("two", &two)], &options).unwrap();
        let figure =
            |figures: &AcrossFigures, metric: &str| figures.figure(metric).unwrap().clone();
        let delayed = figure(&found.scores[0], "delayed");
        assert_eq!(delayed.panels[1], PanelFigure::default());
        assert_eq!((delayed.all.value, delayed.all.interval), (None, None));
        let pearson = figure(&found.scores[0], "pearson");
        assert!(pearson.all.interval.is_some());
        assert_eq!(figure(&found.best_control, "delayed").against, None);
        two.1.swap(0, 1);
        let error = across(&[named("one", &one), named("two", &two)], &options)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("panel two has the forecasters lightgbm, network"),
            "{error}"
        );
        assert!(across(&[], &options).is_err());
    }
}
