//! Small dense symmetric systems: a handful of parameters, row-major.

/// A square matrix.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Square {
    n: usize,
    values: Vec<f64>,
}

impl Square {
    pub(crate) fn zeros(n: usize) -> Self {
        Self { n, values: vec![0.0; n * n] }
    }

    pub(crate) fn at(&self, i: usize, j: usize) -> f64 {
        self.values[i * self.n + j]
    }

    pub(crate) fn add(&mut self, i: usize, j: usize, value: f64) {
        self.values[i * self.n + j] += value;
    }

    pub(crate) fn add_all(&mut self, other: &Self) {
        for (a, b) in self.values.iter_mut().zip(&other.values) {
            *a += b;
        }
    }

    /// The covariance of `map · v` where this is the covariance of v.
    pub(crate) fn transformed(&self, map: &Self) -> Self {
        let mut moved = Self::zeros(self.n);
        for i in 0..self.n {
            let row = self.times(&map.values[i * self.n..(i + 1) * self.n]);
            for j in 0..self.n {
                moved.add(i, j, dot(&map.values[j * self.n..(j + 1) * self.n], &row));
            }
        }
        moved
    }

    /// The rows and columns in `kept`, in that order.
    pub(crate) fn only(&self, kept: &[usize]) -> Self {
        let mut part = Self::zeros(kept.len());
        for (a, &i) in kept.iter().enumerate() {
            for (b, &j) in kept.iter().enumerate() {
                part.add(a, b, self.at(i, j));
            }
        }
        part
    }

    pub(crate) fn times(&self, vector: &[f64]) -> Vec<f64> {
        (0..self.n).map(|i| dot(&self.values[i * self.n..(i + 1) * self.n], vector)).collect()
    }

    pub(crate) fn rows(&self) -> Vec<Vec<f64>> {
        self.values.chunks(self.n.max(1)).map(<[f64]>::to_vec).collect()
    }

    /// The lower Cholesky factor of this matrix with `shift` added to its diagonal; none where that is not positive
    /// definite to working precision.
    pub(crate) fn cholesky(&self, shift: f64) -> Option<Cholesky> {
        let mut factor = Self::zeros(self.n);
        for i in 0..self.n {
            for j in 0..=i {
                let mut sum = self.at(i, j);
                for k in 0..j {
                    sum -= factor.at(i, k) * factor.at(j, k);
                }
                if i == j {
                    sum += shift;
                    let smallest = 1e-14 * (self.at(i, i).abs() + shift);
                    if !sum.is_finite() || sum <= smallest {
                        return None;
                    }
                    factor.add(i, i, sum.sqrt());
                } else {
                    factor.add(i, j, sum / factor.at(j, j));
                }
            }
        }
        Some(Cholesky(factor))
    }
}

/// A lower triangular factor.
pub(crate) struct Cholesky(Square);

impl Cholesky {
    pub(crate) fn solve(&self, right: &[f64]) -> Vec<f64> {
        let (factor, n) = (&self.0, self.0.n);
        let mut x = right.to_vec();
        for i in 0..n {
            for k in 0..i {
                x[i] -= factor.at(i, k) * x[k];
            }
            x[i] /= factor.at(i, i);
        }
        for i in (0..n).rev() {
            for k in i + 1..n {
                x[i] -= factor.at(k, i) * x[k];
            }
            x[i] /= factor.at(i, i);
        }
        x
    }

    /// The inverse of the factored matrix.
    pub(crate) fn inverse(&self) -> Square {
        let n = self.0.n;
        let mut inverse = Square::zeros(n);
        for j in 0..n {
            let mut unit = vec![0.0; n];
            unit[j] = 1.0;
            for (i, value) in self.solve(&unit).into_iter().enumerate() {
                inverse.add(i, j, value);
            }
        }
        inverse
    }
}

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
