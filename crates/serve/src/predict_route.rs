//! `POST /predict`: forecasts by the code of `quarterhour predict`.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use clap::Parser;
use market::Symbol;
use predict::{FeatureRow, Forecasts, WrongNames};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::json::json;
use crate::problem::{DESCRIPTION, Problem};
use crate::query::asked;
use crate::site::Site;
use crate::turn::{in_turn, turn};
use crate::upload::{BodyLimit, LONGEST, to_file, too_large};

/// Largest CSV or archive: a coin's minutes of a year.
const MOST_FILE_BYTES: usize = 32 << 20;

/// Largest JSON: it takes many times as much memory.
const MOST_JSON_BYTES: usize = 4 << 20;

/// Parameters of `POST /predict`: for candles that are uploaded as a file.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PredictQuery {
    /// The coin of a file that does not say its own.
    symbol: Option<String>,
    /// Number of times that are forecast, up to the last of the candles, 1 to 1000 [default: 1]
    times: Option<usize>,
    /// Forecast times that the model has seen, too; every forecast says so.
    #[serde(default)]
    in_sample: bool,
}

/// What is asked for by JSON. Without a time and candles: the last closed candles of the exchange.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PredictRequest {
    /// Open time of the last candle to use, such as `2024-01-20T02:15` (UTC).
    at: Option<String>,
    /// Candles: a list of objects with `symbol`, `open_time`, `close` and what else the model needs.
    #[schema(value_type = Option<Vec<Object>>)]
    candles: Option<Value>,
    /// Rows of features, for trees and regressions: a list of objects with `symbol` and `features`, every
    /// feature of the model by its name. Where the model forecasts the market's part and a coin's own,
    /// they are the coins of one time.
    #[schema(value_type = Option<Vec<Object>>)]
    rows: Option<Vec<FeatureRow>>,
    /// The coin of candles that do not say theirs.
    symbol: Option<String>,
    /// Number of times that are forecast, up to the last of the candles, 1 to 1000 [default: 1]
    times: Option<usize>,
    /// Forecast times that the model has seen, too; every forecast says so.
    #[serde(default)]
    in_sample: bool,
}

/// Forecasts of a time: the object of `predict --json`.
#[derive(Debug, Serialize, ToSchema)]
pub struct PredictAnswer {
    #[serde(flatten)]
    #[schema(value_type = Object)]
    forecasts: Forecasts,
    /// Age of the forecasts in seconds where they are those of an earlier request; null where they are
    /// new.
    reused_after_secs: Option<u64>,
}

/// Forecasts of candles that were sent, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct CandlesAnswer {
    #[schema(value_type = Vec<Object>)]
    forecasts: Vec<Forecasts>,
}

/// Candles that were sent, and what is asked of them.
struct Sent {
    file: tempfile::NamedTempFile,
    symbol: Option<Symbol>,
    times: usize,
}

/// Forecasts, as `quarterhour predict` makes them
///
/// The body is JSON, or a file of candles: CSV in any form that `quarterhour import` takes, or the
/// exchange's zip archives. Forecasts of the exchange's last candles are reused for 5 minutes; where
/// the model does not load the indicator rule answers, and `forecaster` says so.
#[utoipa::path(post, path = "/predict", params(PredictQuery),
    request_body(content((PredictRequest = "application/json"), (String = "text/csv"), (Vec<u8> = "application/zip"))),
    responses(
        (status = 200, body = PredictAnswer,
            description = "Of a time: one object. Of candles: a list under `forecasts`. Of rows: a list under `rows`."),
        (status = 408, body = Problem, content_type = "application/problem+json"),
        (status = 413, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn predict(
    State(site): State<Arc<Site>>,
    query: Result<Query<PredictQuery>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let query = asked(query)?;
    let Ok(_place) = site.uploading.clone().try_acquire_owned() else {
        let detail = "too many bodies are being read at once";
        let hint = "send it again in a minute";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail, hint));
    };
    let (suffix, most_bytes) = kind_of(&headers)?;
    let limit = BodyLimit {
        bytes: most_bytes,
        time: LONGEST,
    };
    let file = to_file(body, (&site.uploads, suffix), limit).await?;
    let symbol = symbol(query.symbol.as_deref())?;
    if suffix != ".json" {
        let sent = Sent {
            file,
            symbol,
            times: query.times.unwrap_or(1),
        };
        return of_candles(&site, sent, query.in_sample).await;
    }
    if query.symbol.is_some() || query.times.is_some() || query.in_sample {
        let detail = "the address has parameters, expected none beside JSON";
        let hint = "put symbol, times and in_sample into the body";
        return Err(Problem::new(StatusCode::BAD_REQUEST, detail, hint));
    }
    // As values JSON takes many times the memory of its text.
    let _turn = turn(&site.parsing).await?;
    let text = std::fs::read(file.path()).map_err(|error| Problem::of(&error.into()))?;
    let request: PredictRequest = match text.as_slice() {
        [] => PredictRequest::default(),
        text => serde_json::from_slice(text).map_err(|error| {
            let detail = format!("the body is {error}");
            Problem::new(StatusCode::BAD_REQUEST, detail, DESCRIPTION)
        })?,
    };
    drop(text);
    of_json(&site, request).await
}

/// Of the body that the headers announce: the ending of its file, and how long it may be.
fn kind_of(headers: &HeaderMap) -> Result<(&'static str, usize), Problem> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let kind = text(header::CONTENT_TYPE).unwrap_or("application/json");
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let (suffix, most_bytes) = match kind {
        "application/json" => (".json", MOST_JSON_BYTES),
        "text/csv" => (".csv", MOST_FILE_BYTES),
        "application/zip" => (".zip", MOST_FILE_BYTES),
        other => {
            let detail = format!(
                "the body is {other}, expected application/json, text/csv or application/zip"
            );
            let (status, hint) = (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "send the header Content-Type",
            );
            return Err(Problem::new(status, detail, hint));
        }
    };
    let length = text(header::CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    match length.is_some_and(|length| length > most_bytes) {
        true => Err(too_large(most_bytes)),
        false => Ok((suffix, most_bytes)),
    }
}

fn symbol(text: Option<&str>) -> Result<Option<Symbol>, Problem> {
    let parsed = text.map(Symbol::new).transpose();
    parsed.map_err(|error| Problem::of(&error.into()))
}

async fn of_json(site: &Arc<Site>, request: PredictRequest) -> Result<Response, Problem> {
    let PredictRequest {
        at,
        candles,
        rows,
        symbol: name,
        times,
        in_sample,
    } = request;
    let given = [at.is_some(), candles.is_some(), rows.is_some()];
    if given.into_iter().filter(|is_given| *is_given).count() > 1 {
        let detail = "more than one of `at`, `candles` and `rows` is there, expected one of them: the last candle says \
                      the time, and rows of features have none";
        let hint = "send one request for each";
        return Err(Problem::new(StatusCode::BAD_REQUEST, detail, hint));
    }
    if candles.is_none() && (times.is_some() || name.is_some()) {
        let detail = "`times` and `symbol` are there without `candles`, expected them with candles";
        let hint = "leave them out, or send `candles` with them";
        return Err(Problem::new(StatusCode::BAD_REQUEST, detail, hint));
    }
    if let Some(rows) = rows {
        return of_rows(site, rows).await;
    }
    let Some(candles) = candles else {
        let more = at.map(|at| format!("--at={at}"));
        let args = arguments(site, in_sample, more)?;
        let answer = in_turn(&site.predicting, move || args.answer()).await?;
        return Ok(json(&PredictAnswer {
            forecasts: answer.forecasts,
            reused_after_secs: answer.reused_after_secs,
        }));
    };
    let kept = || -> anyhow::Result<tempfile::NamedTempFile> {
        let mut builder = tempfile::Builder::new();
        let mut file = builder
            .prefix("upload-")
            .suffix(".json")
            .tempfile_in(&site.uploads)?;
        file.write_all(&serde_json::to_vec(&candles)?)?;
        Ok(file)
    };
    let file = kept().map_err(|error| Problem::of(&error))?;
    drop(candles);
    let sent = Sent {
        file,
        symbol: symbol(name.as_deref())?,
        times: times.unwrap_or(1),
    };
    of_candles(site, sent, in_sample).await
}

/// Forecasts of rows of features; names that are missing or unknown are listed.
async fn of_rows(site: &Arc<Site>, rows: Vec<FeatureRow>) -> Result<Response, Problem> {
    let args = arguments(site, false, None)?;
    let answer = in_turn(&site.predicting, move || {
        let answer = args.answer_of_rows(&rows);
        // Names are listed for programs, too.
        match answer.map_err(|error| error.downcast::<WrongNames>()) {
            Ok(answer) => Ok(Ok(answer)),
            Err(Ok(wrong)) => Ok(Err(wrong)),
            Err(Err(error)) => Err(error),
        }
    });
    match answer.await? {
        Ok(forecasts) => Ok(json(&forecasts)),
        Err(wrong) => {
            let hint = "`missing` and `unknown` list the names that are not as they should be";
            let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, wrong.to_string(), hint);
            Err(problem.names(wrong.missing, wrong.unknown))
        }
    }
}

async fn of_candles(site: &Arc<Site>, sent: Sent, in_sample: bool) -> Result<Response, Problem> {
    let args = arguments(site, in_sample, None)?;
    let run = site.main.run.clone();
    let forecasts = in_turn(&site.predicting, move || {
        let (_, config) = predict::kinds(run.device).config(&run.model.folder, &[])?;
        let coins = download::read_candles(
            sent.file.path(),
            sent.symbol,
            (config.data.market, config.data.interval),
        );
        let coins = coins.map_err(|error| without_path(&error, sent.file.path()))?;
        args.answer_of(&coins, sent.times)
    })
    .await?;
    Ok(json(&CandlesAnswer { forecasts }).into_response())
}

/// What the server calls the file is no help to whoever sent it.
fn without_path(error: &anyhow::Error, path: &Path) -> anyhow::Error {
    let text = format!("{error:#}").replace(&path.display().to_string(), "the candles");
    let hints = cli::hints(error, predict::hint_of);
    let plain = anyhow::anyhow!(text);
    match hints.first() {
        Some(hint) => cli::WithHint::hint(plain, hint),
        None => plain,
    }
}

/// The arguments of `predict` that a request stands for.
fn arguments(site: &Site, in_sample: bool, more: Option<String>) -> Result<predict::Args, Problem> {
    let mut arguments = site.predict_arguments.clone();
    arguments.extend(in_sample.then(|| "--in-sample".to_owned()));
    arguments.extend(more);
    predict::Args::try_parse_from(arguments).map_err(|error| {
        let text = error.to_string();
        let detail = text.lines().next().unwrap_or_default();
        Problem::new(StatusCode::BAD_REQUEST, detail, DESCRIPTION)
    })
}
