//! Network descriptions to and from tensors, and the device they live on.
//!
//! A [`NetworkSpec`](tenure_artifact::NetworkSpec) says what a network computes; a [`Graph`] computes it on a
//! [`ChosenDevice`] with any weights; a [`Network`] is a graph with its weights, and a file. Starting weights are drawn
//! on the host from a seed, so that they are the same on every device. Device is a value, never a type parameter.
//!
//! Letters used for shapes: `B` rows, `F` magnitudes, `G` indicators, `C` categories, `K` members, `D` width, `E`
//! embedding width, `O` outputs of a head, `S` numbers of an event, `Q` width of the state after events.

mod device;
mod error;
mod graph;
mod init;
mod inputs;
mod layers;
mod loss;
mod network;
pub mod reference;
mod rounded;
mod sequence;
mod spec;
mod weights;

pub use burn::tensor::Device;
pub use device::{
    AdapterInfo, AdapterKind, CheckResult, ChosenDevice, DeviceError, DeviceInfo, Limits, adapters, cards,
    numeric_check, select_device,
};
pub use error::{SpecError, WeightsError, explain};
pub use graph::Graph;
pub use init::initial_weights;
pub use inputs::Batch;
pub use loss::{TargetColumns, cross_entropy, value_losses};
pub use network::Network;
pub use rounded::Rounding;
pub use sequence::{Events, SequenceBatch};
pub use spec::describe;
pub use weights::SaveError;
