//! `/models`: the versions of a registered model, and which one is in production.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use registry::{
    Alias, Change, Listed, ModelName, ModelReference, ModelVersion, NamedModel, Promotion,
    Registry, Which, report_change,
};

use crate::json::json;
use crate::problem::Problem;
use crate::query::{Named, named};
use crate::site::Site;

/// Versions of the model that is served, with their aliases, scores and intervals
#[utoipa::path(get, path = "/models", responses(
    (status = 200, body = Vec<Object>), (status = 404, body = Problem, content_type = "application/problem+json")
))]
pub async fn models(State(site): State<Arc<Site>>) -> Result<Response, Problem> {
    let model = registered(&site)?;
    in_registry(move || Ok(json(&versions(&model)?))).await
}

/// The versions of a model, the newest first.
///
/// # Errors
/// A registry that cannot be read.
pub fn versions(model: &NamedModel) -> Result<Vec<Listed>, registry::Error> {
    Registry::read_only(&model.registry)?.list(Some(&model.name))
}

/// Puts a version into production; a watch of it goes on with that version at the next bar
///
/// It needs a token, whatever the address: a server without one changes nothing.
#[utoipa::path(post, path = "/models/{name}/{version}/promote",
    params(("name" = String, Path, description = "The model"), ("version" = String, Path, description = "The version")),
    responses(
        (status = 200, body = Vec<Object>), (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn promote(
    State(site): State<Arc<Site>>,
    path: Named<(String, String)>,
) -> Result<Response, Problem> {
    let (name, version) = named(path)?;
    site.check_may_change()?;
    let model = registered(&site)?;
    if name != model.name.as_str() {
        let detail = format!("there is no model `{name}` here, expected `{}`", model.name);
        let hint = "/models lists the versions of the model that is served";
        return Err(Problem::new(StatusCode::NOT_FOUND, detail, hint));
    }
    let version: ModelVersion = version
        .parse()
        .map_err(|error: registry::Error| Problem::of(&error.into()))?;
    in_registry(move || {
        let mut registry = Registry::open(&model.registry)?;
        put_into_production(&mut registry, &model.name, &version)?;
        report_change(&mut registry);
        Ok(json(&registry.list(Some(&model.name))?))
    })
    .await
}

fn put_into_production(
    registry: &mut Registry,
    name: &ModelName,
    version: &ModelVersion,
) -> Result<(), registry::Error> {
    let alias: Alias = Alias::PRODUCTION.parse()?;
    let listed = registry.list(Some(name))?;
    let named = listed
        .into_iter()
        .find(|listed| listed.aliases.contains(&alias));
    let expected = named.map(|listed| listed.entry.version);
    // What is promoted is what was registered.
    let which = Which::Version(version.clone());
    registry
        .resolve(&ModelReference {
            name: name.clone(),
            which,
        })?
        .entry
        .verify()?;
    let change = Change::now("promoted over HTTP");
    registry.promote((name, version), &Promotion { alias, expected }, &change)
}

fn registered(site: &Site) -> Result<NamedModel, Problem> {
    site.model.clone().ok_or_else(|| {
        let detail = "a run is served that was named by its folder, expected a registered model";
        let hint = "`quarterhour serve --model NAME@production`";
        Problem::new(StatusCode::NOT_FOUND, detail, hint)
    })
}

async fn in_registry(
    work: impl FnOnce() -> Result<Response, registry::Error> + Send + 'static,
) -> Result<Response, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(|error| Problem::of(&error.into())),
        Err(_) => Err(Problem::fault("the registry's change ended abnormally")),
    }
}
