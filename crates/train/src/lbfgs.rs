//! L-BFGS for smooth convex functions of a few thousand variables, in plain `f64`.

/// The inner product.
pub(crate) fn inner(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Pairs of steps and gradient differences that L-BFGS remembers.
const MEMORY: usize = 10;
const MAX_ITERATIONS: usize = 300;
/// Largest entry of the gradient at which the minimum counts as found.
const TOLERANCE: f64 = 1e-7;

/// L-BFGS (Nocedal and Wright, algorithm 7.5) with a backtracking search, for smooth convex functions.
///
/// `value_and_gradient(x, gradient)` fills the gradient at `x` and gives the value.
pub(crate) fn minimise(value_and_gradient: impl Fn(&[f64], &mut [f64]) -> f64, x: &mut Vec<f64>) {
    let n = x.len();
    let (mut gradient, mut next_gradient) = (vec![0.0; n], vec![0.0; n]);
    let mut value = value_and_gradient(x, &mut gradient);
    let mut pairs: Vec<(Vec<f64>, Vec<f64>)> = Vec::with_capacity(MEMORY);
    for _ in 0..MAX_ITERATIONS {
        if gradient.iter().fold(0.0, |m: f64, g| m.max(g.abs())) < TOLERANCE {
            return;
        }
        let direction = descent(&gradient, &pairs);
        let slope = inner(&direction, &gradient);
        let mut length = 1.0;
        let next = loop {
            let next: Vec<f64> = x.iter().zip(&direction).map(|(x, d)| x + length * d).collect();
            let next_value = value_and_gradient(&next, &mut next_gradient);
            if next_value <= value + 1e-4 * length * slope {
                value = next_value;
                break next;
            }
            length *= 0.5;
            if length < 1e-10 {
                return;
            }
        };
        let step: Vec<f64> = next.iter().zip(x.iter()).map(|(a, b)| a - b).collect();
        let difference: Vec<f64> = next_gradient.iter().zip(&gradient).map(|(a, b)| a - b).collect();
        if inner(&step, &difference) > 1e-14 {
            if pairs.len() == MEMORY {
                pairs.remove(0);
            }
            pairs.push((step, difference));
        }
        *x = next;
        std::mem::swap(&mut gradient, &mut next_gradient);
    }
}

/// Minus the inverse Hessian's estimate times the gradient (the two-loop recursion).
fn descent(gradient: &[f64], pairs: &[(Vec<f64>, Vec<f64>)]) -> Vec<f64> {
    let mut q = gradient.to_vec();
    let mut alphas = Vec::with_capacity(pairs.len());
    for (s, y) in pairs.iter().rev() {
        let alpha = inner(s, &q) / inner(s, y);
        q.iter_mut().zip(y).for_each(|(q, y)| *q -= alpha * y);
        alphas.push(alpha);
    }
    let scale = pairs.last().map_or(1.0, |(s, y)| inner(s, y) / inner(y, y));
    for q in &mut q {
        *q *= scale;
    }
    for ((s, y), alpha) in pairs.iter().zip(alphas.iter().rev()) {
        let beta = inner(y, &q) / inner(s, y);
        q.iter_mut().zip(s).for_each(|(q, s)| *q += (alpha - beta) * s);
    }
    q.into_iter().map(|q| -q).collect()
}
