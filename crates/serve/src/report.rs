//! `/runs/NAME/report`: the run's report, with a policy that allows its own inline blocks and no
//! others.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use crate::problem::Problem;
use crate::query::{Named, named};
use crate::site::Site;

/// The report of the run that is served
#[utoipa::path(get, path = "/runs/{name}/report", params(("name" = String, Path, description = "The run's name")),
    responses((status = 200, content_type = "text/html", body = String), (status = 404, body = Problem)))]
pub async fn report(
    State(site): State<Arc<Site>>,
    path: Named<String>,
) -> Result<Response, Problem> {
    let name = named(path)?;
    let own = &site.run().model.run;
    if name != *own {
        let detail = format!("there is no run `{name}` here, expected `{own}`");
        let hint = "start another `quarterhour serve` for another run";
        return Err(Problem::new(StatusCode::NOT_FOUND, detail, hint));
    }
    let path = site.run().model.folder.join("report.html");
    let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(path)).await;
    let Ok(Ok(text)) = read else {
        let detail = format!("{own} has no report.html");
        let hint = "`quarterhour report RUN` writes one";
        return Err(Problem::new(StatusCode::NOT_FOUND, detail, hint));
    };
    let policy = HeaderValue::from_str(&policy(&text));
    let mut response = Html(text).into_response();
    if let Ok(policy) = policy {
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

/// What a self-contained page may do: its own inline scripts and styles, by their hashes, its pictures,
/// and nothing else.
fn policy(html: &str) -> String {
    let hashes = |tag: &str| -> String {
        let blocks = blocks(html, tag).map(|block| {
            format!(
                " 'sha256-{}'",
                BASE64.encode(&Sha256::digest(block.as_bytes()))
            )
        });
        blocks.collect()
    };
    let scripts = hashes("script");
    let scripts = if scripts.is_empty() {
        " 'none'".to_owned()
    } else {
        scripts
    };
    // Shades of a table's cells are style attributes, which run nothing.
    format!(
        "default-src 'none'; script-src{scripts}; style-src 'self'{}; style-src-attr 'unsafe-inline'; \
         img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hashes("style")
    )
}

/// The content of each inline block of a tag.
fn blocks<'a>(html: &'a str, tag: &str) -> impl Iterator<Item = &'a str> {
    let (open, close) = (format!("<{tag}"), format!("</{tag}>"));
    let parts: Vec<&str> = html.split(open.as_str()).skip(1).collect();
    parts.into_iter().filter_map(move |part| {
        let (_, rest) = part.split_once('>')?;
        Some(rest.split_once(close.as_str())?.0)
    })
}

#[cfg(test)]
mod tests {
    use super::policy;

    /// The hash is that of `printf 'a{}' | openssl dgst -sha256 -binary | base64`.
    #[test]
    fn inline_blocks_are_allowed_by_their_own_hash() {
        let policy = policy("<html><style>a{}</style><body></body></html>");
        let hash = "'sha256-X1RutGBrXCt9KkSaXMK7tHftWiRscFHOhxsS8tv8hBk='";
        assert!(policy.contains(hash), "{policy}");
        assert!(policy.contains("script-src 'none'"), "{policy}");
    }
}
