//! The line at the top: what a person must see first.

use maud::{Markup, html};

use super::words::{short_time, span};
use crate::site::{Freshness, Site};
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
pub fn pills(site: &Site, snapshot: &Snapshot, now_ms: i64) -> Markup {
    html! {
        ul.pills {
            (last_forecast(site, snapshot, now_ms))
            (pill(Standing::Unknown, "websocket: unknown"))
            @if let Some(bar) = &snapshot.bar {
                (coins(bar, site.run.symbols.len()))
                (model(site, bar, now_ms))
                @if !bar.is_complete { (pill(Standing::Warn, "the last bar lacks a coin")) }
            }
            @for warning in site.run.warnings(now_ms) { (pill(Standing::Warn, &warning)) }
            li.soft { "paper only: no order is ever sent" }
        }
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

fn coins(bar: &Bar, all: usize) -> Markup {
    let fresh = bar
        .coins
        .iter()
        .filter(|coin| coin.forecast.is_some())
        .count();
    let standing = if fresh == all {
        Standing::Good
    } else {
        Standing::Warn
    };
    pill(standing, &format!("{fresh} of {all} coins fresh"))
}

fn model(site: &Site, bar: &Bar, now_ms: i64) -> Markup {
    let (name, by) = (&site.run.name, &bar.forecaster);
    if bar.fold == 0 {
        return pill(Standing::Bad, &format!("{name}: {by}"));
    }
    match site.run.seen_until_ms {
        Some(until_ms) => {
            let age = span(now_ms - until_ms);
            pill(
                Standing::Good,
                &format!("{name}: {by}, fitted until {age} ago"),
            )
        }
        None => pill(Standing::Unknown, &format!("{name}: {by}, age unknown")),
    }
}
