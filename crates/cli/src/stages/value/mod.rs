//! The stages of the tasks that predict value.

pub mod base;
pub mod baselines;
pub mod forecast;
pub mod judge;
pub mod learn;
pub mod page;
pub mod pool;
pub mod results;
pub mod scores;
pub mod study;
pub mod tell;
