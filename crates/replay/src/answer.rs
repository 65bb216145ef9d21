//! What is answered to a request, before any fault touches it.

use axum::http::StatusCode;
use serde_json::{Value, json};

/// Status and body of an answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub content_type: &'static str,
    pub retry_after_secs: Option<u64>,
    pub body: Vec<u8>,
}

impl Answer {
    /// Status 200 with JSON.
    pub fn json(value: &Value) -> Self {
        Self::new(
            StatusCode::OK,
            "application/json;charset=UTF-8",
            value.to_string(),
        )
    }

    /// The exchange's own form of an error.
    pub fn error(status: StatusCode, code: i32, message: &str) -> Self {
        Self {
            status,
            ..Self::json(&json!({"code": code, "msg": message}))
        }
    }

    /// Text as a gateway or a firewall before the exchange writes it.
    pub fn page(status: StatusCode) -> Self {
        let reason = status.canonical_reason().unwrap_or_default();
        let text = format!(
            "<html><head><title>{status}</title></head><body><h1>{reason}</h1></body></html>\n"
        );
        Self::new(status, "text/html", text)
    }

    /// Any other body.
    pub fn new(status: StatusCode, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            content_type,
            retry_after_secs: None,
            body: body.into(),
        }
    }
}
