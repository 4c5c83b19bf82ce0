//! Clustering as a user sees it.

mod errors;
mod fit;
#[cfg(feature = "gpu")]
mod gpu;
mod made;
mod modes;
mod row_file;
mod streamed;
