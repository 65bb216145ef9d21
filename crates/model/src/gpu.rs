//! GPUs through wgpu. A build without the feature `gpu` has `no_gpu.rs` in this file's place.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::OnceLock;

use burn::tensor::wgpu::WgpuBackend;
use burn::tensor::wgpu::wgpu::DeviceType;
use burn::tensor::{Device, DeviceKind};

use crate::OpenDevice;

/// Whether this build can use a GPU.
pub(crate) const IS_BUILT: bool = true;

/// What helps where [`open_real`] fails.
pub(crate) const HINT: &str =
    "check the graphics driver (Vulkan, Metal or DirectX 12), or use device = \"auto\" or \"cpu\"";

/// What helps where [`open_any`] fails.
pub(crate) const ANY_HINT: &str =
    "install a graphics driver, or Mesa's software Vulkan for tests, or use device = \"cpu\"";

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

/// Opens the first real GPU, or says why there is none.
pub(crate) fn open_real() -> Result<OpenDevice, String> {
    real_gpu()
        .as_ref()
        .map(Adapter::open)
        .map_err(String::clone)
}

/// Opens a real GPU, else a software adapter, or says why there is none.
pub(crate) fn open_any() -> Result<OpenDevice, String> {
    let adapter = real_gpu().as_ref().or_else(|_| any_adapter().as_ref());
    adapter.map(Adapter::open).map_err(String::clone)
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
fn real_gpu() -> &'static Result<Adapter, String> {
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
pub(crate) fn is_software(name: &str) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn software_adapters_are_known_by_name() {
        assert!(is_software("llvmpipe (LLVM 15.0.6, 256 bits)"));
        assert!(is_software("SwiftShader Device (Subzero)"));
        assert!(!is_software("NVIDIA H200"));
    }
}
