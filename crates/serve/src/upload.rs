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

/// How large a body may be, and how long it may take.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimit {
    /// Most bytes.
    pub bytes: usize,
    /// Longest time from its begin to its end.
    pub time: Duration,
}

/// Writes a body to a temporary file in `folder` whose name ends in `suffix`; the file goes with what
/// is returned.
///
/// # Errors
/// 413 and 408 for a body beyond the limit, 400 for one that breaks off, 507 where the disk has no room.
pub async fn to_file(
    body: Body,
    (folder, suffix): (&Path, &str),
    limit: BodyLimit,
) -> Result<NamedTempFile, Problem> {
    let no_room = |error: std::io::Error| {
        let detail = format!("the body cannot be kept: {error}");
        let hint = "make room in the server's folder for temporary files";
        Problem::new(StatusCode::INSUFFICIENT_STORAGE, detail, hint)
    };
    let mut builder = tempfile::Builder::new();
    let mut file = builder
        .prefix("upload-")
        .suffix(suffix)
        .tempfile_in(folder)
        .map_err(no_room)?;
    let deadline = Instant::now() + limit.time;
    let mut pieces = body.into_data_stream();
    let mut length = 0;
    loop {
        let Ok(next) = timeout_at(deadline, pieces.next()).await else {
            return Err(too_slow("body", limit.time));
        };
        let Some(piece) = next else { break };
        let piece = piece.map_err(|error| {
            let detail = format!("the body breaks off: {error}");
            Problem::new(StatusCode::BAD_REQUEST, detail, "send it again")
        })?;
        length += piece.len();
        if length > limit.bytes {
            return Err(too_large(limit.bytes));
        }
        // Pieces are some ten kilobytes; the system's cache takes them at once.
        file.write_all(&piece).map_err(no_room)?;
    }
    Ok(file)
}

/// The problem of a body or form that does not end.
pub fn too_slow(what: &str, time: Duration) -> Problem {
    let detail = format!("the {what} did not end within {} s", time.as_secs_f64());
    let hint = "send it as a whole: a client that waits for more keeps others from theirs";
    Problem::new(StatusCode::REQUEST_TIMEOUT, detail, hint)
}

/// The problem of a body that is too large.
pub fn too_large(most_bytes: usize) -> Problem {
    let detail = format!(
        "the body is larger than {} MB, the most that is taken",
        most_bytes >> 20
    );
    let hint = "`quarterhour import` puts any number of candles into a store";
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail, hint)
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    /// The problem of a body, as a client reads it.
    fn problem(body: Body, limit: BodyLimit) -> String {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let refused = runtime.block_on(to_file(body, (folder.path(), ".csv"), limit));
        let left = folder.path().read_dir().unwrap().count();
        assert_eq!(left, 0, "nothing of a refused body is kept");
        serde_json::to_string(&refused.unwrap_err()).unwrap()
    }

    #[test]
    fn a_body_that_never_ends_is_refused_in_time() {
        let limit = BodyLimit {
            bytes: 1 << 20,
            time: Duration::from_millis(200),
        };
        let silent = Body::from_stream(stream::pending::<Result<&str, std::io::Error>>());
        let expected = "{\"title\":\"Request Timeout\",\"status\":408,\
            \"detail\":\"the body did not end within 0.2 s\",\
            \"hints\":[\"send it as a whole: a client that waits for more keeps others from theirs\"]}";
        assert_eq!(problem(silent, limit), expected);
        // One that sends a little now and then is no better.
        let drop = |_| async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Some((Ok::<_, std::io::Error>("1"), ()))
        };
        let dripping = Body::from_stream(stream::unfold((), drop));
        assert_eq!(problem(dripping, limit), expected);
    }

    #[test]
    fn a_body_without_a_length_is_refused_once_it_is_too_large() {
        let limit = BodyLimit {
            bytes: 3 << 20,
            time: Duration::from_secs(60),
        };
        let endless = stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'1'; 65_536]));
        let found = problem(Body::from_stream(endless), limit);
        assert!(found.contains("\"status\":413"), "{found}");
        assert!(found.contains("larger than 3 MB"), "{found}");
    }
}
