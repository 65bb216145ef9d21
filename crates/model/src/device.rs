//! The choice of the device the tensors live on.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::str::FromStr;
use std::sync::OnceLock;

use burn::tensor::wgpu::WgpuBackend;
use burn::tensor::wgpu::wgpu::DeviceType;
use burn::tensor::{Device, DeviceKind};
use serde::{Deserialize, Serialize};

use crate::Error;

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
            Self::Auto => Ok(match gpu() {
                Ok(adapter) => adapter.open(),
                Err(reason) => flex(Some(format!("No GPU was found ({reason}), so this runs on the CPU."))),
            }),
            Self::Gpu => gpu().as_ref().map(Adapter::open).map_err(|reason| {
                unavailable(
                    self,
                    reason,
                    "check the graphics driver (Vulkan, Metal or DirectX 12), or use device = \"auto\" or \"cpu\"",
                )
            }),
            Self::Wgpu => gpu().as_ref().or_else(|_| any_adapter().as_ref()).map(Adapter::open).map_err(|reason| {
                unavailable(
                    self,
                    reason,
                    "install a graphics driver, or Mesa's software Vulkan for tests, or use device = \"cpu\"",
                )
            }),
        }
    }
}

/// An adapter of wgpu that has been initialized.
struct Adapter {
    device: Device,
    name: String,
    software: bool,
}

impl Adapter {
    fn open(&self) -> OpenDevice {
        let note = self.software.then(|| {
            format!(
                "{} computes on the CPU and is slow: for tests only.",
                self.name
            )
        });
        OpenDevice {
            device: self.device.clone(),
            name: self.name.clone(),
            note,
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

/// The graphics API that this system's GPU drivers are written for. OpenGL, which wgpu would ask
/// too, computes nothing that these do not, and fills stderr on a machine without a display.
const NATIVE: WgpuBackend = if cfg!(target_vendor = "apple") {
    WgpuBackend::Metal
} else if cfg!(windows) {
    WgpuBackend::Dx12
} else {
    WgpuBackend::Vulkan
};

/// The first real GPU, opened once.
fn gpu() -> &'static Result<Adapter, String> {
    static GPU: OnceLock<Result<Adapter, String>> = OnceLock::new();
    GPU.get_or_init(|| {
        let kinds = [
            DeviceKind::DiscreteGpu(0),
            DeviceKind::IntegratedGpu(0),
            DeviceKind::VirtualGpu(0),
        ];
        let mut reason = format!("{NATIVE:?} has none");
        for kind in kinds {
            match open_adapter(kind, NATIVE) {
                Ok(adapter) if !adapter.software => return Ok(adapter),
                Ok(adapter) => reason = format!("{} is a software adapter", adapter.name),
                // What wgpu says names its own kinds and is of no use to the reader here.
                Err(_) => {}
            }
        }
        Err(reason)
    })
}

/// Whatever adapter the system's own API has, opened once: wgpu's choice would end with OpenGL,
/// which asks for a display.
fn any_adapter() -> &'static Result<Adapter, String> {
    static ANY: OnceLock<Result<Adapter, String>> = OnceLock::new();
    ANY.get_or_init(|| open_adapter(DeviceKind::DefaultDevice, NATIVE))
}

/// Keeps Vulkan from looking for a display on a machine that has none: call it first in `main`.
///
/// Mesa's layer that puts the display's GPU first connects to Wayland each time that devices are
/// listed, and libwayland writes `error: XDG_RUNTIME_DIR is invalid or not set` to stderr each
/// time. `NODEVICE_SELECT` is Mesa's own switch of that layer; it stays on where a display may be,
/// or where the user chose a GPU by the layer. <https://docs.mesa3d.org/envvars.html>
#[expect(unsafe_code, reason = "changes the environment of the process")]
pub fn without_display() {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let has_runtime_dir =
        std::env::var_os("XDG_RUNTIME_DIR").is_some_and(|dir| Path::new(&dir).is_absolute());
    if has_runtime_dir || is_set("MESA_VK_DEVICE_SELECT") || is_set("NODEVICE_SELECT") {
        return;
    }
    // SAFETY: callers do this first, while the process has one thread.
    unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
}

/// Opens an adapter; wgpu's panics, of which drivers are a source, become errors too.
fn open_adapter(kind: DeviceKind, api: WgpuBackend) -> Result<Adapter, String> {
    let options = Device::wgpu_options().device_kind(kind).graphics_api(api);
    let opened = catch_unwind(AssertUnwindSafe(|| options.init_with_setup()));
    let (device, setup) = match opened {
        Ok(opened) => opened.map_err(|error| error.to_string())?,
        Err(_) => return Err("wgpu panicked while it opened the adapter".to_owned()),
    };
    let adapter = setup.adapter.get_info();
    let software = adapter.device_type == DeviceType::Cpu || is_software(&adapter.name);
    let name = format!("{} (wgpu, {})", adapter.name, setup.backend);
    Ok(Adapter {
        device,
        name,
        software,
    })
}

/// Known software adapters, in case one does not say that it is a CPU.
fn is_software(name: &str) -> bool {
    let name = name.to_lowercase();
    [
        "llvmpipe",
        "lavapipe",
        "softpipe",
        "swiftshader",
        "basic render",
    ]
    .iter()
    .any(|software| name.contains(software))
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
    fn software_adapters_are_known_by_name() {
        assert!(is_software("llvmpipe (LLVM 15.0.6, 256 bits)"));
        assert!(is_software("SwiftShader Device (Subzero)"));
        assert!(!is_software("NVIDIA H200"));
    }

    #[test]
    fn auto_always_opens_and_never_takes_a_software_adapter() {
        let open = DeviceChoice::Auto.open().unwrap();
        assert!(!is_software(&open.name), "{}", open.name);
        match DeviceChoice::Gpu.open() {
            Ok(gpu) => assert_eq!(gpu.name, open.name),
            Err(error) => {
                assert_eq!(open.name, "CPU (flex)");
                assert!(open.note.unwrap().ends_with("so this runs on the CPU."));
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
