//! The optimizer and the clipping of gradients, both as in PyTorch.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::kernel::{AdamWFactors, AdamWTensors, adamw};
use crate::parameters::ParameterPath;
use crate::tensor_file::HostTensor;
use crate::{Error, Network, parameters};

/// Settings of [`AdamW`]; the defaults are PyTorch's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamWConfig {
    /// Decay of the mean of the gradients, for each step.
    pub beta_1: f64,
    /// Decay of the mean of the squared gradients, for each step.
    pub beta_2: f64,
    /// Added to the root of the mean square, against division by zero.
    pub epsilon: f64,
    /// Part of a weight that is taken off at each step, times the learning rate. Only tensors of
    /// two and more axes decay; biases and the scales of normalizations do not.
    pub weight_decay: f64,
}

impl Default for AdamWConfig {
    fn default() -> Self {
        Self {
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
            weight_decay: 1e-2,
        }
    }
}

impl AdamWConfig {
    /// An optimizer that has made no step yet.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for a setting outside its range.
    pub fn init(&self) -> Result<AdamW, Error> {
        let settings = [
            (
                "beta_1",
                self.beta_1,
                (0.0..1.0).contains(&self.beta_1),
                "from 0 to less than 1",
            ),
            (
                "beta_2",
                self.beta_2,
                (0.0..1.0).contains(&self.beta_2),
                "from 0 to less than 1",
            ),
            ("epsilon", self.epsilon, self.epsilon > 0.0, "more than 0"),
            (
                "weight_decay",
                self.weight_decay,
                self.weight_decay >= 0.0,
                "0 or more",
            ),
        ];
        for (key, found, usable, expected) in settings {
            if !(usable && found.is_finite()) {
                return Err(Error::Config {
                    key,
                    found: found.to_string(),
                    expected: expected.to_owned(),
                    hint: format!("leave {key} out for PyTorch's default"),
                });
            }
        }
        Ok(AdamW {
            config: self.clone(),
            steps: 0,
            moments: BTreeMap::new(),
        })
    }
}

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019, <https://arxiv.org/abs/1711.05101>),
/// equal to `torch.optim.AdamW` with one parameter group without decay for biases and scales.
///
/// The state is kept by the parameter's name and not, as in Burn's own, by a random id that a
/// reloaded network no longer has.
#[derive(Clone, Debug)]
pub struct AdamW {
    config: AdamWConfig,
    steps: i32,
    moments: BTreeMap<String, GradientMoments>,
}

/// Means of a parameter's gradients and of their squares, both `[values]`.
#[derive(Clone, Debug)]
struct GradientMoments {
    first: Tensor<1>,
    second: Tensor<1>,
}

impl AdamW {
    /// Number of steps made.
    pub fn steps(&self) -> i32 {
        self.steps
    }

    /// Moves the weights one step against the gradients. A parameter without a gradient stays.
    pub fn step<M: Module>(&mut self, learning_rate: f64, network: M, grads: GradientsParams) -> M {
        self.steps += 1;
        network.map(&mut AdamStep {
            optimizer: self,
            path: ParameterPath::default(),
            learning_rate,
            grads,
        })
    }

    /// The moments on the host, as `first.NAME` and `second.NAME`.
    pub(crate) fn read(&self) -> Result<BTreeMap<String, HostTensor>, Error> {
        let mut tensors = BTreeMap::new();
        for (name, moments) in &self.moments {
            for (kind, tensor) in [("first", &moments.first), ("second", &moments.second)] {
                let values = parameters::to_host(tensor.clone(), "reading the optimizer's state")?;
                let tensor = HostTensor {
                    shape: vec![values.len()],
                    values,
                };
                tensors.insert(format!("{kind}.{name}"), tensor);
            }
        }
        Ok(tensors)
    }

    /// Takes over what [`read`](Self::read) gave, for the parameters of this network.
    pub(crate) fn replace(
        &mut self,
        network: &Network,
        steps: i32,
        mut tensors: BTreeMap<String, HostTensor>,
        file: &Path,
    ) -> Result<(), Error> {
        let device = network.device().without_autodiff();
        let mut moments = BTreeMap::new();
        // Before the first step there is no state.
        let parameters = if tensors.is_empty() {
            BTreeMap::new()
        } else {
            parameters::read(network)?
        };
        for (name, parameter) in parameters {
            let expected = vec![parameter.values.len()];
            let mut take = |kind: &str| {
                let key = format!("{kind}.{name}");
                let (path, tensor) = (file.to_owned(), format!("adamw.{key}"));
                match tensors.remove(&key) {
                    Some(found) if found.shape == expected => {
                        let data = TensorData::new(found.values, found.shape);
                        Ok(Tensor::from_data(data, &device))
                    }
                    Some(HostTensor { shape, .. }) => Err(Error::TensorMismatch {
                        path,
                        tensor,
                        found: format!("F32 {shape:?}"),
                        expected: format!("F32 {expected:?}"),
                    }),
                    None => Err(Error::MissingTensor {
                        path,
                        tensor,
                        expected: expected.clone(),
                    }),
                }
            };
            let entry = GradientMoments {
                first: take("first")?,
                second: take("second")?,
            };
            moments.insert(name, entry);
        }
        if let Some((name, HostTensor { shape, .. })) = tensors.pop_first() {
            let tensor = format!("adamw.{name}");
            return Err(Error::ExtraTensor {
                path: file.to_owned(),
                tensor,
                found: shape,
            });
        }
        self.steps = steps;
        self.moments = moments;
        Ok(())
    }

    /// One parameter's step; all are `[values]`.
    fn update(
        &mut self,
        name: String,
        value: Tensor<1>,
        grad: Tensor<1>,
        learning_rate: f64,
        decays: bool,
    ) -> Tensor<1> {
        let AdamWConfig {
            beta_1,
            beta_2,
            epsilon,
            weight_decay,
        } = self.config;
        // Both means start at 0 and are too small by these parts.
        let missing_1 = 1.0 - beta_1.powi(self.steps);
        let missing_2 = 1.0 - beta_2.powi(self.steps);
        let factors = AdamWFactors {
            beta_1,
            beta_2,
            epsilon,
            root_of_missing: missing_2.sqrt(),
            rate: learning_rate / missing_1,
            decay: if decays {
                learning_rate * weight_decay
            } else {
                0.0
            },
        };
        // Adding -0 changes nothing, not even a zero's sign.
        let nothing = || Tensor::full(grad.dims(), -0.0, &grad.device());
        let GradientMoments { first, second } =
            self.moments
                .remove(&name)
                .unwrap_or_else(|| GradientMoments {
                    first: nothing(),
                    second: nothing(),
                });
        let tensors = AdamWTensors {
            value,
            first,
            second,
        };
        let AdamWTensors {
            value,
            first,
            second,
        } = adamw(factors, tensors, grad).unwrap_or_else(|other| {
            let (tensors, grad) = *other;
            operation_by_operation(factors, tensors, grad)
        });
        self.moments.insert(name, GradientMoments { first, second });
        value
    }
}

/// The step by Burn's operations, for backends without a kernel of ours.
fn operation_by_operation(
    factors: AdamWFactors,
    tensors: AdamWTensors,
    grad: Tensor<1>,
) -> AdamWTensors {
    let [new_1, new_2] = [1.0 - factors.beta_1, 1.0 - factors.beta_2];
    let first = tensors.first.mul_scalar(factors.beta_1) + grad.clone().mul_scalar(new_1);
    let second = tensors.second.mul_scalar(factors.beta_2) + grad.square().mul_scalar(new_2);
    let root = second
        .clone()
        .sqrt()
        .div_scalar(factors.root_of_missing)
        .add_scalar(factors.epsilon);
    let move_by = first.clone().div(root).mul_scalar(factors.rate);
    AdamWTensors {
        value: tensors.value.mul_scalar(1.0 - factors.decay) - move_by,
        first,
        second,
    }
}

struct AdamStep<'a> {
    optimizer: &'a mut AdamW,
    path: ParameterPath,
    learning_rate: f64,
    grads: GradientsParams,
}

impl ModuleMapper for AdamStep<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, name: &str, container: &str) {
        self.path.exit(name, container);
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(grad) = self.grads.remove::<D>(param.id) else {
            return param;
        };
        let name = self.path.name();
        param.map(|old| {
            let (shape, trained, autodiff) = (old.dims(), old.is_require_grad(), old.is_autodiff());
            // Both [values].
            let value = old.without_autodiff().reshape([-1]);
            let grad = grad.without_autodiff().reshape([-1]);
            let new = self
                .optimizer
                .update(name, value, grad, self.learning_rate, D >= 2);
            let new = new.reshape(shape);
            if autodiff {
                new.autodiff().set_require_grad(trained)
            } else {
                new
            }
        })
    }
}

/// Scales all gradients by one factor so that their common norm is at most `max_norm`, as
/// `torch.nn.utils.clip_grad_norm_`, and returns the norm before that, `[1]`.
///
/// Burn's own clipping takes each tensor by itself. Nothing here waits for the device. With an
/// infinite `max_norm` it only measures. A gradient that is not finite makes the norm not finite:
/// the caller should look at it before the step.
pub fn clip_grad_norm(
    network: &Network,
    grads: GradientsParams,
    max_norm: f32,
) -> (GradientsParams, Tensor<1>) {
    let mut sum = SumOfSquares {
        grads: &grads,
        total: None,
    };
    network.visit(&mut sum);
    let Some(total) = sum.total else {
        return (
            grads,
            Tensor::zeros([1], &network.device().without_autodiff()),
        );
    };
    let norm = total.sqrt();
    // torch adds the same 1e-6.
    let factor = norm
        .clone()
        .add_scalar(1e-6)
        .recip()
        .mul_scalar(max_norm)
        .clamp_max(1.0);
    let mut scale = Scale { grads, factor };
    network.visit(&mut scale);
    (scale.grads, norm)
}

struct SumOfSquares<'a> {
    grads: &'a GradientsParams,
    total: Option<Tensor<1>>,
}

impl ModuleVisitor for SumOfSquares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(grad) = self.grads.get::<D>(param.id) {
            let squares = grad.square().sum();
            self.total = Some(match self.total.take() {
                Some(total) => total + squares,
                None => squares,
            });
        }
    }
}

struct Scale {
    grads: GradientsParams,
    factor: Tensor<1>,
}

impl ModuleVisitor for Scale {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(grad) = self.grads.remove::<D>(param.id) {
            self.grads
                .register(param.id, grad * self.factor.clone().reshape([1; D]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One pass over the values gives the bits of Burn's operations, step after step.
    #[test]
    fn one_pass_gives_the_bits_of_the_operations() {
        let device = burn::tensor::Device::flex();
        let count = 40_003;
        let drawn = |seed: u32| {
            let value = |index: u32| {
                let bits = (index ^ seed).wrapping_mul(2_654_435_761);
                match bits % 11 {
                    0 => 0.0,
                    1 => -0.0,
                    _ => (bits as f32 / 2e9 - 1.0).powi(5),
                }
            };
            let values: Vec<f32> = (0..count).map(value).collect();
            Tensor::<1>::from_data(TensorData::new(values, [count as usize]), &device)
        };
        let tensors = || AdamWTensors {
            value: drawn(1),
            first: Tensor::full([count as usize], -0.0, &device),
            second: Tensor::full([count as usize], -0.0, &device),
        };
        let (mut fused, mut plain) = (tensors(), tensors());
        for step in 1..6 {
            let factors = AdamWFactors {
                beta_1: 0.9,
                beta_2: 0.999,
                epsilon: 1e-8,
                root_of_missing: (1.0 - 0.999_f64.powi(step)).sqrt(),
                rate: 1e-3 / (1.0 - 0.9_f64.powi(step)),
                decay: 1e-5,
            };
            let grad = drawn(7 * step as u32);
            fused = adamw(factors, fused, grad.clone()).ok().unwrap();
            plain = operation_by_operation(factors, plain, grad);
            let bits = |tensors: &AdamWTensors| {
                [&tensors.value, &tensors.first, &tensors.second].map(|tensor| {
                    let data = tensor.clone().try_into_data().unwrap();
                    let values: Vec<f32> = data.try_to_vec().unwrap();
                    values.into_iter().map(f32::to_bits).collect::<Vec<_>>()
                })
            };
            assert!(bits(&fused) == bits(&plain), "step {step}");
        }
    }
}
