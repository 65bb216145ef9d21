//! Which path is answered by what.

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderMap;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};

use crate::assets::ASSETS;
use crate::predict_route::predict;
use crate::report::report;
use crate::site::Site;
use crate::{forecasts, forms, guard, metrics, models, openapi, pause, routes, why};

/// Paths that people and programs ask for, and what answers each.
fn answers() -> [(&'static str, MethodRouter<Arc<Site>>); 19] {
    [
        ("/", get(routes::page)),
        ("/events", get(forecasts::events)),
        ("/forecasts", get(forecasts::forecasts)),
        ("/positions", get(routes::positions)),
        ("/equity", get(routes::equity)),
        ("/score", get(routes::score)),
        ("/health", get(routes::health)),
        ("/metrics", get(metrics::metrics)),
        ("/openapi.json", get(openapi::openapi)),
        ("/runs/{name}/report", get(report)),
        ("/why", get(why::why)),
        ("/watch", get(pause::status)),
        ("/watch/pause", post(pause::pause)),
        ("/watch/resume", post(pause::resume)),
        ("/models", get(models::models)),
        ("/models/{name}/{version}/promote", post(models::promote)),
        ("/predict", post(predict)),
        ("/login", get(forms::form).post(forms::log_in)),
        ("/logout", post(forms::log_out)),
    ]
}

/// The paths of [`router`], without its scripts, styles and pictures.
pub fn paths() -> impl Iterator<Item = &'static str> {
    answers().into_iter().map(|(path, _)| path)
}

/// All routes, guarded.
pub fn router(site: Arc<Site>) -> Router {
    let asset = |asset: &'static crate::assets::Asset| {
        let answer = move |headers: HeaderMap| async move { asset.answer(&headers) };
        (asset.path, get(answer))
    };
    (answers().into_iter())
        .chain(ASSETS.iter().map(asset))
        .fold(Router::new(), |router, (path, answer)| {
            router.route(path, answer)
        })
        .fallback(routes::unknown)
        .method_not_allowed_fallback(routes::wrong_method)
        .layer(from_fn_with_state(site.clone(), guard::guard))
        .with_state(site)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use utoipa::OpenApi;

    use super::*;

    /// Pages for people, which no program calls.
    const PAGES: [&str; 3] = ["/", "/login", "/logout"];

    #[test]
    fn the_description_names_every_route_and_no_other() {
        let description = openapi::Description::openapi();
        let described: BTreeSet<&str> =
            description.paths.paths.keys().map(String::as_str).collect();
        let answered: BTreeSet<&str> = paths().filter(|path| !PAGES.contains(path)).collect();
        assert_eq!(described, answered);
    }
}
