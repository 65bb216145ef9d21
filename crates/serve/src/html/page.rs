//! The one page.

use maud::{DOCTYPE, Markup, html};

use super::cards;
use super::pills::pills;
use crate::site::Site;
use crate::snapshot::Snapshot;

/// The page as of `now_ms`. What is in `#live` is replaced by the script whenever a bar comes.
pub fn page(site: &Site, snapshot: &Snapshot, now_ms: i64) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Quarterhour: " (site.run.name) }
                link rel="icon" type="image/svg+xml" href="/assets/icon.svg";
                link rel="stylesheet" href="/assets/uplot.css";
                link rel="stylesheet" href="/assets/page.css";
                script src="/assets/uplot.js" defer {}
                script src="/assets/page.js" defer {}
            }
            body {
                div #live {
                    header {
                        h1 { "Quarterhour" }
                        (pills(site, snapshot, now_ms))
                    }
                    main.grid {
                        (cards::forecasts(site, snapshot))
                        (cards::health(site, snapshot, now_ms))
                        (cards::equity(snapshot))
                        (cards::positions(snapshot))
                        (cards::score(site, snapshot))
                        (cards::model(site, snapshot))
                    }
                }
                section.card.upload { (cards::upload(site)) }
                footer {
                    p.soft {
                        "Times are UTC. "
                        a href="/openapi.json" { "API" } " " a href="/metrics" { "metrics" } " " a href="/health" { "health" }
                    }
                    @if site.access.has_token() {
                        form method="post" action="/logout" { button { "Log out" } }
                    }
                }
            }
        }
    }
}
