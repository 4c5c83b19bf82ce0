//! The crate as others see it: one binary, one module for each promise.

mod bad;
mod configs;
mod explain;
mod round_trip;
