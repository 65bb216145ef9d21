//! The parameters of a request, and the names in its path.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query};
use axum::http::StatusCode;

use crate::problem::{DESCRIPTION, Problem};

/// A query, or the problem with it.
pub type Asked<T> = Result<Query<T>, QueryRejection>;

/// Names in a path, or the problem with them.
pub type Named<T> = Result<Path<T>, PathRejection>;

/// The parameters.
///
/// # Errors
/// 400 for parameters that are not known, or of another type.
pub fn asked<T>(query: Asked<T>) -> Result<T, Problem> {
    let wrong = |error: QueryRejection| {
        Problem::new(StatusCode::BAD_REQUEST, error.body_text(), DESCRIPTION)
    };
    query.map(|Query(found)| found).map_err(wrong)
}

/// The names in a path.
///
/// # Errors
/// 400 for names that are no text.
pub fn named<T>(path: Named<T>) -> Result<T, Problem> {
    let wrong = |error: PathRejection| {
        Problem::new(StatusCode::BAD_REQUEST, error.body_text(), DESCRIPTION)
    };
    path.map(|Path(found)| found).map_err(wrong)
}
