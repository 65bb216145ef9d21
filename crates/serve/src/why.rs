//! `GET /why`: what pushed the last forecast of a coin.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use predict::ForecastUnit;
use registry::NamedModel;
use run::Explanation;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use utoipa::{IntoParams, ToSchema};

use crate::explained::{ExplainedBar, explain_bar};
use crate::json::json;
use crate::problem::Problem;
use crate::query::asked;
use crate::site::Site;
use crate::snapshot::Bar;
use crate::turn::{PATIENCE, busy, in_turn};

/// Parameters of `/why`.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WhyQuery {
    /// The coin, such as `BTCUSDT`.
    coin: String,
}

/// What pushed a forecast.
#[derive(Debug, Serialize, ToSchema)]
pub struct Why<'a> {
    /// The coin.
    symbol: &'a str,
    /// Open time of the last candle that the forecast knows, UTC ms.
    time: i64,
    /// When that candle closed, UTC ms.
    closed_at: i64,
    /// What made the forecast.
    forecaster: &'a str,
    /// The forecast of the target.
    forecast: Option<f64>,
    /// What forecasts are written in for people; here they are in the target's own unit.
    #[schema(value_type = String)]
    unit: ForecastUnit,
    /// Whether `base` and what is `added` sum to what is explained.
    adds_up: bool,
    /// How it is told (`method`: `shap`, `linear`, `members` or `occlusion`), what is explained (`of`: `forecast`,
    /// or what it is made of), its `base`, and `contributions` with `name`, `value` and what is `added`,
    /// the largest first.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    explanation: &'a Explanation,
}

/// What pushed the last forecast of a coin
///
/// SHAP values of trees, coefficient times feature of regressions, members of an ensemble, and of a
/// network what the forecast loses where a group of features is at its mean of training. It is computed
/// when somebody asks, once a bar.
#[utoipa::path(get, path = "/why", params(WhyQuery), responses(
    (status = 200, body = Object, description = "The object of `Why`"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub async fn why(
    State(site): State<Arc<Site>>,
    query: Result<Query<WhyQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let symbol = asked(query)?.coin;
    let snapshot = site.snapshot();
    let not_found = |detail: &str, hint: &str| Problem::new(StatusCode::NOT_FOUND, detail, hint);
    let Some(bar) = &snapshot.bar else {
        let hint = "`quarterhour watch --run RUN` makes them";
        return Err(not_found("the ledger has no forecasts yet", hint));
    };
    let Some(coin) = bar.coins.iter().find(|coin| coin.symbol == symbol) else {
        let names: Vec<String> = bar.coins.iter().map(|coin| coin.symbol.clone()).collect();
        let expected = names.join(", ");
        let detail = format!("there is no coin `{symbol}`, expected {expected}");
        let hint = cli::did_you_mean(&symbol, &names);
        let hint = hint.unwrap_or_else(|| "/forecasts lists the coins".to_owned());
        return Err(not_found(&detail, &hint));
    };
    let explained = explained(&site, bar).await?;
    let conflict = |reason: &str| {
        let hint = "ask again after the next bar";
        Problem::new(StatusCode::CONFLICT, reason, hint)
    };
    let explanation = explained.coin(&symbol).map_err(conflict)?;
    Ok(json(&Why {
        symbol: &symbol,
        time: bar.time,
        closed_at: bar.closed_at,
        forecaster: &bar.forecaster,
        forecast: coin.forecast,
        unit: site.run().unit,
        adds_up: explanation.adds_up(),
        explanation,
    }))
}

/// What pushed the forecasts of a bar: computed once, whoever asks.
async fn explained(site: &Arc<Site>, bar: &Bar) -> Result<Arc<ExplainedBar>, Problem> {
    let Ok(mut kept) = timeout(PATIENCE, site.explained.lock()).await else {
        return Err(busy());
    };
    if let Some(found) = kept.as_ref().filter(|found| found.is_of(bar)) {
        return Ok(found.clone());
    }
    let (own, bar) = (site.clone(), bar.clone());
    let found = in_turn(&site.predicting, move || {
        // A watch follows the alias.
        let folder = match &own.model {
            None => own.run().model.folder.clone(),
            Some(model) => {
                NamedModel::resolve(&model.registry, &model.reference)?
                    .0
                    .run
            }
        };
        explain_bar(own.run(), &folder, &own.ledger, &bar)
    })
    .await?;
    Ok(kept.insert(Arc::new(found)).clone())
}
