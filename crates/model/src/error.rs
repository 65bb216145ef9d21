//! What can go wrong in this crate.

use std::path::PathBuf;

/// Any failure of this crate.
///
/// A message names the thing, the value found and what was expected; [`Error::hint`] is the way out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A key of the network or optimizer configuration has an unusable value.
    #[error("{key} is {found}, expected {expected}")]
    Config {
        /// Name of the key, as written in the config file.
        key: &'static str,
        /// Value found.
        found: String,
        /// Values that are accepted.
        expected: String,
        /// What to change.
        hint: String,
    },

    /// A device name that does not exist.
    #[error("unknown device {found:?}, expected auto, gpu, cpu, wgpu, flex or ndarray")]
    UnknownDevice {
        /// Name found.
        found: String,
    },

    /// A device that this machine or this build cannot open.
    #[error("device {choice} cannot be opened: {reason}")]
    DeviceUnavailable {
        /// The device that was asked for.
        choice: String,
        /// Why it cannot be opened.
        reason: String,
        /// What to change.
        hint: String,
    },

    /// An operation on the device failed.
    #[error("the device failed while {doing}: {reason}")]
    DeviceFailed {
        /// Work that failed.
        doing: &'static str,
        /// Message of the device.
        reason: String,
    },

    /// A matrix of windows whose parts do not fit each other.
    #[error(
        "the matrix of windows has {values} values and a lookback of {lookback}, expected whole rows of {channels} channels and a lookback of at least 1"
    )]
    Matrix {
        /// Number of values in the matrix.
        values: usize,
        /// Number of channels, which is the length of a row.
        channels: usize,
        /// Rows in a window.
        lookback: usize,
    },

    /// A window that reaches outside its matrix.
    #[error("no window ends at row {end}: with {rows} rows and a lookback of {lookback} {which} can end one", which = row_range(*rows, *lookback))]
    WindowOutOfRange {
        /// Row asked for.
        end: usize,
        /// Rows of the matrix.
        rows: usize,
        /// Rows in a window.
        lookback: usize,
    },

    /// Windows that are not the input a network was built for.
    #[error(
        "the windows have {found_channels} channels and a lookback of {found_lookback}, the network expects {expected_channels} channels ({coins} coins x {features} features) and a lookback of {expected_lookback}"
    )]
    WindowsDoNotFit {
        /// Channels of the windows.
        found_channels: usize,
        /// Lookback of the windows.
        found_lookback: usize,
        /// Channels the network expects.
        expected_channels: usize,
        /// Lookback the network expects.
        expected_lookback: usize,
        /// Coins of the network.
        coins: usize,
        /// Features of each coin.
        features: usize,
    },

    /// A network that would train (draw dropout) was handed to the forecast.
    #[error("forecast got a network or windows on a training device, expected an inference device")]
    TrainingDevice,

    /// A file cannot be read or written.
    #[error("{path}: cannot {doing}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried: "read", "write" ...
        doing: &'static str,
        /// The system's error.
        source: std::io::Error,
    },

    /// Weights that forecast no numbers, or numbers beyond all reason.
    #[error("{path}: a trial window is forecast as {found:?}, expected a number from -{largest:?} to {largest:?}", path = path.display())]
    AbsurdForecast {
        /// The file that the weights came from.
        path: PathBuf,
        /// The forecast, in the unit that the network was trained in.
        found: f32,
        /// The largest that is accepted.
        largest: f32,
    },

    /// A file that is not a whole safetensors file.
    #[error("{path}: not a whole safetensors file: {reason}", path = path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// A tensor that the network needs and the file lacks.
    #[error("{path}: tensor {tensor:?} of shape {expected:?} is missing", path = path.display())]
    MissingTensor {
        /// The file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// Shape the network expects.
        expected: Vec<usize>,
    },

    /// A tensor in the file that the network does not have.
    #[error("{path}: tensor {tensor:?} of shape {found:?} is not a part of the network", path = path.display())]
    ExtraTensor {
        /// The file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// Shape found.
        found: Vec<usize>,
    },

    /// A tensor of another shape or type than the network's.
    #[error("{path}: tensor {tensor:?} is {found}, expected {expected}", path = path.display())]
    TensorMismatch {
        /// The file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// Type and shape found, such as `F32 [4, 2, 3]`.
        found: String,
        /// Type and shape expected.
        expected: String,
    },
}

impl Error {
    /// The way out: a command to run, or what to change.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Config { hint, .. } | Self::DeviceUnavailable { hint, .. } => hint,
            Self::UnknownDevice { .. } => {
                "`auto` takes a GPU where there is one and the CPU elsewhere"
            }
            Self::DeviceFailed { .. }
            | Self::Matrix { .. }
            | Self::WindowOutOfRange { .. }
            | Self::Io { .. } => return None,
            Self::WindowsDoNotFit { .. } => {
                "read coins, features and lookback from the run.toml beside the weights"
            }
            Self::TrainingDevice => {
                "pass `network.valid()` and windows made on `device.without_autodiff()`"
            }
            Self::AbsurdForecast { .. } => {
                "the weights are damaged or their training diverged; restore the file or train again"
            }
            Self::Corrupt { .. } => {
                "the file is truncated or not a checkpoint; restore it or train again"
            }
            Self::MissingTensor { .. } | Self::ExtraTensor { .. } | Self::TensorMismatch { .. } => {
                "the file belongs to a network with another configuration; use the run.toml saved \
                 beside it"
            }
        };
        Some(hint.to_owned())
    }
}

/// The rows that can end a window, in words.
fn row_range(rows: usize, lookback: usize) -> String {
    if rows < lookback {
        "no row".to_owned()
    } else {
        format!("the rows {} to {}", lookback - 1, rows - 1)
    }
}

/// For tests: an error's message and, on a line of its own, its hint.
#[cfg(test)]
pub(crate) fn told(error: &Error) -> String {
    match error.hint() {
        Some(hint) => format!("{error}\nhint: {hint}"),
        None => error.to_string(),
    }
}
