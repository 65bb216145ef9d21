//! The page's sections on classes of volatility: confusion, classes, reliability.

use maud::{Markup, html};
use score::{ClassScore, REGIMES, RegimeScore, Report};

use super::charts::{ChartSeries, SeriesRoles};
use super::content::{Page, models};
use super::diagonal_chart::{DiagramPoint, diagonal_chart};
use super::document::{PageRow, chart, part, table};
use super::level_scores::shown_models;
use crate::document::Section;
use crate::text::class_cells;
use crate::text::format::{grouped, percent};

/// The sections; nothing where no forecaster has classes.
pub(super) fn classes(page: &Page<'_>) -> Vec<Section> {
    let labels = page.report.labels();
    let of = |place: usize| {
        let level = page.report.forecasters[place].level.as_ref()?;
        Some((labels[place].as_str(), level.regimes.as_ref()?))
    };
    let all: Vec<(&str, &RegimeScore)> = models(page).filter_map(of).collect();
    if all.is_empty() {
        return Vec::new();
    }
    let titles = ["", "rows", "share", "precision", "recall", "F1", "AUC"];
    let rows = all.iter().flat_map(|(label, regimes)| {
        let row = move |class: &ClassScore| {
            PageRow::new(format!("{label}, {}", class.name), class_cells(class))
        };
        regimes.classes.iter().map(row)
    });
    vec![
        part(
            "Classes",
            html! {
                p {
                    "Low, Medium and High are a coin's own: their edges come from the training rows before each fold. The class of \
                    a forecast is the likeliest one. Where one class is common, always saying it has a high accuracy: look at the \
                    probabilities."
                }
                (table(titles, rows))
                @for (number, (label, regimes)) in all.iter().enumerate() {
                    details open[number == 0] { summary { "Confusion matrix of " (label) } (confusion(regimes)) }
                }
            },
        ),
        part(
            "Reliability of the probabilities",
            html! {
                p {
                    "Probabilities in bins of a tenth against how often the class came. On the diagonal they are what they say."
                }
                @for class in [2, 0, 1] { (reliability(page.report, &labels, class)) }
            },
        ),
    ]
}

/// Rows by the class that came and the likeliest one, shaded by the share of those that came.
fn confusion(regimes: &RegimeScore) -> Markup {
    html! {
        div.wide {
            table {
                thead { tr { th { "came" } @for name in REGIMES { th { "forecast " (name) } } } }
                tbody {
                    @for (name, row) in REGIMES.iter().zip(&regimes.confusion) {
                        @let whole = row.iter().sum::<usize>().max(1) as f64;
                        tr {
                            th { (name) }
                            @for &count in row {
                                @let share = count as f64 / whole;
                                td style=(format!("background: rgba(0, 114, 178, {:.2})", 0.6 * share)) {
                                    (grouped(count)) small { (percent(Some(share))) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The reliability diagram of a class; nothing where no forecaster has it.
fn reliability(report: &Report, labels: &[String], class: usize) -> Markup {
    let name = REGIMES[class];
    let mut roles = SeriesRoles::default();
    let series: Vec<ChartSeries<DiagramPoint>> = shown_models(report)
        .into_iter()
        .filter_map(|place| {
            let regimes = report.forecasters[place].level.as_ref()?.regimes.as_ref()?;
            let class = regimes.classes.iter().find(|class| class.name == name)?;
            let bins = class.reliability.iter();
            Some(ChartSeries {
                label: labels[place].clone(),
                role: roles.next(true),
                points: bins
                    .map(|bin| (bin.probability, bin.share, bin.interval))
                    .collect(),
            })
        })
        .collect();
    let title = format!("Reliability of the probability of {name}");
    let said = format!("probability of {name}");
    let came = format!("share that came {name}");
    let drawn = diagonal_chart(&title, &series, [&said, &came], true);
    html! { @if !drawn.is_empty() { h3 { (name) } (chart(drawn)) } }
}
