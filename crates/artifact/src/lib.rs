//! Fitted encoders with their apply, the network description, and calibration maps.
#![no_std]
extern crate alloc;

pub mod calibration;
pub mod math;

pub use calibration::Calibration;
