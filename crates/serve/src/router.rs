//! Which path is answered by what.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::assets::ASSETS;
use crate::predict_route::predict;
use crate::report::report;
use crate::site::Site;
use crate::{forecasts, forms, guard, metrics, models, openapi, pause, routes, why};

/// All routes, guarded.
pub fn router(site: Arc<Site>) -> Router {
    let assets = ASSETS.iter().enumerate();
    assets
        .fold(Router::new(), |router, (place, asset)| {
            router.route(asset.path, asset.route(place))
        })
        .route("/", get(routes::page))
        .route("/events", get(forecasts::events))
        .route("/forecasts", get(forecasts::forecasts))
        .route("/positions", get(routes::positions))
        .route("/equity", get(routes::equity))
        .route("/score", get(routes::score))
        .route("/health", get(routes::health))
        .route("/metrics", get(metrics::metrics))
        .route("/openapi.json", get(openapi::openapi))
        .route("/runs/{name}/report", get(report))
        .route("/why", get(why::why))
        .route("/watch", get(pause::status))
        .route("/watch/pause", post(pause::pause))
        .route("/watch/resume", post(pause::resume))
        .route("/models", get(models::models))
        .route("/models/{name}/{version}/promote", post(models::promote))
        .route("/predict", post(predict))
        .route("/login", get(forms::form).post(forms::log_in))
        .route("/logout", post(forms::log_out))
        .fallback(routes::unknown)
        .method_not_allowed_fallback(routes::wrong_method)
        .layer(from_fn_with_state(site.clone(), guard::guard))
        .with_state(site)
}
