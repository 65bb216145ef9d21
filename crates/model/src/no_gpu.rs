//! What a build without the feature `gpu` has in place of `gpu.rs`: no GPU, and how to get one.

use crate::OpenDevice;

/// Whether this build can use a GPU.
pub(crate) const IS_BUILT: bool = false;

/// What helps where [`open_real`] fails.
pub(crate) const HINT: &str = "build with the default features (`cargo build --release -p quarterhour`), or use device = \"cpu\"";

/// What helps where [`open_any`] fails.
pub(crate) const ANY_HINT: &str = HINT;

const REASON: &str = "this build leaves the GPU out";

/// Says that this build has no GPU.
pub(crate) fn open_real() -> Result<OpenDevice, String> {
    Err(REASON.to_owned())
}

/// Says that this build has no GPU.
pub(crate) fn open_any() -> Result<OpenDevice, String> {
    Err(REASON.to_owned())
}

/// Does nothing: only a build with the GPU asks Vulkan for devices.
pub fn without_display() {}

/// Without adapters there is no software adapter.
#[cfg(test)]
pub(crate) fn is_software(_name: &str) -> bool {
    false
}
