//! Plots of value results, in the frame and classes of the others.

pub(crate) mod alive;
pub(crate) mod baselines;
pub(crate) mod coverage;
pub(crate) mod deciles;
pub(crate) mod gain;
pub(crate) mod pit;
pub(crate) mod slices;
pub(crate) mod targeting;
pub(crate) mod tracking;
