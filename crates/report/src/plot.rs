//! Plots as SVG, one file for each kind.

pub(crate) mod dependence;
pub(crate) mod frame;
pub(crate) mod learning;
pub(crate) mod retention;
pub(crate) mod scale;
pub(crate) mod svg;
pub(crate) mod timeline;
