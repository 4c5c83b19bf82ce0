//! A numeric check of about a second: the same products, sums and exponentials on a device and on the host in `f64`.

use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::Serialize;

use super::DeviceError;

/// How far a device is from the host, and how fast it multiplies.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CheckResult {
    /// Largest difference from the host's `f64` result, relative to the largest value of that result.
    pub max_relative_error: f64,
    /// Matrix product of 32-bit floats, in 10⁹ multiplications and additions a second.
    pub gflops: f64,
}

impl CheckResult {
    /// What 32-bit arithmetic in any order of summation stays under on these sizes.
    pub const TOLERANCE: f64 = 1e-4;

    /// Whether the device computes what it should.
    pub fn passed(&self) -> bool {
        self.max_relative_error <= Self::TOLERANCE
    }
}

/// Side of the matrices whose product is checked; deliberately not a multiple of a tile.
const SIDE: usize = 97;
/// Sides of the matrices whose product is timed, the next one only where the last took no longer than [`SHORT_S`].
const TIMED_SIDES: [usize; 3] = [64, 256, 768];
/// Seconds; a device that takes longer for a small product would need minutes for a large one.
const SHORT_S: f64 = 0.01;

/// Compares a device with the host, and times a matrix product on it.
pub fn numeric_check(device: &Device) -> Result<CheckResult, DeviceError> {
    let (a, b) = (uniform(1, SIDE * SIDE), uniform(2, SIDE * SIDE));
    let expected = host_result(&a, &b);
    let product = square(&a, SIDE, device).matmul(square(&b, SIDE, device));
    let found = read(product.mul_scalar(1.0 / SIDE as f32).exp().sum_dim(1))?;
    let scale = expected.iter().fold(f64::MIN_POSITIVE, |m, v| m.max(v.abs()));
    let max_relative_error =
        expected.iter().zip(&found).map(|(e, f)| (e - f64::from(*f)).abs() / scale).fold(0.0, f64::max);
    Ok(CheckResult { max_relative_error, gflops: time_product(device)? })
}

/// Row sums of `exp(a b / n)`.
fn host_result(a: &[f32], b: &[f32]) -> Vec<f64> {
    let row_sum = |i: usize| {
        let entry = |j: usize| (0..SIDE).map(|k| f64::from(a[i * SIDE + k]) * f64::from(b[k * SIDE + j])).sum::<f64>();
        (0..SIDE).map(|j| (entry(j) / SIDE as f64).exp()).sum()
    };
    (0..SIDE).map(row_sum).collect()
}

/// The rate at the largest size that the device does in a moment.
fn time_product(device: &Device) -> Result<f64, DeviceError> {
    let mut rate = 0.0;
    for side in TIMED_SIDES {
        let seconds = time_side(side, device)?;
        rate = 2.0 * (side as f64).powi(3) / seconds / 1e9;
        if seconds > SHORT_S {
            break;
        }
    }
    Ok(rate)
}

/// Seconds per product. Products are chained, so that each waits for the last, for about a tenth of a second.
fn time_side(side: usize, device: &Device) -> Result<f64, DeviceError> {
    let matrix = square(&uniform(3, side * side), side, device);
    // Rows of uniform numbers in [-1, 1) grow by less than this factor; without it the chain overflows.
    let step = |x: Tensor<2>| x.matmul(matrix.clone()).mul_scalar(1.0 / side as f32);
    let mut x = step(matrix.clone());
    read(x.clone().sum_dim(0))?;
    let clock = Instant::now();
    let mut n_products = 0;
    while clock.elapsed().as_secs_f64() < 0.1 {
        for _ in 0..4 {
            x = step(x);
        }
        n_products += 4;
        read(x.clone().sum_dim(0))?;
    }
    Ok(clock.elapsed().as_secs_f64() / f64::from(n_products))
}

fn uniform(seed: u64, n: usize) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..n).map(|_| (rng.next_u32() >> 8) as f32 / 8_388_608.0 - 1.0).collect()
}

fn square(values: &[f32], side: usize, device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values.to_vec(), [side, side]), device)
}

fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, DeviceError> {
    tensor.try_into_vec_as::<f32>().map_err(|source| DeviceError::Compute { message: source.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_agrees_with_itself() {
        let result = numeric_check(&Device::flex()).expect("the CPU computes");
        assert!(result.passed(), "{result:?}");
        assert!(result.gflops > 0.1, "{result:?}");
    }

    #[test]
    fn a_device_that_is_off_fails() {
        assert!(!CheckResult { max_relative_error: 1e-3, gflops: 1.0 }.passed());
        assert!(!CheckResult { max_relative_error: f64::NAN, gflops: 1.0 }.passed());
    }
}
