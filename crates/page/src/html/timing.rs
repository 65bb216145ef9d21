//! The page of timing: what is saved within each deadline, and by which coin.

use maud::{Markup, html};
use rules::{DeadlineReport, TimingReport};

use super::charts::{self, ChartSeries, Point, SeriesRoles};
use super::document::{PageRow, chart, document, section, table};
use crate::text::{
    timing_cells, timing_header, timing_headline, timing_labels, timing_notes, within,
};

/// Savings by timing as one HTML file that needs nothing else. `command` makes the page again.
pub fn timing_html(report: &TimingReport, command: &str) -> String {
    let title = "Timing of trades that happen anyway";
    let body = html! {
        h1 { (title) }
        p { (timing_headline(report)) }
        (chart(savings_chart(report)))
        @for deadline in &report.deadlines { (savings(report, deadline)) }
        (coins(report))
        (section("What the figures are", &html! {
            ul { @for note in timing_notes(report) { li { (note) } } }
            p { "This page again:" }
            pre { code { (command) } }
        }))
    };
    document(title, &body)
}

fn savings(report: &TimingReport, deadline: &DeadlineReport) -> Markup {
    let header = std::iter::once(String::new()).chain(timing_header(report));
    let rows = timing_labels(deadline)
        .into_iter()
        .zip(&deadline.forecasters);
    let rows = rows.map(|(label, score)| {
        PageRow::new(label, timing_cells(report, score)).soft(score.run.is_none())
    });
    section(
        &format!("Saved {}", within(report, deadline)),
        &table(header, rows),
    )
}

/// Each forecaster's saving within each deadline.
fn savings_chart(report: &TimingReport) -> String {
    let names: Vec<String> = report
        .deadlines
        .iter()
        .map(|deadline| within(report, deadline))
        .collect();
    let Some(first) = report.deadlines.first() else {
        return String::new();
    };
    let mut kinds = SeriesRoles::default();
    let labelled = timing_labels(first)
        .into_iter()
        .zip(&first.forecasters)
        .enumerate();
    let series: Vec<ChartSeries<Point>> = labelled
        .map(|(place, (label, score))| {
            let scores = report
                .deadlines
                .iter()
                .map(|deadline| deadline.forecasters[place].saved);
            ChartSeries {
                label,
                role: kinds.next(score.run.is_some()),
                points: scores
                    .map(|saved| (saved.mean_bps, saved.interval_bps))
                    .collect(),
            }
        })
        .collect();
    let unit = ("saved (basis points)", 1.0);
    charts::groups("Saved within each deadline", &names, &series, unit)
}

/// Each coin's saving by the first run.
fn coins(report: &TimingReport) -> Markup {
    let of_first = |deadline: &DeadlineReport| {
        let coins = deadline.forecasters.first().map(|score| &score.coins);
        let names: Vec<String> = coins
            .into_iter()
            .flat_map(|coins| coins.keys().cloned())
            .collect();
        let savings = coins.into_iter().flat_map(|coins| coins.values());
        let points: Vec<Point> = savings
            .map(|saving| (saving.mean_bps, saving.interval_bps))
            .collect();
        let label = format!("first run, {}", within(report, deadline));
        let series = ChartSeries {
            label,
            role: SeriesRoles::default().next(true),
            points,
        };
        charts::rows("Saved by coin", &names, &[series], "saved (basis points)")
    };
    section(
        "Coin by coin",
        &html! {
            @for deadline in &report.deadlines { (chart(of_first(deadline))) }
        },
    )
}
