//! Scores of each panel by its own bootstrap, and their means over panels.
//!
//! Panels are of different times and coins, so that they are drawn independently: draw d of a mean
//! over panels is the mean of the panels' draws d, each panel with a seed of its own.

use std::collections::BTreeSet;

use statistics::percentile_interval;

use super::result::{Across, AcrossFigure, AcrossFigures, PanelFigure, PanelSpan};
use crate::controls::is_control;
use crate::error::setting;
use crate::ground::Ground;
use crate::labels::labels;
use crate::metrics::{Estimate, METRICS, Metric, Place, Prepared, Sample, Value};
use crate::ranks::Ranks;
use crate::report::Concentrations;
use crate::resampling::{Bootstrap, Scored};
use crate::rows::check_forecasters;
use crate::scoring::concentrations;
use crate::shuffled::{SHUFFLED_ORDERS, Spread, order_scores, shuffled_base};
use crate::{Error, ForecastColumn, Options, Rows};

/// One panel's rows, and the forecasters on them.
#[derive(Debug, Clone, Copy)]
pub struct PanelForecasts<'a> {
    /// Its name in the tables.
    pub name: &'a str,
    /// The rows that all its forecasters have.
    pub rows: &'a Rows,
    /// The first is compared with all others. The same ones in the same order on every panel.
    pub forecasters: &'a [ForecastColumn],
}

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
    let drawn: Vec<Drawn> = panels
        .iter()
        .zip(0..)
        .map(|(panel, place)| Drawn::new(panel, place, options))
        .collect::<Result<_, _>>()?;

    let names: Vec<&str> = first
        .forecasters
        .iter()
        .map(|forecaster| forecaster.name.as_str())
        .collect();
    let labels = labels(&names);
    let name = |index: usize| labels[index].clone();
    let metrics = compared();
    let figures = |name: String, of: &dyn Fn(usize) -> AcrossFigure| AcrossFigures {
        name,
        figures: metrics
            .iter()
            .enumerate()
            .map(|(place, metric)| (*metric, of(place)))
            .collect(),
    };
    let scores: Vec<AcrossFigures> = (0..labels.len())
        .map(|index| {
            figures(name(index), &|metric| {
                figure(&drawn, Of::Score(index), metric, options)
            })
        })
        .collect();
    let difference = |other: usize, metric: usize| AcrossFigure {
        against: Some(name(other)),
        ..figure(&drawn, Of::Difference(other), metric, options)
    };
    let is_scored = |index: &usize| {
        let mut on_panels = scores[*index]
            .figures
            .iter()
            .flat_map(|(_, figure)| &figure.panels);
        on_panels.any(|panel| panel.value.is_some())
    };
    let differences: Vec<AcrossFigures> = (1..labels.len())
        .filter(is_scored)
        .map(|other| figures(name(other), &|metric| difference(other, metric)))
        .collect();
    let controls: Vec<usize> = (1..labels.len())
        .filter(|&index| {
            let one = &first.forecasters[index];
            is_control(&one.name, one.run.as_deref())
        })
        .collect();
    let best_control = figures("best control".to_owned(), &|metric| {
        let mean = |index: &usize| {
            let figure = scores[*index].figure(metrics[metric].name);
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
            || AcrossFigure::unknown(panels.len()),
            |&index| difference(index, metric),
        )
    });
    let shuffled = figures(format!("shuffled, {SHUFFLED_ORDERS} orders"), &|metric| {
        orders(&drawn, metric)
    });
    Ok(Across {
        panels: panels
            .iter()
            .zip(&drawn)
            .map(|(panel, drawn)| span(panel, drawn))
            .collect(),
        draws: options.draws,
        confidence: options.confidence,
        seed: options.seed,
        scores,
        differences,
        best_control,
        shuffled,
    })
}

/// The metrics of the list that forecasters are compared by.
fn compared() -> Vec<Metric> {
    METRICS
        .iter()
        .filter(|metric| metric.place == Place::Scores)
        .copied()
        .collect()
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

/// Whose figure it is: a forecaster's score, or the first one's minus that of another.
#[derive(Debug, Clone, Copy)]
enum Of {
    Score(usize),
    Difference(usize),
}

/// All figures of one panel, metrics in the order of [`compared`].
struct Drawn {
    /// `[forecaster][metric]`.
    scores: Vec<Vec<Estimate>>,
    /// The same of the first forecaster's difference from each (from itself: nothing of use).
    differences: Vec<Vec<Estimate>>,
    /// Of the first forecaster's days in other orders, `[metric][order]`.
    orders: Vec<Vec<Option<f64>>>,
    /// Of the first forecaster's scores.
    concentration: Concentrations,
    fold_numbers: Vec<u32>,
    times: usize,
}

impl Drawn {
    fn new(panel: &PanelForecasts<'_>, place: u64, options: &Options) -> Result<Self, Error> {
        panel.rows.check()?;
        check_forecasters(panel.rows, panel.forecasters)?;
        let options = Options {
            seed: options.seed.wrapping_add(place),
            ..options.clone()
        };
        let ground = Ground::new(panel.rows, &options);
        let scored = Scored::all(&ground, panel.forecasters);
        let pairs: Vec<(usize, usize)> = (1..scored.len()).map(|other| (0, other)).collect();
        let prepared = Prepared {
            scored: &scored,
            bootstrap: &Bootstrap::new(&ground, &scored, &pairs),
            ranks: &Ranks::new(&ground, panel.forecasters),
        };
        let metrics = compared();
        let samples: Vec<Sample<'_>> = panel
            .forecasters
            .iter()
            .enumerate()
            .map(|(place, forecaster)| Sample::drawn(&ground, forecaster, &prepared, place))
            .collect();
        let score = |sample: &Sample<'_>| -> Vec<Estimate> {
            metrics.iter().map(|metric| (metric.of)(sample)).collect()
        };
        let difference = |other: &Sample<'_>| -> Vec<Estimate> {
            let of = |metric: &Metric| {
                let minus = metric.minus.zip(samples.first());
                minus.map(|(minus, first)| minus(first, other))
            };
            metrics
                .iter()
                .map(|metric| of(metric).unwrap_or_default())
                .collect()
        };
        Ok(Self {
            scores: samples.iter().map(score).collect(),
            differences: samples.iter().map(difference).collect(),
            orders: shuffled_base(panel.forecasters)
                .map(|base| order_scores(&ground, base, &metrics))
                .unwrap_or_default(),
            concentration: scored
                .first()
                .map(|scored| concentrations(&ground, scored))
                .unwrap_or_default(),
            fold_numbers: ground.layout.folds.iter().map(|fold| fold.number).collect(),
            times: ground.layout.times.len(),
        })
    }

    fn figure(&self, of: Of, metric: usize) -> &Estimate {
        match of {
            Of::Score(index) => &self.scores[index][metric],
            Of::Difference(other) => &self.differences[other][metric],
        }
    }
}

/// One figure on every panel, and its mean.
fn figure(drawn: &[Drawn], of: Of, metric: usize, options: &Options) -> AcrossFigure {
    let figures: Vec<&Estimate> = drawn.iter().map(|panel| panel.figure(of, metric)).collect();
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
fn orders(drawn: &[Drawn], metric: usize) -> AcrossFigure {
    let of_panel = |panel: &Drawn| -> Vec<Option<f64>> {
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

fn span(panel: &PanelForecasts<'_>, drawn: &Drawn) -> PanelSpan {
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

impl AcrossFigure {
    fn unknown(panels: usize) -> Self {
        Self {
            against: None,
            panels: vec![PanelFigure::default(); panels],
            all: PanelFigure::default(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::{controls, score};

    /// Two folds of 400 minutes of three coins, and two forecasters that know a part, with the
    /// controls.
    fn panel(seed: u64) -> (Rows, Vec<ForecastColumn>) {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        let mut noise = || (generator.next_u64() >> 11) as f64 / (1_u64 << 52) as f64 - 1.0;
        let count = 800 * 3;
        let realized: Vec<f64> = (0..count).map(|_| noise()).collect();
        let rows = Rows {
            time_ms: (0..count).map(|row| (row / 3) as i64 * 60_000).collect(),
            symbol: (0..count).map(|row| (row % 3) as u32).collect(),
            fold: (0..count).map(|row| 1 + (row / 1200) as u32).collect(),
            realized_delayed: realized.iter().map(|value| value + 0.2 * noise()).collect(),
            last_return: realized
                .iter()
                .map(|value| -0.1 * value + noise())
                .collect(),
            deviations: Default::default(),
            trailing_volatility: None,
            volatility: vec![1.0; count],
            weight: vec![1.0; count],
            symbols: ["A", "B", "C"].map(str::to_owned).to_vec(),
            bar_ms: 60_000,
            reach_bars: 15,
            realized,
        };
        let mut forecaster = |name: &str, skill: f64| ForecastColumn {
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
            Drawn::new(&panels[0], 0, &options).unwrap(),
            Drawn::new(&panels[1], 0, &second).unwrap(),
        ];
        for (place, metric) in compared()
            .iter()
            .enumerate()
            .filter(|(_, one)| !one.name.starts_with("ic_a_day"))
        {
            let [first, second] = drawn
                .each_ref()
                .map(|panel| panel.figure(Of::Difference(1), place));
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
