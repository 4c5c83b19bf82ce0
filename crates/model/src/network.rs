//! A network with its weights.

use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Tensor};
use tenure_artifact::{Head, NetworkSpec};

use crate::graph::Graph;
use crate::init::initial_weights;
use crate::inputs::Batch;
use crate::layers::upload;
use crate::{DeviceError, WeightsError};

/// A graph and one set of weights for it.
#[derive(Clone, Debug)]
pub struct Network {
    graph: Graph,
    flat: Tensor<1>,
    leaves: Vec<Tensor<1>>,
}

impl Network {
    /// A network at its start: weights drawn from `seed`, the same on every device. See [`initial_weights`].
    pub fn init(spec: &NetworkSpec, frequency_scale: f64, seed: u64, device: &Device) -> Self {
        let weights = initial_weights(spec, frequency_scale, seed);
        Self::with_flat(Graph::new(spec, device), upload(&weights, device))
    }

    /// A network with the given weights, in the order of [`NetworkSpec::parameters`].
    pub fn from_weights(spec: &NetworkSpec, weights: &[f32], device: &Device) -> Result<Self, WeightsError> {
        let expected = spec.n_weights();
        if weights.len() != expected {
            return Err(WeightsError::Count { expected, found: weights.len() });
        }
        Ok(Self::with_flat(Graph::new(spec, device), upload(weights, device)))
    }

    /// A graph with all weights in one tensor on its device.
    ///
    /// # Shapes
    /// `flat [P]`
    pub fn with_flat(graph: Graph, flat: Tensor<1>) -> Self {
        let leaves = graph.leaves(&flat);
        Self { graph, flat, leaves }
    }

    /// What is computed.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The description.
    pub fn spec(&self) -> &NetworkSpec {
        self.graph.spec()
    }

    /// Every member's outputs for every row, without dropout, as the description's head defines them.
    ///
    /// # Shapes
    /// rows `B` → `[K, B, O]`
    pub fn outputs(&self, batch: &Batch) -> Tensor<3> {
        self.graph.outputs(&self.leaves, batch, &[])
    }

    /// Logits of every member for every row, without dropout, of a head with one output.
    ///
    /// # Shapes
    /// rows `B` → `[B, K]`
    pub fn forward(&self, batch: &Batch) -> Tensor<2> {
        self.graph.forward(&self.leaves, batch, &[])
    }

    /// Every member's probability of churn for every row.
    ///
    /// # Shapes
    /// rows `B` → `[B, K]`
    ///
    /// # Panics
    /// Where the head says nothing of churn.
    pub fn churn(&self, batch: &Batch) -> Tensor<2> {
        assert!(self.spec().head.has_churn(), "a head without churn");
        sigmoid(match self.spec().head {
            Head::Joint(_) => {
                let outputs = self.outputs(batch);
                let [k, b, _] = outputs.dims();
                outputs.narrow(2, 0, 1).reshape([k, b]).swap_dims(0, 1)
            }
            _ => self.forward(batch),
        })
    }

    /// [`Network::churn`] on the host.
    ///
    /// # Shapes
    /// rows `B` → row-major `[B, K]`
    pub fn probabilities(&self, batch: &Batch) -> Result<Vec<f32>, DeviceError> {
        read(self.churn(batch))
    }

    /// [`Network::outputs`] on the host.
    ///
    /// # Shapes
    /// rows `B` → row-major `[K, B, O]`
    pub fn read_outputs(&self, batch: &Batch) -> Result<Vec<f32>, DeviceError> {
        read(self.outputs(batch))
    }

    /// The weights on the host, in the order of [`NetworkSpec::parameters`].
    pub fn weights(&self) -> Result<Vec<f32>, DeviceError> {
        read(self.flat.clone())
    }
}

fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, DeviceError> {
    tensor.try_into_vec_as::<f32>().map_err(|source| DeviceError::Compute { message: source.to_string() })
}
