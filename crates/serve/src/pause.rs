//! `/watch`: what the watch says of itself, and its pause.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use trading::Ledger;

use crate::json::json;
use crate::problem::Problem;
use crate::site::{Site, now_ms};

/// What the watch says of itself: connection, delays, faults, model, pause; when the ledger was verified
#[utoipa::path(get, path = "/watch", responses((status = 200, body = Object)))]
pub async fn status(State(site): State<Arc<Site>>) -> Response {
    json(&site.snapshot().status)
}

/// Keeps the watch from opening pretend positions; it forecasts on, and closes what is open
///
/// It needs a token, whatever the address: a server without one changes nothing.
#[utoipa::path(post, path = "/watch/pause", responses(
    (status = 200, body = Object), (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json"),
))]
pub async fn pause(State(site): State<Arc<Site>>) -> Result<Response, Problem> {
    set_paused(&site, true).await
}

/// Lets the watch open pretend positions again
#[utoipa::path(post, path = "/watch/resume", responses(
    (status = 200, body = Object), (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json"),
))]
pub async fn resume(State(site): State<Arc<Site>>) -> Result<Response, Problem> {
    set_paused(&site, false).await
}

async fn set_paused(site: &Site, is_paused: bool) -> Result<Response, Problem> {
    site.check_may_change()?;
    let ledger = site.ledger.clone();
    let set = move || Ledger::set_paused(&ledger, is_paused, now_ms());
    match tokio::task::spawn_blocking(set).await {
        Ok(Ok(pause)) => Ok(json(&pause)),
        Ok(Err(error)) => Err(Problem::of(&error.into())),
        Err(_) => Err(Problem::fault("the change ended abnormally")),
    }
}
