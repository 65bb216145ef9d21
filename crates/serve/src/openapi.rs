//! What the interface is, for programs: OpenAPI, made from the types that are answered.

use axum::response::Response;
use utoipa::OpenApi;

use crate::json::json;
use crate::{forecasts, metrics, models, pause, predict_route, report, routes, why};

/// Its description.
#[derive(OpenApi)]
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
struct Description;

/// The description as JSON.
///
/// # Errors
/// None that is known: it is text and numbers.
pub fn openapi_json() -> serde_json::Result<String> {
    Description::openapi().to_pretty_json()
}

/// This description
#[utoipa::path(get, path = "/openapi.json", responses((status = 200, body = Object)))]
pub async fn openapi() -> Response {
    json(&Description::openapi())
}
