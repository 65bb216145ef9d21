//! The line at the top: what a person must see first.

use maud::{Markup, html};
use trading::WatchStatus;

use super::View;
use super::words::{short_time, span};
use crate::site::{Freshness, STALE_AFTER_BARS, Site};
use crate::snapshot::{Bar, Snapshot};

/// How a thing stands; a word says it too, for those who do not see colours.
#[derive(Debug, Clone, Copy)]
enum Standing {
    Good,
    Warn,
    Bad,
    Unknown,
}

impl Standing {
    fn class(self) -> &'static str {
        match self {
            Self::Good => "pill good",
            Self::Warn => "pill warn",
            Self::Bad => "pill bad",
            Self::Unknown => "pill unknown",
        }
    }
}

fn pill(standing: Standing, text: &str) -> Markup {
    html! { li class=(standing.class()) { (text) } }
}

/// The pills.
pub fn pills(view: &View<'_>) -> Markup {
    let View {
        site,
        snapshot,
        now_ms,
        ..
    } = view;
    let freshness = site.freshness(snapshot, *now_ms);
    // What a watch said before it fell silent says nothing of now.
    let watch = snapshot.status.watch.as_ref();
    let now = watch.filter(|_| freshness == Freshness::Fresh);
    html! {
        ul.pills data-part="pills" aria-label="status" data-stale-in=[stale_in(site, snapshot, *now_ms)] {
            (last_forecast(site, snapshot, *now_ms))
            (websocket(now))
            @if let Some(bar) = &snapshot.bar {
                (coins(bar, now, site.run().symbols.len()))
                (model(view, bar, now))
                @if !bar.is_complete { (pill(Standing::Warn, "the last bar lacks a coin")) }
            }
            @if snapshot.status.pause.is_paused { (pill(Standing::Warn, "paused: no new positions")) }
            @for warning in warnings(view, now) { (pill(Standing::Warn, &warning)) }
            li.soft { "paper only: no order is ever sent" }
        }
    }
}

/// Milliseconds until the last forecast counts as stale; None where it does, or where there is none.
fn stale_in(site: &Site, snapshot: &Snapshot, now_ms: i64) -> Option<i64> {
    let is_fresh = site.freshness(snapshot, now_ms) == Freshness::Fresh;
    let bar = snapshot.bar.as_ref().filter(|_| is_fresh)?;
    Some(bar.closed_at + STALE_AFTER_BARS * site.run().bar_ms - now_ms)
}

/// What a person should know: what the watch says, as it knows its own settings, else what this server
/// finds.
fn warnings(view: &View<'_>, watch: Option<&WatchStatus>) -> Vec<String> {
    match watch {
        Some(watch) => watch.warnings.clone(),
        None => view.site.run().warnings(view.now_ms),
    }
}

fn websocket(watch: Option<&WatchStatus>) -> Markup {
    match watch {
        None => pill(Standing::Unknown, "websocket: unknown"),
        Some(watch) if !watch.connection.uses_websocket => {
            pill(Standing::Unknown, "websocket not used")
        }
        Some(watch) if watch.connection.is_connected => pill(Standing::Good, "websocket"),
        Some(_) => pill(Standing::Bad, "websocket lost"),
    }
}

fn last_forecast(site: &Site, snapshot: &Snapshot, now_ms: i64) -> Markup {
    let freshness = site.freshness(snapshot, now_ms);
    if let Some(fault) = snapshot
        .fault
        .as_ref()
        .filter(|_| freshness == Freshness::Unreadable)
    {
        return pill(Standing::Bad, &format!("ledger: {fault}"));
    }
    let Some(bar) = &snapshot.bar else {
        return pill(
            Standing::Bad,
            "no forecast yet: `quarterhour watch` makes them",
        );
    };
    let closed = short_time(bar.closed_at);
    let delay_secs = (bar.made_at - bar.closed_at) as f64 / 1000.0;
    match freshness {
        Freshness::Fresh => {
            let text = format!("forecast of {closed} UTC, {delay_secs:.1} s after the close");
            pill(Standing::Good, &text)
        }
        _ => {
            let age = span(now_ms - bar.closed_at);
            pill(
                Standing::Bad,
                &format!("stale: the last forecast is of {closed} UTC, {age} ago"),
            )
        }
    }
}

/// Coins whose last candle came in time: as the watch counts them, else those that were forecast.
fn coins(bar: &Bar, watch: Option<&WatchStatus>, all: usize) -> Markup {
    let forecast = bar.coins.iter().filter(|coin| coin.forecast.is_some());
    let (fresh, all) = match watch {
        Some(watch) => (watch.coins.fresh, watch.coins.all),
        None => (forecast.count(), all),
    };
    let standing = if fresh == all {
        Standing::Good
    } else {
        Standing::Warn
    };
    let text = format!("{fresh} of {all} coins fresh");
    match watch.filter(|watch| !watch.coins.stale.is_empty()) {
        Some(watch) => {
            let stale = watch.coins.stale.join(", ");
            pill(standing, &format!("{text}, not {stale}"))
        }
        None => pill(standing, &text),
    }
}

fn model(view: &View<'_>, bar: &Bar, watch: Option<&WatchStatus>) -> Markup {
    let run = view.site.run();
    let registered = watch.and_then(|watch| watch.model.registered.as_deref());
    let (name, by) = (
        registered.unwrap_or(&run.model.run),
        bar.forecaster.as_str(),
    );
    // The forecasts of a registered model say its name again.
    let by = by.strip_suffix(&format!(" as {name}")).unwrap_or(by);
    if bar.fold == 0 {
        return pill(Standing::Bad, &format!("{name}: {by}"));
    }
    let until_ms = watch.and_then(|watch| watch.model.fitted_until);
    match until_ms.or(run.model.fitted_until_ms) {
        Some(until_ms) => {
            let age = span(view.now_ms - until_ms);
            pill(
                Standing::Good,
                &format!("{name}: {by}, fitted until {age} ago"),
            )
        }
        None => pill(Standing::Unknown, &format!("{name}: {by}, age unknown")),
    }
}
