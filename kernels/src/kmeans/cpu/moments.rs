//! Mean and spread of rows, and exact distances of rows to their own centroids, in `f64`.

use crate::kmeans::{Metric, Rows};
use crate::lanes::{Eight, Kernel, LANES, Lanes, Level, Simd};

/// Weighted sums of a column about an origin.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// `Σ w`.
    pub weight: f64,
    /// `Σ w·(x − origin)`, `[D]`.
    pub first: Vec<f64>,
    /// `Σ w·(x − origin)²`, `[D]`.
    pub second: Vec<f64>,
}

impl Moments {
    /// Zeros for `n_columns`.
    pub fn zeros(n_columns: usize) -> Moments {
        Moments { weight: 0.0, first: vec![0.0; n_columns], second: vec![0.0; n_columns] }
    }

    /// Adds another partial.
    pub fn add(&mut self, other: &Moments) {
        self.weight += other.weight;
        self.first.iter_mut().zip(&other.first).for_each(|(a, b)| *a += b);
        self.second.iter_mut().zip(&other.second).for_each(|(a, b)| *a += b);
    }

    /// Whether every value that went in was finite.
    pub fn is_finite(&self) -> bool {
        self.weight.is_finite() && self.second.iter().all(|second| second.is_finite())
    }
}

/// Moments of a chunk of rows about `origin`, `[D]`. A row of weight 0 still makes them NaN where it is not finite.
pub fn moments(level: Level, rows: Rows<'_>, origin: &[f64]) -> Moments {
    Simd::of(level).run(Gather { rows, origin })
}

struct Gather<'a> {
    rows: Rows<'a>,
    origin: &'a [f64],
}

impl Kernel for Gather<'_> {
    type Output = Moments;

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) -> Moments {
        let (rows, d) = (self.rows, self.rows.n_columns);
        assert_eq!(self.origin.len(), d, "an origin for each column");
        assert!(rows.weights.is_none_or(|weights| weights.len() == rows.len()), "one weight for each row");
        let mut out = Moments::zeros(d);
        let at_once = GROUP_BYTES / (4 * d) + 1;
        let most = if L::WIDE { 4 } else { 2 };
        if rows.weights.is_none() {
            out.weight = rows.len() as f64;
        }
        for start in (0..rows.len()).step_by(at_once) {
            let part = rows.slice(start, rows.len().min(start + at_once));
            let mut eight = 0;
            while eight < d / 8 {
                // SAFETY: `eight` counts whole eights of the columns.
                eight += unsafe {
                    match most.min(d / 8 - eight) {
                        4.. => gather::<L, 4>(part, self.origin, 8 * eight, &mut out),
                        2..4 => gather::<L, 2>(part, self.origin, 8 * eight, &mut out),
                        _ => gather::<L, 1>(part, self.origin, 8 * eight, &mut out),
                    }
                };
            }
            if rows.weights.is_some() || !d.is_multiple_of(8) {
                gather_last(part, self.origin, d / 8 * 8, &mut out);
            }
        }
        out
    }
}

/// Bytes of rows that stay in the cache while groups of columns take their turns.
const GROUP_BYTES: usize = 16 << 10;

/// How far ahead rows are asked for: what the processor fetches of its own accord ends at each page.
const AHEAD_BYTES: usize = 8 << 10;

/// Moments of `8·E` columns from `first` on. Returns `E`.
///
/// # Safety
/// `L`'s instructions; the columns exist.
#[inline(always)]
unsafe fn gather<L: Lanes, const E: usize>(rows: Rows<'_>, origin: &[f64], first: usize, out: &mut Moments) -> usize {
    // SAFETY: columns `first..first + 8·E` of rows, origin and moments exist.
    unsafe {
        let (firsts, seconds) = (out.first.as_mut_ptr().add(first), out.second.as_mut_ptr().add(first));
        let mut origins = [L::Eight::splat(0.0); E];
        let mut sums = [[L::Eight::splat(0.0); E]; 2];
        for e in 0..E {
            origins[e] = L::Eight::load(origin.as_ptr().add(first + 8 * e));
            sums[0][e] = L::Eight::load(firsts.add(8 * e));
            sums[1][e] = L::Eight::load(seconds.add(8 * e));
        }
        for i in 0..rows.len() {
            let row = rows.x.as_ptr().add(i * rows.n_columns + first);
            let weight = L::Eight::splat(f64::from(rows.weight(i)));
            for line in (0..8 * E).step_by(LANES) {
                L::prefetch(row.wrapping_add(AHEAD_BYTES / 4 + line));
            }
            for e in 0..E {
                let x = L::Eight::widen(row.add(8 * e)).sub(origins[e]);
                let term = weight.mul(x);
                sums[0][e] = sums[0][e].add(term);
                sums[1][e] = sums[1][e].add(term.mul(x));
            }
        }
        for e in 0..E {
            sums[0][e].store(firsts.add(8 * e));
            sums[1][e].store(seconds.add(8 * e));
        }
    }
    E
}

/// Moments of the columns from `first` on, fewer than eight, and the sum of weights where there are some.
#[inline(always)]
fn gather_last(rows: Rows<'_>, origin: &[f64], first: usize, out: &mut Moments) {
    for i in 0..rows.len() {
        let weight = f64::from(rows.weight(i));
        if rows.weights.is_some() {
            out.weight += weight;
        }
        for j in first..rows.n_columns {
            let x = f64::from(rows.x[i * rows.n_columns + j]) - origin[j];
            out.first[j] += weight * x;
            out.second[j] += weight * x * x;
        }
    }
}

/// Distance of each row to the centroid its label names: squared Euclidean, or `1 − cos`.
///
/// # Shapes
/// `labels`, `out`: `[N]`; `centroids`: `[K, D]`, of length 1 under cosine.
///
/// # Panics
/// If a label names no centroid.
pub fn own_distances(level: Level, rows: Rows<'_>, labels: &[u32], centroids: &[f64], metric: Metric, out: &mut [f64]) {
    Simd::of(level).run(Own { rows, labels, centroids, metric, out });
}

struct Own<'a> {
    rows: Rows<'a>,
    labels: &'a [u32],
    centroids: &'a [f64],
    metric: Metric,
    out: &'a mut [f64],
}

impl Kernel for Own<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        // SAFETY: `L`'s instructions, by the contract of `run`.
        unsafe { own::<L>(self.rows, self.labels, self.centroids, self.metric, self.out) };
    }
}

/// # Safety
/// `L`'s instructions.
#[inline(always)]
pub(super) unsafe fn own<L: Lanes>(rows: Rows<'_>, labels: &[u32], centroids: &[f64], metric: Metric, out: &mut [f64]) {
    let d = rows.n_columns;
    for ((x, &label), out) in rows.x.chunks_exact(d).zip(labels).zip(out) {
        let centroid = &centroids[label as usize * d..(label as usize + 1) * d];
        // SAFETY: `L`'s instructions; row and centroid are as long as each other.
        unsafe {
            *out = match metric {
                Metric::SquaredEuclidean => sum_of::<L>(x, centroid, |x, c| {
                    let difference = x.sub(c);
                    difference.mul(difference)
                }),
                Metric::Cosine => {
                    let norm = sum_of::<L>(x, centroid, |x, _| x.mul(x)).sqrt();
                    (1.0 - sum_of::<L>(x, centroid, |x, c| x.mul(c)) / norm).max(0.0)
                }
            };
        }
    }
}

/// Sum over columns, in eight lanes that are added at the end, so that every instruction set rounds alike.
///
/// # Safety
/// `L`'s instructions; `x` and `centroid` are as long as each other.
#[inline(always)]
unsafe fn sum_of<L: Lanes>(x: &[f32], centroid: &[f64], term: impl Fn(L::Eight, L::Eight) -> L::Eight) -> f64 {
    let (x_eights, x_rest) = x.as_chunks::<8>();
    let (c_eights, c_rest) = centroid.as_chunks::<8>();
    // SAFETY: each chunk holds eight values, and so do the padded ends.
    unsafe {
        let mut sums = L::Eight::splat(0.0);
        for (x, c) in x_eights.iter().zip(c_eights) {
            sums = sums.add(term(L::Eight::widen(x.as_ptr()), L::Eight::load(c.as_ptr())));
        }
        if !x_rest.is_empty() {
            let (mut x, mut c) = ([0.0; 8], [0.0; 8]);
            x[..x_rest.len()].copy_from_slice(x_rest);
            c[..c_rest.len()].copy_from_slice(c_rest);
            sums = sums.add(term(L::Eight::widen(x.as_ptr()), L::Eight::load(c.as_ptr())));
        }
        sums.sum()
    }
}
