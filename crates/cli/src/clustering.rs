//! The device of k-means: the one that the plan chooses for tensors, with kernels of our own.

use tenure_cluster::Device;
use tenure_cluster::gpu::{Adapter, AdapterKind, Api, Gpu, GpuError};
use tenure_config::DeviceKind;
use tenure_model::{AdapterInfo, ChosenDevice, DeviceInfo};

use crate::failure::Failure;

/// A device for k-means, and what is known of it.
pub struct ClusteringDevice {
    /// What computes.
    pub device: Device,
    /// What a report says about it.
    pub info: DeviceInfo,
}

impl ClusteringDevice {
    /// The CPU, whatever library trains on it, or the GPU that was chosen.
    pub fn of(chosen: &ChosenDevice) -> Result<Self, Failure> {
        match &chosen.adapter {
            None => Ok(Self::cpu(&chosen.info)),
            Some(adapter) => Ok(Self { device: Device::Gpu(open(adapter)?), info: chosen.info.clone() }),
        }
    }

    /// The CPU, for a reason.
    pub fn cpu(info: &DeviceInfo) -> Self {
        Self {
            device: Device::Cpu,
            info: DeviceInfo { kind: DeviceKind::Cpu, backend: "CPU kernels".into(), ..info.clone() },
        }
    }
}

/// The tensor library has brought the adapter up; its device is shared.
fn open(adapter: &AdapterInfo) -> Result<Gpu, Failure> {
    let api = match adapter.backend.as_str() {
        "metal" => Api::Metal,
        "dx12" => Api::Dx12,
        "gl" => Api::OpenGl,
        _ => Api::Vulkan,
    };
    let kind = match adapter.kind {
        tenure_model::AdapterKind::Discrete => AdapterKind::Discrete,
        tenure_model::AdapterKind::Integrated => AdapterKind::Integrated,
        tenure_model::AdapterKind::Virtual => AdapterKind::Virtual,
        tenure_model::AdapterKind::Software | tenure_model::AdapterKind::Unknown => AdapterKind::Software,
    };
    Ok(Gpu::open(Adapter { api, kind, index: adapter.index })?)
}

impl From<GpuError> for Failure {
    fn from(error: GpuError) -> Self {
        tenure_model::DeviceError::Compute { message: error.to_string() }.into()
    }
}
