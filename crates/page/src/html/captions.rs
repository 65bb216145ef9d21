//! One sentence for every picture of the page of scored runs, made from its figures.

use rules::{Backtest, QuantileReport};
use score::{CalibrationReport, LevelScore, Quantity, Report, Score};

use super::content::{Page, models};
use super::deciles::Decile;
use crate::importance::Importance;
use crate::text::calibration_label;
use crate::text::format::{capitalized, correlation, counted, number, percent};

/// Forecasters that a sentence speaks of.
const MOST_TOLD: usize = 4;

/// What is told of each forecaster, with how many there are beyond the first ones.
pub(super) fn told(parts: impl IntoIterator<Item = String>) -> String {
    let parts: Vec<String> = parts.into_iter().collect();
    if parts.is_empty() {
        return "no run is scored".to_owned();
    }
    let further = match parts.len().saturating_sub(MOST_TOLD) {
        0 => String::new(),
        further => format!("; and {further} more"),
    };
    parts
        .into_iter()
        .take(MOST_TOLD)
        .collect::<Vec<_>>()
        .join("; ")
        + &further
}

/// Of the score of each fold: in how many a forecaster is better than every control.
pub(super) fn folds(report: &Report) -> String {
    let (title, word, is_loss) = match report.quantity {
        Quantity::Return => (
            "IC a day of each fold with its interval where it has one",
            "above",
            false,
        ),
        Quantity::LogVolatility => ("QLIKE of each fold", "below", true),
    };
    let folds = |score: &Score| -> Vec<Option<f64>> {
        match (&score.level, is_loss) {
            (Some(level), true) => level.folds.get("qlike").cloned().unwrap_or_default(),
            _ => score.ic_a_day_folds.clone(),
        }
    };
    let is_other = |score: &&Score| score.is_control() && score.name != "oracle";
    let controls = report.forecasters.iter().filter(is_other).map(folds);
    // One that is nowhere defined, such as zero, is no rival.
    let controls: Vec<Vec<Option<f64>>> = controls
        .filter(|folds| folds.iter().any(Option::is_some))
        .collect();
    let is_better = |value: f64, other: f64| match is_loss {
        true => value < other,
        false => value > other,
    };
    let labelled = report.labels().into_iter().zip(&report.forecasters);
    let of_model = |(label, score): (String, &Score)| {
        let own = folds(score);
        let beats = |(place, value): (usize, &Option<f64>)| {
            let others = controls.iter();
            let others: Vec<f64> = others
                .filter_map(|one| one.get(place).copied().flatten())
                .collect();
            // Where no control has a score, none is beaten.
            !others.is_empty()
                && value.is_some_and(|value| others.iter().all(|other| is_better(value, *other)))
        };
        let count = own.iter().enumerate().filter(|one| beats(*one)).count();
        format!("{label} in {count} of {}", own.len())
    };
    let models = labelled
        .filter(|(_, score)| !score.is_control())
        .map(of_model);
    let controls = match controls.len() {
        0 => return format!("{title}; no control stands beside it."),
        1 => "the control's".to_owned(),
        count => format!("that of all {count} controls"),
    };
    format!("{title}, {word} {controls}: {}.", told(models))
}

/// Of a score fold by fold: its ends.
pub(super) fn ends_of_folds(
    page: &Page<'_>,
    what: &str,
    of: impl Fn(&Score) -> Vec<Option<f64>>,
    shown: impl Fn(Option<f64>) -> String,
) -> String {
    let labels = page.report.labels();
    let of_model = |place: usize| {
        let values = of(&page.report.forecasters[place]);
        let known: Vec<f64> = values.into_iter().flatten().collect();
        let low = known.iter().copied().min_by(f64::total_cmp);
        let high = known.iter().copied().max_by(f64::total_cmp);
        match low.or(high) {
            Some(_) => format!("{} from {} to {}", labels[place], shown(low), shown(high)),
            None => format!("{} in none", labels[place]),
        }
    };
    format!(
        "{} over the folds: {}.",
        capitalized(what),
        told(models(page).map(of_model))
    )
}

/// Of the coins: the highest, the lowest, and how many are above 0 by their interval.
pub(super) fn coins(page: &Page<'_>) -> String {
    let labels = page.report.labels();
    let of_model = |place: usize| {
        let score = &page.report.forecasters[place];
        let mut known: Vec<(&String, f64)> = (score.coins.iter())
            .filter_map(|(coin, value)| Some((coin, (*value)?)))
            .collect();
        known.sort_by(|a, b| a.1.total_cmp(&b.1));
        let above = score.coin_intervals.values().flatten();
        let above = above.filter(|[low, _]| *low > 0.0).count();
        match (known.last(), known.first()) {
            (Some((best, high)), Some((worst, low))) => format!(
                "{} is highest on {best} ({}) and lowest on {worst} ({}), above 0 by the interval on {above} of {}",
                labels[place],
                correlation(Some(*high)),
                correlation(Some(*low)),
                counted(known.len(), "coin"),
            ),
            _ => format!("{} is defined on no coin", labels[place]),
        }
    };
    format!("{}.", told(models(page).map(of_model)))
}

/// Of lines that add up: where each ends, grey ones too.
pub(super) fn line_ends(what: &str, lines: &[(&str, Option<f64>)]) -> String {
    let end = |(label, value): &(&str, Option<f64>)| {
        let value = value.map_or_else(|| "-".to_owned(), |value| format!("{value:+.1}"));
        format!("{label} {value}")
    };
    format!(
        "{what} {}.",
        lines.iter().map(end).collect::<Vec<_>>().join(", ")
    )
}

/// Of the tenths: what came in the lowest and in the highest.
pub(super) fn tenths(tenths: &[(&str, &[Decile])]) -> String {
    let points = |decile: Option<&Decile>| {
        let mean = decile.and_then(|decile| decile.mean);
        mean.map_or_else(|| "-".to_owned(), |mean| format!("{:+.2}", mean * 1e4))
    };
    let of_model = |(label, all): &(&str, &[Decile])| {
        let known: Vec<f64> = all.iter().filter_map(|decile| decile.mean).collect();
        let rises = known.windows(2).filter(|pair| pair[1] > pair[0]).count();
        format!(
            "{label} {} in the lowest tenth and {} in the highest, rising in {rises} of {} steps",
            points(all.first()),
            points(all.last()),
            known.len().saturating_sub(1)
        )
    };
    format!(
        "Basis points that were realized: {}.",
        told(tenths.iter().map(of_model))
    )
}

/// Of expected against realized returns: both in the highest bin.
pub(super) fn expected(report: &CalibrationReport) -> String {
    let of_score = |score: &score::CalibrationScore| {
        let last = score.bins.last()?;
        Some(format!(
            "{} {:+.2} expected, {:+.2} came",
            calibration_label(report, score),
            last.expected * 1e4,
            last.realized * 1e4
        ))
    };
    format!(
        "In the bin of the highest expectations, in basis points: {}.",
        told(report.scores.iter().filter_map(of_score))
    )
}

/// Of the bins of forecasts: the highest minus the lowest.
pub(super) fn bins<'a>(found: impl Iterator<Item = (&'a str, &'a QuantileReport)>) -> String {
    let of_model = |(label, ranked): (&str, &QuantileReport)| {
        let mean = |bin: Option<&rules::Quantile>| bin.and_then(|bin| bin.mean);
        let (low, high) = (
            mean(ranked.quantiles.first()),
            mean(ranked.quantiles.last()),
        );
        let spread = high.zip(low).map(|(high, low)| (high - low) * 1e4);
        let spread = spread.map_or_else(|| "-".to_owned(), |spread| format!("{spread:+.2}"));
        format!("{label} {spread}")
    };
    format!(
        "The highest bin brought that many basis points more than the lowest, before fees: {}.",
        told(found.map(of_model))
    )
}

/// Of the capital: what is left.
pub(super) fn capital<'a>(found: impl Iterator<Item = (&'a str, &'a Backtest)>) -> String {
    let of_model = |(label, traded): (&str, &Backtest)| {
        let performance = &traded.trials.first()?.performance;
        let change = |growth: f64| format!("{:+.2} %", growth * 100.0);
        Some(format!(
            "{label} {} before fees, {} after",
            change(performance.total_before_fees),
            change(performance.total)
        ))
    };
    format!(
        "The capital changes over the scored time: {}.",
        told(found.filter_map(of_model))
    )
}

/// Of the importance of features: which ones have the most.
pub(super) fn importance(importance: &Importance) -> String {
    let mut by_gain: Vec<(&str, f64)> = (importance.features.iter())
        .map(|feature| (feature.name.as_str(), feature.gain))
        .collect();
    by_gain.sort_by(|a, b| b.1.total_cmp(&a.1));
    let by_shap = importance
        .features
        .iter()
        .filter_map(|one| Some((one.name.as_str(), one.shap?)));
    let by_shap = by_shap.max_by(|a, b| a.1.total_cmp(&b.1));
    let shap = by_shap.map_or_else(String::new, |(name, _)| {
        format!("; by mean |SHAP| {name} moves forecasts most")
    });
    let Some((first, gain)) = by_gain.first() else {
        return String::new();
    };
    let most = by_gain.len().min(5);
    let together: f64 = by_gain[..most].iter().map(|(_, gain)| gain).sum();
    format!(
        "{first} has the largest share of the gain, {}, the {most} first ones have {} together{shap}.",
        percent(Some(*gain)),
        percent(Some(together))
    )
}

/// Of what values of features do: from the lowest tenth to the highest.
pub(super) fn dependence(importance: &Importance) -> String {
    let of_feature = |one: &crate::importance::Dependence| {
        let (first, last) = (one.bins.first()?, one.bins.last()?);
        let word = if last.shap > first.shap {
            "raise"
        } else {
            "lower"
        };
        Some(format!("high values of {} {word} the forecast", one.name))
    };
    let all: Vec<String> = importance
        .dependence
        .iter()
        .filter_map(of_feature)
        .collect();
    format!("By the outermost tenths, {}.", told(all))
}

/// Of predicted against realized volatility: both in the outermost tenths.
pub(super) fn predicted(label: &str, level: &LevelScore) -> String {
    let (Some(first), Some(last)) = (level.bins.first(), level.bins.last()) else {
        return format!("{label} has no rows.");
    };
    let day = |value: f64| percent(Some(value));
    format!(
        "{label}: where it forecast least, {} a day, {} came; where it forecast most, {} a day, {} came.",
        day(first.forecast),
        day(first.realized),
        day(last.forecast),
        day(last.realized)
    )
}

/// Of the errors of a volatility: the middle, and how far nine of ten are off.
pub(super) fn errors(of: &[(&str, &LevelScore)]) -> String {
    let of_model = |(label, level): &(&str, &LevelScore)| {
        let [low, middle, high] = [0.05, 0.5, 0.95].map(|share| level.quotient_at(share));
        format!(
            "{label} {} (nine of ten rows between {} and {})",
            number(middle, 2),
            number(low, 2),
            number(high, 2)
        )
    };
    format!(
        "Half of the rows came to less than this multiple of the forecast: {}.",
        told(of.iter().map(of_model))
    )
}
