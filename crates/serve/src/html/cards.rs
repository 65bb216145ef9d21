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
    let points = thinned(&equity.points);
    let times: Vec<i64> = points.iter().map(|(time, _)| time / 1000).collect();
    let values: Vec<f64> = points
        .iter()
        .map(|(_, value)| rounded(value * 100.0))
        .collect();
    html! {
        section.card data-part="equity" {
            h2 { "Paper equity after costs" }
            @if times.is_empty() { p.soft { "No position is closed yet." } }
            @else {
                div.chart data-kind="equity" role="img" aria-label="line of the equity after each closed position" data-series=(series(&(times, values))) {}
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

/// Stretches of a line that a chart tells apart.
const STRETCHES: usize = 150;

/// A line that looks the same in a chart: of each stretch the lowest and the highest point, and the last of all.
fn thinned(points: &[(i64, f64)]) -> Vec<(i64, f64)> {
    let length = points.len().div_ceil(STRETCHES);
    if length <= 2 {
        return points.to_vec();
    }
    let ends = |stretch: &[(i64, f64)]| {
        let by_value = |a: &&(i64, f64), b: &&(i64, f64)| a.1.total_cmp(&b.1);
        let mut kept: Vec<(i64, f64)> = [
            stretch.iter().min_by(by_value),
            stretch.iter().max_by(by_value),
        ]
        .into_iter()
        .flatten()
        .copied()
        .collect();
        kept.sort_by_key(|(time, _)| *time);
        kept
    };
    let mut kept: Vec<(i64, f64)> = points.chunks(length).flat_map(ends).collect();
    kept.extend(points.last());
    kept.dedup_by_key(|(time, _)| *time);
    kept
}

/// A number with the digits that a chart shows.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
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
        section.card data-part="positions" {
            h2 { "Positions" (pause(view)) }
            @if snapshot.status.pause.is_paused { p.warn { "Paused: no new position opens." } }
            @if listed.is_empty() { p.soft { "None yet." } }
            @else {
                table {
                    thead { tr { th { "coin" } th { "side" } th.number.far { "bp" } th { "begin" } th { "end" } th.number { "net bp" } } }
                    tbody { @for position in listed {
                        tr {
                            th scope="row" { (position.symbol) }
                            td { (position.side) }
                            td.number.far { (format!("{:+.1}", position.forecast * 1e4)) }
                            td.time { (short_time(position.opened_at)) }
                            td.time { @match position.closed_at {
                                Some(closed_at) => (short_time(closed_at)),
                                None => span.soft title="when it is due" { (short_time(position.due_at)) },
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
            @if view.why_disabled().is_some() { p.soft { "To pause here, start the server with " code { "--token-file" } "; " code { "quarterhour watch pause" } " does it, too." } }
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
    html! { button.aside.script #pause data-post=(path) disabled[disabled.is_some()] title=[disabled] { (name) } }
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
        column(|point| Some(rounded(point.pearson))),
        column(|point| point.interval.map(|interval| rounded(interval[0]))),
        column(|point| point.interval.map(|interval| rounded(interval[1]))),
        points
            .iter()
            .map(|_| promised.map(|promise| rounded(promise.pearson)))
            .collect::<Vec<_>>(),
    );
    html! {
        section.card data-part="score" {
            h2 {
                "Rolling Pearson, " (span(window_ms(site.run()))) " "
                @if let Some(last) = points.last() { small { (score_words(last.pearson, last.interval, last.forecasts)) } }
            }
            @if !site.run().is_scored { p.soft { "The ledger's closes do not say what came of this target." } }
            @else if points.is_empty() { p.soft { "Not before " (FEWEST_FORECASTS) " forecasts are settled." } }
            @else { div.chart data-kind="score" role="img" aria-label="line of the rolling correlation with its band" data-series=(series(&columns)) {} }
            @if !points.is_empty() { p.soft {
                "Band: 95 %, block bootstrap. "
                @if let Some(promise) = promised {
                    (format!("Dotted: {:+.3}, the mean of {} test folds ({:+.3} to {:+.3}).", promise.pearson, promise.count,
                        promise.folds[0], promise.folds[1]))
                }
            } }
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
    let example = site
        .run()
        .symbols
        .first()
        .map_or("", |symbol| symbol.as_str());
    html! {
        section.card.upload.script {
            h2 { "Forecast a file of candles" }
            form #upload {
                label { "CSV " input type="file" name="file" accept=".csv,.zip,.json" required aria-describedby="upload-help"; }
                label { "coin " input type="text" name="symbol" size="12" maxlength="27" placeholder=(example) autocomplete="off" aria-describedby="upload-help"; }
                label { "last times " input type="number" name="times" value="50" min="1" max="1000"; }
                label { input type="checkbox" name="in_sample"; " also times that the model has seen" }
                button { "Forecast" }
            }
            p.soft #upload-help {
                "Any form that " code { "quarterhour import" } " takes. The coin is needed where neither a column nor the file's name says it."
            }
            div #answer {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A chart of years of trades is as small as that of a day, and still shows the deepest fall.
    #[test]
    fn a_long_line_keeps_its_extremes_and_its_end() {
        let mut points: Vec<(i64, f64)> = (0..30_000).map(|at| (at, (at % 7) as f64)).collect();
        points[12_345].1 = -50.0;
        points[20_001].1 = 90.0;
        let kept = thinned(&points);
        assert!(kept.len() <= 2 * STRETCHES + 1, "{}", kept.len());
        for point in [points[12_345], points[20_001], points[29_999]] {
            assert!(kept.contains(&point), "{point:?}");
        }
        assert!(kept.is_sorted_by(|one, next| one.0 < next.0));
        assert_eq!(thinned(&points[..300]), points[..300]);
    }
}
