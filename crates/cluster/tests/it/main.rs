//! Clustering as a user sees it.

mod errors;
mod fit;
mod made;
mod modes;
mod row_file;
mod streamed;
