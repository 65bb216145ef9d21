//! A request's body on its way to a file: no more of it is in memory than a piece.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use futures_util::StreamExt;
use tempfile::NamedTempFile;
use tokio::time::{Instant, timeout_at};

use crate::problem::Problem;

/// Longest time that a body may take.
pub const LONGEST: Duration = Duration::from_secs(30);

/// Writes a body to a temporary file in `folder` whose name ends in `suffix`; the file goes with what
/// is returned.
///
/// # Errors
/// 413 for more than `most_bytes`, 408 for a body that takes longer than 30 s, 400 for one that breaks
/// off, 507 where the disk has no room.
pub async fn to_file(
    body: Body,
    (folder, suffix): (&Path, &str),
    most_bytes: usize,
) -> Result<NamedTempFile, Problem> {
    let no_room = |error: std::io::Error| {
        Problem::new(
            StatusCode::INSUFFICIENT_STORAGE,
            format!("the body cannot be kept: {error}"),
        )
    };
    let mut builder = tempfile::Builder::new();
    let mut file = builder
        .prefix("upload-")
        .suffix(suffix)
        .tempfile_in(folder)
        .map_err(no_room)?;
    let deadline = Instant::now() + LONGEST;
    let mut pieces = body.into_data_stream();
    let mut length = 0;
    loop {
        let Ok(next) = timeout_at(deadline, pieces.next()).await else {
            let detail = format!("the body did not end within {} s", LONGEST.as_secs());
            return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, detail));
        };
        let Some(piece) = next else { break };
        let piece = piece.map_err(|error| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                format!("the body breaks off: {error}"),
            )
        })?;
        length += piece.len();
        if length > most_bytes {
            return Err(too_large(most_bytes));
        }
        // Pieces are some ten kilobytes; the system's cache takes them at once.
        file.write_all(&piece).map_err(no_room)?;
    }
    Ok(file)
}

/// The problem of a body that is too large.
pub fn too_large(most_bytes: usize) -> Problem {
    let detail = format!(
        "the body is larger than {} MB, the most that is taken",
        most_bytes >> 20
    );
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
        .hint("`quarterhour import` puts any number of candles into a store")
}
