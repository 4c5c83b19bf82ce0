//! Bundles read, scored and attacked through the public interface.

mod allocations;
mod golden;
mod hostile;
mod made;
mod mutate;
mod readme;
mod scoring;
