//! Clustering as a user sees it.

mod fit;
mod made;
