//! Work of some seconds, one piece at a time.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::problem::Problem;

/// How long a request waits for those before it, and then for its own work.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Does work when it is this request's turn; it goes on where the client is gone, so that no more than
/// one is done at a time.
///
/// # Errors
/// 503 where the turn or the work takes longer than 60 s; what the work refuses.
pub async fn in_turn<T: Send + 'static>(
    turns: &Arc<Semaphore>,
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> Result<T, Problem> {
    let turn = timeout(PATIENCE, turns.clone().acquire_owned()).await;
    let Ok(Ok(turn)) = turn else {
        return Err(busy());
    };
    let work = tokio::task::spawn_blocking(move || {
        let result = work();
        drop(turn);
        result
    });
    match timeout(PATIENCE, work).await {
        Err(_) => Err(busy()),
        Ok(Err(_)) => {
            let detail = "the forecast ended abnormally; the server's log says where";
            Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail))
        }
        Ok(Ok(result)) => result.map_err(|error| Problem::of(&error)),
    }
}

/// The problem of a request whose turn does not come.
pub fn busy() -> Problem {
    let detail = format!(
        "other forecasts are being made, and this one's turn did not come within {} s",
        PATIENCE.as_secs()
    );
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail)
}
