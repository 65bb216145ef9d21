//! A panel of which features are exchanged.

use std::sync::Arc;

use crate::{FeatureShuffle, Panel};

impl Panel {
    /// The same panel, of which features are exchanged.
    pub fn with_shuffle(mut self, shuffle: FeatureShuffle) -> Self {
        self.shuffle = Some(Arc::new(shuffle));
        self
    }

    pub(crate) fn without_shuffle(mut self) -> Self {
        self.shuffle = None;
        self
    }

    /// Which of its features are exchanged; None for those of a panel as it is.
    pub fn shuffle(&self) -> Option<&FeatureShuffle> {
        self.shuffle.as_deref()
    }
}
