//! Weights and training state on disk.

use std::collections::BTreeMap;
use std::path::Path;

use model::{
    AdamW, AdamWConfig, Device, Error, GradientsParams, Loss, Module, Network, NetworkConfig,
    Tensor, TensorData, clip_grad_norm, load_state, load_weights, masked_loss, probe, save_state,
    save_weights,
};
use safetensors::SafeTensors;

use crate::support::{
    COINS, FEATURES, LOOKBACK, bits, devices, other_encoders, seeding, shape, small_config,
    small_network, told, values, wave,
};

const BATCH: usize = 4;

fn load(config: &NetworkConfig, path: &Path) -> Result<(Network, BTreeMap<String, String>), Error> {
    load_weights(config, shape(), path, &Device::flex())
}

fn batch(phase: f32, device: &Device) -> Tensor<3> {
    let shape = [BATCH, COINS * FEATURES, LOOKBACK];
    let values = wave(shape.iter().product(), phase);
    Tensor::from_data(TensorData::new(values, shape), device)
}

#[test]
fn weights_come_back_bit_for_bit_with_their_metadata() {
    let _seeding = seeding();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let network = small_network(1, &Device::flex());
    let metadata = BTreeMap::from([("run".to_owned(), "a \"quoted\" name".to_owned())]);
    save_weights(&network, &path, &metadata).unwrap();
    let (loaded, found) = load(&small_config(), &path).unwrap();
    assert_eq!(found, metadata);
    let input = batch(0.0, &Device::flex());
    assert_eq!(
        bits(&values(loaded.forward(input.clone()))),
        bits(&values(network.forward(input)))
    );
    // The same weights make the same file, and nothing else is left in the folder.
    let first = std::fs::read(&path).unwrap();
    save_weights(&loaded, &path, &metadata).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), first);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn broken_files_are_errors_that_name_file_and_tensor() {
    let _seeding = seeding();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let message = |config: &NetworkConfig| {
        let message = told(&load(config, &path).unwrap_err());
        assert!(
            message.starts_with(&path.display().to_string()),
            "{message}"
        );
        message.replace(&path.display().to_string(), "FILE")
    };
    assert!(message(&small_config()).starts_with("FILE: cannot read: "));

    let network = small_network(1, &Device::flex());
    save_weights(&network, &path, &BTreeMap::new()).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for length in [0, 7, 100, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        let message = message(&small_config());
        assert!(
            message.starts_with("FILE: not a whole safetensors file: "),
            "{message}"
        );
        assert!(message.contains("\nhint: "), "{message}");
    }
    let mut corrupt = whole.clone();
    corrupt[20] = 0xff;
    std::fs::write(&path, &corrupt).unwrap();
    assert!(message(&small_config()).starts_with("FILE: not a whole safetensors file: "));

    let hint = "\nhint: the file belongs to a network with another configuration; use the run.toml saved beside it";
    std::fs::write(&path, &whole).unwrap();
    let other = NetworkConfig {
        stem_width: 9,
        ..small_config()
    };
    assert_eq!(
        message(&other),
        format!("FILE: tensor \"stem.weight\" is F32 [8, 6, 8], expected F32 [9, 6, 8]{hint}")
    );
    let other = NetworkConfig {
        blocks_per_stage: 3,
        ..small_config()
    };
    assert_eq!(
        message(&other),
        format!(
            "FILE: tensor \"stages.0.blocks.2.conv1.weight\" of shape [8, 8, 3] is missing{hint}"
        )
    );
    let other = NetworkConfig {
        blocks_per_stage: 1,
        ..small_config()
    };
    assert_eq!(
        message(&other),
        format!(
            "FILE: tensor \"stages.0.blocks.1.conv1.bias\" of shape [8] is not a part of the network{hint}"
        )
    );
}

#[test]
fn a_file_that_cannot_be_written_is_an_error() {
    let _seeding = seeding();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing/model.safetensors");
    let network = small_network(1, &Device::flex());
    let error = save_weights(&network, &path, &BTreeMap::new()).unwrap_err();
    assert!(error.to_string().contains("cannot write"), "{error}");
}

/// One training step, its dropout drawn from a generator seeded with the step.
fn step(number: u64, network: Network, optimizer: &mut AdamW) -> (Network, u32) {
    let device = network.device();
    device.seed(number);
    let output = network.forward(batch(number as f32, &device));
    let target = Tensor::from_data(
        TensorData::new(wave(BATCH * COINS, 0.5), [BATCH, COINS]),
        &device,
    );
    let mask = Tensor::ones([BATCH, COINS], &device);
    let loss = masked_loss(Loss::L1, output, target, mask);
    let bits = values(loss.clone())[0].to_bits();
    let grads = GradientsParams::from_grads(loss.backward(), &network);
    let (grads, _) = clip_grad_norm(&network, grads, 1.0);
    (optimizer.step(1e-2, network, grads), bits)
}

fn run(
    steps: std::ops::Range<u64>,
    mut network: Network,
    optimizer: &mut AdamW,
) -> (Network, Vec<u32>) {
    let mut losses = Vec::new();
    for number in steps {
        let (next, loss) = step(number, network, optimizer);
        network = next;
        losses.push(loss);
    }
    (network, losses)
}

#[test]
fn a_resumed_run_goes_on_bit_for_bit() {
    let _seeding = seeding();
    for device in devices() {
        let device = device.autodiff();
        let config = AdamWConfig::default();
        let folder = tempfile::tempdir().unwrap();
        let mut optimizer = config.init().unwrap();
        let (network, _) = run(0..4, small_network(1, &device), &mut optimizer);
        let metadata = BTreeMap::from([("step".to_owned(), "4".to_owned())]);
        save_state(folder.path(), &network, &optimizer, &metadata).unwrap();
        let (network, expected) = run(4..8, network, &mut optimizer);

        // A new process: another network of the same configuration, a fresh optimizer.
        let fresh = small_network(99, &device);
        let (resumed, mut optimizer, found) =
            load_state(folder.path(), fresh, config.init().unwrap()).unwrap();
        assert_eq!(found, metadata);
        assert_eq!(optimizer.steps(), 4);
        let (resumed, losses) = run(4..8, resumed, &mut optimizer);
        assert_eq!(losses, expected);
        let plain = device.without_autodiff();
        let input = batch(0.0, &plain);
        assert_eq!(
            bits(&values(resumed.valid().forward(input.clone()))),
            bits(&values(network.valid().forward(input)))
        );
        // Without the optimizer's state the run would have gone elsewhere.
        let (resumed, _, _) = load_state(
            folder.path(),
            small_network(99, &resumed.device()),
            config.init().unwrap(),
        )
        .unwrap();
        let (_, other) = run(4..8, resumed, &mut config.init().unwrap());
        assert_ne!(other, expected);
    }
}

#[test]
fn a_state_of_another_network_is_an_error() {
    let _seeding = seeding();
    let device = Device::flex().autodiff();
    let folder = tempfile::tempdir().unwrap();
    let config = AdamWConfig::default();
    let mut optimizer = config.init().unwrap();
    let (network, _) = run(0..1, small_network(1, &device), &mut optimizer);
    save_state(folder.path(), &network, &optimizer, &BTreeMap::new()).unwrap();
    let other = NetworkConfig {
        stem_width: 9,
        ..small_config()
    };
    let other = other.init(shape(), &device).unwrap();
    let error = load_state(folder.path(), other, config.init().unwrap()).unwrap_err();
    assert!(matches!(error, Error::TensorMismatch { .. }), "{error}");
    // Weights alone are no state.
    let path = folder.path().join("state.safetensors");
    save_weights(&network, &path, &BTreeMap::new()).unwrap();
    let error = load_state(folder.path(), network, config.init().unwrap()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("has no whole number \"adamw.steps\""),
        "{error}"
    );
}

/// With dropout between the layers and inside the blocks.
#[test]
fn every_encoder_goes_on_bit_for_bit() {
    let _seeding = seeding();
    let device = Device::flex().autodiff();
    for config in other_encoders() {
        let folder = tempfile::tempdir().unwrap();
        let fresh = |seed| {
            device.seed(seed);
            config.init(shape(), &device).unwrap()
        };
        let mut optimizer = AdamWConfig::default().init().unwrap();
        let (network, first) = run(0..3, fresh(1), &mut optimizer);
        save_state(folder.path(), &network, &optimizer, &BTreeMap::new()).unwrap();
        let (_, expected) = run(3..6, network, &mut optimizer);
        let optimizer = AdamWConfig::default().init().unwrap();
        let (resumed, mut optimizer, _) = load_state(folder.path(), fresh(9), optimizer).unwrap();
        assert_eq!(run(3..6, resumed, &mut optimizer).1, expected, "{config:?}");
        assert_eq!(
            run(0..3, fresh(1), &mut AdamWConfig::default().init().unwrap()).1,
            first,
            "{config:?}"
        );
    }
}

/// The names under which PyTorch has them: scripts/golden-model.py.
#[test]
fn names_are_those_of_pytorch() {
    let _seeding = seeding();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let names = |config: &NetworkConfig| {
        let network = config.init(shape(), &Device::flex()).unwrap();
        save_weights(&network, &path, &BTreeMap::new()).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let mut names: Vec<String> = SafeTensors::deserialize(&bytes)
            .unwrap()
            .names()
            .into_iter()
            .map(str::to_owned)
            .collect();
        names.sort();
        names.join(" ")
    };
    let small = NetworkConfig {
        stages: vec![8],
        blocks_per_stage: 1,
        ..small_config()
    };
    assert_eq!(
        names(&small),
        "head.hidden.bias head.hidden.weight head.output.bias head.output.weight stages.0.blocks.0.conv1.bias \
         stages.0.blocks.0.conv1.weight stages.0.blocks.0.conv2.bias stages.0.blocks.0.conv2.weight stem.bias stem.weight"
    );
    let networks = other_encoders();
    let [_, lstm, _, gru, _, tcn, skip, _] = &networks[..] else {
        panic!("eight networks")
    };
    let uncertain = NetworkConfig {
        log_scale: true,
        ..small.clone()
    };
    assert!(names(&uncertain).contains("head.output.weight head.scale.bias head.scale.weight "));
    assert!(names(skip).contains("head.output.weight skip.bias skip.weight stages.0."));
    let head = "head.hidden.bias head.hidden.weight head.output.bias head.output.weight";
    assert_eq!(
        names(lstm),
        format!(
            "{head} lstm.0.bias_hh_l0 lstm.0.bias_ih_l0 lstm.0.weight_hh_l0 lstm.0.weight_ih_l0"
        )
    );
    assert_eq!(
        names(gru),
        format!(
            "gru.0.bias_hh_l0 gru.0.bias_hh_l0_reverse gru.0.bias_ih_l0 gru.0.bias_ih_l0_reverse gru.0.weight_hh_l0 \
             gru.0.weight_hh_l0_reverse gru.0.weight_ih_l0 gru.0.weight_ih_l0_reverse {head}"
        )
    );
    assert_eq!(
        names(tcn),
        format!(
            "{head} norm.bias norm.weight tcn.0.conv1.bias tcn.0.conv1.weight tcn.0.conv2.bias tcn.0.conv2.weight \
             tcn.0.downsample.bias tcn.0.downsample.weight tcn.0.norm1.bias tcn.0.norm1.weight tcn.0.norm2.bias \
             tcn.0.norm2.weight tcn.1.conv1.bias tcn.1.conv1.weight tcn.1.conv2.bias tcn.1.conv2.weight \
             tcn.1.downsample.bias tcn.1.downsample.weight tcn.1.norm1.bias tcn.1.norm1.weight tcn.1.norm2.bias \
             tcn.1.norm2.weight"
        )
    );
}

/// An output bias of 3e38 is a finite number, and was once traded on.
#[test]
fn forecasts_beyond_reason_are_refused() {
    let _seeding = seeding();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    save_weights(&small_network(1, &Device::flex()), &path, &BTreeMap::new()).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let bias = tensors.tensor("head.output.bias").unwrap();
    let start = bias.data().as_ptr() as usize - bytes.as_ptr() as usize;
    let probed = |value: f32| {
        let mut changed = bytes.clone();
        changed[start..start + 4].copy_from_slice(&value.to_le_bytes());
        std::fs::write(&path, changed).unwrap();
        let (network, _) = load(&small_config(), &path).unwrap();
        probe(&network, &path).map_err(|error| told(&error))
    };
    probed(9e5).unwrap();
    for (value, found) in [(3e38, "3e38"), (-2e6, "-2"), (f32::NAN, "NaN")] {
        let said = probed(value).unwrap_err();
        let expected = format!("{}: a trial window is forecast as {found}", path.display());
        assert!(
            said.starts_with(&expected)
                && said.contains("expected a number from -1000000.0 to 1000000.0\nhint: "),
            "{said}"
        );
    }
}
