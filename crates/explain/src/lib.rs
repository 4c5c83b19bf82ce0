//! What each column of a row adds to its score: Shapley values against background rows, for any model.
//!
//! The game: `v_b(S)` is the model's score of a row that has the columns `S` from the row to explain and the others from
//! background row `b`; `φ_j` is the mean over background rows and over orders of the columns of what column `j` adds when
//! it joins those before it. So `Σ φ_j` is the score of the row less the mean score of the background, to rounding.
//!
//! [`Design`] says which mixed rows must be scored; the caller scores them with whatever model it has; [`Design::attribute`]
//! turns the scores into contributions. A design does not depend on the row: all rows are explained by the same orders, so
//! that contributions are comparable and do not depend on who computes them.
//!
//! Sources: Štrumbelj and Kononenko, "Explaining prediction models and individual predictions with feature
//! contributions", Knowledge and Information Systems 41 (2014); Lundberg and Lee, arXiv 1705.07874. Orders come in pairs,
//! each with its reverse, which takes the error of interactions of two columns away (Mitchell et al., arXiv 2104.12199).
//!
//! # Example
//! ```
//! use tenure_explain::Design;
//!
//! // Two columns and their product, explained against the row (0, 0).
//! let model = |row: [f64; 2]| 3.0 * row[0] + row[0] * row[1];
//! let (row, background) = ([2.0, 5.0], [[0.0, 0.0]]);
//!
//! let design = Design::new(2, background.len(), 16, 0);
//! let scores: Vec<f64> = design
//!     .mixtures()
//!     .map(|mixture| {
//!         let pick = |j: usize| if mixture.has(j) { row[j] } else { background[mixture.background][j] };
//!         model([pick(0), pick(1)])
//!     })
//!     .collect();
//! let explained = design.attribute(&scores);
//! // 6 belongs to the first column alone; they share the product's 10.
//! assert_eq!(explained.contributions, [11.0, 5.0]);
//! assert_eq!((explained.baseline, explained.score), (0.0, 16.0));
//! ```

mod design;

pub use design::{Attribution, Design, Mixture};
