//! What `pipeline.rs` calls, one file for each arrow of its picture.

pub mod answers;
pub mod compress;
pub mod explain;
pub mod finished;
pub mod groups;
pub mod judge;
pub mod learn;
pub mod prepare;
pub mod score;
pub mod segments;
pub mod study;
pub mod tell;
pub mod value;

/// The name of a partition among `n_folds`: the holdout, or a fold.
pub fn partition_name(fold_idx: usize, n_folds: usize) -> String {
    if n_folds == 1 { "holdout".into() } else { format!("fold {}", fold_idx + 1) }
}
