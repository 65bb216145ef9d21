//! Work of some seconds, one piece at a time.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
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
    let turn = turn(turns).await?;
    let work = tokio::task::spawn_blocking(move || {
        let result = work();
        drop(turn);
        result
    });
    match timeout(PATIENCE, work).await {
        Err(_) => Err(busy()),
        Ok(Err(_)) => Err(Problem::fault("the forecast ended abnormally")),
        Ok(Ok(result)) => result.map_err(|error| Problem::of(&error)),
    }
}

/// This request's turn.
///
/// # Errors
/// 503 where it does not come within 60 s.
pub async fn turn(turns: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Problem> {
    match timeout(PATIENCE, turns.clone().acquire_owned()).await {
        Ok(Ok(turn)) => Ok(turn),
        _ => Err(busy()),
    }
}

/// The problem of a request whose turn does not come.
pub fn busy() -> Problem {
    let detail = format!(
        "other forecasts are being made, and this one's turn did not come within {} s",
        PATIENCE.as_secs()
    );
    let hint = "send it again in a minute";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail, hint)
}
