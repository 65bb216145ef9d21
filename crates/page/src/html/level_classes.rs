//! The page's sections on classes of volatility: confusion, classes, reliability, precision and recall,
//! and on the probability of being above a level.

use maud::{Markup, html};
use score::{AboveScore, ClassScore, ProbabilityBin, REGIMES, RegimeScore, Report, ReportSection};

use super::captions::told as told_of;
use super::charts::{ChartSeries, SeriesRoles};
use super::content::{Page, models};
use super::diagonal_chart::{DiagramPoint, diagonal_chart};
use super::document::{PageRow, chart, part, table};
use super::level_scores::{known_values, shown_models};
use super::recall_chart::{RecallPoint, recall_chart};
use crate::document::Section;
use crate::text::format::{counted, grouped, number, percent};
use crate::text::{ABOVE_COLUMNS, above_cells, class_cells};

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
        precision_recall(page, &labels),
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

/// The class of this name of the forecasters in charts that have one, with their places.
fn known_classes<'a>(report: &'a Report, name: &str) -> Vec<(usize, &'a ClassScore)> {
    let of = |place: usize| {
        let regimes = report.forecasters[place].level.as_ref()?.regimes.as_ref()?;
        let mut classes = regimes.classes.iter();
        Some((place, classes.find(|class| class.name == name)?))
    };
    shown_models(report).into_iter().filter_map(of).collect()
}

/// The reliability diagram of a class; nothing where no forecaster has it.
fn reliability(report: &Report, labels: &[String], class: usize) -> Markup {
    let name = REGIMES[class];
    let mut roles = SeriesRoles::default();
    let known = known_classes(report, name);
    let series: Vec<ChartSeries<DiagramPoint>> = known
        .iter()
        .map(|(place, class)| ChartSeries {
            label: labels[*place].clone(),
            role: roles.next(true),
            points: probability_points(&class.reliability),
        })
        .collect();
    let told = known.iter().filter_map(|(place, class)| {
        Some(format!(
            "{} {}",
            labels[*place],
            last_bin(&class.reliability)?
        ))
    });
    let caption = format!(
        "In the bin of the highest probabilities of {name}: {}.",
        told_of(told)
    );
    let title = format!("Reliability of the probability of {name}");
    let said = format!("probability of {name}");
    let came = format!("share that came {name}");
    let drawn = diagonal_chart(&title, &series, [&said, &came], true);
    html! { @if !drawn.is_empty() { h3 { (name) } (chart(drawn, &caption)) } }
}

/// Bins of a probability as points of a diagram.
fn probability_points(bins: &[ProbabilityBin]) -> Vec<DiagramPoint> {
    bins.iter()
        .map(|bin| (bin.probability, bin.share, bin.interval))
        .collect()
}

/// What was said and what came in the highest bin of a probability.
fn last_bin(bins: &[ProbabilityBin]) -> Option<String> {
    let last = bins.last()?;
    Some(format!(
        "{} said, {} came ({})",
        percent(Some(last.probability)),
        percent(Some(last.share)),
        counted(last.rows, "row")
    ))
}

/// Precision over recall of each class, High in the open.
fn precision_recall(page: &Page<'_>, labels: &[String]) -> Section {
    let report = page.report;
    let drawn = |class: usize| -> Markup {
        let name = REGIMES[class];
        let mut roles = SeriesRoles::default();
        let known = known_classes(report, name);
        let series: Vec<ChartSeries<RecallPoint>> = known
            .iter()
            .map(|(place, class)| ChartSeries {
                label: labels[*place].clone(),
                role: roles.next(true),
                points: (class.precision_recall.iter())
                    .map(|call| (call.recall, call.precision, call.threshold))
                    .collect(),
            })
            .collect();
        let chance = known.first().map_or(f64::NAN, |(_, class)| class.share);
        let half = |class: &ClassScore| {
            let mut calls = class.precision_recall.iter();
            calls.find(|call| call.recall >= 0.5).copied()
        };
        let told = known.iter().filter_map(|(place, class)| {
            let call = half(class)?;
            Some(format!(
                "{} {} (called at {} or more)",
                labels[*place],
                percent(Some(call.precision)),
                number(Some(call.threshold), 2)
            ))
        });
        let caption = format!(
            "Calls that find half of {name} are right that often: {}; by chance it is {}, the dashed line.",
            told_of(told),
            percent(Some(chance))
        );
        let title = format!("Precision over recall of {name}");
        chart(recall_chart(&title, &series, chance), &caption)
    };
    part(
        "Precision and recall",
        html! {
            p {
                "A class is called where its probability is at or above a cut: the lower the cut, the more of the class is found, and \
                the fewer calls are right. The average precision is the area under the curve of High."
            }
            @if let Some(averages) = known_values(page, &|metric| metric.name == "average_precision") { (averages) }
            (drawn(2))
            details { summary { "Low and Medium" } (drawn(0)) (drawn(1)) }
        },
    )
}

/// How well it is told that a volatility comes above a level; nothing where no run says it.
pub(super) fn exceedances(page: &Page<'_>) -> Section {
    let (report, labels) = (page.report, page.report.labels());
    let of = |place: usize| {
        let level = report.forecasters[place].level.as_ref()?;
        Some((place, level.above.as_slice()))
    };
    let all: Vec<(usize, &[AboveScore])> = models(page)
        .filter_map(of)
        .filter(|(_, above)| !above.is_empty())
        .collect();
    if all.is_empty() {
        return Section::new("");
    }
    let rows = all.iter().flat_map(|(place, above)| {
        let label = &labels[*place];
        above.iter().map(move |one| {
            PageRow::new(
                format!("{label}, above {}", percent(Some(one.level))),
                above_cells(one),
            )
        })
    });
    let titles = std::iter::once("").chain(ABOVE_COLUMNS);
    let each = all.iter().flat_map(|(_, above)| above.iter());
    let mut levels: Vec<f64> = each.map(|one| one.level).collect();
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    part(
        "Probability above a level",
        html! {
            p {
                "The probability that the volatility comes above a level that is the same for all coins ("
                code { "regime.above" } "), against how often it did. The Brier score is the mean squared error of the \
                probability; beside it stands that of always saying the share that came, which nobody knew before. First all \
                levels together, then each."
            }
            @if let Some(values) = known_values(page, &|metric| metric.section == ReportSection::Levels) { (values) }
            (table(titles, rows))
            @for level in levels { (exceedance_diagram(level, &all, &labels)) }
        },
    )
}

/// How often the volatility came above a level by the probability of it; `all` has the places of forecasters.
fn exceedance_diagram(level: f64, all: &[(usize, &[AboveScore])], labels: &[String]) -> Markup {
    let mut roles = SeriesRoles::default();
    let known = || {
        all.iter().filter_map(|(place, above)| {
            Some((*place, above.iter().find(|one| one.level == level)?))
        })
    };
    let series: Vec<ChartSeries<DiagramPoint>> = known()
        .map(|(place, one)| ChartSeries {
            label: labels[place].clone(),
            role: roles.next(true),
            points: probability_points(&one.reliability),
        })
        .collect();
    let told = known().filter_map(|(place, one)| {
        Some(format!("{} {}", labels[place], last_bin(&one.reliability)?))
    });
    let above = format!("above {} a day", percent(Some(level)));
    let caption = format!(
        "In the bin of the highest probabilities: {}.",
        told_of(told)
    );
    let [said, came] = [
        format!("probability of {above}"),
        format!("share that came {above}"),
    ];
    let title = format!("Reliability of {above}");
    chart(
        diagonal_chart(&title, &series, [&said, &came], true),
        &caption,
    )
}
