//! A device that tensors can be put on.

use burn::tensor::Device;

use crate::kernel::has_own_kernel;

/// A device that is ready to use.
#[derive(Clone, Debug)]
pub struct OpenDevice {
    /// The device, without autodiff.
    pub device: Device,
    /// Its name for people.
    pub name: String,
    /// One sentence on why it is another than the one to be hoped for.
    pub note: Option<String>,
}

impl OpenDevice {
    /// Whether [`Precision::Bf16`](crate::Precision::Bf16) means anything there: on the CPU's flex
    /// backend alone.
    pub fn has_bf16(&self) -> bool {
        has_own_kernel(&self.device)
    }
}
