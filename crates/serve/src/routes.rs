//! What is answered from the last snapshot.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::html;
use crate::json::json;
use crate::live_score::ScorePoint;
use crate::problem::Problem;
use crate::promise::Promise;
use crate::site::{Freshness, MOST_STREAMS, Site, now_ms};
use crate::snapshot::{Bar, Day, Equity, PositionLine};

/// Positions that are answered without being told how many.
const USUAL_POSITIONS: usize = 1000;

/// What a path that is not known gets.
pub async fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is no such page").hint("/openapi.json lists them")
}

/// What a method gets that a path does not take.
pub async fn wrong_method() -> Problem {
    let detail = "this page does not take that method";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail).hint("/openapi.json lists them")
}

/// The page.
pub async fn page(State(site): State<Arc<Site>>) -> Html<String> {
    Html(html::page(&site, &site.snapshot(), now_ms()).into_string())
}

/// In which form forecasts are answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Form {
    /// One JSON object.
    #[default]
    Json,
    /// One line a coin, with a header.
    Csv,
}

/// Parameters of `/forecasts`.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ForecastsQuery {
    /// `json` or `csv`.
    #[serde(default)]
    format: Form,
}

/// The forecasts of the last bar of the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub struct LastForecasts {
    #[serde(flatten)]
    bar: Bar,
    /// Whether bars passed since without a forecast.
    is_stale: bool,
}

/// A query, or the problem with it.
type Asked<T> = Result<Query<T>, axum::extract::rejection::QueryRejection>;

pub(crate) fn asked<T>(query: Asked<T>) -> Result<T, Problem> {
    let wrong = |error: axum::extract::rejection::QueryRejection| {
        Problem::new(StatusCode::BAD_REQUEST, error.body_text())
            .hint("/openapi.json lists the parameters")
    };
    query.map(|Query(found)| found).map_err(wrong)
}

/// Forecasts of the last bar, as the watch made them
#[utoipa::path(get, path = "/forecasts", params(ForecastsQuery), responses(
    (status = 200, body = LastForecasts), (status = 404, body = Problem, content_type = "application/problem+json")
))]
pub async fn forecasts(
    State(site): State<Arc<Site>>,
    query: Asked<ForecastsQuery>,
) -> Result<Response, Problem> {
    let form = asked(query)?.format;
    let snapshot = site.snapshot();
    let is_stale = site.freshness(&snapshot, now_ms()) != Freshness::Fresh;
    let Some(bar) = snapshot.bar.clone() else {
        let reason = snapshot.fault.clone();
        let reason = reason.unwrap_or_else(|| "the ledger has no forecasts yet".to_owned());
        return Err(Problem::new(StatusCode::NOT_FOUND, reason)
            .hint("`quarterhour watch --run RUN` makes them"));
    };
    match form {
        Form::Json => Ok(json(&LastForecasts { bar, is_stale })),
        Form::Csv => {
            let text = csv(&bar, is_stale).map_err(|error| {
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
            })?;
            Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response())
        }
    }
}

/// One line a coin; the first interval of each, where there is one.
fn csv(bar: &Bar, is_stale: bool) -> csv::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "time",
        "closed_at",
        "symbol",
        "close",
        "forecast",
        "coverage",
        "lower",
        "upper",
        "signal",
        "drift_std",
        "refused",
        "in_sample",
        "is_stale",
    ])?;
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    for coin in &bar.coins {
        let interval = coin.intervals.first();
        writer.write_record([
            bar.time.to_string(),
            bar.closed_at.to_string(),
            coin.symbol.clone(),
            number(coin.close),
            number(coin.forecast),
            number(interval.map(|interval| interval.coverage)),
            number(interval.map(|interval| interval.lower)),
            number(interval.map(|interval| interval.upper)),
            coin.signal.unwrap_or_default().to_owned(),
            number(coin.drift_std),
            coin.refused.clone().unwrap_or_default(),
            coin.in_sample.to_string(),
            is_stale.to_string(),
        ])?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
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

/// Every bar as it is forecast, by server-sent events named `bar`
#[utoipa::path(get, path = "/events", responses(
    (status = 200, content_type = "text/event-stream", body = LastForecasts),
    (status = 503, body = Problem, content_type = "application/problem+json")
))]
pub async fn events(State(site): State<Arc<Site>>) -> Result<Response, Problem> {
    let Ok(place) = site.streams.clone().try_acquire_owned() else {
        let detail =
            format!("all {MOST_STREAMS} event streams are taken, expected fewer at a time");
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail));
    };
    let mut receiver = site.snapshots.clone();
    // What is known already is the first event.
    receiver.mark_changed();
    let begin = (receiver, site, place, None);
    // The place is given back when the stream is dropped.
    let bars = stream::unfold(begin, |(mut receiver, site, place, mut sent)| async move {
        loop {
            receiver.changed().await.ok()?;
            let snapshot = receiver.borrow_and_update().clone();
            let Some(bar) = snapshot.bar.clone().filter(|bar| sent != Some(bar.time)) else {
                continue;
            };
            sent = Some(bar.time);
            let is_stale = site.freshness(&snapshot, now_ms()) != Freshness::Fresh;
            let id = bar.time.to_string();
            let text = serde_json::to_string(&LastForecasts { bar, is_stale }).ok()?;
            let event = Event::default().event("bar").id(id).data(text);
            return Some((Ok::<_, Infallible>(event), (receiver, site, place, sent)));
        }
    });
    let mut response = Sse::new(bars)
        .keep_alive(KeepAlive::default())
        .into_response();
    // A reverse proxy hands events on as they come.
    let unbuffered = HeaderValue::from_static("no");
    response
        .headers_mut()
        .insert("x-accel-buffering", unbuffered);
    Ok(response)
}
