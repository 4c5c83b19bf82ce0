//! Fitted encoders with their apply, the network description, and calibration maps.
