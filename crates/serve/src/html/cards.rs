//! The page's parts, one a function.

use maud::{Markup, html};

use super::View;
use super::words::{percent, short_time, span};
use crate::equity::PositionLine;
use crate::live_score::{FEWEST_FORECASTS, ScorePoint};
use crate::site::Site;
use crate::snapshot::{Snapshot, window_ms};

/// Positions that the page lists.
const LISTED: usize = 12;

/// Equity after costs.
pub fn equity(snapshot: &Snapshot) -> Markup {
    let equity = &snapshot.equity;
    let times: Vec<i64> = equity.points.iter().map(|(time, _)| time / 1000).collect();
    let values: Vec<f64> = equity
        .points
        .iter()
        .map(|(_, value)| value * 100.0)
        .collect();
    html! {
        section.card {
            h2 { "Paper equity after costs" }
            @if times.is_empty() { p.soft { "No position is closed yet." } }
            @else {
                div.chart data-kind="equity" data-series=(series(&(times, values))) {}
                p.soft {
                    (equity.trades) " closed"
                    @if let Some(rate) = equity.win_rate { (format!(", {:.0} % won", rate * 100.0)) }
                    @if let Some(mean) = equity.mean_net { (format!(", mean {:+.1} bp each", mean * 1e4)) }
                    (format!(", largest fall {}. ", percent(equity.max_drawdown)))
                    @match equity.sharpe {
                        Some(sharpe) => (format!("Sharpe {sharpe:.2} of {} days.", equity.days)),
                        None => "No Sharpe ratio before 30 days.",
                    }
                }
            }
        }
    }
}

/// Numbers for the script, as JSON.
fn series(value: &impl serde::Serialize) -> String {
    // Lists of numbers are always JSON; what is no number becomes null.
    serde_json::to_string(value).unwrap_or_default()
}

/// Open and closed positions.
pub fn positions(view: &View<'_>) -> Markup {
    let snapshot = view.snapshot;
    let (open, closed): (Vec<&PositionLine>, Vec<&PositionLine>) = snapshot
        .positions
        .iter()
        .partition(|position| position.closed_at.is_none());
    let listed: Vec<&PositionLine> = open.into_iter().chain(closed).take(LISTED).collect();
    html! {
        section.card {
            h2 { "Positions" (pause(view)) }
            @if snapshot.status.pause.is_paused { p.warn { "Paused: no new position opens." } }
            @if listed.is_empty() { p.soft { "None yet." } }
            @else {
                table {
                    thead { tr { th { "coin" } th { "side" } th.number.far { "bp" } th { "opened" } th { "closed" } th.number { "net bp" } } }
                    tbody { @for position in listed {
                        tr {
                            th scope="row" { (position.symbol) }
                            td { (position.side) }
                            td.number.far { (format!("{:+.1}", position.forecast * 1e4)) }
                            td { (short_time(position.opened_at)) }
                            td { @match position.closed_at {
                                Some(closed_at) => (short_time(closed_at)),
                                None => span.soft { "due " (short_time(position.due_at)) },
                            } }
                            @match position.net {
                                Some(net) => td class=(if net < 0.0 { "number loss" } else { "number gain" }) { (format!("{:+.1}", net * 1e4)) },
                                None => td.number { "open" },
                            }
                        }
                    } }
                }
                p.soft { "All of them: " a href="/positions" { "JSON" } }
            }
        }
    }
}

/// The button that keeps the watch from opening positions, or lets it again.
fn pause(view: &View<'_>) -> Markup {
    let (path, name) = match view.snapshot.status.pause.is_paused {
        true => ("/watch/resume", "Resume"),
        false => ("/watch/pause", "Pause"),
    };
    let disabled = view.why_disabled();
    html! { button.aside data-post=(path) disabled[disabled.is_some()] title=[disabled] { (name) } }
}

/// Rolling correlation with its band and what the test folds promised.
pub fn score(view: &View<'_>) -> Markup {
    let View { site, snapshot, .. } = view;
    let points = &snapshot.score;
    let promised = site.promise();
    let column = |of: fn(&ScorePoint) -> Option<f64>| -> Vec<Option<f64>> {
        points.iter().map(of).collect()
    };
    let times: Vec<i64> = points.iter().map(|point| point.time / 1000).collect();
    let columns = (
        times,
        column(|point| Some(point.pearson)),
        column(|point| point.interval.map(|interval| interval[0])),
        column(|point| point.interval.map(|interval| interval[1])),
        points
            .iter()
            .map(|_| promised.map(|promise| promise.pearson))
            .collect::<Vec<_>>(),
    );
    html! {
        section.card {
            h2 {
                "Rolling Pearson, " (span(window_ms(site.run()))) " "
                @if let Some(last) = points.last() { small { (score_words(last.pearson, last.interval, last.forecasts)) } }
            }
            @if !site.run().is_scored { p.soft { "The ledger's closes do not say what came of this target." } }
            @else if points.is_empty() { p.soft { "Not before " (FEWEST_FORECASTS) " forecasts are settled." } }
            @else { div.chart data-kind="score" data-series=(series(&columns)) {} }
            p.soft {
                @if site.run().is_scored { "Band: 95 %, block bootstrap. " }
                @if let Some(promise) = promised {
                    (format!("Dotted: {:+.3}, the mean of {} test folds ({:+.3} to {:+.3}).", promise.pearson, promise.count,
                        promise.folds[0], promise.folds[1]))
                }
            }
        }
    }
}

fn score_words(pearson: f64, interval: Option<[f64; 2]>, forecasts: usize) -> String {
    match interval {
        Some([low, high]) => {
            format!("{pearson:+.2} ({low:+.2} to {high:+.2}) of {forecasts} forecasts")
        }
        None => format!("{pearson:+.2} of {forecasts} forecasts"),
    }
}

/// Forecasts of a file that a person chooses.
pub fn upload(site: &Site) -> Markup {
    html! {
        h2 { "Forecast a file of candles" }
        form #upload {
            label { "CSV " input type="file" name="file" accept=".csv,.zip,.json" required; }
            label { "coin " input type="text" name="symbol" size="10" placeholder=(site.run().symbols.first().map_or("", |symbol| symbol.as_str())); }
            label { "last times " input type="number" name="times" value="50" min="1" max="1000"; }
            label { input type="checkbox" name="in_sample"; " also times that the model has seen" }
            button { "Forecast" }
        }
        p.soft { "Any form that `quarterhour import` takes. The coin is needed where neither a column nor the file's name says it." }
        div #answer aria-live="polite" {}
    }
}
