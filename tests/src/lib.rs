//! End-to-end, parity, layering and README tests.
