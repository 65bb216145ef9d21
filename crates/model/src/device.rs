//! The choice of the device the tensors live on.

use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::{Error, OpenDevice, gpu};

/// Which device to compute on.
///
/// On a CPU flex is the backend to take: a training step took 1.6 to 1.8 times PyTorch's, against
/// 120 to 168 times on ndarray (measured on 2 cores, 1.5 million parameters, 160 channels).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceChoice {
    /// A GPU where there is one, else the CPU.
    #[default]
    Auto,
    /// A GPU, or an error.
    Gpu,
    /// The fastest CPU backend, which is flex.
    Cpu,
    /// Any adapter of wgpu, a software adapter too: slow, for tests.
    Wgpu,
    /// Burn's flex backend on the CPU.
    Flex,
    /// Burn's ndarray backend on the CPU (deprecated upstream, slow; a lean build leaves it out).
    Ndarray,
}

impl FromStr for DeviceChoice {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Ok(match name {
            "auto" => Self::Auto,
            "gpu" => Self::Gpu,
            "cpu" => Self::Cpu,
            "wgpu" => Self::Wgpu,
            "flex" => Self::Flex,
            "ndarray" => Self::Ndarray,
            _ => {
                return Err(Error::UnknownDevice {
                    found: name.to_owned(),
                });
            }
        })
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Auto => "auto",
            Self::Gpu => "gpu",
            Self::Cpu => "cpu",
            Self::Wgpu => "wgpu",
            Self::Flex => "flex",
            Self::Ndarray => "ndarray",
        })
    }
}

impl DeviceChoice {
    /// Opens the device. Adapters of wgpu are opened once a process and shared.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceUnavailable`] where this machine has no such adapter or this build lacks the
    /// backend. [`DeviceChoice::Auto`] always finds one.
    pub fn open(self) -> Result<OpenDevice, Error> {
        match self {
            Self::Cpu | Self::Flex => Ok(flex(None)),
            Self::Ndarray => ndarray(),
            Self::Auto => Ok(gpu::open_real().unwrap_or_else(|reason| {
                // Whoever builds without the GPU knows that this runs on the CPU.
                flex(
                    gpu::IS_BUILT
                        .then(|| format!("No GPU was found ({reason}), so this runs on the CPU.")),
                )
            })),
            Self::Gpu => gpu::open_real().map_err(|reason| unavailable(self, &reason, gpu::HINT)),
            Self::Wgpu => {
                gpu::open_any().map_err(|reason| unavailable(self, &reason, gpu::ANY_HINT))
            }
        }
    }
}

fn flex(note: Option<String>) -> OpenDevice {
    OpenDevice {
        device: Device::flex(),
        name: "CPU (flex)".to_owned(),
        note,
    }
}

#[cfg(feature = "ndarray")]
fn ndarray() -> Result<OpenDevice, Error> {
    #[expect(deprecated, reason = "a choice until Burn removes it")]
    let device = Device::ndarray();
    let note = "Burn's ndarray backend is deprecated and slow; flex is faster.".to_owned();
    Ok(OpenDevice {
        device,
        name: "CPU (ndarray)".to_owned(),
        note: Some(note),
    })
}

#[cfg(not(feature = "ndarray"))]
fn ndarray() -> Result<OpenDevice, Error> {
    Err(unavailable(
        DeviceChoice::Ndarray,
        "this build leaves the ndarray backend out",
        "build with `--features ndarray`, or use device = \"cpu\"",
    ))
}

fn unavailable(choice: DeviceChoice, reason: &str, hint: &str) -> Error {
    Error::DeviceUnavailable {
        choice: choice.to_string(),
        reason: reason.to_owned(),
        hint: hint.to_owned(),
    }
}

/// Whether tensors of this device are in the host's memory.
pub(crate) fn is_host(device: &Device) -> bool {
    #[cfg(feature = "ndarray")]
    {
        #[expect(deprecated, reason = "a choice until Burn removes it")]
        let ndarray = Device::ndarray();
        if *device == ndarray || *device == ndarray.autodiff() {
            return true;
        }
    }
    *device == Device::flex() || *device == Device::flex().autodiff()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for name in ["auto", "gpu", "cpu", "wgpu", "flex", "ndarray"] {
            let choice: DeviceChoice = name.parse().unwrap();
            assert_eq!(choice.to_string(), name);
            assert_eq!(serde_json::to_string(&choice).unwrap(), format!("{name:?}"));
        }
        assert_eq!(
            crate::error::told(&"cuda".parse::<DeviceChoice>().unwrap_err()),
            "unknown device \"cuda\", expected auto, gpu, cpu, wgpu, flex or ndarray\nhint: `auto` takes a GPU where there is one and the CPU elsewhere"
        );
    }

    #[test]
    fn auto_always_opens_and_never_takes_a_software_adapter() {
        let open = DeviceChoice::Auto.open().unwrap();
        assert!(!gpu::is_software(&open.name), "{}", open.name);
        match DeviceChoice::Gpu.open() {
            Ok(gpu) => assert_eq!(gpu.name, open.name),
            Err(error) => {
                assert_eq!(open.name, "CPU (flex)");
                let says_why = |note: String| note.ends_with("so this runs on the CPU.");
                assert_eq!(open.note.is_some_and(says_why), gpu::IS_BUILT);
                let message = error.to_string();
                assert!(
                    message.starts_with("device gpu cannot be opened: "),
                    "{message}"
                );
                assert!(error.hint().is_some());
            }
        }
    }

    #[test]
    fn opening_twice_gives_the_same_device() {
        for choice in [DeviceChoice::Cpu, DeviceChoice::Wgpu] {
            match (choice.open(), choice.open()) {
                (Ok(one), Ok(two)) => assert_eq!(one.device, two.device),
                (Err(one), Err(two)) => assert_eq!(one.to_string(), two.to_string()),
                _ => panic!("{choice} opened once and failed once"),
            }
        }
    }

    #[cfg(not(feature = "gpu"))]
    #[test]
    fn a_build_without_the_gpu_names_the_build_that_has_it() {
        for choice in [DeviceChoice::Gpu, DeviceChoice::Wgpu] {
            assert_eq!(
                crate::error::told(&choice.open().unwrap_err()),
                format!(
                    "device {choice} cannot be opened: this build leaves the GPU out\nhint: build with the default features \
                     (`cargo build --release -p quarterhour`), or use device = \"cpu\""
                )
            );
        }
    }

    #[cfg(not(feature = "ndarray"))]
    #[test]
    fn a_lean_build_says_that_it_lacks_ndarray() {
        let message = DeviceChoice::Ndarray.open().unwrap_err().to_string();
        assert!(
            message.contains("this build leaves the ndarray backend out"),
            "{message}"
        );
    }
}
