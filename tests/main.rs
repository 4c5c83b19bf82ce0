//! The tests that look at Tenure from outside: its layering, its documents, its configs, and whole runs.

mod layering;
mod documents;
