//! The verdict that a page opens with: two sentences made from the figures.

use std::collections::BTreeSet;

use score::{Difference, Quantity, Score, Value};
use statistics::ConfidenceInterval;

use super::beside_control::{BesideControl, Choice};
use super::content::{Page, models};
use super::earned::{earned, earned_sentence};
use super::exposed::exposed_sentence;
use crate::text::format::{interval_title, number, span};

const DAY_MS: i64 = 86_400_000;

/// The metric that forecasters are chosen and compared by.
#[derive(Debug, Clone, Copy)]
struct Criterion {
    name: &'static str,
    title: &'static str,
    /// Whether less is better.
    is_loss: bool,
}

impl Criterion {
    fn of(quantity: Quantity) -> Self {
        match quantity {
            Quantity::Return => Self {
                name: "ic_a_day",
                title: "IC a day",
                is_loss: false,
            },
            Quantity::LogVolatility => Self {
                name: "qlike",
                title: "QLIKE",
                is_loss: true,
            },
        }
    }

    /// How good a score is, the higher the better; None where it is undefined.
    fn goodness(self, score: &Score) -> Option<f64> {
        let value = score.value(self.name).filter(|value| value.is_finite())?;
        Some(if self.is_loss { -value } else { value })
    }

    /// The places with the best score, several of equal ones; none where it is nowhere defined.
    fn best(self, scores: &[Score], places: &[usize]) -> Vec<usize> {
        let goodness = |place: &usize| self.goodness(&scores[*place]);
        let Some(highest) = places.iter().filter_map(goodness).max_by(f64::total_cmp) else {
            return Vec::new();
        };
        let is_best = |place: &&usize| goodness(place) == Some(highest);
        places.iter().filter(is_best).copied().collect()
    }

    /// Whether a difference, by its interval, is that of the better one.
    fn is_ahead(&self, interval: Option<ConfidenceInterval>) -> bool {
        interval.is_some_and(|[low, high]| match self.is_loss {
            true => high < 0.0,
            false => low > 0.0,
        })
    }
}

/// Two sentences: which forecaster is ahead of which control by what, and what that is worth. Empty
/// where no run is scored.
pub fn run_verdict(page: &Page<'_>) -> Vec<String> {
    let criterion = Criterion::of(page.report.quantity);
    let (scores, labels) = (&page.report.forecasters, page.report.labels());
    let runs: Vec<usize> = models(page).collect();
    let best = criterion.best(scores, &runs);
    let Some(&model) = best.first().or(runs.first()) else {
        return Vec::new();
    };
    let is_rule = |place: &usize| scores[*place].is_control() && scores[*place].name != "oracle";
    let controls: Vec<usize> = (0..scores.len())
        .filter(is_rule)
        .filter(|place| criterion.goodness(&scores[*place]).is_some())
        .collect();
    let control = criterion.best(scores, &controls).first().copied();
    let choice = Choice {
        forecaster: &labels[model],
        equals: best.iter().skip(1).map(|place| &*labels[*place]).collect(),
        forecasters: runs.len(),
        metric: criterion.title,
        own: scores[model].metric(criterion.name),
        interval_title: interval_title(page.report.confidence),
    };
    let is_beaten = |other: &usize| {
        criterion.is_ahead(difference(page, [model, *other], criterion.name).interval)
    };
    let is_open = |other: &&usize| Some(**other) != control && !is_beaten(other);
    let open = controls
        .iter()
        .filter(is_open)
        .map(|other| &*labels[*other]);
    let beside = control.map(|control| BesideControl {
        control: &labels[control],
        controls: controls.len(),
        open: open.collect(),
        is_loss: criterion.is_loss,
        difference: difference(page, [model, control], criterion.name),
        days: scored_days(page),
    });
    let first = choice.sentence(beside.as_ref());
    let second = match page.report.quantity {
        Quantity::Return if page.is_return => earned_sentence(
            earned(page, model).as_ref(),
            &labels[model],
            &span(page.report.reach_bars, page.report.bar_ms),
            &interval_title(page.report.confidence),
        ),
        Quantity::Return => {
            "What it would earn is not known: its target is no return that a position earns."
                .to_owned()
        }
        Quantity::LogVolatility => {
            let har = beside_har(page, model, &labels);
            let exposed = exposed_sentence(page, model);
            return [Some(first), har, Some(exposed)]
                .into_iter()
                .flatten()
                .collect();
        }
    };
    vec![first, second]
}

/// UTC days with a scored row.
fn scored_days(page: &Page<'_>) -> usize {
    let days = page.rows.time_ms.iter().map(|time| time.div_euclid(DAY_MS));
    days.collect::<BTreeSet<i64>>().len()
}

/// A score of one forecaster minus that of another; undefined where they were not compared.
fn difference(page: &Page<'_>, [a, b]: [usize; 2], metric: &str) -> Value {
    let (a, b) = (&page.report.forecasters[a], &page.report.forecasters[b]);
    let found = |a: &Score, b: &Score| -> Option<Value> {
        let is_it = |one: &&Difference| {
            (&one.a, &one.a_run, &one.b, &one.b_run) == (&a.name, &a.run, &b.name, &b.run)
        };
        let found = page.report.differences.iter().find(is_it)?;
        Some(found.metric(metric))
    };
    // The report has one of the two orders.
    let turned = |found: Value| Value {
        value: found.value.map(|value| -value),
        interval: found.interval.map(|[low, high]| [-high, -low]),
        t: found.t.map(|t| -t),
    };
    found(a, b)
        .or_else(|| found(b, a).map(turned))
        .unwrap_or_default()
}

/// How the forecaster is beside the best HAR that stands beside it; None where that is not to be said:
/// it is a HAR itself, or none is there.
fn beside_har(page: &Page<'_>, model: usize, labels: &[String]) -> Option<String> {
    let scores = &page.report.forecasters;
    let is_har = |place: &usize| is_har(&scores[*place]);
    if is_har(&model) {
        return None;
    }
    let hars: Vec<usize> = models(page).filter(is_har).collect();
    let best = Criterion::of(page.report.quantity).best(scores, &hars);
    let Some(&har) = best.first() else {
        return Some(
            "No HAR stands beside it, the regression that forecasts of volatility are measured against; \
             `quarterhour evaluate RUN HAR-RUN` puts one there."
                .to_owned(),
        );
    };
    let minus = difference(page, [model, har], "qlike");
    let figures = |[low, high]: [f64; 2], sign: f64| {
        let value = number(minus.value.map(|value| sign * value), 4);
        let mut ends = [sign * low, sign * high];
        ends.sort_by(f64::total_cmp);
        format!("{value} ({:.4} to {:.4})", ends[0], ends[1])
    };
    let name = &labels[har];
    Some(match minus.interval {
        Some(ends @ [_, high]) if high < 0.0 => format!(
            "It beats the HAR beside it, {name}, too: its QLIKE is lower by {}.",
            figures(ends, -1.0)
        ),
        Some(ends @ [low, _]) if low > 0.0 => format!(
            "It is behind the HAR beside it, {name}: its QLIKE is higher by {}.",
            figures(ends, 1.0)
        ),
        Some(ends) => format!(
            "It cannot be told whether it beats the HAR beside it, {name}: the difference in QLIKE is {}, which contains 0.",
            figures(ends, 1.0)
        ),
        None => format!(
            "It cannot be told whether it beats the HAR beside it, {name}: there is no interval of the difference in QLIKE ({}).",
            number(minus.value, 4)
        ),
    })
}

/// Whether a word of the forecaster's name is `har`, as in `log_har` or `volatility har`.
fn is_har(score: &Score) -> bool {
    let words = score.name.split(|letter: char| !letter.is_alphanumeric());
    words
        .into_iter()
        .any(|word| word.eq_ignore_ascii_case("har"))
}
