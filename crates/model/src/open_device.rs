//! A device that tensors can be put on.

use burn::tensor::Device;

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
