//! Plots as SVG, one file for each kind, all in the same frame and classes.

pub(crate) mod baselines;
pub(crate) mod dependence;
pub(crate) mod forest;
pub(crate) mod frame;
pub(crate) mod gain;
pub(crate) mod histogram;
pub(crate) mod importance;
pub(crate) mod learning;
pub(crate) mod lift;
pub(crate) mod precision_recall;
pub(crate) mod profit;
pub(crate) mod reliability;
pub(crate) mod retention;
pub(crate) mod roc;
pub(crate) mod scale;
pub(crate) mod slices;
pub(crate) mod svg;
pub(crate) mod timeline;
