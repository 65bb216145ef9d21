//! The page's parts, one a function.

use dataset::{Task, format_time};
use maud::{Markup, html};

use super::bars::{bar, scale};
use super::words::{forecast, percent, price, short_time, span, unit};
use crate::live_score::FEWEST_FORECASTS;
use crate::site::Site;
use crate::snapshot::{CoinLine, PositionLine, Snapshot, window_ms};

/// Positions that the page lists.
const LISTED: usize = 12;

/// Forecasts of every coin.
pub fn forecasts(site: &Site, snapshot: &Snapshot) -> Markup {
    let task = site.run.task;
    let coins = snapshot
        .bar
        .as_ref()
        .map(|bar| bar.coins.as_slice())
        .unwrap_or_default();
    let scale = scale(coins);
    let coverage = coins
        .iter()
        .find_map(|coin| coin.intervals.first())
        .map(|found| found.coverage);
    let has_volatility = coins.iter().any(|coin| coin.volatility.is_some());
    html! {
        section.card.wide {
            h2 { "Forecasts, next " (site.run.horizon) }
            @if coins.is_empty() { p.soft { "No forecasts yet." } }
            @else {
                table {
                    thead { tr {
                        th { "coin" } th.number.far { "close" } th.number { (unit(task)) }
                        @if let Some(coverage) = coverage { th.number.far { (format!("{:.0} %", coverage * 100.0)) } }
                        @if has_volatility { th.number { "a day" } th { "regime" } }
                        @else { th { "against thresholds" } th { "signal" } }
                        th.number.far { "drift" }
                    } }
                    tbody { @for coin in coins {
                        tr {
                            th scope="row" { (coin.symbol) }
                            td.number.far { (coin.close.map_or_else(|| "-".to_owned(), price)) }
                            @if let Some(reason) = &coin.refused { td.number title=(reason) { "refused" } }
                            @else { td.number { (coin.forecast.map_or_else(|| "-".to_owned(), |value| forecast(value, task))) } }
                            @if coverage.is_some() { td.number.far { (interval(coin, task)) } }
                            @if has_volatility { (volatility(coin)) }
                            @else { td { (bar(coin, scale)) } td { (signal(coin)) } }
                            td.number.far { (coin.drift_std.map_or_else(|| "-".to_owned(), |std| format!("{std:.1} sd"))) }
                        }
                    } }
                }
                p.soft {
                    @if !has_volatility { "Ticks are the thresholds. " }
                    "As a table: " a href="/forecasts" { "JSON" } " " a href="/forecasts?format=csv" { "CSV" }
                }
            }
        }
    }
}

fn interval(coin: &CoinLine, task: Task) -> String {
    coin.intervals.first().map_or_else(
        || "-".to_owned(),
        |found| {
            format!(
                "{} to {}",
                forecast(found.lower, task),
                forecast(found.upper, task)
            )
        },
    )
}

fn signal(coin: &CoinLine) -> Markup {
    html! {
        @match (coin.signal, coin.not_acted_on) {
            (Some(side), None) => span.signal { (side) },
            (Some(side), Some(why)) => span.soft title=(why) { (side) ", not acted on" },
            (None, _) => "-",
        }
        @if coin.in_sample { " " span.warn { "in sample" } }
    }
}

fn volatility(coin: &CoinLine) -> Markup {
    let likeliest = coin.volatility.as_ref().and_then(|volatility| {
        volatility
            .regimes
            .iter()
            .max_by(|left, right| left.1.total_cmp(&right.1))
    });
    html! {
        td.number { (coin.volatility.as_ref().map_or_else(|| "-".to_owned(), |it| format!("{:.2} %", it.per_day * 100.0))) }
        td { @match likeliest {
            Some((name, probability)) => (format!("{name} ({:.0} %)", probability * 100.0)),
            None => "-",
        } }
    }
}

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
pub fn positions(snapshot: &Snapshot) -> Markup {
    let (open, closed): (Vec<&PositionLine>, Vec<&PositionLine>) = snapshot
        .positions
        .iter()
        .partition(|position| position.closed_at.is_none());
    let listed: Vec<&PositionLine> = open.into_iter().chain(closed).take(LISTED).collect();
    html! {
        section.card {
            h2 { "Positions" }
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

/// Rolling correlation with its band and what the test folds promised.
pub fn score(site: &Site, snapshot: &Snapshot) -> Markup {
    let points = &snapshot.score;
    let promised = site.promise();
    let column = |of: fn(&crate::live_score::ScorePoint) -> Option<f64>| -> Vec<Option<f64>> {
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
                "Rolling Pearson, " (span(window_ms(&site.run))) " "
                @if let Some(last) = points.last() { small { (score_words(last.pearson, last.interval, last.forecasts)) } }
            }
            @if !site.run.is_scored { p.soft { "The ledger's closes do not say what came of this target." } }
            @else if points.is_empty() { p.soft { "Not before " (FEWEST_FORECASTS) " forecasts are settled." } }
            @else { div.chart data-kind="score" data-series=(series(&columns)) {} }
            p.soft {
                @if site.run.is_scored { "Band: 95 %, block bootstrap. " }
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

/// Health of the last 24 hours; what the ledger does not hold is unknown.
pub fn health(site: &Site, snapshot: &Snapshot, now_ms: i64) -> Markup {
    let day = &snapshot.day;
    let secs =
        |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |secs| format!("{secs:.1} s"));
    let age = snapshot
        .bar
        .as_ref()
        .map(|bar| span(now_ms - bar.closed_at));
    let unknown = || html! { td.number.soft { "unknown" } };
    html! {
        section.card {
            h2 { "Health, last 24 h" }
            table { tbody {
                tr { th scope="row" { "last close that was forecast on" } td.number { (age.unwrap_or_else(|| "-".to_owned())) " ago" } }
                tr { th scope="row" { "bars forecast" } td.number { (day.bars) " of " (day.bars_possible) } }
                tr { th scope="row" { "bars that lack a coin" } td.number { (day.bars_incomplete) } }
                tr { th scope="row" { "delay after the close, p50 / p99" } td.number { (secs(day.delay_p50)) " / " (secs(day.delay_p99)) } }
                tr { th scope="row" { "websocket" } (unknown()) }
                tr { th scope="row" { "faults of the exchange" } (unknown()) }
                tr { th scope="row" { "ledger verified" } (unknown()) }
                tr { th scope="row" { "next refit" } @match site.run.refit_every {
                    Some(every) => td.number { "every " (every) },
                    None => (unknown()),
                } }
            } }
        }
    }
}

/// The model.
pub fn model(site: &Site, snapshot: &Snapshot) -> Markup {
    let run = &site.run;
    let by = snapshot.bar.as_ref().map(|bar| bar.forecaster.as_str());
    html! {
        section.card {
            h2 { "Model" }
            table { tbody {
                tr { th scope="row" { "run" } td { (run.name) } }
                tr { th scope="row" { "forecasts by" } td { (by.unwrap_or("-")) } }
                tr { th scope="row" { "fitted until" } td { (run.seen_until_ms.map_or_else(|| "unknown".to_owned(), |ms| format_time(ms) + " UTC")) } }
                tr { th scope="row" { "coins" } td { (run.symbols.len()) } }
                tr { th scope="row" { "a fill costs" } td { (format!("{} bp fee, {} bp slippage",
                    run.policy.trading.costs.fee_bps, run.policy.trading.costs.slippage_bps)) } }
            } }
            p.soft { a href=(format!("/runs/{}/report", run.name)) { "report" } }
        }
    }
}

/// Forecasts of a file that a person chooses.
pub fn upload(site: &Site) -> Markup {
    html! {
        h2 { "Forecast a file of candles" }
        form #upload {
            label { "CSV " input type="file" name="file" accept=".csv,.zip,.json" required; }
            label { "coin " input type="text" name="symbol" size="10" placeholder=(site.run.symbols.first().map_or("", |symbol| symbol.as_str())); }
            label { "last times " input type="number" name="times" value="50" min="1" max="1000"; }
            label { input type="checkbox" name="in_sample"; " also times that the model has seen" }
            button { "Forecast" }
        }
        p.soft { "Any form that `quarterhour import` takes. The coin is needed where neither a column nor the file's name says it." }
        div #answer aria-live="polite" {}
    }
}
