//! Linear layers of `K` members that share all, some or none of their weights.

use burn::tensor::activation::{gelu, relu, selu, silu};
use burn::tensor::{Device, Tensor};
use tenure_artifact::Activation;

/// One matrix for all members.
///
/// # Shapes
/// `x [K, B, N]`, `weight [N, D]` → `[K, B, D]`
pub(crate) fn shared(x: Tensor<3>, weight: Tensor<2>) -> Tensor<3> {
    let ([k, b, n], [_, d]) = (x.dims(), weight.dims());
    x.reshape([k * b, n]).matmul(weight).reshape([k, b, d])
}

/// `TabM`'s layer without its bias: `((x ⊙ r_k) W) ⊙ s_k`.
///
/// Scaling the weights once, `W_k = r_k W s_k`, gives the same as scaling every row before and after. Whichever touches
/// fewer numbers is done: batches are usually longer than layers are wide.
///
/// # Shapes
/// `x [K or 1, B, N]`, `weight [N, D]`, `r [K, N]`, `s [K, D]` → `[K, B, D]`; without `s`, a layer of `TabM`-mini
pub(crate) fn scaled(x: Tensor<3>, weight: Tensor<2>, r: Tensor<2>, s: Option<Tensor<2>>) -> Tensor<3> {
    let ([_, b, _], [n, d], [k, _]) = (x.dims(), weight.dims(), r.dims());
    if 2 * n * d <= b * (n + d) {
        let weight = weight.reshape([1, n, d]) * r.reshape([k, n, 1]);
        let weight = if let Some(s) = s { weight * s.reshape([k, 1, d]) } else { weight };
        x.matmul(weight)
    } else {
        let y = shared(x * r.reshape([k, 1, n]), weight);
        if let Some(s) = s { y * s.reshape([k, 1, d]) } else { y }
    }
}

/// The non-linearity.
pub(crate) fn activate(activation: Activation, x: Tensor<3>) -> Tensor<3> {
    match activation {
        Activation::Relu => relu(x),
        Activation::Silu => silu(x),
        Activation::Gelu => gelu(x),
        Activation::Selu => selu(x),
    }
}

/// `RealMLP`'s learned mix of identity and activation: `x + m ⊙ (σ(x) − x)`.
///
/// # Shapes
/// `x [1, B, D]`, `mix [D]` → `[1, B, D]`
pub(crate) fn mixed(activation: Activation, x: Tensor<3>, mix: Tensor<1>) -> Tensor<3> {
    let [d] = mix.dims();
    x.clone() + (activate(activation, x.clone()) - x) * mix.reshape([1, 1, d])
}

/// A view of one parameter in the shape in which a layer takes it.
pub(crate) fn shaped<const D: usize>(leaf: &Tensor<1>, shape: &[usize]) -> Tensor<D> {
    let shape: [usize; D] = shape.try_into().expect("the rank of a parameter is fixed by its role");
    leaf.clone().reshape(shape)
}

/// Uploads a flat run of numbers.
pub(crate) fn upload(values: &[f32], device: &Device) -> Tensor<1> {
    Tensor::from_data(burn::tensor::TensorData::new(values.to_vec(), [values.len()]), device)
}
