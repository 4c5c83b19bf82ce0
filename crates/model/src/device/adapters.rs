//! The adapters that this machine's drivers offer. Asking never panics, not even without a Vulkan loader.

use std::future::Future;
use std::pin::pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use burn::tensor::DeviceKind as Selector;
use serde::Serialize;

/// What an adapter is; in the order of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AdapterKind {
    /// A card of its own.
    Discrete,
    /// On the processor's die.
    Integrated,
    /// A share of a card, in a virtual machine.
    Virtual,
    /// The driver does not say.
    Unknown,
    /// Imitated on the CPU.
    Software,
}

/// One adapter on one graphics API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AdapterInfo {
    /// As the driver calls it.
    pub name: String,
    /// The graphics API: `vulkan`, `metal`, `dx12` or `gl`.
    pub backend: String,
    /// What it is.
    pub kind: AdapterKind,
    /// Its place among the adapters of its kind on its graphics API.
    pub index: usize,
    /// The driver and its version.
    pub driver: String,
    /// Whether the CPU imitates it.
    pub software: bool,
    /// What one kernel may use.
    pub limits: Limits,
    /// Names of the optional features that kernels care about and the adapter has.
    pub features: Vec<String>,
}

/// What one kernel may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Largest buffer, in bytes.
    pub max_buffer_bytes: u64,
    /// Shared memory of one workgroup, in bytes.
    pub max_shared_bytes: u32,
    /// Invocations of one workgroup.
    pub max_workgroup_invocations: u32,
    /// Workgroups in one dimension of a launch.
    pub max_workgroups_per_dimension: u32,
    /// Smallest number of lanes that run together.
    pub subgroup_min: u32,
    /// Largest number of lanes that run together.
    pub subgroup_max: u32,
}

impl AdapterInfo {
    /// Whether its name contains `part`, in any case; none fits every adapter.
    pub fn is_named(&self, part: Option<&str>) -> bool {
        part.is_none_or(|part| self.name.to_lowercase().contains(&part.to_lowercase()))
    }

    /// Whether the tensor library can address it.
    pub fn usable(&self) -> bool {
        self.kind != AdapterKind::Unknown
    }

    /// Orders adapters, best first: each through its native API, through `OpenGL` where there is nothing else.
    pub(super) fn preference(&self) -> (AdapterKind, bool) {
        (self.kind, self.backend == "gl")
    }

    pub(super) fn selector(&self) -> Selector {
        match self.kind {
            AdapterKind::Discrete => Selector::DiscreteGpu(self.index),
            AdapterKind::Integrated => Selector::IntegratedGpu(self.index),
            AdapterKind::Virtual => Selector::VirtualGpu(self.index),
            AdapterKind::Software => Selector::Cpu,
            AdapterKind::Unknown => Selector::DefaultDevice,
        }
    }

    #[cfg(test)]
    pub(super) fn made(name: &str, kind: AdapterKind) -> Self {
        Self {
            name: name.into(),
            backend: "vulkan".into(),
            kind,
            index: 0,
            driver: String::new(),
            software: kind == AdapterKind::Software,
            limits: Limits::default(),
            features: Vec::new(),
        }
    }
}

/// Every adapter of every native graphics API, in the drivers' order; drivers are asked once per process.
///
/// Once also because Vulkan loaders crash when several threads make instances, and some print a line for each.
pub fn adapters() -> Vec<AdapterInfo> {
    static FOUND: OnceLock<Vec<AdapterInfo>> = OnceLock::new();
    FOUND.get_or_init(probe).clone()
}

/// The usable ones, each through the one API that its name chooses; best first.
pub fn cards() -> Vec<AdapterInfo> {
    let mut cards: Vec<AdapterInfo> = adapters().into_iter().filter(AdapterInfo::usable).collect();
    cards.sort_by_key(AdapterInfo::preference);
    let mut names = std::collections::BTreeSet::new();
    cards.retain(|card| names.insert(card.name.clone()));
    cards
}

fn probe() -> Vec<AdapterInfo> {
    use wgpu::Backends;
    let mut list = Vec::new();
    for backends in [Backends::VULKAN, Backends::METAL, Backends::DX12, Backends::GL] {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
            backends,
            ..wgpu::InstanceDescriptor::new_without_display_handle()
        });
        let found = ready(instance.enumerate_adapters(backends)).unwrap_or_default();
        push_all(&mut list, &found);
    }
    list
}

fn push_all(list: &mut Vec<AdapterInfo>, found: &[wgpu::Adapter]) {
    for adapter in found {
        let mut info = describe(adapter);
        info.index = list.iter().filter(|a| a.backend == info.backend && a.kind == info.kind).count();
        list.push(info);
    }
}

fn describe(adapter: &wgpu::Adapter) -> AdapterInfo {
    let (info, limits) = (adapter.get_info(), adapter.limits());
    let kind = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => AdapterKind::Discrete,
        wgpu::DeviceType::IntegratedGpu => AdapterKind::Integrated,
        wgpu::DeviceType::VirtualGpu => AdapterKind::Virtual,
        wgpu::DeviceType::Cpu => AdapterKind::Software,
        wgpu::DeviceType::Other => AdapterKind::Unknown,
    };
    AdapterInfo {
        name: info.name,
        backend: format!("{:?}", info.backend).to_lowercase(),
        kind,
        index: 0,
        driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
        software: kind == AdapterKind::Software,
        limits: Limits {
            max_buffer_bytes: limits.max_buffer_size,
            max_shared_bytes: limits.max_compute_workgroup_storage_size,
            max_workgroup_invocations: limits.max_compute_invocations_per_workgroup,
            max_workgroups_per_dimension: limits.max_compute_workgroups_per_dimension,
            subgroup_min: info.subgroup_min_size,
            subgroup_max: info.subgroup_max_size,
        },
        features: feature_names(adapter.features()),
    }
}

fn feature_names(features: wgpu::Features) -> Vec<String> {
    let known = [
        (wgpu::Features::SUBGROUP, "subgroup"),
        (wgpu::Features::SHADER_F16, "shader-f16"),
        (wgpu::Features::SHADER_F64, "shader-f64"),
        (wgpu::Features::SHADER_INT64, "shader-int64"),
        (wgpu::Features::SHADER_FLOAT32_ATOMIC, "float32-atomic"),
        (wgpu::Features::TIMESTAMP_QUERY, "timestamp-query"),
    ];
    known.into_iter().filter(|(feature, _)| features.contains(*feature)).map(|(_, name)| name.to_owned()).collect()
}

/// The value of a future that is ready at once, as native adapter lists are.
fn ready<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listing_adapters_twice_gives_the_same_list() {
        assert_eq!(adapters(), adapters());
    }

    #[test]
    fn an_adapter_without_a_name_part_fits() {
        let adapter = AdapterInfo::made("NVIDIA H100", AdapterKind::Discrete);
        assert!(adapter.is_named(None));
        assert!(adapter.is_named(Some("h100")));
        assert!(!adapter.is_named(Some("radeon")));
    }
}
