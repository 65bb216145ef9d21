//! What several tests need.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use model::{Device, DeviceChoice, Network, NetworkConfig, NetworkShape, Tensor, TensorData};
use safetensors::SafeTensors;

/// The generator of a backend is one for the process: a test that seeds it holds this.
pub fn seeding() -> MutexGuard<'static, ()> {
    static SEEDING: Mutex<()> = Mutex::new(());
    SEEDING
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// All devices of this machine; says which are left out and why.
pub fn devices() -> Vec<Device> {
    [
        DeviceChoice::Flex,
        DeviceChoice::Ndarray,
        DeviceChoice::Wgpu,
    ]
    .into_iter()
    .filter_map(|choice| match choice.open() {
        Ok(open) => {
            println!("on {}", open.name);
            Some(open.device)
        }
        Err(error) => {
            println!("skipped: {error}");
            None
        }
    })
    .collect()
}

/// Whether the device is one of the CPU backends.
pub fn is_host(device: &Device) -> bool {
    [DeviceChoice::Flex, DeviceChoice::Ndarray]
        .into_iter()
        .filter_map(|choice| choice.open().ok())
        .any(|open| open.device == *device)
}

/// A small network with dropout, drawn from this seed.
pub fn small_network(seed: u64, device: &Device) -> Network {
    device.seed(seed);
    small_config().init(shape(), device).unwrap()
}

/// The sizes of small networks.
pub fn shape() -> NetworkShape {
    NetworkShape::new(COINS, FEATURES, LOOKBACK)
}

pub const COINS: usize = 5;
pub const FEATURES: usize = 3;
pub const LOOKBACK: usize = 64;

pub fn small_config() -> NetworkConfig {
    NetworkConfig {
        stem_width: 8,
        stages: vec![8, 12],
        head_width: 6,
        ..NetworkConfig::default()
    }
}

/// Small networks with each of the other encoders, and one with a linear skip.
pub fn other_encoders() -> Vec<NetworkConfig> {
    let of = |text: &str| serde_json::from_str::<NetworkConfig>(text).unwrap();
    vec![
        of(
            r#"{"encoder": "lstm", "stem_width": 8, "lstm": {"width": 12, "layers": 2, "bidirectional": true}}"#,
        ),
        of(
            r#"{"encoder": "lstm", "mixing": "stacked", "stem_width": 0, "pool": "last", "lstm": {"width": 16}}"#,
        ),
        of(r#"{"encoder": "gru", "stem_width": 8, "gru": {"width": 12, "layers": 2}}"#),
        of(r#"{"encoder": "gru", "stem_width": 0, "gru": {"width": 7, "bidirectional": true}}"#),
        of(r#"{"encoder": "tcn", "stem_width": 8, "tcn": {"widths": [8, 12, 12]}}"#),
        of(
            r#"{"encoder": "tcn", "stem_width": 0, "norm": "layer", "pool": "last", "tcn": {"widths": [8, 20], "kernel": 2}}"#,
        ),
        of(r#"{"stem_width": 8, "stages": [8, 12], "head_width": 6, "linear_skip": true}"#),
        of(r#"{"mixing": "own", "encoder": "gru", "stem_width": 8, "gru": {"width": 12}}"#),
    ]
}

/// Reproducible values around 0, without a generator.
pub fn wave(count: usize, phase: f32) -> Vec<f32> {
    (0..count)
        .map(|index| (index as f32 * 0.731 + phase).sin() * 1.3)
        .collect()
}

pub fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.try_into_data().unwrap().try_to_vec().unwrap()
}

pub fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// One file of scripts/golden-model.py.
pub struct Golden {
    pub config: NetworkConfig,
    pub coins: usize,
    pub features: usize,
    pub lookback: usize,
    pub tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

impl Golden {
    pub fn read(name: &str) -> Self {
        let path = golden_folder().join(format!("{name}.safetensors"));
        let bytes = std::fs::read(&path).unwrap();
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let metadata = header.metadata().clone().unwrap();
        let tensors = SafeTensors::deserialize(&bytes)
            .unwrap()
            .tensors()
            .into_iter()
            .map(|(name, view)| {
                let values = view
                    .data()
                    .chunks_exact(4)
                    .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
                    .collect();
                (name, (view.shape().to_vec(), values))
            })
            .collect();
        Self {
            config: serde_json::from_str(&metadata["config"]).unwrap(),
            coins: metadata["coins"].parse().unwrap(),
            features: metadata["features"].parse().unwrap(),
            lookback: metadata["lookback"].parse().unwrap(),
            tensors,
        }
    }

    pub fn tensor<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D> {
        let (shape, values) = self.tensors[name].clone();
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    pub fn values(&self, name: &str) -> &[f32] {
        &self.tensors[name].1
    }

    /// The network with PyTorch's weights, through a file as any other.
    pub fn network(&self, device: &Device) -> Network {
        self.network_of(1, device)
    }

    /// The same of several horizons.
    pub fn network_of(&self, horizons: usize, device: &Device) -> Network {
        // Weights are drawn before they are read.
        let _seeding = seeding();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.safetensors");
        let weights: BTreeMap<&str, _> = self
            .tensors
            .iter()
            .filter_map(|(name, (shape, values))| {
                let bytes: Vec<u8> = values
                    .iter()
                    .flat_map(|value| value.to_le_bytes())
                    .collect();
                Some((name.strip_prefix("weight.")?, (shape.clone(), bytes)))
            })
            .collect();
        let views = weights.iter().map(|(name, (shape, bytes))| {
            let view =
                safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.clone(), bytes);
            (*name, view.unwrap())
        });
        safetensors::serialize_to_file(views, None, &path).unwrap();
        let shape = NetworkShape {
            horizons,
            ..NetworkShape::new(self.coins, self.features, self.lookback)
        };
        model::load_weights(&self.config, shape, &path, device)
            .unwrap()
            .0
    }
}

fn golden_folder() -> PathBuf {
    // The variable says where the files are, if the binary was carried to another machine.
    let folder = std::env::var("CARGO_MANIFEST_DIR");
    let folder = folder.as_deref().unwrap_or(env!("CARGO_MANIFEST_DIR"));
    Path::new(folder).join("tests/golden")
}

/// Fails where a value is further from the expected one than `tolerance` times the largest of
/// them. Where all are 0 in float64, terms cancel, and float32 may leave the rounding of terms up
/// to 1.
pub fn assert_close(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected
        .iter()
        .fold(0.0_f32, |largest, value| largest.max(value.abs()));
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let limit = if largest == 0.0 {
            f32::EPSILON
        } else {
            tolerance * largest.max(1e-6)
        };
        assert!(
            (found - expected).abs() <= limit,
            "{what}[{index}] is {found}, expected {expected} within {limit}"
        );
    }
}

/// An error's message and, on a line of its own, its hint.
pub fn told(error: &model::Error) -> String {
    match error.hint() {
        Some(hint) => format!("{error}\nhint: {hint}"),
        None => error.to_string(),
    }
}
