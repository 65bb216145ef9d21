//! The parameters of a request.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;

use crate::problem::Problem;

/// A query, or the problem with it.
pub type Asked<T> = Result<Query<T>, QueryRejection>;

/// The parameters.
///
/// # Errors
/// 400 for parameters that are not known, or of another type.
pub fn asked<T>(query: Asked<T>) -> Result<T, Problem> {
    let wrong = |error: QueryRejection| {
        Problem::new(StatusCode::BAD_REQUEST, error.body_text())
            .hint("/openapi.json lists the parameters")
    };
    query.map(|Query(found)| found).map_err(wrong)
}
