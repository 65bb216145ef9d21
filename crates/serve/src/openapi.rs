//! What the interface is, for programs: OpenAPI, made from the types that are answered.

use axum::response::Response;
use utoipa::OpenApi;

use crate::json::json;
use crate::{forecasts, metrics, models, pause, predict_route, report, routes, why};

/// Its description.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "Quarterhour",
        description = "Forecasts of a watch and what came of them. Times are UTC milliseconds and open times of candles unless \
                       they say otherwise. Paper only: no order is ever sent."
    ),
    paths(
        forecasts::forecasts,
        why::why,
        routes::positions,
        routes::equity,
        routes::score,
        routes::health,
        forecasts::events,
        pause::status,
        pause::pause,
        pause::resume,
        metrics::metrics,
        models::models,
        models::promote,
        report::report,
        predict_route::predict,
        openapi,
    )
)]
pub struct Description;

/// This description
#[utoipa::path(get, path = "/openapi.json", responses((status = 200, body = Object)))]
pub async fn openapi() -> Response {
    json(&Description::openapi())
}
