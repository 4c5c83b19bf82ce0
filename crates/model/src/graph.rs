//! What a network computes, without its weights: given leaves and rows, outputs.

use burn::tensor::{Device, Tensor};
use tenure_artifact::{Backbone, NetworkSpec, Parameter, Sharing};

use crate::inputs::{Batch, InputConstants, NumericWeights, embed};
use crate::layers::{activate, mixed, scaled, shaped, shared};
use crate::sequence::{GruWeights, gru};

/// A network's computation on one device. Weights come as leaves: one flat tensor per parameter, in the order of
/// [`NetworkSpec::parameters`]; with gradients tracked on them, [`Graph::outputs`] is differentiable.
#[derive(Clone, Debug)]
pub struct Graph {
    spec: NetworkSpec,
    parameters: Vec<Parameter>,
    constants: InputConstants,
    pub(crate) blocks: Vec<Block>,
}

/// Where one hidden layer's parameters stand among the leaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    input_scale: Option<usize>,
    pub(crate) weight: usize,
    output_scale: Option<usize>,
    pub(crate) bias: usize,
    mix: Option<usize>,
}

impl Graph {
    /// Prepares a network's computation on a device.
    pub fn new(spec: &NetworkSpec, device: &Device) -> Self {
        let parameters = spec.parameters();
        let place = |name: &str| parameters.iter().position(|p| p.name == name);
        let n_blocks = spec.backbone.hidden().map_or(0, |h| h.blocks);
        let blocks = (0..n_blocks)
            .map(|i| Block {
                input_scale: place(&format!("block{i}.input_scale")),
                weight: place(&format!("block{i}.weight")).expect("every block has a matrix"),
                output_scale: place(&format!("block{i}.output_scale")),
                bias: place(&format!("block{i}.bias")).expect("every block has a bias"),
                mix: place(&format!("block{i}.mix")),
            })
            .collect();
        Self { spec: spec.clone(), constants: InputConstants::new(spec, device), blocks, parameters }
    }

    /// The description that this computes.
    pub fn spec(&self) -> &NetworkSpec {
        &self.spec
    }

    /// Every parameter, in the order of the leaves.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// Cuts one flat run of all weights into leaves.
    ///
    /// # Shapes
    /// `[P]` → one `[p]` per parameter
    pub fn leaves(&self, flat: &Tensor<1>) -> Vec<Tensor<1>> {
        let mut start = 0;
        let cut = |p: &Parameter| {
            let leaf = flat.clone().narrow(0, start, p.n_elements());
            start += p.n_elements();
            leaf
        };
        self.parameters.iter().map(cut).collect()
    }

    /// Every member's outputs for every row, as the description's head defines them.
    ///
    /// `masks` multiply the hidden layers' outputs in turn (dropout, already divided by the share kept); none when
    /// scoring.
    ///
    /// # Shapes
    /// rows `B`, masks `[K, B, D]` → `[K, B, O]`
    pub fn outputs(&self, leaves: &[Tensor<1>], batch: &Batch, masks: &[Tensor<3>]) -> Tensor<3> {
        let (k, o) = (self.spec.backbone.members(), self.spec.head.n_outputs());
        let (products, bias) = self.heads(leaves, self.last_hidden(leaves, batch, masks));
        products + bias.reshape([k, 1, o])
    }

    /// Logits of every member for every row, of a head with one output; see [`Graph::outputs`].
    ///
    /// # Shapes
    /// rows `B`, masks `[K, B, D]` → `[B, K]`
    ///
    /// # Panics
    /// Where the head has several outputs.
    pub fn forward(&self, leaves: &[Tensor<1>], batch: &Batch, masks: &[Tensor<3>]) -> Tensor<2> {
        let (products, bias) = self.heads(leaves, self.last_hidden(leaves, batch, masks));
        let [k, b, o] = products.dims();
        assert_eq!(o, 1, "a head with several outputs");
        (products.reshape([k, b]) + bias.reshape([k, 1])).swap_dims(0, 1)
    }

    /// # Shapes
    /// → `[K or 1, B, N]`
    fn last_hidden(&self, leaves: &[Tensor<1>], batch: &Batch, masks: &[Tensor<3>]) -> Tensor<3> {
        let mut h = self.first_inputs(leaves, batch).unsqueeze_dim::<3>(0);
        for (i, block) in self.blocks.iter().enumerate() {
            h = self.hidden(leaves, block, h);
            if let Some(mask) = masks.get(i) {
                h = h * mask.clone();
            }
        }
        h
    }

    /// Products with the heads' matrices, and the biases that are still to be added.
    ///
    /// # Shapes
    /// `[K, B, N]` → `[K, B, O]` and `[K·O]`
    fn heads(&self, leaves: &[Tensor<1>], h: Tensor<3>) -> (Tensor<3>, Tensor<1>) {
        let (weight, bias) = (self.parameters.len() - 2, self.parameters.len() - 1);
        (h.matmul(self.ntk(weight, self.leaf::<3>(leaves, weight))), leaves[bias].clone())
    }

    /// # Shapes
    /// `[K or 1, B, N]` → `[K or 1, B, D]`
    fn hidden(&self, leaves: &[Tensor<1>], block: &Block, h: Tensor<3>) -> Tensor<3> {
        let y = match (self.sharing(), block.input_scale) {
            (Some(Sharing::Packed), _) => h.matmul(self.leaf::<3>(leaves, block.weight)),
            (_, Some(r)) => {
                let s = block.output_scale.map(|s| self.leaf::<2>(leaves, s));
                scaled(h, self.leaf(leaves, block.weight), self.leaf(leaves, r), s)
            }
            (_, None) => shared(h, self.ntk(block.weight, self.leaf::<2>(leaves, block.weight))),
        };
        let y = y + self.bias(leaves, block.bias);
        let activation = self.spec.backbone.hidden().expect("a block is a hidden layer").activation;
        match block.mix {
            Some(mix) => mixed(activation, y, leaves[mix].clone()),
            None => activate(activation, y),
        }
    }

    /// A bias of all members `[D]` or of each `[K, D]`, as `[1 or K, 1, D]`.
    pub(crate) fn bias(&self, leaves: &[Tensor<1>], place: usize) -> Tensor<3> {
        let (k, d) = match self.parameters[place].shape[..] {
            [k, d] => (k, d),
            [d] => (1, d),
            _ => unreachable!("a bias has one or two axes"),
        };
        leaves[place].clone().reshape([k, 1, d])
    }

    fn sharing(&self) -> Option<Sharing> {
        if let Backbone::Tabm { sharing, .. } = self.spec.backbone { Some(sharing) } else { None }
    }

    /// The NTK parametrisation divides every matrix by the root of its inputs' number where it is used.
    fn ntk<const D: usize>(&self, place: usize, weight: Tensor<D>) -> Tensor<D> {
        if matches!(self.spec.backbone, Backbone::Realmlp(_)) {
            weight.mul_scalar(1.0 / (self.parameters[place].fan_in as f64).sqrt())
        } else {
            weight
        }
    }

    pub(crate) fn leaf<const D: usize>(&self, leaves: &[Tensor<1>], place: usize) -> Tensor<D> {
        shaped(&leaves[place], &self.parameters[place].shape)
    }

    fn named<const D: usize>(&self, leaves: &[Tensor<1>], name: &str) -> Option<Tensor<D>> {
        let place = self.parameters.iter().position(|p| p.name == name)?;
        Some(self.leaf(leaves, place))
    }

    /// # Shapes
    /// → `[B, N]`, `N` the description's input width
    pub(crate) fn first_inputs(&self, leaves: &[Tensor<1>], batch: &Batch) -> Tensor<2> {
        let mut parts = Vec::with_capacity(4);
        if let Some(x) = batch.continuous.clone() {
            parts.push(self.magnitudes(leaves, x));
        }
        parts.extend(batch.binary.clone());
        if let Some(indices) = batch.categorical.clone() {
            let table = self.named(leaves, "category.table").expect("categories have a table");
            parts.push(self.constants.categories(indices, table));
        }
        if self.spec.sequence.is_some() {
            let state = self.named::<2>(leaves, "sequence.state").expect("a recurrent unit has its weights");
            let bias = |name: &str| self.named::<1>(leaves, name).expect("a recurrent unit has its weights");
            let weights = GruWeights {
                input: self.named(leaves, "sequence.input"),
                levels: self.named(leaves, "sequence.levels"),
                state,
                bias: bias("sequence.bias"),
                candidate_bias: bias("sequence.candidate_bias"),
            };
            parts.push(gru(&weights, batch.sequence.as_ref().expect("rows of a network that reads events")));
        }
        let x = if parts.len() == 1 { parts.remove(0) } else { Tensor::cat(parts, 1) };
        match self.named::<1>(leaves, "front.scale") {
            Some(scale) => x * scale.unsqueeze_dim::<2>(0),
            None => x,
        }
    }

    fn magnitudes(&self, leaves: &[Tensor<1>], x: Tensor<2>) -> Tensor<2> {
        let (Some(weight), Some(bias)) = (self.named(leaves, "numeric.weight"), self.named(leaves, "numeric.bias"))
        else {
            return x;
        };
        let weights = NumericWeights {
            frequency: self.named(leaves, "numeric.frequency"),
            phase: self.named(leaves, "numeric.phase"),
            weight,
            bias,
        };
        embed(&self.spec.numeric, &self.constants, weights, x)
    }
}
