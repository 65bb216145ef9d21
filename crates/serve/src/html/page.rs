//! The one page.

use maud::{DOCTYPE, Markup, html};

use super::pills::pills;
use super::{View, cards, forecast_card, health_card, model_card};

/// The page. The script replaces each `data-part` that has changed whenever a bar comes.
pub fn page(view: &View<'_>) -> Markup {
    let site = view.site;
    // A volatility opens no position.
    let trades = !site.run().task.is_of_volatility();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Quarterhour: " (site.run().model.run) }
                link rel="icon" type="image/svg+xml" href="/assets/icon.svg";
                link rel="stylesheet" href="/assets/uplot.css";
                link rel="stylesheet" href="/assets/page.css";
                script src="/assets/uplot.js" defer {}
                script src="/assets/page.js" defer {}
                noscript { meta http-equiv="refresh" content="60"; }
            }
            body {
                header {
                    h1 { "Quarterhour" }
                    (pills(view))
                }
                noscript { p.warn {
                    "Without JavaScript the page is loaded again every minute. Charts, uploads and buttons need JavaScript."
                } }
                p #lost role="alert" {}
                p #said role="alert" {}
                p #told.hidden role="status" {}
                main {
                    div.grid {
                        div.column {
                            (forecast_card::forecasts(view))
                            @if trades { (cards::equity(view.snapshot)) }
                            (cards::score(view))
                            (health_card::health(view))
                        }
                        div.column {
                            (forecast_card::why(view))
                            @if trades { (cards::positions(view)) }
                            (model_card::model(view))
                        }
                    }
                    (cards::upload(site))
                }
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
