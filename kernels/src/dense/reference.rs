//! The definition, in plain `f64` loops over row-major matrices.

/// `x [B, N]`, `w [N, D]` → `[B, D]`
pub(super) fn product(x: &[f32], w: &[f32], [b, n, d]: [usize; 3]) -> Vec<f64> {
    let sum = |row: usize, column: usize| {
        (0..n).map(|i| f64::from(x[row * n + i]) * f64::from(w[i * d + column])).sum::<f64>()
    };
    (0..b * d).map(|place| sum(place / d, place % d)).collect()
}

/// `x [B, N]`, `g [B, D]` → `xᵀ g [N, D]`
pub(super) fn outer(x: &[f32], g: &[f32], [b, n, d]: [usize; 3]) -> Vec<f64> {
    let sum = |i: usize, j: usize| (0..b).map(|row| f64::from(x[row * n + i]) * f64::from(g[row * d + j])).sum::<f64>();
    (0..n * d).map(|place| sum(place / d, place % d)).collect()
}
