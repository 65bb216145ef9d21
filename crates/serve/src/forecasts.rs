//! `/forecasts` and `/events`: the last bar, as it is and as it comes.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::json::json;
use crate::problem::Problem;
use crate::query::{Asked, asked};
use crate::site::{Freshness, MOST_STREAMS, Shown, Site, now_ms};
use crate::snapshot::{Bar, Snapshot};

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
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LastForecasts {
    #[serde(flatten)]
    pub bar: Bar,
    /// Whether bars passed since without a forecast.
    pub is_stale: bool,
    /// The model beside that forecast the `volatility` of the coins; null where none runs beside.
    pub volatility_from: Option<VolatilitySource>,
}

/// Which forecasts of volatility are shown beside others.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct VolatilitySource {
    /// The run.
    pub run: String,
    /// What made them.
    pub forecaster: String,
    /// How far ahead they look, such as `1d`.
    pub horizon: String,
    /// When the last candle that they know closed, UTC ms.
    pub closed_at: i64,
    /// Whether bars passed since without a forecast.
    pub is_stale: bool,
}

/// The last bar of a snapshot of the main run, with the volatilities of the model beside it; None before
/// the first bar.
pub fn last_forecasts(site: &Site, snapshot: &Snapshot, now_ms: i64) -> Option<LastForecasts> {
    let mut bar = snapshot.bar.clone()?;
    let is_stale = site.freshness(snapshot, now_ms) != Freshness::Fresh;
    let beside = site.volatility.as_ref();
    let volatility_from = beside.and_then(|beside| add_volatility(&mut bar, beside, now_ms));
    Some(LastForecasts {
        bar,
        is_stale,
        volatility_from,
    })
}

/// Puts the volatilities of the model beside into a bar; says which they are.
fn add_volatility(bar: &mut Bar, beside: &Shown, now_ms: i64) -> Option<VolatilitySource> {
    let snapshot = beside.snapshot();
    let other = snapshot.bar.as_ref()?;
    for coin in &mut bar.coins {
        let own = other.coins.iter().find(|own| own.symbol == coin.symbol);
        coin.volatility = own.and_then(|own| own.volatility.clone());
    }
    Some(VolatilitySource {
        run: beside.run.model.run.clone(),
        forecaster: other.forecaster.clone(),
        horizon: beside.run.horizon.to_string(),
        closed_at: other.closed_at,
        is_stale: beside.freshness(&snapshot, now_ms) != Freshness::Fresh,
    })
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
    let Some(last) = last_forecasts(&site, &snapshot, now_ms()) else {
        let reason = snapshot.fault.clone();
        let reason = reason.unwrap_or_else(|| "the ledger has no forecasts yet".to_owned());
        let hint = "`quarterhour watch --run RUN` makes them";
        return Err(Problem::new(StatusCode::NOT_FOUND, reason, hint));
    };
    match form {
        Form::Json => Ok(json(&last)),
        Form::Csv => {
            let text = csv(&last).map_err(|error| Problem::fault(error.to_string()))?;
            Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response())
        }
    }
}

/// One line a coin; the first interval of each, where there is one.
fn csv(last: &LastForecasts) -> csv::Result<Vec<u8>> {
    let bar = &last.bar;
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
        "volatility_per_day",
        "regime",
    ])?;
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    for coin in &bar.coins {
        let interval = coin.intervals.first();
        let volatility = coin.volatility.as_ref();
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
            last.is_stale.to_string(),
            number(volatility.map(|volatility| volatility.per_day)),
            volatility
                .and_then(|volatility| volatility.regime.clone())
                .unwrap_or_default(),
        ])?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
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
        let hint = "ask for /forecasts once a bar, or close another stream";
        let refusal = Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail, hint);
        // A client that waits with the connection open would keep others from theirs.
        let close = [(header::CONNECTION, "close"), (header::RETRY_AFTER, "60")];
        return Ok((close, refusal).into_response());
    };
    let mut receiver = site.main.snapshots.clone();
    // What is known already is the first event.
    receiver.mark_changed();
    let begin = (receiver, site, place, None);
    // The place is given back when the stream is dropped.
    let bars = stream::unfold(begin, |(mut receiver, site, place, mut sent)| async move {
        loop {
            receiver.changed().await.ok()?;
            let snapshot = receiver.borrow_and_update().clone();
            let Some(last) = last_forecasts(&site, &snapshot, now_ms()) else {
                continue;
            };
            if sent == Some(last.bar.time) {
                continue;
            }
            sent = Some(last.bar.time);
            let id = last.bar.time.to_string();
            let text = serde_json::to_string(&last).ok()?;
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
