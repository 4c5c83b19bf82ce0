//! Criterion benches; peers' scripts beside them.
