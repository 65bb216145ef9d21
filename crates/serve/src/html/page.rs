//! The one page.

use maud::{DOCTYPE, Markup, html};

use super::pills::pills;
use super::{View, cards, forecast_card, health_card, model_card};

/// The page. What is in `#live` is replaced by the script whenever a bar comes.
pub fn page(view: &View<'_>) -> Markup {
    let site = view.site;
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Quarterhour: " (site.run().name) }
                link rel="icon" type="image/svg+xml" href="/assets/icon.svg";
                link rel="stylesheet" href="/assets/uplot.css";
                link rel="stylesheet" href="/assets/page.css";
                script src="/assets/uplot.js" defer {}
                script src="/assets/page.js" defer {}
            }
            body {
                p #said role="alert" hidden {}
                div #live {
                    header {
                        h1 { "Quarterhour" }
                        (pills(view))
                    }
                    main.grid {
                        div.column {
                            (forecast_card::forecasts(view))
                            (cards::equity(view.snapshot))
                            (cards::score(view))
                        }
                        div.column {
                            (forecast_card::why(view))
                            (cards::positions(view))
                            (model_card::model(view))
                            (health_card::health(view))
                        }
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
