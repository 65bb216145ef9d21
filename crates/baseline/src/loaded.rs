//! A library of trees that is loaded, whichever it is.

use crate::lightgbm::Library;
use crate::tree_library::TreeLibrary;
use crate::xgboost::XgbLibrary;
use crate::{Error, TreeKind};

/// A library of trees that is loaded.
#[derive(Debug, Clone, Copy)]
pub enum Loaded {
    /// LightGBM.
    LightGbm(&'static Library),
    /// XGBoost.
    XgBoost(&'static XgbLibrary),
}

impl Loaded {
    /// Loads a library. Call it before other threads start.
    ///
    /// # Errors
    /// A library that is not there or cannot be loaded.
    pub fn open(kind: TreeKind) -> Result<Self, Error> {
        Ok(match kind {
            TreeKind::LightGbm => Self::LightGbm(Library::open()?),
            TreeKind::XgBoost => Self::XgBoost(XgbLibrary::open()?),
        })
    }

    /// Which library it is.
    pub fn kind(self) -> TreeKind {
        match self {
            Self::LightGbm(_) => TreeKind::LightGbm,
            Self::XgBoost(_) => TreeKind::XgBoost,
        }
    }

    /// What it does.
    pub(crate) fn library(self) -> &'static dyn TreeLibrary {
        match self {
            Self::LightGbm(library) => library,
            Self::XgBoost(library) => library,
        }
    }
}
