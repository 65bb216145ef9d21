//! What is answered from the last snapshot.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::assets;
use crate::day::Day;
use crate::equity::{Equity, PositionLine};
use crate::forecasts::last_forecasts;
use crate::html;
use crate::json::json;
use crate::live_score::ScorePoint;
use crate::models::versions;
use crate::problem::Problem;
use crate::promise::Promise;
use crate::query::{Asked, asked};
use crate::site::{Freshness, Site, now_ms};

/// Positions that are answered without being told how many.
const USUAL_POSITIONS: usize = 1000;

/// What a path that is not known gets.
pub async fn unknown() -> Problem {
    let detail = "there is no such page";
    Problem::new(StatusCode::NOT_FOUND, detail, "/openapi.json lists them")
}

/// What a method gets that a path does not take.
pub async fn wrong_method() -> Problem {
    let detail = "this page does not take that method";
    let hint = "/openapi.json lists what each page takes";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail, hint)
}

/// The page.
pub async fn page(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let model = site.model.clone();
    let versions = tokio::task::spawn_blocking(move || Some(versions(&model?)));
    // A registry that cannot be read is no reason to show nothing.
    let versions = versions.await.ok().flatten();
    let (snapshot, now_ms) = (site.snapshot(), now_ms());
    let shown = html::View {
        site: &site,
        forecasts: last_forecasts(&site, &snapshot, now_ms),
        snapshot: &snapshot,
        versions,
        has_report: site.run().model.folder.join("report.html").is_file(),
        now_ms,
    };
    assets::html(html::page(&shown).into_string(), &headers)
}

/// Parameters of `/positions`.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PositionsQuery {
    /// Most positions that are answered, the newest first [default: 1000]
    limit: Option<usize>,
}

/// Pretend positions, the newest first
#[utoipa::path(get, path = "/positions", params(PositionsQuery), responses((status = 200, body = Vec<PositionLine>)))]
pub async fn positions(
    State(site): State<Arc<Site>>,
    query: Asked<PositionsQuery>,
) -> Result<Response, Problem> {
    let limit = asked(query)?.limit.unwrap_or(USUAL_POSITIONS);
    let snapshot = site.snapshot();
    let count = limit.min(snapshot.positions.len());
    Ok(json(&snapshot.positions.get(..count)))
}

/// What the pretend positions came to, after costs
#[utoipa::path(get, path = "/equity", responses((status = 200, body = Equity)))]
pub async fn equity(State(site): State<Arc<Site>>) -> Response {
    json(&site.snapshot().equity)
}

/// How well forecasts did, live and on the test folds.
#[derive(Debug, Serialize, ToSchema)]
pub struct LiveScore {
    /// Correlations over a rolling window, oldest first; empty before 100 forecasts are settled, and
    /// for targets that the ledger's closes say nothing of.
    points: Vec<ScorePoint>,
    /// What the test folds promised; null where it is not known.
    promised: Option<Promise>,
}

/// Correlation of forecasts and returns, live and as the test folds promised
#[utoipa::path(get, path = "/score", responses((status = 200, body = LiveScore)))]
pub async fn score(State(site): State<Arc<Site>>) -> Response {
    let points = site.snapshot().score.clone();
    json(&LiveScore {
        points,
        promised: site.promise().cloned(),
    })
}

/// Whether forecasts are of now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `fresh`, `stale`, `empty` or `unreadable`.
    status: Freshness,
    /// When the last candle that was forecast on closed, UTC ms.
    last_closed_at: Option<i64>,
    /// Seconds since then.
    age_secs: Option<f64>,
    /// Why the ledger cannot be read.
    fault: Option<String>,
    /// The last 24 hours of the ledger.
    day: Day,
}

/// Whether the watch forecasts: 503 where it does not
#[utoipa::path(get, path = "/health", responses((status = 200, body = Health), (status = 503, body = Health)))]
pub async fn health(State(site): State<Arc<Site>>) -> Response {
    let (snapshot, now_ms) = (site.snapshot(), now_ms());
    let status = site.freshness(&snapshot, now_ms);
    let last_closed_at = snapshot.bar.as_ref().map(|bar| bar.closed_at);
    let mut response = json(&Health {
        status,
        last_closed_at,
        age_secs: last_closed_at.map(|closed_at| (now_ms - closed_at) as f64 / 1000.0),
        // Whoever asks without a token learns no path.
        fault: snapshot.fault.clone().filter(|_| !site.access.has_token()),
        day: snapshot.day.clone(),
    });
    if status != Freshness::Fresh {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    response
}
