//! Weights and training state on disk.
//!
//! Both are safetensors files. Everything is keyed by the parameter's name: Burn's own optimizer
//! record is keyed by a random id, and loads onto `Device::default()`, which panics on a machine
//! without a GPU in a build that has wgpu.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;

use crate::parameters;
use crate::tensor_file::TensorFile;
use crate::{AdamW, Error, Network, NetworkConfig, NetworkShape};

/// The file [`save_state`] writes into its folder.
const STATE_FILE: &str = "state.safetensors";
const NETWORK_PREFIX: &str = "network.";
const OPTIMIZER_PREFIX: &str = "adamw.";
const STEPS_KEY: &str = "adamw.steps";

/// Writes the weights as a safetensors file that PyTorch loads by name, whole or not at all.
///
/// # Errors
///
/// [`Error::Io`] where the file cannot be written, [`Error::DeviceFailed`] where the weights cannot
/// be read.
pub fn save_weights(
    network: &Network,
    path: &Path,
    metadata: &BTreeMap<String, String>,
) -> Result<(), Error> {
    let tensors = parameters::read(network)?;
    TensorFile {
        tensors,
        metadata: metadata.clone(),
    }
    .write(path)
}

/// Builds the network of `config` with the weights of a safetensors file, and returns the file's
/// metadata with it.
///
/// # Errors
///
/// [`Error::Config`] for an unusable configuration, [`Error::Io`] and [`Error::Corrupt`] for an
/// unreadable file; [`Error::MissingTensor`], [`Error::ExtraTensor`] and [`Error::TensorMismatch`]
/// for a file of another network.
pub fn load_weights(
    config: &NetworkConfig,
    shape: NetworkShape,
    path: &Path,
    device: &Device,
) -> Result<(Network, BTreeMap<String, String>), Error> {
    let network = config.init(shape, device)?;
    let TensorFile { tensors, metadata } = TensorFile::read(path)?;
    Ok((parameters::replace(network, tensors, path)?, metadata))
}

/// The metadata of a safetensors file, without its weights.
///
/// # Errors
///
/// [`Error::Io`] and [`Error::Corrupt`] for an unreadable file.
pub fn read_metadata(path: &Path) -> Result<BTreeMap<String, String>, Error> {
    Ok(TensorFile::read(path)?.metadata)
}

/// Writes all a training run needs to go on bit for bit, as one file `state.safetensors` in `dir`.
///
/// `metadata` is for the caller's own progress (epoch, step, best loss): in the same file, it can
/// never disagree with the weights. The device's generator is in no file: reseed it at every step.
///
/// # Errors
///
/// [`Error::Io`] where the file cannot be written, [`Error::DeviceFailed`] where the weights cannot
/// be read.
pub fn save_state(
    dir: &Path,
    network: &Network,
    optimizer: &AdamW,
    metadata: &BTreeMap<String, String>,
) -> Result<(), Error> {
    let mut file = TensorFile {
        tensors: BTreeMap::new(),
        metadata: metadata.clone(),
    };
    for (name, tensor) in parameters::read(network)? {
        file.tensors
            .insert(format!("{NETWORK_PREFIX}{name}"), tensor);
    }
    for (name, tensor) in optimizer.read()? {
        file.tensors
            .insert(format!("{OPTIMIZER_PREFIX}{name}"), tensor);
    }
    file.metadata
        .insert(STEPS_KEY.to_owned(), optimizer.steps().to_string());
    file.write(&dir.join(STATE_FILE))
}

/// Puts the state that [`save_state`] wrote into `dir` into a network and an optimizer of the same
/// configuration, and returns them with the caller's metadata.
///
/// # Errors
///
/// As [`load_weights`].
pub fn load_state(
    dir: &Path,
    network: Network,
    mut optimizer: AdamW,
) -> Result<(Network, AdamW, BTreeMap<String, String>), Error> {
    let path = dir.join(STATE_FILE);
    let TensorFile {
        tensors,
        mut metadata,
    } = TensorFile::read(&path)?;
    let steps = metadata
        .remove(STEPS_KEY)
        .and_then(|steps| steps.parse().ok())
        .ok_or_else(|| {
            let reason = format!("its metadata has no whole number {STEPS_KEY:?}");
            Error::Corrupt {
                path: path.clone(),
                reason,
            }
        })?;
    let mut weights = BTreeMap::new();
    let mut moments = BTreeMap::new();
    for (name, tensor) in tensors {
        if let Some(name) = name.strip_prefix(OPTIMIZER_PREFIX) {
            moments.insert(name.to_owned(), tensor);
        } else {
            let name = name.strip_prefix(NETWORK_PREFIX).unwrap_or(&name);
            weights.insert(name.to_owned(), tensor);
        }
    }
    let network = parameters::replace(network, weights, &path)?;
    optimizer.replace(&network, steps, moments, &path)?;
    Ok((network, optimizer, metadata))
}
