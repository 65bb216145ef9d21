//! Health of the last 24 hours.

use dataset::format_time;
use maud::{Markup, html};
use trading::{Verification, WatchStatus};

use super::View;
use super::words::{short_time, span};

/// Health of the last 24 hours; what neither ledger nor watch says is unknown.
pub fn health(view: &View<'_>) -> Markup {
    let (snapshot, run) = (view.snapshot, view.site.run());
    let day = &snapshot.day;
    let secs =
        |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |secs| format!("{secs:.1} s"));
    let age = (snapshot.bar.as_ref()).map(|bar| span(view.now_ms - bar.closed_at) + " ago");
    let watch = snapshot.status.watch.as_ref();
    let is_whole = day.bars == day.bars_possible;
    html! {
        section.card data-part="health" {
            h2 { "Health, last 24 h" }
            table { tbody {
                (row("last close that was forecast on", age, true))
                (row("bars forecast", Some(format!("{} of {}", day.bars, day.bars_possible)), is_whole))
                (row("bars that lack a coin", Some(day.bars_incomplete.to_string()), day.bars_incomplete == 0))
                (row("delay after the close, p50 / p99", Some(format!("{} / {}", secs(day.delay_p50), secs(day.delay_p99))), true))
                (row("websocket", watch.map(websocket), watch.is_none_or(is_connected)))
                (row("faults since the watch began", watch.map(faults), watch.is_none_or(|watch| count(watch) == 0)))
                @if let Some(alerts) = watch.and_then(|watch| watch.alerts) {
                    (row("alerts sent / failed / left out", Some(format!("{} / {} / {}", alerts.sent, alerts.failed, alerts.dropped)),
                        alerts.failed == 0))
                }
                (verified(snapshot.status.verification.as_ref()))
                (row("next refit", next_refit(watch, run.model.refit_every.map(|every| every.to_string())), true))
            } }
        }
    }
}

/// A line of the card; None is unknown.
fn row(name: &str, value: Option<String>, is_good: bool) -> Markup {
    html! {
        tr {
            th scope="row" { (name) }
            @match value {
                Some(value) => td.number.words.warn[!is_good] { (value) },
                None => td.number.soft { "unknown" },
            }
        }
    }
}

/// Whether the websocket is as the watch wants it.
pub fn is_connected(watch: &WatchStatus) -> bool {
    watch.connection.is_connected || !watch.connection.uses_websocket
}

fn websocket(watch: &WatchStatus) -> String {
    let connection = &watch.connection;
    let since = connection.since.map(short_time);
    match (connection.uses_websocket, connection.is_connected, since) {
        (false, _, _) => "not used".to_owned(),
        (true, true, Some(since)) => format!("since {since}, {} reconnects", connection.reconnects),
        (true, true, None) => "connected".to_owned(),
        (true, false, Some(since)) => format!("lost since {since}"),
        (true, false, None) => "not connected".to_owned(),
    }
}

fn count(watch: &WatchStatus) -> u64 {
    let faults = &watch.faults;
    faults.websocket + faults.rest + faults.candle + faults.forecast
}

fn faults(watch: &WatchStatus) -> String {
    let faults = &watch.faults;
    let kinds = [
        ("websocket", faults.websocket),
        ("REST", faults.rest),
        ("candles", faults.candle),
        ("forecasts", faults.forecast),
    ];
    let found = kinds.into_iter().filter(|(_, count)| *count > 0);
    let found: Vec<String> = found
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    match found.is_empty() {
        true => "0".to_owned(),
        false => found.join(", "),
    }
}

fn verified(verification: Option<&Verification>) -> Markup {
    let Some(found) = verification else {
        return html! {
            tr { th scope="row" { "ledger verified" } td.number.soft title="`quarterhour ledger --verify` does it" { "never" } }
        };
    };
    let words = match found.is_good {
        true => format!("{}, nothing differs", format_time(found.at)),
        false => format!("{}, {} differ", format_time(found.at), found.wrong),
    };
    row("ledger verified", Some(words), found.is_good)
}

fn next_refit(watch: Option<&WatchStatus>, every: Option<String>) -> Option<String> {
    let due = watch.and_then(|watch| watch.model.next_refit);
    let due = due.map(|due| format_time(due) + " UTC");
    due.or_else(|| every.map(|every| format!("every {every}")))
}
