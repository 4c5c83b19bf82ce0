//! Which GPU, named by plain values: the caller's tensor library and these kernels share one device of the process.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use cubecl::client::Client;
use cubecl::device::{WgpuBackend, WgpuDevice, WgpuDeviceKind};

use super::error::GpuError;

/// A graphics API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// Linux, Windows, Android.
    Vulkan,
    /// Apple.
    Metal,
    /// Windows.
    Dx12,
    /// Where there is nothing else.
    OpenGl,
}

/// What an adapter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdapterKind {
    /// A card of its own.
    Discrete,
    /// On the processor's die.
    Integrated,
    /// A share of a card, in a virtual machine.
    Virtual,
    /// Imitated on the CPU.
    Software,
}

/// One adapter of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adapter {
    /// The graphics API.
    pub api: Api,
    /// What it is.
    pub kind: AdapterKind,
    /// Its place among the adapters of its kind on its graphics API.
    pub index: usize,
}

impl Adapter {
    /// The adapters of this machine that can be opened: real ones first, each through its native API before `OpenGL`.
    pub fn all() -> Vec<Adapter> {
        let kinds = [AdapterKind::Discrete, AdapterKind::Integrated, AdapterKind::Virtual, AdapterKind::Software];
        let apis = [Api::Vulkan, Api::Metal, Api::Dx12, Api::OpenGl];
        let first = |kind| apis.into_iter().map(move |api| Adapter { api, kind, index: 0 });
        kinds.into_iter().flat_map(first).filter(|adapter| adapter.find().is_some()).collect()
    }

    fn find(self) -> Option<cubecl::Device> {
        // Vulkan loaders crash where several threads ask at once.
        static ASKING: Mutex<()> = Mutex::new(());
        let _alone = ASKING.lock().unwrap_or_else(PoisonError::into_inner);
        cubecl::Device::Wgpu(WgpuDevice::new(self.kind())).on(self.backend()).ok()
    }

    fn kind(self) -> WgpuDeviceKind {
        match self.kind {
            AdapterKind::Discrete => WgpuDeviceKind::DiscreteGpu(self.index),
            AdapterKind::Integrated => WgpuDeviceKind::IntegratedGpu(self.index),
            AdapterKind::Virtual => WgpuDeviceKind::VirtualGpu(self.index),
            AdapterKind::Software => WgpuDeviceKind::Cpu,
        }
    }

    fn backend(self) -> WgpuBackend {
        match self.api {
            Api::Vulkan => WgpuBackend::Vulkan,
            Api::Metal => WgpuBackend::Metal,
            Api::Dx12 => WgpuBackend::Dx12,
            Api::OpenGl => WgpuBackend::Gl,
        }
    }
}

impl fmt::Display for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} ({:?})", self.kind, self.index, self.api)
    }
}

/// A GPU that computes.
#[derive(Clone)]
pub struct Gpu {
    pub(super) client: Client,
    adapter: Adapter,
}

impl Gpu {
    /// Opens an adapter. A device of the process that is open already is shared.
    pub fn open(adapter: Adapter) -> Result<Gpu, GpuError> {
        let device = adapter.find().ok_or_else(|| GpuError::NoAdapter { adapter: adapter.to_string() })?;
        Ok(Gpu { client: device.client(), adapter })
    }

    /// The adapter.
    pub fn adapter(&self) -> Adapter {
        self.adapter
    }

    pub(super) fn read<T: cubecl::CubeElement>(&self, handle: cubecl::server::Handle) -> Result<Vec<T>, GpuError> {
        let bytes = self.client.read_one(handle).map_err(|error| GpuError::Compute { message: error.to_string() })?;
        Ok(T::from_bytes(&bytes).to_vec())
    }

    pub(super) fn write<T: cubecl::CubeElement>(&self, values: Vec<T>) -> cubecl::server::Handle {
        self.client.create(cubecl::bytes::Bytes::from_elems(values))
    }
}

impl PartialEq for Gpu {
    fn eq(&self, other: &Gpu) -> bool {
        self.adapter == other.adapter
    }
}

impl fmt::Debug for Gpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gpu").field(&self.adapter).finish()
    }
}
