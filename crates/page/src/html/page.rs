//! The page of scored runs: its head, its sections in order, its notes.

use maud::{Markup, html};
use notation::format_time;
use score::{Quantity, ReportSection};

use super::captions;
use super::content::{Page, models};
use super::dependence_chart::dependence_svg;
use super::document::{PageRow, chart, part, table};
use super::exposure::exposure_section;
use super::fold_chart::folds_svg;
use super::importance_chart::importance_svg;
use super::intervals::intervals;
use super::level_classes::{classes, exceedances};
use super::level_scores::{level_folds, level_scores};
use super::levels::{level_coins, predicted_against_realized};
use super::opening::run_verdict;
use super::parts::{coins, days_of_folds, folds};
use super::reliability::reliability;
use super::scores::scores;
use super::shapes::{cumulative, tenths};
use super::trading::trading;
use crate::document::{Block, Document, Section, running};
use crate::importance::{Importance, RankStability};
use crate::picture::Chart;
use crate::text::format::{
    correlation, counted, grouped, interval_title, percent, price_metrics, span,
};
use crate::text::interval_note;

/// Features of the table of gain by fold.
const FEATURES_OVER_FOLDS: usize = 12;

/// One horizon and panel of a page of scored runs: what its part opens with, and its sections.
#[derive(Debug, Clone)]
pub struct RunPart {
    /// Horizon and panel in words; empty where there is one alone.
    title: String,
    /// Names of the runs.
    runs: String,
    opening: Vec<Block>,
    sections: Vec<Section>,
}

impl RunPart {
    /// The part of this horizon and panel.
    pub fn new(title: impl Into<String>, page: &Page<'_>) -> Self {
        Self {
            title: title.into(),
            runs: runs(page),
            opening: run_opening(page),
            sections: run_sections(page),
        }
    }

    /// The part as the only one of a page.
    pub fn alone(&self) -> Self {
        Self {
            title: String::new(),
            ..self.clone()
        }
    }

    /// Its sections, each headed by the part where that has a title.
    pub fn sections(&self) -> impl Iterator<Item = Section> + use<'_> {
        self.sections.iter().map(|section| Section {
            heading: match self.title.as_str() {
                "" => section.heading.clone(),
                title => format!("{title}: {}", section.heading),
            },
            blocks: section.blocks.clone(),
        })
    }

    /// What it opens with, below its title where it has one.
    fn opening(&self) -> impl Iterator<Item = Block> + use<'_> {
        let title = (!self.title.is_empty()).then(|| Block::Heading(self.title.clone()));
        title.into_iter().chain(self.opening.iter().cloned())
    }
}

/// A page of scored runs as text: every section once for each part. It needs no other file, no script
/// and no network.
pub fn parts_html(parts: &[RunPart]) -> String {
    let runs = parts.first().map_or("", |part| &part.runs);
    let title = format!("Scores of {runs}");
    let opening = parts.iter().flat_map(RunPart::opening);
    Document::new(title)
        .openings(opening)
        .sections(parts.iter().flat_map(RunPart::sections))
        .html()
}

/// The page of one horizon and panel.
pub fn html(page: &Page<'_>) -> String {
    parts_html(&[RunPart::new("", page)])
}

/// What a page of scored runs opens with: the verdict, one picture, what was scored.
fn run_opening(page: &Page<'_>) -> Vec<Block> {
    let mut blocks: Vec<Block> = run_verdict(page).into_iter().map(Block::Verdict).collect();
    let folds = Chart::new(folds_svg(page.report)).caption(captions::folds(page.report));
    blocks.push(Block::Chart(folds));
    blocks.push(Block::Html(head(page).into_string()));
    blocks
}

/// All sections of the page of scored runs.
fn run_sections(page: &Page<'_>) -> Vec<Section> {
    let mut sections = Vec::new();
    match page.report.quantity {
        Quantity::Return => {
            sections.extend([
                scores(page),
                intervals(page),
                days_of_folds(page),
                folds(page),
                coins(page),
                cumulative(page),
                tenths(page),
                reliability(page),
                trading(page),
            ]);
            sections.extend(features(page));
            sections.push(notes(page, &return_notes(page)));
        }
        Quantity::LogVolatility => {
            sections.push(level_scores(page));
            sections.extend(level_folds(page));
            sections.push(predicted_against_realized(page));
            sections.extend(classes(page));
            sections.push(exceedances(page));
            sections.extend([intervals(page), level_coins(page)]);
            sections.extend(page.exposure.map(exposure_section));
            sections.extend(features(page));
            sections.push(notes(page, &html! { li { (interval_note(page.report)) } }));
        }
    }
    sections
}

fn runs(page: &Page<'_>) -> String {
    let labels = page.report.labels();
    models(page)
        .map(|place| labels[place].clone())
        .collect::<Vec<_>>()
        .join(" and ")
}

fn head(page: &Page<'_>) -> Markup {
    let report = page.report;
    let time = |place: Option<&i64>| place.map_or("-".to_owned(), |&time| format_time(time));
    let (times, labels) = (&page.rows.time_ms, report.labels());
    html! {
        p {
            (grouped(report.rows)) " forecasts at " (grouped(report.times)) " times of "
            (counted(report.coins, "coin")) " in " (counted(report.folds, "fold")) ", "
            (time(times.iter().min())) " to " (time(times.iter().max())) " UTC. Every forecast is out of sample, of what \
            is realized over the next " (span(report.reach_bars, report.bar_ms)) ", and all forecasters \
            are scored on the same (time, coin) rows."
        }
        @for place in models(page) { (run(page, place, &labels[place])) }
        p.note {
            "How to read it: "
            // The range is that of 15-minute returns. It says nothing of another time ahead or of
            // another target.
            @if page.is_return && report.reach_bars as i64 * report.bar_ms == 900_000 {
                "of 15-minute returns honest forecasts reach a correlation of 0.02 to 0.06, and above 0.12 is a leak \
                until shown otherwise. Look"
            } @else {
                "look"
            }
            @if page.report.quantity == Quantity::LogVolatility {
                " at the intervals before the values, at " i { "QLIKE" } " and the order of the coins before " i { "R2" } ", which \
                a few market-wide events decide, and ask whether a forecaster beats the controls, which know the past alone."
            } @else {
                " at the intervals before the values, at " i { "IC a day" } " before the pooled scores, and ask whether a \
                forecaster beats the controls, which know next to nothing. Costs are in the section on capital alone."
            }
        }
    }
}

/// Which run a forecaster is, and how many of its rows are left out.
fn run(page: &Page<'_>, place: usize, label: &str) -> Markup {
    let run = page.report.forecasters[place]
        .run
        .as_deref()
        .unwrap_or_default();
    let dropped = page.dropped.iter().find(|(name, _)| name == run);
    let dropped = dropped.map_or(0, |(_, dropped)| *dropped);
    html! {
        p {
            b { (label) } " is the run " code { (run) } "; "
            @if dropped == 0 {
                "all of its rows are scored."
            } @else {
                (grouped(dropped)) " of its rows are not in every run and are left out."
            }
        }
    }
}

fn features(page: &Page<'_>) -> impl Iterator<Item = Section> {
    let shown = page
        .importance
        .iter()
        .filter(|(_, importance)| !importance.features.is_empty());
    shown.map(|(run, importance)| {
        part("What the features are worth", html! {
            p {
                "Run " code { (run) } ": share of the loss that splits on a feature saved, and mean size of its SHAP \
                contribution to a forecast. Neither says that a feature is useful out of sample."
            }
            (chart(importance_svg(importance), &captions::importance(importance)))
            (over_folds(importance))
            @if !importance.dependence.is_empty() {
                p {
                    "What the values of the features with the largest SHAP contributions do to a forecast: its mean \
                    contribution in tenths of sampled rows by the feature's value, and between which bounds eight of ten \
                    contributions lie."
                }
                (chart(dependence_svg(importance), &captions::dependence(importance)))
            }
        })
    })
}

/// The features with the most gain in each fold, and how alike the ranks of consecutive folds are.
fn over_folds(importance: &Importance) -> Markup {
    let numbers = importance
        .folds
        .iter()
        .map(|fold| format!("fold {}", fold.fold));
    let header = std::iter::once("share of gain".to_owned()).chain(numbers);
    let row = |place: usize| {
        let cells = importance
            .folds
            .iter()
            .map(|fold| percent(fold.gain.get(place).copied()));
        PageRow::new(importance.features[place].name.clone(), cells)
    };
    let rows = importance
        .most_gain(FEATURES_OVER_FOLDS)
        .into_iter()
        .map(row);
    let pairs = importance.rank_stability();
    let of = |label: &str, value: fn(&RankStability) -> Option<f64>| {
        let cells = pairs.iter().map(|pair| correlation(value(pair)));
        PageRow::new(label.to_owned(), cells)
    };
    let titles = pairs
        .iter()
        .map(|pair| format!("{} to {}", pair.folds[0], pair.folds[1]));
    let titles = std::iter::once("ranks from fold".to_owned()).chain(titles);
    let kinds = [
        of("gain", |pair| pair.gain),
        of("splits", |pair| pair.split),
        of("SHAP", |pair| pair.shap),
    ];
    html! {
        @if !pairs.is_empty() {
            (table(header, rows))
            p.soft {
                "Spearman's correlation of all features' ranks in a fold with those in the next: near 1 the same features \
                matter throughout."
            }
            (table(titles, kinds))
        }
    }
}

fn notes(page: &Page<'_>, further: &Markup) -> Section {
    let report = page.report;
    let has_prices = price_metrics(report).is_some();
    let shown = report.metrics.iter().filter(|metric| match metric.section {
        ReportSection::Hidden => false,
        ReportSection::Prices => has_prices,
        _ => true,
    });
    part(
        "What the words mean",
        html! {
            ul {
                @for metric in shown {
                    li { b { (metric.title) } ": " (running(metric.legend)) "." }
                }
                (further)
            }
            p { "This page again:" }
            pre { code { (page.command) } }
        },
    )
}

/// How intervals and controls of returns are made.
fn return_notes(page: &Page<'_>) -> Markup {
    let report = page.report;
    html! {
        li {
            (interval_title(report.confidence)) ": stationary block bootstrap, " (grouped(report.draws)) " draws (seed "
            (report.seed) "), times drawn within folds with all coins together, mean block length by Politis and \
            White, at least " (report.floor_bars) " bars. Differences are of the same draws. The IC a day has days \
            drawn as wholes; its t is the mean in units of its standard error."
        }
        li {
            "Controls: zero; the last bar's return, as it is and negated; ln close minus its mean over the last 30, \
            60 and 240 minutes, negated. shuffled: the first run's forecasts with their days in other orders, the \
            mean and the lowest to the highest of them: the size of a score of nothing."
        }
    }
}
