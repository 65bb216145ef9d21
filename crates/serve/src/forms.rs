//! Logging in and out by a page.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};

use crate::guard::{COOKIE, Sender, check_token, session};
use crate::html::login_page;
use crate::problem::Problem;
use crate::sessions::SESSION_SECS;
use crate::site::{Site, now_ms};
use crate::upload::{LONGEST, too_slow};

/// Longest form: a token with its name.
const MOST_BYTES: usize = 4096;

/// The form that asks for the token.
pub async fn form() -> Html<String> {
    Html(login_page(None))
}

/// Takes the token and sets the cookie of a session.
pub async fn log_in(State(site): State<Arc<Site>>, request: Request) -> Response {
    let sender = Sender::of(&site, &request);
    let is_secure = request
        .headers()
        .get(header::ORIGIN)
        .is_some_and(|origin| origin.as_bytes().starts_with(b"https://"));
    let read = axum::body::to_bytes(request.into_body(), MOST_BYTES);
    let Ok(body) = tokio::time::timeout(LONGEST, read).await else {
        return too_slow("form", LONGEST).into_response();
    };
    let Ok(body) = body else {
        let detail = format!("the form is longer than {MOST_BYTES} bytes, expected a token");
        let hint = "send `token=` and the token alone";
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail, hint).into_response();
    };
    // A token has no letter that a form would write otherwise.
    let text = String::from_utf8_lossy(&body);
    let token = text
        .split('&')
        .find_map(|pair| pair.strip_prefix("token="))
        .unwrap_or_default();
    if let Err(refusal) = check_token(&site, token, sender) {
        let why = match refusal.status() {
            StatusCode::TOO_MANY_REQUESTS => {
                "Too many wrong tokens came from here. Wait for a minute."
            }
            _ => "That is not the token that this server was started with.",
        };
        return (refusal.status(), Html(login_page(Some(why)))).into_response();
    }
    let secret = site.access.sessions.begin(now_ms());
    let secure = if is_secure { "; Secure" } else { "" };
    let cookie = format!(
        "{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={SESSION_SECS}{secure}"
    );
    with_cookie(&cookie)
}

/// Ends the session.
pub async fn log_out(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    if let Some(secret) = session(&headers) {
        site.access.sessions.end(secret);
    }
    with_cookie(&format!(
        "{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"
    ))
}

fn with_cookie(cookie: &str) -> Response {
    let mut response = Redirect::to("/").into_response();
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    response
}
