//! The parameters of a network by name: out of it and into it.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};

use crate::Error;
use crate::tensor_file::HostTensor;

/// Copies all parameters to the host, named as in PyTorch (`stem.weight`).
pub(crate) fn read<M: Module>(module: &M) -> Result<BTreeMap<String, HostTensor>, Error> {
    let mut reader = Reader { path: Vec::new(), tensors: Ok(BTreeMap::new()) };
    module.visit(&mut reader);
    reader.tensors
}

/// Replaces all parameters of the module by the tensors of these names, which come from `file`.
///
/// Errors where one is missing, left over, or of another shape.
pub(crate) fn replace<M: Module>(module: M, tensors: BTreeMap<String, HostTensor>, file: &Path) -> Result<M, Error> {
    let mut writer = Writer { path: Vec::new(), tensors, file, failure: None };
    let module = module.map(&mut writer);
    if let Some(failure) = writer.failure {
        return Err(failure);
    }
    match writer.tensors.pop_first() {
        Some((tensor, HostTensor { shape, .. })) => {
            Err(Error::ExtraTensor { path: file.to_owned(), tensor, found: shape })
        }
        None => Ok(module),
    }
}

/// The values of a tensor, row-major.
pub(crate) fn to_host<const D: usize>(tensor: Tensor<D>, doing: &'static str) -> Result<Vec<f32>, Error> {
    let data = tensor.try_into_data().map_err(|error| Error::DeviceFailed { doing, reason: error.to_string() })?;
    data.try_to_vec().map_err(|error| Error::DeviceFailed { doing, reason: format!("{error:?}") })
}

struct Reader {
    path: Vec<String>,
    tensors: Result<BTreeMap<String, HostTensor>, Error>,
}

impl ModuleVisitor for Reader {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Ok(tensors) = &mut self.tensors else { return };
        let value = param.val();
        let shape = value.dims().to_vec();
        match to_host(value, "reading the weights") {
            Ok(values) => {
                tensors.insert(self.path.join("."), HostTensor { shape, values });
            }
            Err(error) => self.tensors = Err(error),
        }
    }
}

struct Writer<'a> {
    path: Vec<String>,
    tensors: BTreeMap<String, HostTensor>,
    file: &'a Path,
    failure: Option<Error>,
}

impl ModuleMapper for Writer<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if self.failure.is_some() {
            return param;
        }
        let name = self.path.join(".");
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
                    None => Error::MissingTensor { path, tensor: name, expected },
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
