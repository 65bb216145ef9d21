//! What a request that cannot be answered gets: problem details (RFC 9457).

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// The way out of a request that is not as it should be.
pub const DESCRIPTION: &str = "/openapi.json describes what every request takes";

/// Why a request was not answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What was found, and what was expected.
    detail: String,
    /// Ways out, one at least.
    hints: Vec<String>,
    /// Names that the request lacks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<String>,
    /// Names of the request that are not known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unknown: Vec<String>,
}

impl Problem {
    /// A problem of this status, and a way out.
    pub fn new(status: StatusCode, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            title: status.canonical_reason().unwrap_or("error"),
            status: status.as_u16(),
            detail: detail.into(),
            hints: vec![hint.into()],
            missing: Vec::new(),
            unknown: Vec::new(),
        }
    }

    /// The same with the names that the request lacks, and those of it that are not known.
    pub fn names(self, missing: Vec<String>, unknown: Vec<String>) -> Self {
        Self {
            missing,
            unknown,
            ..self
        }
    }

    /// A fault of this program, such as a panic.
    pub fn fault(detail: impl Into<String>) -> Self {
        let hint = "the server's log says where";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail, hint)
    }

    /// An error of what was asked, with its own hints where it has some.
    pub fn of(error: &anyhow::Error) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let mut problem = Self::new(status, format!("{error:#}"), DESCRIPTION);
        let hints = cli::hints(error, predict::hint_of);
        if !hints.is_empty() {
            problem.hints = hints;
        }
        problem
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // A struct of text and a number is always JSON.
        let json = serde_json::to_vec(&self).unwrap_or_default();
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Body::from(json)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}
