//! HAR on Garman and Klass's range.

use super::model::{Model, ModelSettings};
use super::pooled::{Pooled, Scale};
use crate::terms::{LGK1, LGK7, LGK30};

/// The model.
pub(crate) fn init(_: &ModelSettings<'_>) -> Box<dyn Model> {
    Box::new(Pooled {
        description: "HAR in logarithms on the Garman-Klass volatility of the last day, week and month.",
        terms: vec![LGK1, LGK7, LGK30],
        scale: Scale::Log,
    })
}
