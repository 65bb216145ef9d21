//! The parameters of a network by name: out of it and into it.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};

use crate::Error;
use crate::tensor_file::HostTensor;

/// Where a visit of a network's modules stands, and what the parameter there is called.
///
/// Names are those of a PyTorch module whose encoder's parts stand beside its head:
/// `stages.0.blocks.0.conv1.weight`, not `encoder.ResNet.stages...`.
#[derive(Clone, Debug, Default)]
pub struct ParameterPath(Vec<String>);

impl ParameterPath {
    /// Called with what `enter_module` of a visitor is called with.
    pub fn enter(&mut self, name: &str, container: &str) {
        if is_named(name, container) {
            self.0.push(name.to_owned());
        }
    }

    /// Called with what `exit_module` of a visitor is called with.
    pub fn exit(&mut self, name: &str, container: &str) {
        if is_named(name, container) {
            self.0.pop();
        }
    }

    /// The parameter's name.
    pub fn name(&self) -> String {
        self.0.join(".")
    }
}

/// Whether a module is part of its parameters' names: all but the encoder and its kind.
fn is_named(name: &str, container: &str) -> bool {
    !(container.starts_with("Enum:") || (container == "Struct:Network" && name == "encoder"))
}

/// Copies all parameters to the host, named as in PyTorch (`stem.weight`).
pub(crate) fn read<M: Module>(module: &M) -> Result<BTreeMap<String, HostTensor>, Error> {
    let mut reader = Reader {
        path: ParameterPath::default(),
        tensors: Ok(BTreeMap::new()),
    };
    module.visit(&mut reader);
    reader.tensors
}

/// Replaces all parameters of the module by the tensors of these names, which come from `file`.
///
/// Errors where one is missing, left over, or of another shape.
pub(crate) fn replace<M: Module>(
    module: M,
    tensors: BTreeMap<String, HostTensor>,
    file: &Path,
) -> Result<M, Error> {
    let mut writer = Writer {
        path: ParameterPath::default(),
        tensors,
        file,
        failure: None,
    };
    let module = module.map(&mut writer);
    if let Some(failure) = writer.failure {
        return Err(failure);
    }
    match writer.tensors.pop_first() {
        Some((tensor, HostTensor { shape, .. })) => Err(Error::ExtraTensor {
            path: file.to_owned(),
            tensor,
            found: shape,
        }),
        None => Ok(module),
    }
}

/// The values of a tensor, row-major.
pub(crate) fn to_host<const D: usize>(
    tensor: Tensor<D>,
    doing: &'static str,
) -> Result<Vec<f32>, Error> {
    let data = tensor
        .try_into_data()
        .map_err(|error| Error::DeviceFailed {
            doing,
            reason: error.to_string(),
        })?;
    data.try_to_vec().map_err(|error| Error::DeviceFailed {
        doing,
        reason: format!("{error:?}"),
    })
}

struct Reader {
    path: ParameterPath,
    tensors: Result<BTreeMap<String, HostTensor>, Error>,
}

impl ModuleVisitor for Reader {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, name: &str, container: &str) {
        self.path.exit(name, container);
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Ok(tensors) = &mut self.tensors else {
            return;
        };
        let value = param.val();
        let shape = value.dims().to_vec();
        match to_host(value, "reading the weights") {
            Ok(values) => {
                tensors.insert(self.path.name(), HostTensor { shape, values });
            }
            Err(error) => self.tensors = Err(error),
        }
    }
}

struct Writer<'a> {
    path: ParameterPath,
    tensors: BTreeMap<String, HostTensor>,
    file: &'a Path,
    failure: Option<Error>,
}

impl ModuleMapper for Writer<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, name: &str, container: &str) {
        self.path.exit(name, container);
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if self.failure.is_some() {
            return param;
        }
        let name = self.path.name();
        let expected = param.val().dims().to_vec();
        let found = match self.tensors.remove(&name) {
            Some(found) if found.shape == expected => found,
            other => {
                let path = self.file.to_owned();
                self.failure = Some(match other {
                    Some(found) => Error::TensorMismatch {
                        path,
                        tensor: name,
                        found: format!("F32 {:?}", found.shape),
                        expected: format!("F32 {expected:?}"),
                    },
                    None => Error::MissingTensor {
                        path,
                        tensor: name,
                        expected,
                    },
                });
                return param;
            }
        };
        param.map(|old| {
            let data = TensorData::new(found.values, found.shape);
            let trained = old.is_require_grad();
            Tensor::from_data(data, &old.device()).set_require_grad(trained)
        })
    }
}
