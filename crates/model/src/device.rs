//! Where tensors live: a real GPU where there is one, else the CPU, and the reason for the choice in words.

mod adapters;
mod check;
mod error;

pub use adapters::{AdapterInfo, AdapterKind, Limits, adapters, cards};
pub use check::{CheckResult, numeric_check};
pub use error::DeviceError;

use std::sync::{Mutex, PoisonError};

use burn::tensor::Device;
use burn::tensor::wgpu::WgpuBackend;
use serde::Serialize;
use tenure_config::{self as plan, DeviceKind};

/// A device that has been brought up, and what is known of it.
#[derive(Clone, Debug)]
pub struct ChosenDevice {
    /// What tensors are made on, without autodiff.
    pub device: Device,
    /// What a report says about it.
    pub info: DeviceInfo,
    /// The adapter behind it; none on the CPU.
    pub adapter: Option<AdapterInfo>,
}

/// What a report says about a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeviceInfo {
    /// The kind that was chosen: `gpu`, `cpu` or `ndarray`; never `auto`.
    pub kind: DeviceKind,
    /// What computes: `flex`, `ndarray`, or the graphics API.
    pub backend: String,
    /// The adapter's name; on the CPU, the architecture and the number of threads.
    pub adapter: String,
    /// The driver and its version; empty on the CPU.
    pub driver: String,
    /// Whether a GPU is only imitated by the CPU (llvmpipe, `SwiftShader`, WARP).
    pub software: bool,
    /// Why this device and no other.
    pub reason: String,
}

/// Brings up the device that an experiment asks for.
///
/// `auto` takes a real GPU, else the CPU; `gpu` insists on one. Software adapters count as GPUs only with
/// `allow_software`. `adapter` narrows the choice to adapters whose name contains it, without regard to case.
pub fn select_device(wanted: &plan::Device) -> Result<ChosenDevice, DeviceError> {
    match wanted.kind {
        DeviceKind::Cpu => Ok(cpu("the experiment asks for the CPU")),
        DeviceKind::Ndarray => Ok(ndarray()),
        DeviceKind::Gpu => {
            let found = adapters();
            gpu(choose(&found, wanted)?, "the experiment insists on a GPU")
        }
        DeviceKind::Auto => {
            let found = adapters();
            match choose(&found, wanted) {
                Ok(adapter) => gpu(adapter, "a real GPU is there"),
                // A name that fits nothing is a mistake in the experiment, not a reason to train on the CPU.
                Err(error @ DeviceError::NoSuchAdapter { .. }) => Err(error),
                Err(error) => Ok(cpu(&error.to_string())),
            }
        }
    }
}

/// The best adapter that the experiment accepts: discrete before integrated before virtual before software.
fn choose<'a>(found: &'a [AdapterInfo], wanted: &plan::Device) -> Result<&'a AdapterInfo, DeviceError> {
    let names = || found.iter().map(|a| a.name.clone()).collect::<Vec<_>>();
    if found.is_empty() {
        return Err(DeviceError::NoAdapter);
    }
    let named: Vec<&AdapterInfo> = found.iter().filter(|a| a.is_named(wanted.adapter.as_deref())).collect();
    if let (true, Some(part)) = (named.is_empty(), &wanted.adapter) {
        return Err(DeviceError::NoSuchAdapter { wanted: part.clone(), found: names() });
    }
    named
        .into_iter()
        .filter(|a| a.usable() && (wanted.allow_software || !a.software))
        .min_by_key(|a| a.preference())
        .ok_or_else(|| DeviceError::OnlySoftware { found: names() })
}

fn cpu(reason: &str) -> ChosenDevice {
    let info = DeviceInfo {
        kind: DeviceKind::Cpu,
        backend: "flex".into(),
        adapter: cpu_name(),
        driver: String::new(),
        software: false,
        reason: reason.into(),
    };
    ChosenDevice { device: Device::flex(), info, adapter: None }
}

fn ndarray() -> ChosenDevice {
    let info = DeviceInfo {
        kind: DeviceKind::Ndarray,
        backend: "ndarray".into(),
        adapter: cpu_name(),
        driver: String::new(),
        software: false,
        reason: "the experiment asks for ndarray".into(),
    };
    #[expect(deprecated, reason = "upstream prefers flex; ndarray stays a choice for as long as burn ships it")]
    let device = Device::ndarray();
    ChosenDevice { device, info, adapter: None }
}

fn cpu_name() -> String {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{}, {threads} threads", std::env::consts::ARCH)
}

fn gpu(adapter: &AdapterInfo, reason: &str) -> Result<ChosenDevice, DeviceError> {
    let device = bring_up(adapter)?;
    let info = DeviceInfo {
        kind: DeviceKind::Gpu,
        backend: adapter.backend.clone(),
        adapter: adapter.name.clone(),
        driver: adapter.driver.clone(),
        software: adapter.software,
        reason: reason.into(),
    };
    Ok(ChosenDevice { device, info, adapter: Some(adapter.clone()) })
}

/// Devices of this process by graphics API and adapter: burn refuses to bring one up twice.
static BROUGHT_UP: Mutex<Vec<(AdapterKey, Device)>> = Mutex::new(Vec::new());

/// Graphics API, kind, place among its kind.
type AdapterKey = (String, AdapterKind, usize);

fn bring_up(adapter: &AdapterInfo) -> Result<Device, DeviceError> {
    let key = (adapter.backend.clone(), adapter.kind, adapter.index);
    let mut known = BROUGHT_UP.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, device)) = known.iter().find(|(k, _)| *k == key) {
        return Ok(device.clone());
    }
    let api = match adapter.backend.as_str() {
        "metal" => WgpuBackend::Metal,
        "dx12" => WgpuBackend::Dx12,
        "gl" => WgpuBackend::Gl,
        _ => WgpuBackend::Vulkan,
    };
    let device = Device::wgpu_options()
        .graphics_api(api)
        .device_kind(adapter.selector())
        .init()
        .map_err(|source| DeviceError::BringUp { adapter: adapter.name.clone(), source: Box::new(source) })?;
    known.push((key, device.clone()));
    Ok(device)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter(name: &str, kind: AdapterKind) -> AdapterInfo {
        AdapterInfo::made(name, kind)
    }

    fn wanted(kind: DeviceKind, adapter: Option<&str>, allow_software: bool) -> plan::Device {
        plan::Device { kind, adapter: adapter.map(Into::into), allow_software }
    }

    #[test]
    fn a_discrete_gpu_goes_before_an_integrated_one() {
        let found = [adapter("Intel UHD", AdapterKind::Integrated), adapter("Radeon RX", AdapterKind::Discrete)];
        let chosen = choose(&found, &wanted(DeviceKind::Auto, None, false)).expect("two real GPUs");
        assert_eq!(chosen.name, "Radeon RX");
    }

    #[test]
    fn opengl_is_taken_where_there_is_nothing_else() {
        let through = |kind, api: &str| AdapterInfo { backend: api.into(), ..adapter("x", kind) };
        for kind in [AdapterKind::Discrete, AdapterKind::Software] {
            let found = [through(kind, "gl"), through(kind, "vulkan")];
            let chosen = choose(&found, &wanted(DeviceKind::Gpu, None, true)).expect("two of a kind");
            assert_eq!(chosen.backend, "vulkan");
            assert_eq!(choose(&found[..1], &wanted(DeviceKind::Gpu, None, true)).expect("one").backend, "gl");
        }
    }

    #[test]
    fn part_of_a_name_chooses_whatever_its_case() {
        let found = [adapter("Intel UHD", AdapterKind::Integrated), adapter("Radeon RX", AdapterKind::Discrete)];
        let chosen = choose(&found, &wanted(DeviceKind::Gpu, Some("intel"), false)).expect("named");
        assert_eq!(chosen.name, "Intel UHD");
    }

    #[test]
    fn a_software_adapter_counts_only_when_asked_for() {
        let found = [adapter("llvmpipe", AdapterKind::Software)];
        let refused = choose(&found, &wanted(DeviceKind::Gpu, None, false));
        assert!(matches!(refused, Err(DeviceError::OnlySoftware { .. })));
        assert!(choose(&found, &wanted(DeviceKind::Gpu, None, true)).is_ok());
    }

    #[test]
    fn a_wrong_name_is_an_error_even_with_auto() {
        let found = [adapter("Radeon RX", AdapterKind::Discrete)];
        let error = choose(&found, &wanted(DeviceKind::Auto, Some("GeForce"), false)).expect_err("no such adapter");
        assert_eq!(error.to_string(), "no adapter's name contains \"GeForce\" (found: Radeon RX)");
    }

    #[test]
    fn the_cpu_says_why_it_was_taken() {
        let chosen = select_device(&wanted(DeviceKind::Cpu, None, false)).expect("the CPU is always there");
        assert_eq!((chosen.info.backend.as_str(), chosen.info.software), ("flex", false));
        assert_eq!(chosen.info.reason, "the experiment asks for the CPU");
    }
}
