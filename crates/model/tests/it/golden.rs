//! Against PyTorch in float64 (scripts/golden-model.py).

use std::collections::BTreeMap;

use burn::module::{ModuleVisitor, Param};
use model::{
    AdamWConfig, Device, GradientsParams, Loss, Module, ParameterPath, Tensor, clip_grad_norm,
    masked_loss,
};

use crate::support::{Golden, assert_close, devices, is_host, values};

/// Largest difference from float64, relative to the largest value of a tensor.
const TOLERANCE: f32 = 1e-4;

const CASES: [&str; 13] = [
    "shared-patch",
    "shared-overlap",
    "shared-even-stem",
    "stacked-dense",
    "stacked-patch",
    "lstm-plain",
    "lstm-deep",
    "gru-plain",
    "gru-deep",
    "tcn-plain",
    "tcn-deep",
    "skip-shared",
    "skip-stacked",
];

#[test]
fn forward_and_gradients_equal_pytorch() {
    for device in devices() {
        // A software adapter compiles kernels for a minute: one case of each mixing and encoder.
        let few = [
            "shared-overlap",
            "stacked-patch",
            "lstm-deep",
            "gru-deep",
            "tcn-deep",
            "skip-shared",
        ];
        let cases: &[&str] = if is_host(&device) { &CASES } else { &few };
        for name in cases {
            check_forward_and_gradients(name, &device);
        }
    }
}

fn check_forward_and_gradients(name: &str, device: &Device) {
    let golden = Golden::read(name);
    let expected = golden.values("output");
    let network = golden.network(device);
    let output = network.forward(golden.tensor("windows", device));
    assert_close(
        &format!("{name} output on {device:?}"),
        &values(output),
        expected,
        TOLERANCE,
    );

    let device = &device.clone().autodiff();
    // Dropout is off only where nothing trains; the case below has it on, with probability 0.
    let mut golden = golden;
    golden.config.dropout = 0.0;
    let network = golden.network(device);
    let output = network.forward(golden.tensor("windows", device));
    let mask = Tensor::ones(output.dims(), device);
    let loss = masked_loss(Loss::L1, output, golden.tensor("target", device), mask);
    let grads = GradientsParams::from_grads(loss.backward(), &network);
    let found = by_name(&network, &grads);
    let names: Vec<&str> = golden
        .tensors
        .keys()
        .filter_map(|n| n.strip_prefix("grad."))
        .collect();
    assert_eq!(found.keys().collect::<Vec<_>>(), names);
    for (parameter, found) in &found {
        let expected = golden.values(&format!("grad.{parameter}"));
        assert_close(
            &format!("{name} {parameter} on {device:?}"),
            found,
            expected,
            TOLERANCE,
        );
    }
}

#[test]
fn adamw_and_global_clipping_equal_pytorch() {
    for device in devices() {
        let device = device.autodiff();
        let mut golden = Golden::read("adamw");
        golden.config.dropout = 0.0;
        let mut network = golden.network(&device);
        let config = AdamWConfig {
            weight_decay: 0.1,
            ..AdamWConfig::default()
        };
        let mut optimizer = config.init().unwrap();
        for expected in golden.values("norms") {
            let output = network.forward(golden.tensor("windows", &device));
            let mask = Tensor::ones(output.dims(), &device);
            let loss = masked_loss(Loss::L2, output, golden.tensor("target", &device), mask);
            let grads = GradientsParams::from_grads(loss.backward(), &network);
            let (grads, norm) = clip_grad_norm(&network, grads, 1.0);
            assert_close("norm", &values(norm), &[*expected], 1e-3);
            network = optimizer.step(1e-2, network, grads);
        }
        // Adam divides by the gradient's size, so that small gradients keep their rounding errors:
        // compared with the distance of five steps, not with the weights.
        let mut names = 0;
        for (name, found) in weights_by_name(&network) {
            let expected = golden.values(&format!("stepped.{name}"));
            let start = golden.values(&format!("weight.{name}"));
            let difference =
                |of: &[f32]| of.iter().zip(start).map(|(a, b)| a - b).collect::<Vec<_>>();
            assert_close(&name, &difference(&found), &difference(expected), 2e-3);
            names += 1;
        }
        assert_eq!(
            names,
            golden
                .tensors
                .keys()
                .filter(|n| n.starts_with("stepped."))
                .count()
        );
    }
}

#[test]
fn clipping_leaves_small_gradients_alone() {
    let device = Device::flex().autodiff();
    let mut golden = Golden::read("shared-patch");
    golden.config.dropout = 0.0;
    let network = golden.network(&device);
    let grads = || {
        let output = network.forward(golden.tensor("windows", &device));
        GradientsParams::from_grads(output.sum().backward(), &network)
    };
    let (clipped, norm) = clip_grad_norm(&network, grads(), f32::INFINITY);
    assert_eq!(by_name(&network, &clipped), by_name(&network, &grads()));
    let norm = values(norm)[0];
    let (clipped, _) = clip_grad_norm(&network, grads(), norm / 2.0);
    let sum: f32 = by_name(&network, &clipped)
        .values()
        .flatten()
        .map(|value| value * value)
        .sum();
    assert_close("half the norm", &[sum.sqrt()], &[norm / 2.0], 1e-5);
}

/// Gradients on the host, by the parameter's name.
pub fn by_name<M: Module>(network: &M, grads: &GradientsParams) -> BTreeMap<String, Vec<f32>> {
    let mut visitor = ByName {
        path: ParameterPath::default(),
        grads: Some(grads),
        found: BTreeMap::new(),
    };
    network.visit(&mut visitor);
    visitor.found
}

fn weights_by_name<M: Module>(network: &M) -> BTreeMap<String, Vec<f32>> {
    let mut visitor = ByName {
        path: ParameterPath::default(),
        grads: None,
        found: BTreeMap::new(),
    };
    network.visit(&mut visitor);
    visitor.found
}

struct ByName<'a> {
    path: ParameterPath,
    grads: Option<&'a GradientsParams>,
    found: BTreeMap<String, Vec<f32>>,
}

impl ModuleVisitor for ByName<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, name: &str, container: &str) {
        self.path.exit(name, container);
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = match self.grads {
            Some(grads) => grads
                .get::<D>(param.id)
                .expect("each parameter has a gradient"),
            None => param.val(),
        };
        self.found.insert(self.path.name(), values(tensor));
    }
}
