//! The program's verbs, one file each.

pub mod compare;
mod compare_values;
pub mod doctor;
pub mod explain;
pub mod init;
pub mod man;
pub mod plan;
pub mod report;
pub mod run;
pub mod synth;
