//! Logistic regression with a handful of coefficients, by Newton's method.

/// Steps after which the fit is taken as it is; from a sensible start five are enough.
const MAX_STEPS: usize = 100;

/// One row: `K` inputs, the probability wanted, and how much the row counts.
pub(super) struct Row<const K: usize> {
    pub(super) inputs: [f64; K],
    pub(super) target: f64,
    pub(super) mass: f64,
}

/// The coefficients that minimise `Σ mass · cross-entropy(target, sigmoid(coefficients · inputs))`.
///
/// The objective is convex; each Newton step is halved until it does not climb. Targets strictly between 0 and 1 keep
/// the minimum finite even where the inputs separate the classes.
pub(super) fn fit<const K: usize>(rows: &[Row<K>], start: [f64; K]) -> [f64; K] {
    let mut coefficients = start;
    let mut loss = loss_of(rows, &coefficients);
    for _ in 0..MAX_STEPS {
        let step = newton_step(rows, &coefficients);
        let Some((moved, moved_loss)) = line_search(rows, &coefficients, &step, loss) else { break };
        let gained = loss - moved_loss;
        (coefficients, loss) = (moved, moved_loss);
        if gained <= 1e-14 * loss.abs() {
            break;
        }
    }
    coefficients
}

/// The first of the whole step, its half, its quarter, ... that lowers the loss.
fn line_search<const K: usize>(
    rows: &[Row<K>],
    from: &[f64; K],
    step: &[f64; K],
    loss: f64,
) -> Option<([f64; K], f64)> {
    let mut length = 1.0;
    for _ in 0..30 {
        let moved: [f64; K] = std::array::from_fn(|k| from[k] - length * step[k]);
        let moved_loss = loss_of(rows, &moved);
        if moved_loss < loss {
            return Some((moved, moved_loss));
        }
        length *= 0.5;
    }
    None
}

fn loss_of<const K: usize>(rows: &[Row<K>], coefficients: &[f64; K]) -> f64 {
    // ln(1 + e^z) − target z, with the larger part taken out of the exponential.
    let loss = |z: f64, target: f64| z.max(0.0) - target * z + (-z.abs()).exp().ln_1p();
    rows.iter().map(|row| row.mass * loss(dot(coefficients, &row.inputs), row.target)).sum()
}

/// The inverse Hessian times the gradient.
fn newton_step<const K: usize>(rows: &[Row<K>], coefficients: &[f64; K]) -> [f64; K] {
    let mut gradient = [0.0; K];
    let mut hessian = [[0.0; K]; K];
    for row in rows {
        let p = tenure_artifact::math::sigmoid(dot(coefficients, &row.inputs));
        let (residual, curvature) = (row.mass * (p - row.target), row.mass * p * (1.0 - p));
        for (i, x) in row.inputs.iter().enumerate() {
            gradient[i] += residual * x;
            hessian[i].iter_mut().zip(&row.inputs).for_each(|(entry, other)| *entry += curvature * x * other);
        }
    }
    solve(hessian, gradient)
}

/// Solves a symmetric positive definite system by elimination; a touch of ridge lets it through where inputs are
/// collinear, as with a single distinct score.
#[expect(clippy::needless_range_loop)] // rows and columns of one matrix
fn solve<const K: usize>(mut matrix: [[f64; K]; K], mut right: [f64; K]) -> [f64; K] {
    let ridge = 1e-12 * (0..K).map(|k| matrix[k][k]).fold(f64::MIN_POSITIVE, f64::max);
    for k in 0..K {
        matrix[k][k] += ridge;
    }
    for k in 0..K {
        for below in k + 1..K {
            let factor = matrix[below][k] / matrix[k][k];
            for j in k..K {
                matrix[below][j] -= factor * matrix[k][j];
            }
            right[below] -= factor * right[k];
        }
    }
    for k in (0..K).rev() {
        let known: f64 = (k + 1..K).map(|j| matrix[k][j] * right[j]).sum();
        right[k] = (right[k] - known) / matrix[k][k];
    }
    right
}

fn dot<const K: usize>(a: &[f64; K], b: &[f64; K]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
