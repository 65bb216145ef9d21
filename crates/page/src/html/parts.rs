//! The page's sections on parts of the scores: folds and coins.

use maud::{Markup, html};
use score::Score;
use statistics::ConfidenceInterval;

use super::captions;
use super::charts::{self, Point};
use super::content::{Page, model_series, models};
use super::document::{PageCell, PageRow, chart, part, table};
use super::scores::forecaster_rows;
use crate::document::Section;
use crate::text::format::{correlation, counted, interval, interval_title};

/// Most coins of the chart; the table has all.
const MOST_COINS: usize = 40;

/// Most coins whose table is open from the start.
const FEW_COINS: usize = 20;

/// The IC a day of each fold, of all forecasters; nothing where no fold has one.
pub(super) fn days_of_folds(page: &Page<'_>) -> Section {
    let scores = &page.report.forecasters;
    if scores
        .iter()
        .flat_map(|score| &score.ic_a_day_folds)
        .all(Option::is_none)
    {
        return Section::new("");
    }
    part(
        "IC a day of each fold",
        html! {
            p {
                "The score to decide on, fold by fold. A forecaster that is ahead of the controls in one fold alone has not \
                been seen to work."
            }
            (of_folds(page, |score| (&score.ic_a_day_folds, &score.ic_a_day_fold_intervals)))
        },
    )
}

/// The pooled Pearson correlation of each fold.
pub(super) fn folds(page: &Page<'_>) -> Section {
    let names: Vec<String> = fold_names(page).collect();
    let points = |place: usize| -> Vec<Point> {
        let score = &page.report.forecasters[place];
        let folds = score.folds.iter().zip(&score.fold_intervals);
        folds.map(|(value, ends)| (*value, *ends)).collect()
    };
    let series = model_series(page, points);
    part(
        "Pearson of each fold",
        html! {
            p {
                "A fold holds few independent events, so single folds swing; a forecaster whose score comes from one fold \
                alone has not been seen to work."
            }
            (chart(
                charts::groups("Pearson of each fold", &names, &series, ("Pearson", 1.0)),
                &captions::ends_of_folds(page, "Pearson", |score| score.folds.clone(), correlation),
            ))
            (of_folds(page, |score| (&score.folds, &score.fold_intervals)))
        },
    )
}

fn fold_names(page: &Page<'_>) -> impl Iterator<Item = String> {
    page.report
        .fold_numbers
        .iter()
        .map(|number| format!("fold {number}"))
}

/// Values of each fold with their intervals.
fn of_folds(
    page: &Page<'_>,
    of: impl Fn(&Score) -> (&Vec<Option<f64>>, &Vec<Option<ConfidenceInterval>>),
) -> Markup {
    let ends = interval_title(page.report.confidence);
    let titles = fold_names(page).map(|name| PageCell::stacked([name, ends.clone()]));
    let header = std::iter::once(PageCell::default()).chain(titles);
    let rows = forecaster_rows(page, |score| {
        let (values, intervals) = of(score);
        let folds = values.iter().zip(intervals);
        folds
            .map(|(value, ends)| PageCell::stacked([correlation(*value), interval(*ends)]))
            .collect()
    });
    table(header, rows)
}

/// The correlation of each coin over time.
pub(super) fn coins(page: &Page<'_>) -> Section {
    let report = page.report;
    let Some(first) = models(page).next().map(|place| &report.forecasters[place]) else {
        return Section::new("");
    };
    let value = |score: &Score, coin: &str| score.coins.get(coin).copied().flatten();
    let ends = |score: &Score, coin: &str| score.coin_intervals.get(coin).copied().flatten();
    let mut names: Vec<String> = first.coins.keys().cloned().collect();
    let order = |coin: &String| value(first, coin).unwrap_or(f64::NEG_INFINITY);
    names.sort_by(|a, b| order(b).total_cmp(&order(a)));
    let (labels, interval_title) = (report.labels(), interval_title(report.confidence));
    let titles = models(page).flat_map(|place| [labels[place].clone(), interval_title.clone()]);
    let titles = std::iter::once("coin".to_owned()).chain(titles);
    let rows = names.iter().map(|coin| {
        let of_model = |place: usize| {
            let score = &report.forecasters[place];
            [correlation(value(score, coin)), interval(ends(score, coin))]
        };
        PageRow::new(coin.clone(), models(page).flat_map(of_model))
    });
    let half = MOST_COINS / 2;
    let shown = match names.len() > MOST_COINS {
        true => [&names[..half], &names[names.len() - half..]].concat(),
        false => names.clone(),
    };
    let points = |place: usize| -> Vec<Point> {
        let score = &report.forecasters[place];
        shown
            .iter()
            .map(|coin| (value(score, coin), ends(score, coin)))
            .collect()
    };
    let unit = "Pearson over time, mean over folds";
    part(
        "Pearson of each coin",
        html! {
            p {
                "One coin over time, mean over folds. Coins move together, so these are not " (names.len()) " independent \
                results, and the best of many coins is best by luck in part."
            }
            @if names.len() > MOST_COINS {
                p.soft { "The chart shows the best and the worst " (half) " of " (names.len()) " coins." }
            }
            (chart(
                charts::rows("Pearson of each coin", &shown, &model_series(page, points), unit),
                &captions::coins(page),
            ))
            details open[names.len() <= FEW_COINS] {
                summary { (counted(names.len(), "coin")) " as a table" }
                (table(titles, rows))
            }
        },
    )
}
