//! What every request passes before it is answered: its host, its origin, its token; and what every
//! answer carries.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use crate::network::client;
use crate::problem::Problem;
use crate::site::{Site, now_ms};

/// The address that a request comes from.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// The cookie of a session.
pub const COOKIE: &str = "quarterhour_session";

/// Scripts, styles and data come from this server alone, and no page of another's shows this one.
const CONTENT_POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What is answered without a token: the form that asks for it, what that looks like, and whether the
/// watch is alive.
const OPEN: [&str; 4] = ["/login", "/health", "/assets/page.css", "/assets/icon.svg"];

/// Lets a request through, or says why not.
pub async fn guard(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let checked = check(&site, &request);
    let mut response = match checked {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal,
    };
    site.requests.count(&path, response.status());
    let headers = response.headers_mut();
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // With `no-referrer` a browser names the origin of a form `null`, and nobody could log in.
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let policy = headers.entry(header::CONTENT_SECURITY_POLICY);
    policy.or_insert(HeaderValue::from_static(CONTENT_POLICY));
    let caching = headers.entry(header::CACHE_CONTROL);
    caching.or_insert(HeaderValue::from_static("no-store"));
    response
}

#[expect(
    clippy::result_large_err,
    reason = "an answer is what is sent either way"
)]
fn check(site: &Site, request: &Request) -> Result<(), Response> {
    let forbid = |detail: &str| {
        let hint = "open this server's own page; a program sends `Authorization: Bearer TOKEN` and no Origin";
        Problem::new(StatusCode::FORBIDDEN, detail, hint).into_response()
    };
    let headers = request.headers();
    let host = text(headers, header::HOST.as_str()).unwrap_or_default();
    if !site.access.knows_host(host) {
        let detail =
            format!("the request is for the host `{host}`, expected the address of this server");
        let hint = "--host NAME allows another name, such as that of a reverse proxy";
        return Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, detail, hint).into_response());
    }
    let is_write = ![Method::GET, Method::HEAD].contains(request.method());
    let origin = text(headers, header::ORIGIN.as_str());
    if is_write && origin.is_some_and(|origin| !site.access.knows_origin(origin)) {
        return Err(forbid(
            "the request comes from another site's page, expected this server's own",
        ));
    }
    let path = request.uri().path();
    if !site.access.has_token() || OPEN.contains(&path) {
        return Ok(());
    }
    if let Some(token) = bearer(headers) {
        return check_token(site, token, Sender::of(site, request));
    }
    let session = session(headers).filter(|secret| site.access.sessions.is_open(secret, now_ms()));
    match session {
        // A page always names its origin when it writes.
        Some(_) if is_write && origin.is_none() => Err(forbid(
            "a request with a session names no Origin, expected one",
        )),
        Some(_) => Ok(()),
        None if path == "/" => Err(Redirect::to("/login").into_response()),
        None => Err(unauthorized("no token came with the request")),
    }
}

/// Checks a token, and counts a wrong one.
#[expect(
    clippy::result_large_err,
    reason = "an answer is what is sent either way"
)]
pub fn check_token(site: &Site, token: &str, sender: Sender) -> Result<(), Response> {
    let (access, now_ms) = (&site.access, now_ms());
    if access.sessions.is_barred(sender.address, now_ms) {
        let detail = "too many wrong tokens came from this address";
        let status = StatusCode::TOO_MANY_REQUESTS;
        let mut response = Problem::new(status, detail, "wait for a minute").into_response();
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
        return Err(response);
    }
    if access.is_token(token) {
        return Ok(());
    }
    access.sessions.fail(sender.address, now_ms);
    if let Some(proxy) = sender.unknown_proxy {
        access.warn_of_proxy(proxy);
    }
    Err(unauthorized(
        "the token is not the one that this server was started with",
    ))
}

fn unauthorized(detail: &str) -> Response {
    let hint = "send the header `Authorization: Bearer TOKEN`, or log in at /login";
    let mut response = Problem::new(StatusCode::UNAUTHORIZED, detail, hint).into_response();
    let scheme = HeaderValue::from_static("Bearer");
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, scheme);
    response
}

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub struct Sender {
    /// The address that its wrong tokens are counted for.
    address: IpAddr,
    /// The proxy that it came by, where that is not a trusted one.
    unknown_proxy: Option<IpAddr>,
}

impl Sender {
    /// The sender of a request.
    pub fn of(site: &Site, request: &Request) -> Self {
        let peer = request.extensions().get::<Peer>();
        let peer = peer.map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip());
        let lines = request.headers().get_all("x-forwarded-for").iter();
        let lines = lines.map(|line| line.to_str().unwrap_or_default());
        let is_forwarded = request.headers().contains_key("x-forwarded-for");
        let trusted = &site.access.trusted_proxies;
        let is_trusted = trusted.iter().any(|network| network.holds(peer));
        Self {
            address: client(peer, lines, trusted),
            unknown_proxy: (is_forwarded && !is_trusted).then_some(peer),
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    text(headers, header::AUTHORIZATION.as_str())?
        .strip_prefix("Bearer ")
        .map(str::trim)
}

/// What the cookie of a session holds.
pub fn session(headers: &HeaderMap) -> Option<&str> {
    let cookies = text(headers, header::COOKIE.as_str())?.split(';');
    let mut pairs = cookies.filter_map(|cookie| cookie.trim().split_once('='));
    pairs
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value)
}
