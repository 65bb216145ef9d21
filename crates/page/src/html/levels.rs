//! The page's sections on volatilities: predicted against realized, and coin by coin.

use maud::{Markup, html};
use score::{CoinLevel, LevelScore};

use super::captions;
use super::charts::{self, ChartSeries, Point, SeriesRole};
use super::content::{Page, models};
use super::density_chart::{DensityPairs, density_chart};
use super::document::{PageRow, chart, part, table};
use super::level_scores::model_rows;
use crate::document::Section;
use crate::text::format::{counted, dash, interval_title, number, percent};
use crate::text::{COIN_TITLES, coin_cells};

/// Most coins whose table is open from the start.
const FEW_COINS: usize = 20;

/// Forecast against realized volatility: all rows of each model, and means by tenths.
pub(super) fn predicted_against_realized(page: &Page<'_>) -> Section {
    let labels = page.report.labels();
    let titles = std::iter::once(String::new()).chain((1..=10).map(|tenth| tenth.to_string()));
    let rows = models(page).filter_map(|place| {
        let level = page.report.forecasters[place].level.as_ref()?;
        let row = |what: &str, of: fn(&score::LevelBin) -> String| {
            PageRow::new(
                format!("{}, {what}", labels[place]),
                level.bins.iter().map(of),
            )
        };
        Some([
            row("forecast", |bin| percent(Some(bin.forecast))),
            row("realized", |bin| percent(Some(bin.realized))),
            row("interval", |bin| {
                bin.interval.map_or_else(dash, |[low, high]| {
                    format!("{:.2} to {}", low * 100.0, percent(Some(high)))
                })
            }),
        ])
    });
    part(
        "Predicted against realized",
        html! {
            p {
                "Each cell counts rows, darker is more; both axes are logarithmic. The line joins the means of the tenths of \
                the forecasts: on the dashed diagonal as much came as was forecast. Realized volatility over a few days is \
                itself a noisy measure, so that even perfect forecasts would scatter."
            }
            @for (number, place) in models(page).enumerate() {
                details open[number == 0] {
                    summary { (labels[place]) }
                    @if let Some(level) = &page.report.forecasters[place].level {
                        (chart(density(page, place), &captions::predicted(&labels[place], level)))
                    }
                }
            }
            (table(titles, rows.flatten()))
            p.soft {
                "Mean volatility per day by tenths of the forecasts, lowest first, with the "
                (interval_title(page.report.confidence)) " of what was realized."
            }
            (errors(page))
        },
    )
}

fn density(page: &Page<'_>, place: usize) -> String {
    let score = &page.report.forecasters[place];
    let plain;
    let forecast: &[f64] = match &page.forecasters[place].level {
        Some(level) => {
            plain = level
                .volatility
                .iter()
                .map(|value| value.ln())
                .collect::<Vec<f64>>();
            &plain
        }
        None => &page.forecasters[place].forecast,
    };
    let bins = score.level.iter().flat_map(|level| &level.bins);
    let pairs = DensityPairs {
        forecast,
        realized: &page.rows.realized,
        bins: bins
            .map(|bin| (bin.forecast.ln(), bin.realized.ln()))
            .collect(),
    };
    density_chart("Predicted against realized volatility", &pairs)
}

/// Quantiles of realized over forecast volatility.
fn errors(page: &Page<'_>) -> Markup {
    let first = page
        .report
        .forecasters
        .iter()
        .find_map(|score| score.level.as_ref());
    let shares = first.into_iter().flat_map(|level| &level.errors);
    let titles = shares.map(|[share, _]| format!("{:.0} %", share * 100.0));
    let rows = model_rows(page, |score| {
        let errors = score.level.as_ref()?.errors.iter();
        Some(
            errors
                .map(|[_, log]| number(Some(log.exp()), 2).into())
                .collect(),
        )
    });
    let labels = page.report.labels();
    let of_model = |place: usize| {
        Some((
            &*labels[place],
            page.report.forecasters[place].level.as_ref()?,
        ))
    };
    let shown: Vec<(&str, &LevelScore)> = models(page).filter_map(of_model).collect();
    let names: Vec<String> = shown.iter().map(|(label, _)| (*label).to_owned()).collect();
    let point = |(_, level): &(&str, &LevelScore)| -> Point {
        let at = |share: f64| level.quotient_at(share);
        let ends = at(0.05).zip(at(0.95)).map(|(low, high)| [low, high]);
        (at(0.5), ends)
    };
    let series = ChartSeries {
        label: "median, nine of ten rows within the line".to_owned(),
        role: SeriesRole::Model(0),
        points: shown.iter().map(point).collect(),
    };
    let title = "Realized over forecast volatility";
    html! {
        h3 { "Errors" }
        p { "Realized over forecast volatility: so many percent of the rows are below the quotient." }
        (chart(charts::rows(title, &names, &[series], title), &captions::errors(&shown)))
        (table(std::iter::once(String::new()).chain(titles), rows))
    }
}

/// Each coin over time: the largest ones, and a table of all for each model.
pub(super) fn level_coins(page: &Page<'_>) -> Section {
    let labels = page.report.labels();
    let of_model = |place: usize| -> Option<(&str, &LevelScore)> {
        Some((
            labels[place].as_str(),
            page.report.forecasters[place].level.as_ref()?,
        ))
    };
    let shown: Vec<(&str, &LevelScore)> = models(page).filter_map(of_model).collect();
    let header = || std::iter::once("coin").chain(COIN_TITLES);
    let rows = |coins: &[&CoinLevel]| -> Vec<PageRow> {
        let row = |coin: &&CoinLevel| PageRow::new(coin.symbol.clone(), coin_cells(coin));
        coins.iter().map(row).collect()
    };
    let all = |level: &LevelScore| -> Vec<PageRow> {
        rows(&level.coins.iter().collect::<Vec<&CoinLevel>>())
    };
    part(
        "Coin by coin",
        html! {
            p {
                "One coin over time. Coins move together, so these are not independent results, and the best of many coins \
                is best by luck in part. Realized and forecast are mean volatilities per day, as fractions: 0.05 is 5 %."
            }
            @if !page.report.largest_coins.is_empty() {
                p { "The " (page.report.largest_coins.len()) " coins of the largest turnover over the scored days:" }
                @for (label, level) in &shown {
                    p.soft { (label) }
                    (table(header(), rows(&largest(page, level))))
                }
            }
            @for (label, level) in &shown {
                details open[shown.len() == 1 && level.coins.len() <= FEW_COINS] {
                    summary { (label) ": " (counted(level.coins.len(), "coin")) " as a table" }
                    (table(header(), all(level)))
                }
            }
        },
    )
}

/// The coins of the largest turnover, in its order.
fn largest<'a>(page: &Page<'_>, level: &'a LevelScore) -> Vec<&'a CoinLevel> {
    let of = |name: &String| level.coins.iter().find(|coin| coin.symbol == *name);
    page.report.largest_coins.iter().filter_map(of).collect()
}
