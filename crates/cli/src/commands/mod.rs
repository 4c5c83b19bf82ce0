//! The program's verbs, one file each.

pub mod bench;
pub mod bundle;
pub mod compare;
mod compare_segments;
mod compare_values;
pub mod compress;
pub mod doctor;
pub mod explain;
pub mod export;
pub mod init;
pub mod man;
pub mod plan;
mod plan_segments;
pub mod report;
pub mod run;
pub mod score;
pub mod sign;
pub mod synth;
