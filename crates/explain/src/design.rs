//! Which mixed rows are scored, and what their scores say.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Up to so many columns all coalitions are scored: 2^8 rows a background row are fewer than orders would take.
const MAX_EXACT_COLUMNS: usize = 8;

/// The mixed rows of an explanation.
///
/// # Shapes
/// `C` columns, `B` background rows, `M` mixed rows.
#[derive(Clone, Debug)]
pub struct Design {
    n_columns: usize,
    n_backgrounds: usize,
    /// Which columns each mixed row has from the row to explain, `[M, C]`.
    taken: Vec<bool>,
    /// `[M]`
    backgrounds: Vec<usize>,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// All coalitions of each background row, in the order of their bits, but for the full one.
    Exact,
    /// Orders, each with its background row and the first of its `C − 1` inner mixed rows.
    Sampled { orders: Vec<Order> },
}

#[derive(Clone, Debug)]
struct Order {
    background: usize,
    columns: Vec<usize>,
    first_inner: usize,
}

/// A mixed row.
#[derive(Clone, Copy, Debug)]
pub struct Mixture<'d> {
    /// The background row that the other columns come from.
    pub background: usize,
    taken: &'d [bool],
}

impl Mixture<'_> {
    /// Whether column `column_idx` comes from the row to explain.
    pub fn has(&self, column_idx: usize) -> bool {
        self.taken[column_idx]
    }
}

/// What a row's score is made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attribution {
    /// The mean score of the background rows.
    pub baseline: f64,
    /// The score of the row.
    pub score: f64,
    /// What each column adds, `[C]`; together `score − baseline`, to rounding.
    pub contributions: Vec<f64>,
}

impl Design {
    /// A design for `n_columns` columns against `n_backgrounds` background rows.
    ///
    /// With up to eight columns it is exact and `n_orders` and `seed` do not matter. Otherwise at least `n_orders` orders
    /// are drawn: as many for each background row, each with its reverse. For scores that are sums over columns, or over
    /// pairs of them, the result is exact all the same.
    ///
    /// # Panics
    /// Without columns or background rows.
    pub fn new(n_columns: usize, n_backgrounds: usize, n_orders: usize, seed: u64) -> Self {
        assert!(n_columns > 0 && n_backgrounds > 0, "an explanation needs columns and background rows");
        let mut design =
            Self { n_columns, n_backgrounds, taken: Vec::new(), backgrounds: Vec::new(), kind: Kind::Exact };
        if n_columns <= MAX_EXACT_COLUMNS {
            design.add_coalitions();
        } else {
            design.add_orders(n_orders, seed);
        }
        design
    }

    /// Columns of a row, C.
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// Mixed rows, M.
    pub fn n_mixtures(&self) -> usize {
        self.backgrounds.len()
    }

    /// The rows to score, in the order in which [`Design::attribute`] wants their scores. The first is the row itself.
    pub fn mixtures(&self) -> impl Iterator<Item = Mixture<'_>> {
        let taken = self.taken.chunks_exact(self.n_columns);
        self.backgrounds.iter().zip(taken).map(|(&background, taken)| Mixture { background, taken })
    }

    /// Contributions from the scores of all [`mixtures`](Design::mixtures).
    ///
    /// # Panics
    /// When there are other than [`Design::n_mixtures`] scores.
    pub fn attribute(&self, scores: &[f64]) -> Attribution {
        assert_eq!(scores.len(), self.n_mixtures(), "a score for each mixed row");
        let empties = &scores[1..=self.n_backgrounds];
        let baseline = empties.iter().sum::<f64>() / self.n_backgrounds as f64;
        let mut contributions = vec![0.0; self.n_columns];
        match &self.kind {
            Kind::Exact => self.add_exact(scores, &mut contributions),
            Kind::Sampled { orders } => self.add_sampled(orders, scores, &mut contributions),
        }
        Attribution { baseline, score: scores[0], contributions }
    }

    /// The row itself, and each background row.
    fn add_ends(&mut self) {
        self.push(0, &vec![true; self.n_columns]);
        for background in 0..self.n_backgrounds {
            self.push(background, &vec![false; self.n_columns]);
        }
    }

    fn add_coalitions(&mut self) {
        self.add_ends();
        for background in 0..self.n_backgrounds {
            for coalition in self.inner_coalitions() {
                let taken: Vec<bool> = (0..self.n_columns).map(|j| coalition >> j & 1 == 1).collect();
                self.push(background, &taken);
            }
        }
    }

    /// Neither empty nor full.
    fn inner_coalitions(&self) -> std::ops::Range<usize> {
        1..(1 << self.n_columns) - 1
    }

    fn add_orders(&mut self, n_orders: usize, seed: u64) {
        self.add_ends();
        let n_pairs = n_orders.div_ceil(2 * self.n_backgrounds).max(1);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut orders = Vec::with_capacity(2 * n_pairs * self.n_backgrounds);
        for background in 0..self.n_backgrounds {
            for _ in 0..n_pairs {
                let mut columns: Vec<usize> = (0..self.n_columns).collect();
                columns.shuffle(&mut rng);
                let reverse = columns.iter().rev().copied().collect();
                orders.extend([columns, reverse].map(|columns| self.add_order(background, columns)));
            }
        }
        self.kind = Kind::Sampled { orders };
    }

    fn add_order(&mut self, background: usize, columns: Vec<usize>) -> Order {
        let first_inner = self.n_mixtures();
        let mut taken = vec![false; self.n_columns];
        for column in &columns[..self.n_columns - 1] {
            taken[*column] = true;
            self.push(background, &taken);
        }
        Order { background, columns, first_inner }
    }

    fn push(&mut self, background: usize, taken: &[bool]) {
        self.backgrounds.push(background);
        self.taken.extend(taken);
    }

    /// `φ_j = Σ_S |S|! (C − |S| − 1)! / C! · (v(S ∪ j) − v(S))`, the mean over background rows.
    fn add_exact(&self, scores: &[f64], contributions: &mut [f64]) {
        let c = self.n_columns;
        // 1 / (C · binomial(C − 1, s))
        let mut weights = vec![1.0 / (c * self.n_backgrounds) as f64; c];
        for size in 1..c {
            weights[size] = weights[size - 1] * size as f64 / (c - size) as f64;
        }
        let full = (1 << c) - 1;
        let n_inner = self.inner_coalitions().len();
        for background in 0..self.n_backgrounds {
            let first = 1 + self.n_backgrounds + background * n_inner;
            let value = |coalition: usize| match coalition {
                0 => scores[1 + background],
                all if all == full => scores[0],
                inner => scores[first + inner - 1],
            };
            for (j, contribution) in contributions.iter_mut().enumerate() {
                for without in (0..=full).filter(|coalition| coalition >> j & 1 == 0) {
                    let weight = weights[without.count_ones() as usize];
                    *contribution += weight * (value(without | 1 << j) - value(without));
                }
            }
        }
    }

    /// The mean over orders of what each column adds to those before it.
    fn add_sampled(&self, orders: &[Order], scores: &[f64], contributions: &mut [f64]) {
        for order in orders {
            let inner = &scores[order.first_inner..][..self.n_columns - 1];
            let mut before = scores[1 + order.background];
            for (column, after) in order.columns.iter().zip(inner.iter().chain([&scores[0]])) {
                contributions[*column] += after - before;
                before = *after;
            }
        }
        for contribution in contributions {
            *contribution /= orders.len() as f64;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn explain(design: &Design, row: &[f64], backgrounds: &[Vec<f64>], model: impl Fn(&[f64]) -> f64) -> Attribution {
        let mix = |mixture: Mixture<'_>| -> Vec<f64> {
            (0..row.len()).map(|j| if mixture.has(j) { row[j] } else { backgrounds[mixture.background][j] }).collect()
        };
        let scores: Vec<f64> = design.mixtures().map(|mixture| model(&mix(mixture))).collect();
        design.attribute(&scores)
    }

    /// A model with interactions of all orders, whose last column does not matter.
    fn tangled(x: &[f64]) -> f64 {
        let (last, rest) = x.split_last().expect("columns");
        let _ = last;
        let sum: f64 = rest.iter().enumerate().map(|(j, x)| x * (j as f64 + 0.5)).sum();
        sum.sin() + rest.iter().product::<f64>() + rest[0] * rest[rest.len() - 1]
    }

    fn rows(n: usize, n_columns: usize) -> Vec<Vec<f64>> {
        (0..n).map(|i| (0..n_columns).map(|j| ((i * 31 + j * 17) % 13) as f64 / 6.0 - 1.0).collect()).collect()
    }

    #[test]
    fn contributions_add_up_to_the_score_less_the_baseline() {
        for n_columns in [2, 5, 8, 9, 19] {
            let (row, backgrounds) = (rows(9, n_columns).pop().expect("a row"), rows(4, n_columns));
            let design = Design::new(n_columns, 4, 8, 1);
            let found = explain(&design, &row, &backgrounds, tangled);
            let baseline = backgrounds.iter().map(|b| tangled(b)).sum::<f64>() / 4.0;
            assert!((found.baseline - baseline).abs() < 1e-12);
            assert_eq!(found.score, tangled(&row));
            let sum: f64 = found.contributions.iter().sum();
            assert!((sum - (found.score - found.baseline)).abs() < 1e-12, "{n_columns}: {sum}");
            assert_eq!(*found.contributions.last().expect("columns"), 0.0, "a column that does not matter");
        }
    }

    /// `φ_j = w_j (x_j − mean of the background's)`, whatever the orders.
    #[test]
    fn a_linear_model_is_explained_in_closed_form() {
        for n_columns in [1, 3, 12] {
            let weights: Vec<f64> = (0..n_columns).map(|j| j as f64 - 2.5).collect();
            let (row, backgrounds) = (rows(7, n_columns).pop().expect("a row"), rows(3, n_columns));
            let model = |x: &[f64]| 4.0 + x.iter().zip(&weights).map(|(x, w)| x * w).sum::<f64>();
            let found = explain(&Design::new(n_columns, 3, 1, 0), &row, &backgrounds, model);
            for j in 0..n_columns {
                let mean = backgrounds.iter().map(|b| b[j]).sum::<f64>() / 3.0;
                assert!((found.contributions[j] - weights[j] * (row[j] - mean)).abs() < 1e-12, "{n_columns}, {j}");
            }
        }
    }

    /// An interaction of two columns is shared equally by every pair of orders.
    #[test]
    fn pairs_of_orders_are_exact_for_products_of_two() {
        let n_columns = 10;
        let (row, backgrounds) = (vec![2.0; n_columns], vec![vec![0.0; n_columns]]);
        let model = |x: &[f64]| x[3] * x[7] + x[0] * x[1];
        let found = explain(&Design::new(n_columns, 1, 2, 5), &row, &backgrounds, model);
        for (j, contribution) in found.contributions.iter().enumerate() {
            let expected = if [0, 1, 3, 7].contains(&j) { 2.0 } else { 0.0 };
            assert!((contribution - expected).abs() < 1e-12, "{j}");
        }
    }

    /// Orders approach what all coalitions give: the error falls as one over the root of their number.
    #[test]
    fn more_orders_come_nearer_to_the_exact_values() {
        let n_columns = 8;
        let (row, backgrounds) = (rows(5, n_columns).pop().expect("a row"), rows(2, n_columns));
        let exact = explain(&Design::new(n_columns, 2, 0, 0), &row, &backgrounds, tangled).contributions;
        let error = |n_orders| {
            let mut design =
                Design { n_columns, n_backgrounds: 2, taken: vec![], backgrounds: vec![], kind: Kind::Exact };
            design.add_orders(n_orders, 3);
            let found = explain(&design, &row, &backgrounds, tangled).contributions;
            exact.iter().zip(&found).map(|(e, f)| (e - f).powi(2)).sum::<f64>().sqrt()
        };
        let (few, many) = (error(16), error(16 * 256));
        assert!(many < few / 8.0 && many < 0.05, "{few} {many}");
    }

    #[test]
    fn the_same_seed_gives_the_same_orders() {
        let taken = |seed| Design::new(12, 2, 8, seed).taken;
        assert_eq!(taken(4), taken(4));
        assert_ne!(taken(4), taken(5));
    }

    proptest! {
        /// Symmetric columns with equal values get equal contributions where all coalitions are scored.
        #[test]
        fn equal_columns_are_treated_alike(a in -3.0_f64..3.0, b in -3.0_f64..3.0) {
            let model = |x: &[f64]| (x[0] + x[1]).exp() * (1.0 + x[2]);
            let found = explain(&Design::new(3, 1, 0, 0), &[a, a, b], &[vec![0.0; 3]], model);
            let [first, second, _] = found.contributions[..] else { unreachable!() };
            prop_assert!((first - second).abs() <= 1e-9 * first.abs().max(1.0));
        }
    }
}
